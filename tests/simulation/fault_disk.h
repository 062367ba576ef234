/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_disk: files in memory that know what of them is durable.
 *
 * A disk is a folder. Each file has two images: what programs see, and what would be there after a
 * power cut. A write changes the first and waits; a sync of the file brings the second up to date.
 * Making and deleting files waits too, in the order in which it happened, until the folder is
 * synced. docs/simulation.md says what is modelled and what is not.
 *
 * A plan makes one disk fail: from its k-th operation (write, truncation, sync, deletion) on, for a
 * while with an error, or for ever: a crash. A dead disk answers nothing but errors until
 * fault_disk_crash.
 */
#ifndef SAMBUNG_TESTS_SIMULATION_FAULT_DISK_H
#define SAMBUNG_TESTS_SIMULATION_FAULT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind { FAULT_NONE, FAULT_CRASH, FAULT_ERROR, FAULT_FULL };

struct fault_plan {
	enum fault_kind kind;
	uint64_t after; /* operations that still go well */
	uint64_t lasts; /* that fail then; a crash lasts for ever */
};

/* What a crash takes of what was not synced. */
enum fault_loss {
	LOSS_NONE, /* nothing: the process was killed, the machine goes on */
	LOSS_ALL,
	LOSS_TORN, /* each sector of each write by itself: all of it, nothing, or its beginning */
};

struct fault_counts {
	uint64_t operations;
	uint64_t bytes; /* written */
	uint64_t syncs;
};

void fault_disk_arm(const char *folder, const struct fault_plan *plan);
void fault_disk_disarm(const char *folder);
/* A plan's fault has happened since it was armed. */
bool fault_disk_failed(const char *folder);
bool fault_disk_dead(const char *folder);
/* Dies now, between two operations. */
void fault_disk_kill(const char *folder);
/* The folder as it is after the crash, alive and without a plan. Its files must be closed. */
void fault_disk_crash(const char *folder, enum fault_loss loss, uint64_t seed);
struct fault_counts fault_disk_counts(const char *folder);
/* The files of one folder as they are seen now, durable, in another, which loses its own: a backup,
 * a clone. Nothing may be open in `to`. */
void fault_disk_copy(const char *from, const char *to);
/* Forgets all folders. */
void fault_disk_forget(void);

/* ---- files; paths have a folder ---- */

struct fault_file;

/* Why an operation of a file failed; OK is 0. */
enum fault_result { FILE_OK, FILE_ERROR, FILE_FULL };

/* NULL: there is none, and `create` is false. Closed by fault_file_close. */
struct fault_file *fault_file_open(const char *path, bool create);
void fault_file_close(struct fault_file *file);
bool fault_file_exists(const char *path);
/* `synced`: the folder as well. */
enum fault_result fault_file_delete(const char *path, bool synced);
size_t fault_file_size(const struct fault_file *file);
/* Bytes read; what lies beyond the end is not. */
size_t fault_file_read(const struct fault_file *file, void *out, size_t length, size_t offset);
enum fault_result fault_file_write(struct fault_file *file, const void *bytes, size_t length,
				   size_t offset);
enum fault_result fault_file_truncate(struct fault_file *file, size_t length);
enum fault_result fault_file_sync(struct fault_file *file);
/* A place for the locks and the shared memory of who has it open; NULL at first, freed with free
 * when the last one closes it. */
void **fault_file_shared(struct fault_file *file);

#endif
