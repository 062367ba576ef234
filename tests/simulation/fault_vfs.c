/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/fault_vfs.h"

#include "tests/simulation/fault_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

enum { REGIONS_MAX = 64, SLOTS = SQLITE_SHM_NLOCK, VFS_PATH_MAX = 500 };

/* What the connections of one database share. */
struct shared {
	unsigned readers; /* with SHARED or more */
	const void *reserved;
	const void *pending;
	const void *exclusive;
	void *regions[REGIONS_MAX];
	unsigned shm_users;
	unsigned shm_readers[SLOTS];
	const void *shm_writer[SLOTS];
};

struct vfs_file {
	sqlite3_file base;
	struct fault_file *file;
	int level; /* of its lock */
	bool maps;
	bool shm_reads[SLOTS];
	char *delete_path; /* when it is closed; NULL: not */
};

static uint64_t vfs_random;

static struct vfs_file *
self(sqlite3_file *file)
{
	return (struct vfs_file *)file;
}

static struct shared *
shared_of(struct vfs_file *file)
{
	void **place = fault_file_shared(file->file);

	if (*place == NULL) {
		*place = calloc(1, sizeof(struct shared));
		if (*place == NULL) {
			abort();
		}
	}
	return *place;
}

static int
code_of(enum fault_result result, int error)
{
	return result == FILE_OK ? SQLITE_OK : result == FILE_FULL ? SQLITE_FULL : error;
}

/* ---- contents ---- */

static int
vfs_read(sqlite3_file *file, void *out, int length, sqlite3_int64 offset)
{
	size_t got = fault_file_read(self(file)->file, out, (size_t)length, (size_t)offset);

	if (got == (size_t)length) {
		return SQLITE_OK;
	}
	memset((uint8_t *)out + got, 0, (size_t)length - got);
	return SQLITE_IOERR_SHORT_READ;
}

static int
vfs_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	return code_of(fault_file_write(self(file)->file, bytes, (size_t)length, (size_t)offset),
		       SQLITE_IOERR_WRITE);
}

static int
vfs_truncate(sqlite3_file *file, sqlite3_int64 length)
{
	return code_of(fault_file_truncate(self(file)->file, (size_t)length),
		       SQLITE_IOERR_TRUNCATE);
}

static int
vfs_sync(sqlite3_file *file, int flags)
{
	(void)flags;
	return code_of(fault_file_sync(self(file)->file), SQLITE_IOERR_FSYNC);
}

static int
vfs_size(sqlite3_file *file, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)fault_file_size(self(file)->file);
	return SQLITE_OK;
}

/* ---- locks ---- */

static int
vfs_unlock(sqlite3_file *base, int level)
{
	struct vfs_file *file = self(base);
	struct shared *shared = shared_of(file);

	if (level >= file->level) {
		return SQLITE_OK;
	}
	shared->exclusive = shared->exclusive == file ? NULL : shared->exclusive;
	shared->pending = shared->pending == file ? NULL : shared->pending;
	shared->reserved = shared->reserved == file ? NULL : shared->reserved;
	shared->readers -= level == SQLITE_LOCK_NONE && file->level >= SQLITE_LOCK_SHARED;
	file->level = level;
	return SQLITE_OK;
}

static bool
held_by_other(const void *holder, const struct vfs_file *file)
{
	return holder != NULL && holder != file;
}

static int
lock_exclusive(struct vfs_file *file, struct shared *shared)
{
	if (held_by_other(shared->pending, file) || held_by_other(shared->reserved, file)) {
		return SQLITE_BUSY;
	}
	shared->pending = file;
	if (shared->readers > 1) {
		file->level = SQLITE_LOCK_PENDING;
		return SQLITE_BUSY;
	}
	shared->exclusive = file;
	return SQLITE_OK;
}

