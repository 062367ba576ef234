/* SPDX-License-Identifier: Apache-2.0 */
/*
 * founded: the folder of a new server, kept for the next world that begins alike. To found one
 * makes all tables and reads a programme: most of what a short test would do, under valgrind above
 * all. The world cannot tell: keys, clock and randomness stand where they stood.
 *
 * One is kept, of the first world of the process. Not for threads.
 */
#ifndef SAMBUNG_TESTS_TWIN_FOUNDED_H
#define SAMBUNG_TESTS_TWIN_FOUNDED_H

#include "tests/twin/world.h"

/* Makes the server of a world that has nothing but folder, seed and clock. False: none is kept that
 * began like this. */
bool founded_copy(struct world *world, const char *schema_path);
/* Keeps it as it is now, closed; `random` is where the world's stood before. A database that is not
 * in a file (tests/simulation/fault_vfs.h) is not kept. */
void founded_keep(const struct world *world, const char *schema_path, uint64_t random);

#endif
