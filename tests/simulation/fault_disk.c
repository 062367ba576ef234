/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/fault_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, PATH_SIZE = 512 };

struct image {
	uint8_t *at;
	size_t length;
	size_t room;
};

/* A write (bytes not NULL) or a truncation that waits for a sync. */
struct waiting {
	struct waiting *next;
	uint8_t *bytes;
	size_t length; /* of a truncation: the new end */
	size_t offset;
};

struct fault_file {
	struct fault_file *next; /* in its disk */
	struct fault_disk *disk;
	char path[PATH_SIZE];
	struct image now;
	struct image durable;
	struct waiting *first;
	struct waiting *last;
	unsigned opened;
	bool named; /* it is in the folder */
	bool kept;  /* a deletion that may be undone holds it */
	void *shared;
};

/* A file made or deleted since the folder was synced. */
struct name_change {
	struct fault_file *file;
	bool deleted;
};

enum { NAMES_MAX = 256 };

struct fault_disk {
	struct fault_disk *next;
	char folder[PATH_SIZE];
	struct fault_file *files;
	struct name_change names[NAMES_MAX]; /* in their order */
	size_t name_count;
	struct fault_plan plan;
	uint64_t after;
	uint64_t lasts;
	bool failed;
	bool dead;
	bool crashing; /* the last operation was the one at which it died */
	struct fault_counts counts;
};

static struct fault_disk *disks;

static void *
must_have(void *memory)
{
	if (memory == NULL) {
		(void)fprintf(stderr, "simulation: out of memory\n");
		abort();
	}
	return memory;
}

/* splitmix64 (public domain, S. Vigna) */
static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* ---- images ---- */

static void
image_resize(struct image *image, size_t length)
{
	if (length > image->room) {
		image->room = length * 2;
		image->at = must_have(realloc(image->at, image->room));
	}
	if (length > image->length) {
		memset(image->at + image->length, 0, length - image->length);
	}
	image->length = length;
}

static void
image_write(struct image *image, const uint8_t *bytes, size_t length, size_t offset)
{
	if (length == 0) {
		return;
	}
	if (offset + length > image->length) {
		image_resize(image, offset + length);
	}
	memcpy(image->at + offset, bytes, length);
}

static void
image_copy(struct image *to, const struct image *from)
{
	image_resize(to, 0);
	image_write(to, from->at, from->length, 0);
}

/* ---- disks ---- */

static size_t
folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path);
}

static struct fault_disk *
disk_named(const char *folder, size_t length)
{
	struct fault_disk *disk = disks;

	while (disk != NULL &&
	       (strlen(disk->folder) != length || strncmp(disk->folder, folder, length) != 0)) {
		disk = disk->next;
	}
	if (disk == NULL) {
		disk = must_have(calloc(1, sizeof *disk));
		(void)snprintf(disk->folder, sizeof disk->folder, "%.*s", (int)length, folder);
		disk->next = disks;
		disks = disk;
	}
	return disk;
}

static struct fault_disk *
disk_of(const char *folder)
{
	return disk_named(folder, strlen(folder));
}

void
fault_disk_arm(const char *folder, const struct fault_plan *plan)
{
	struct fault_disk *disk = disk_of(folder);

	disk->plan = *plan;
	disk->after = plan->after;
	disk->lasts = plan->lasts;
	disk->failed = false;
}

void
fault_disk_disarm(const char *folder)
{
	disk_of(folder)->plan.kind = FAULT_NONE;
}

bool
fault_disk_failed(const char *folder)
{
	return disk_of(folder)->failed;
}

bool
fault_disk_dead(const char *folder)
{
	return disk_of(folder)->dead;
}

void
fault_disk_kill(const char *folder)
{
	disk_of(folder)->dead = true;
}

struct fault_counts
fault_disk_counts(const char *folder)
{
	return disk_of(folder)->counts;
}

/* One operation: does the plan let it pass? A full disk still syncs and deletes. */
static enum fault_result
disk_operation(struct fault_disk *disk, bool takes_space)
{
	enum fault_kind kind = disk->plan.kind;

	disk->counts.operations++;
	disk->crashing = false;
	if (disk->dead) {
		return FILE_ERROR;
	}
	if (kind == FAULT_NONE || (kind == FAULT_FULL && !takes_space)) {
		return FILE_OK;
	}
	if (disk->after > 0) {
		disk->after--;
		return FILE_OK;
	}
	disk->failed = true;
	disk->dead = kind == FAULT_CRASH;
	disk->crashing = disk->dead;
	disk->lasts -= disk->lasts > 0;
	if (disk->lasts == 0) {
		disk->plan.kind = FAULT_NONE;
	}
	return kind == FAULT_FULL ? FILE_FULL : FILE_ERROR;
}

