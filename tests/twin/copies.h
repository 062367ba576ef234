/* SPDX-License-Identifier: Apache-2.0 */
/* copies: phones that were restored from a copy, or copied; what they record, and what the server
 * has of it. */
#ifndef SAMBUNG_TESTS_TWIN_COPIES_H
#define SAMBUNG_TESTS_TWIN_COPIES_H

#include "tests/check/check_store.h"
#include "tests/twin/two_cadres.h"
#include "tests/twin/verified.h"

#include <stdio.h>
#include <string.h>

/* ---- copies of a folder ---- */

static inline void
file_copy(const char *from_folder, const char *to_folder, const char *name)
{
	char path[400];
	char bytes[4096];
	size_t got;
	FILE *from;
	FILE *to;

	(void)snprintf(path, sizeof path, "%s/%s", from_folder, name);
	from = fopen(path, "rb");
	assert_non_null(from);
	(void)snprintf(path, sizeof path, "%s/%s", to_folder, name);
	to = fopen(path, "wb");
	assert_non_null(to);
	while ((got = fread(bytes, 1, sizeof bytes, from)) > 0) {
		assert_int_equal(fwrite(bytes, 1, got, to), got);
	}
	assert_int_equal(fclose(from), 0);
	assert_int_equal(fclose(to), 0);
}

static inline void
folder_copy(const char *from, const char *to)
{
	file_copy(from, to, "device.db");
	file_copy(from, to, "device.key");
}

/* A second phone with a copy of all that the first has; returns its index. */
static inline size_t
clone(const struct two_cadres *all, size_t device)
{
	struct world *world = all->world;
	struct world_device *copy = &world->devices[world->device_count];
	struct sambung_error err;

	*copy = (struct world_device){.world = world, .number = (unsigned)world->device_count};
	(void)snprintf(copy->folder, sizeof copy->folder, "%s/device%u", world->folder,
		       copy->number);
	/* Its folder is made by opening it. */
	assert_int_equal(world_open_device(world, world->device_count, &err), 0);
	world_close_device(world, world->device_count);
	world_close_device(world, device);
	folder_copy(world->devices[device].folder, copy->folder);
	assert_int_equal(world_open_device(world, device, &err), 0);
	assert_int_equal(world_open_device(world, world->device_count, &err), 0);
	return world->device_count++;
}

/* The device has again what the image has, which is a clone that does nothing itself. */
static inline void
restore(const struct two_cadres *all, size_t device, size_t image)
{
	struct world *world = all->world;
	struct sambung_error err;

	world_close_device(world, device);
	world_close_device(world, image);
	folder_copy(world->devices[image].folder, world->devices[device].folder);
	assert_int_equal(world_open_device(world, device, &err), 0);
	assert_int_equal(world_open_device(world, image, &err), 0);
}

/* ---- what is said ---- */

static inline void
visit(const struct two_cadres *all, size_t device, const char *note)
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_int_equal(sambung_edit_create(handle(all, device), "visit", &form, &err), 0);
	set(form, "person", all->person);
	save(form, "note", note);
}

static inline uint32_t
number_of(const struct two_cadres *all, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	assert_int_equal(sambung_state(handle(all, device), &state, &err), 0);
	return state.device;
}

static inline int
sync_status(const struct two_cadres *all, size_t device, struct sambung_result *result_out)
{
	struct sambung_error err = {0};

	(void)sambung_sync(handle(all, device), NULL, NULL, result_out, &err);
	return err.status;
}

static inline void
assert_held(const struct two_cadres *all, size_t device)
{
	struct sambung_result result;

	assert_string_equal(sambung_status_name(sync_status(all, device, &result)), "held");
}

/* ---- what the server has ---- */

static inline struct buffer
shown(const struct two_cadres *all, const char *type)
{
	struct buffer lines;

	buffer_init(&lines, 1 << 26);
	world_dump_server(all->world, type, TWO_CADRES_VILLAGE, &lines);
	buffer_append_byte(&lines, '\0');
	assert_int_equal(lines.status, STATUS_OK);
	return lines;
}

static inline size_t
times(const struct two_cadres *all, const char *type, const char *part)
{
	struct buffer lines = shown(all, type);
	const char *at = (const char *)lines.at;
	size_t count = 0;

	while ((at = strstr(at, part)) != NULL) {
		at++;
		count++;
	}
	buffer_finish(&lines);
	return count;
}

static inline void
assert_visits_once(const struct two_cadres *all, const char *const *notes)
{
	size_t count = 0;

	for (; notes[count] != NULL; count++) {
		assert_int_equal(times(all, "visit", notes[count]), 1);
	}
	assert_int_equal(times(all, "visit", "\"note\":"), count);
}
#define NOTES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Both sides show the same, and the database is whole. */
static inline void
assert_same(const struct two_cadres *all, size_t device)
{
	static const char *const types[] = {"family", "person", "visit"};
	struct error err = {.status = STATUS_OK};

	for (size_t i = 0; i < 3; i++) {
		struct buffer theirs = shown(all, types[i]);
		struct buffer ours;

		buffer_init(&ours, 1 << 26);
		world_dump_device(all->world, device, types[i], &ours);
		buffer_append_byte(&ours, '\0');
		assert_string_equal((const char *)ours.at, (const char *)theirs.at);
		buffer_finish(&ours);
		buffer_finish(&theirs);
	}
	if (check_store_database(all->world->folder, &err) != STATUS_OK) {
		print_error("%s\n", err.detail);
		_fail(__FILE__, __LINE__);
	}
	assert_true(world_verified(all->world));
}

#endif
