/* SPDX-License-Identifier: Apache-2.0 */
/* machine: the real clock and randomness, for the programs; tests bring their own. */
#ifndef SAMBUNG_DAEMON_MACHINE_H
#define SAMBUNG_DAEMON_MACHINE_H

#include "daemon/ingest/ingest.h"

/* Room for so many files and connections at a time, if the machine's limit allows; else as many as
 * it allows. False: that is fewer. */
bool machine_files(unsigned count);

/* context is not used. */
extern const struct platform machine_platform;

#endif
