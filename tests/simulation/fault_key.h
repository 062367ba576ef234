/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_key: what a crash does to device.key, which stands on the real disk.
 *
 * The linker puts these between libsambung and open, write, fsync, rename, unlink and close. Of a
 * folder that is armed they count what happens to device.key and device.key.part; at the k-th such
 * operation, of which half is done, the folder's disk dies (fault_disk_kill) and nothing more
 * happens to these files. A power cut then may take back a rename or a deletion whose folder was
 * not synced, and takes what a file was not synced of.
 */
#ifndef SAMBUNG_TESTS_SIMULATION_FAULT_KEY_H
#define SAMBUNG_TESTS_SIMULATION_FAULT_KEY_H

#include "tests/simulation/fault_disk.h"

/* One folder at a time: so many operations still go well. */
void fault_key_arm(const char *folder, uint64_t after);
void fault_key_disarm(void);
/* After a crash of that folder's disk: what it takes. `luck`: a random number. */
void fault_key_crash(const char *folder, enum fault_loss loss, uint64_t luck);

#endif