static int
vfs_lock(sqlite3_file *base, int level)
{
	struct vfs_file *file = self(base);
	struct shared *shared = shared_of(file);
	int code = SQLITE_OK;

	if (level <= file->level) {
		return SQLITE_OK;
	}
	if (level == SQLITE_LOCK_SHARED) {
		if (held_by_other(shared->pending, file)) {
			return SQLITE_BUSY;
		}
		shared->readers++;
	} else if (level == SQLITE_LOCK_RESERVED) {
		if (held_by_other(shared->reserved, file)) {
			return SQLITE_BUSY;
		}
		shared->reserved = file;
	} else {
		code = lock_exclusive(file, shared);
	}
	file->level = code == SQLITE_OK ? level : file->level;
	return code;
}

static int
vfs_reserved(sqlite3_file *base, int *out)
{
	*out = shared_of(self(base))->reserved != NULL;
	return SQLITE_OK;
}

/* ---- the shared memory of the write-ahead log ---- */

static int
vfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
	struct vfs_file *file = self(base);
	struct shared *shared = shared_of(file);

	*out = NULL;
	if (region >= REGIONS_MAX) {
		return SQLITE_IOERR_SHMSIZE;
	}
	shared->shm_users += !file->maps;
	file->maps = true;
	if (shared->regions[region] == NULL && extend) {
		shared->regions[region] = calloc(1, (size_t)size);
	}
	*out = shared->regions[region];
	return SQLITE_OK;
}

static int
shm_unlock(struct vfs_file *file, struct shared *shared, int slot)
{
	if (file->shm_reads[slot]) {
		file->shm_reads[slot] = false;
		shared->shm_readers[slot]--;
	}
	if (shared->shm_writer[slot] == file) {
		shared->shm_writer[slot] = NULL;
	}
	return SQLITE_OK;
}

static bool
shm_is_free(const struct vfs_file *file, const struct shared *shared, int slot, bool alone)
{
	if (held_by_other(shared->shm_writer[slot], file)) {
		return false;
	}
	return !alone || shared->shm_readers[slot] == (file->shm_reads[slot] ? 1 : 0);
}

static int
vfs_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
	struct vfs_file *file = self(base);
	struct shared *shared = shared_of(file);
	bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;

	for (int slot = first; slot < first + count; slot++) {
		if ((flags & SQLITE_SHM_LOCK) != 0 && !shm_is_free(file, shared, slot, alone)) {
			return SQLITE_BUSY;
		}
	}
	for (int slot = first; slot < first + count; slot++) {
		if ((flags & SQLITE_SHM_UNLOCK) != 0) {
			(void)shm_unlock(file, shared, slot);
		} else if (alone) {
			shared->shm_writer[slot] = file;
		} else if (!file->shm_reads[slot]) {
			file->shm_reads[slot] = true;
			shared->shm_readers[slot]++;
		}
	}
	return SQLITE_OK;
}

static void
vfs_shm_barrier(sqlite3_file *base)
{
	(void)base;
}

static int
vfs_shm_unmap(sqlite3_file *base, int delete)
{
	struct vfs_file *file = self(base);
	struct shared *shared = shared_of(file);

	(void)delete;
	for (int slot = 0; slot < SLOTS; slot++) {
		(void)shm_unlock(file, shared, slot);
	}
	shared->shm_users -= file->maps;
	file->maps = false;
	for (size_t i = 0; i < REGIONS_MAX && shared->shm_users == 0; i++) {
		free(shared->regions[i]);
		shared->regions[i] = NULL;
	}
	return SQLITE_OK;
}

/* ---- files ---- */

static int
vfs_close(sqlite3_file *base)
{
	struct vfs_file *file = self(base);

	(void)vfs_shm_unmap(base, 0);
	(void)vfs_unlock(base, SQLITE_LOCK_NONE);
	fault_file_close(file->file);
	if (file->delete_path != NULL) {
		(void)fault_file_delete(file->delete_path, false);
		free(file->delete_path);
	}
	return SQLITE_OK;
}

