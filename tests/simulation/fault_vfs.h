/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_vfs: SQLite over fault_disk, in one process and one thread.
 *
 * Every database that the process opens after fault_vfs_install lives in memory; a database's file
 * must exist on the real file system (sql_open makes it), as an empty sign that it may be opened.
 * Locks and the shared memory of the write-ahead log are those of SQLite's own file system, between
 * the connections of this process. It promises what Unix does: overwriting a page damages no other
 * bytes (SQLITE_IOCAP_POWERSAFE_OVERWRITE), and nothing else.
 */
#ifndef SAMBUNG_TESTS_SIMULATION_FAULT_VFS_H
#define SAMBUNG_TESTS_SIMULATION_FAULT_VFS_H

#include <stddef.h>
#include <stdint.h>

/* Makes it the file system of this process, its randomness from the seed. */
void fault_vfs_install(uint64_t seed);
/* Bytes that SQLite holds now. */
size_t fault_vfs_memory(void);

#endif