/* ---- names ---- */

static void
file_forget_waiting(struct fault_file *file)
{
	while (file->first != NULL) {
		struct waiting *next = file->first->next;

		free(file->first->bytes);
		free(file->first);
		file->first = next;
	}
	file->last = NULL;
}

static void
file_free(struct fault_file *file)
{
	struct fault_file **at = &file->disk->files;

	while (*at != file) {
		at = &(*at)->next;
	}
	*at = file->next;
	file_forget_waiting(file);
	free(file->now.at);
	free(file->durable.at);
	free(file->shared);
	free(file);
}

static void
file_free_if_gone(struct fault_file *file)
{
	if (!file->named && !file->kept && file->opened == 0) {
		file_free(file);
	}
}

static struct fault_file *
file_find(struct fault_disk *disk, const char *path)
{
	struct fault_file *file = disk->files;

	while (file != NULL && (!file->named || strcmp(file->path, path) != 0)) {
		file = file->next;
	}
	return file;
}

static void
names_settle(struct fault_disk *disk)
{
	size_t count = disk->name_count;

	disk->name_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (disk->names[i].deleted) {
			disk->names[i].file->kept = false;
			file_free_if_gone(disk->names[i].file);
		}
	}
}

static void
names_add(struct fault_disk *disk, struct fault_file *file, bool deleted)
{
	if (disk->name_count == NAMES_MAX) {
		names_settle(disk);
	}
	disk->names[disk->name_count++] = (struct name_change){file, deleted};
}

/* The last changes are undone until `left` of them are. */
static void
names_undo(struct fault_disk *disk, size_t left)
{
	while (disk->name_count > left) {
		struct name_change *change = &disk->names[--disk->name_count];

		change->file->named = change->deleted;
		change->file->kept = false;
		if (!change->deleted) {
			/* It may have been deleted since, and that was undone before. */
			file_free_if_gone(change->file);
		}
	}
}

static struct fault_file *
file_make(struct fault_disk *disk, const char *path)
{
	struct fault_file *file = must_have(calloc(1, sizeof *file));

	(void)snprintf(file->path, sizeof file->path, "%s", path);
	file->disk = disk;
	file->named = true;
	file->next = disk->files;
	disk->files = file;
	return file;
}

struct fault_file *
fault_file_open(const char *path, bool create)
{
	struct fault_disk *disk = disk_named(path, folder_length(path));
	struct fault_file *file = file_find(disk, path);

	if (disk->dead || (file == NULL && !create)) {
		return NULL;
	}
	if (file == NULL) {
		file = file_make(disk, path);
		names_add(disk, file, false);
	}
	file->opened++;
	return file;
}

void
fault_file_close(struct fault_file *file)
{
	if (--file->opened == 0) {
		free(file->shared);
		file->shared = NULL;
	}
	file_free_if_gone(file);
}

bool
fault_file_exists(const char *path)
{
	return file_find(disk_named(path, folder_length(path)), path) != NULL;
}

enum fault_result
fault_file_delete(const char *path, bool synced)
{
	struct fault_disk *disk = disk_named(path, folder_length(path));
	struct fault_file *file = file_find(disk, path);
	enum fault_result result = disk_operation(disk, false);

	if (result == FILE_OK && file != NULL) {
		file->named = false;
		file->kept = true;
		names_add(disk, file, true);
	}
	/* Of one that is gone already the deletion may not be durable yet. */
	if (result == FILE_OK && synced) {
		names_settle(disk);
	}
	return result;
}

/* ---- contents ---- */

size_t
fault_file_size(const struct fault_file *file)
{
	return file->now.length;
}

size_t
fault_file_read(const struct fault_file *file, void *out, size_t length, size_t offset)
{
	size_t left = offset < file->now.length ? file->now.length - offset : 0;

	length = length < left ? length : left;
	if (length > 0) {
		memcpy(out, file->now.at + offset, length);
	}
	return length;
}

static void
file_wait(struct fault_file *file, const void *bytes, size_t length, size_t offset)
{
	struct waiting *waiting = must_have(calloc(1, sizeof *waiting));

	waiting->length = length;
	waiting->offset = offset;
	if (bytes != NULL) {
		waiting->bytes = must_have(malloc(length == 0 ? 1 : length));
		memcpy(waiting->bytes, bytes, length);
	}
	if (file->last == NULL) {
		file->first = waiting;
	} else {
		file->last->next = waiting;
	}
	file->last = waiting;
}