static int
vfs_control(sqlite3_file *base, int operation, void *argument)
{
	(void)base;
	(void)operation;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int
vfs_sector_size(sqlite3_file *base)
{
	(void)base;
	return 4096;
}

static int
vfs_characteristics(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = vfs_close,
	.xRead = vfs_read,
	.xWrite = vfs_write,
	.xTruncate = vfs_truncate,
	.xSync = vfs_sync,
	.xFileSize = vfs_size,
	.xLock = vfs_lock,
	.xUnlock = vfs_unlock,
	.xCheckReservedLock = vfs_reserved,
	.xFileControl = vfs_control,
	.xSectorSize = vfs_sector_size,
	.xDeviceCharacteristics = vfs_characteristics,
	.xShmMap = vfs_shm_map,
	.xShmLock = vfs_shm_lock,
	.xShmBarrier = vfs_shm_barrier,
	.xShmUnmap = vfs_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *flags_out)
{
	static unsigned temporary;
	struct vfs_file *file = self(base);
	char own[64];
	/* The sign on the real file system is there before its contents are. */
	bool create =
		(flags & SQLITE_OPEN_CREATE) != 0 || (name != NULL && access(name, F_OK) == 0);

	(void)vfs;
	memset(file, 0, sizeof *file);
	if (name == NULL) {
		(void)snprintf(own, sizeof own, "/temporary/%u", temporary++);
		name = own;
		create = true;
	}
	if ((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
		file->delete_path = strdup(name);
	}
	file->file = fault_file_open(name, create);
	if (file->file == NULL) {
		free(file->delete_path);
		return SQLITE_CANTOPEN;
	}
	file->base.pMethods = &methods;
	if (flags_out != NULL) {
		*flags_out = flags;
	}
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	(void)vfs;
	if (!fault_file_exists(name)) {
		return SQLITE_IOERR_DELETE_NOENT;
	}
	return code_of(fault_file_delete(name, sync_folder != 0), SQLITE_IOERR_DELETE);
}

static int
vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	(void)flags;
	*out = fault_file_exists(name);
	return SQLITE_OK;
}

static int
vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	return snprintf(out, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* Only the salts of write-ahead logs come from here. */
static int
vfs_randomness(sqlite3_vfs *vfs, int length, char *out)
{
	(void)vfs;
	for (int i = 0; i < length; i++) {
		vfs_random = vfs_random * UINT64_C(6364136223846793005) + 1442695040888963407;
		out[i] = (char)(vfs_random >> 56);
	}
	return length;
}

/* Who waits for a lock in one thread waits in vain. */
static int
vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int
vfs_time(sqlite3_vfs *vfs, double *out)
{
	(void)vfs;
	*out = 2461000.5;
	return SQLITE_OK;
}

static int
vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs;
	(void)size;
	(void)out;
	return 0;
}

static sqlite3_vfs fault_vfs = {
	.iVersion = 1,
	.szOsFile = sizeof(struct vfs_file),
	.mxPathname = VFS_PATH_MAX,
	.zName = "fault",
	.xOpen = vfs_open,
	.xDelete = vfs_delete,
	.xAccess = vfs_access,
	.xFullPathname = vfs_full_path,
	.xRandomness = vfs_randomness,
	.xSleep = vfs_sleep,
	.xCurrentTime = vfs_time,
	.xGetLastError = vfs_last_error,
};

void
fault_vfs_install(uint64_t seed)
{
	vfs_random = seed;
	sqlite3_randomness(0, NULL); /* it asks anew */
	if (sqlite3_vfs_register(&fault_vfs, 1) != SQLITE_OK) {
		(void)fprintf(stderr, "simulation: SQLite refuses the file system\n");
		abort();
	}
}

size_t
fault_vfs_memory(void)
{
	return (size_t)sqlite3_memory_used();
}
