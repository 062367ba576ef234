/* SPDX-License-Identifier: Apache-2.0 */
/* D/erased: what no copy of the database may bring back. */
#include "daemon/erased.h"
#include "daemon/folder.h"
#include "tests/scratch.h"
#include "tests/testing.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROW = 24, NOW = 1795000000 };

struct place {
	char folder[SCRATCH_SIZE];
	char path[FOLDER_PATH_SIZE];
	struct buffer ids;
	struct error err;
};

static int
place_make(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	assert_true(scratch_folder(place->folder, sizeof place->folder, "erased"));
	assert_ok(folder_path(place->folder, FOLDER_ERASED, place->path, NULL));
	buffer_init(&place->ids, SIZE_MAX);
	*state = place;
	return 0;
}

static int
place_remove(void **state)
{
	struct place *place = *state;

	(void)unlink(place->path);
	assert_int_equal(rmdir(place->folder), 0);
	buffer_finish(&place->ids);
	free(place);
	return 0;
}

static void
append(struct place *place, uint64_t first, size_t count)
{
	uint64_t ids[8];

	for (size_t i = 0; i < count; i++) {
		ids[i] = first + i;
	}
	assert_ok(erased_append(place->folder, ids, count, NOW, &place->err));
}

static enum status
read_ids(struct place *place)
{
	buffer_clear(&place->ids);
	return erased_read(place->folder, &place->ids, &place->err);
}

static uint64_t
id_at(const struct place *place, size_t index)
{
	return ((const uint64_t *)(const void *)place->ids.at)[index];
}

static void
break_byte(const struct place *place, long at)
{
	FILE *file = fopen(place->path, "r+b");

	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_not_equal(fputc('#', file), EOF);
	assert_int_equal(fclose(file), 0);
}

TEST(there_is_no_file_before_anything_is_erased)
{
	struct place *place = *state;

	assert_ok(read_ids(place));
	assert_int_equal(place->ids.length, 0);
	append(place, 1, 0);
	assert_int_not_equal(access(place->path, F_OK), 0);
}

TEST(ids_are_read_in_the_order_in_which_they_came_and_nobody_else_reads_the_file)
{
	struct place *place = *state;
	struct stat about;

	append(place, 10, 2);
	append(place, 5, 1);
	assert_ok(read_ids(place));
	assert_int_equal(place->ids.length, 3 * sizeof(uint64_t));
	assert_int_equal(id_at(place, 0), 10);
	assert_int_equal(id_at(place, 2), 5);
	assert_int_equal(stat(place->path, &about), 0);
	assert_int_equal(about.st_size, 3 * ROW);
	assert_int_equal(about.st_mode & 0777, 0600);
}

TEST(what_a_crash_left_of_the_last_rows_is_passed_over_and_written_over)
{
	struct place *place = *state;

	append(place, 1, 3);
	assert_int_equal(truncate(place->path, 2 * ROW + 7), 0);
	assert_ok(read_ids(place));
	assert_int_equal(place->ids.length, 2 * sizeof(uint64_t));
	append(place, 7, 1);
	assert_ok(read_ids(place));
	assert_int_equal(place->ids.length, 3 * sizeof(uint64_t));
	assert_int_equal(id_at(place, 2), 7);
}

TEST(rows_without_content_at_the_end_are_passed_over)
{
	struct place *place = *state;

	append(place, 1, 2);
	assert_int_equal(truncate(place->path, 5 * ROW), 0);
	assert_ok(read_ids(place));
	assert_int_equal(place->ids.length, 2 * sizeof(uint64_t));
}

TEST(damage_before_a_whole_row_is_refused_wherever_it_is)
{
	struct place *place = *state;

	append(place, 1, 3);
	for (long at = 0; at < 2L * ROW; at++) {
		(void)unlink(place->path);
		append(place, 1, 3);
		break_byte(place, at);
		assert_int_equal(read_ids(place), STATUS_STORAGE);
	}
}

#define IN_PLACE(sentence) CASE_WITH(sentence, place_make, place_remove)

RUN_TESTS(IN_PLACE(there_is_no_file_before_anything_is_erased),
	  IN_PLACE(ids_are_read_in_the_order_in_which_they_came_and_nobody_else_reads_the_file),
	  IN_PLACE(what_a_crash_left_of_the_last_rows_is_passed_over_and_written_over),
	  IN_PLACE(rows_without_content_at_the_end_are_passed_over),
	  IN_PLACE(damage_before_a_whole_row_is_refused_wherever_it_is))