enum fault_result
fault_file_write(struct fault_file *file, const void *bytes, size_t length, size_t offset)
{
	enum fault_result result = disk_operation(file->disk, true);

	/* What a failing write left behind: of a full disk its beginning; of a crash, the crash
	 * decides how much. */
	if (result == FILE_FULL) {
		length /= 2;
	} else if (result == FILE_ERROR && !file->disk->crashing) {
		return result;
	}
	file->disk->counts.bytes += length;
	image_write(&file->now, bytes, length, offset);
	file_wait(file, bytes, length, offset);
	return result;
}

enum fault_result
fault_file_truncate(struct fault_file *file, size_t length)
{
	enum fault_result result = disk_operation(file->disk, false);

	if (result == FILE_OK) {
		image_resize(&file->now, length);
		file_wait(file, NULL, length, 0);
	}
	return result;
}

/* As SQLite does it: the first sync of a file that it made syncs the folder as well. */
static void
sync_name(struct fault_file *file)
{
	for (size_t i = 0; i < file->disk->name_count; i++) {
		if (file->disk->names[i].file == file) {
			names_settle(file->disk);
			return;
		}
	}
}

enum fault_result
fault_file_sync(struct fault_file *file)
{
	enum fault_result result = disk_operation(file->disk, false);

	if (result != FILE_OK) {
		return result;
	}
	file->disk->counts.syncs++;
	for (const struct waiting *at = file->first; at != NULL; at = at->next) {
		if (at->bytes == NULL) {
			image_resize(&file->durable, at->length);
		} else {
			image_write(&file->durable, at->bytes, at->length, at->offset);
		}
	}
	file_forget_waiting(file);
	sync_name(file);
	return FILE_OK;
}

void **
fault_file_shared(struct fault_file *file)
{
	return &file->shared;
}

/* ---- crashes ---- */

/* Of eight sectors four arrive, three do not, and of one the beginning does. */
static void
tear_write(struct image *image, const struct waiting *waiting, uint64_t *seed)
{
	size_t done = 0;

	while (done < waiting->length) {
		size_t offset = waiting->offset + done;
		size_t piece = SECTOR - offset % SECTOR;
		uint64_t luck = draw(seed) % 8;

		piece = piece < waiting->length - done ? piece : waiting->length - done;
		if (luck < 5) {
			image_write(image, waiting->bytes + done, luck < 4 ? piece : piece / 2,
				    offset);
		}
		done += piece;
	}
}

static void
file_crash(struct fault_file *file, enum fault_loss loss, uint64_t *seed)
{
	for (const struct waiting *at = file->first; at != NULL && loss == LOSS_TORN;
	     at = at->next) {
		if (at->bytes != NULL) {
			tear_write(&file->durable, at, seed);
		} else if (draw(seed) % 2 == 0) {
			image_resize(&file->durable, at->length);
		}
	}
	file_forget_waiting(file);
	image_copy(&file->now, &file->durable);
}

void
fault_disk_crash(const char *folder, enum fault_loss loss, uint64_t seed)
{
	struct fault_disk *disk = disk_of(folder);

	disk->dead = false;
	disk->plan.kind = FAULT_NONE;
	if (loss == LOSS_NONE) {
		return;
	}
	names_undo(disk, loss == LOSS_ALL ? 0 : draw(&seed) % (disk->name_count + 1));
	names_settle(disk);
	for (struct fault_file *file = disk->files; file != NULL; file = file->next) {
		file_crash(file, loss, &seed);
	}
}

static void
disk_empty(struct fault_disk *disk)
{
	disk->name_count = 0;
	while (disk->files != NULL) {
		file_free(disk->files);
	}
}

void
fault_disk_copy(const char *from, const char *to)
{
	struct fault_disk *source = disk_of(from);
	struct fault_disk *target = disk_of(to);

	disk_empty(target);
	for (struct fault_file *file = source->files; file != NULL; file = file->next) {
		if (file->named) {
			char path[PATH_SIZE];
			struct fault_file *copy;

			(void)snprintf(path, sizeof path, "%s%s", to,
				       file->path + folder_length(file->path));
			copy = file_make(target, path);
			image_copy(&copy->now, &file->now);
			image_copy(&copy->durable, &file->now);
		}
	}
}

void
fault_disk_forget(void)
{
	while (disks != NULL) {
		struct fault_disk *next = disks->next;

		disk_empty(disks);
		free(disks);
		disks = next;
	}
}
