/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_restore: random days of a few cadres whose server is restored from backups again and again.
 *
 * At rest every change is in the log once, every device shows what the server shows, the database
 * is whole, and no value is gone that nobody had seen who wrote after it. What an author had seen
 * is taken from what her phone showed when she opened the form, not from bases and epochs.
 *
 * run_restore [SEEDS [FIRST]]
 */
#include "tests/check/check_store.h"
#include "tests/twin/verified.h"
#include "tests/twin/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum {
	FAMILIES = 4,
	DEVICES_FIRST = 4,
	DEVICES_MOST = 9,
	STEPS = 400,
	BACKUPS_MAX = 12,
	VALUES_MAX = 600,
	SEEN_MAX = 12,
	VALUE_SIZE = 16,
	FORMS_MAX = 2
};

static const char village[] = "6303072001";

/* One address that somebody wrote, and what her phone showed when she opened the form. */
struct written {
	size_t family;
	char value[VALUE_SIZE];
	char seen[SEEN_MAX][VALUE_SIZE];
	size_t seen_count;
};

struct form {
	struct sambung_edit *edit;
	struct written written;
};

struct days {
	struct world *world;
	char families[FAMILIES][16];
	char persons[FAMILIES][16];
	struct written values[VALUES_MAX];
	size_t value_count;
	struct form forms[DEVICES_MOST][FORMS_MAX];
	unsigned backups[BACKUPS_MAX];
	size_t backup_count;
	unsigned restores;
	bool wrong;
};

static bool
good(struct days *days, int failed, const char *what, const struct sambung_error *err)
{
	if (failed != 0) {
		(void)fprintf(stderr, "%s: %s\n", what, err->detail);
		days->wrong = true;
	}
	return failed == 0;
}

static struct sambung *
device_of(struct days *days, size_t device)
{
	return days->world->devices[device].sambung;
}

/* ---- what is shown ---- */

static void
see(struct written *written, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text != NULL && written->seen_count < SEEN_MAX && strlen(text) < VALUE_SIZE) {
		(void)snprintf(written->seen[written->seen_count++], VALUE_SIZE, "%s", text);
	}
}

static void
see_record(struct written *written, const json_t *record)
{
	const json_t *rivals = json_object_get(json_object_get(record, "conflicts"), "address");
	const json_t *rival;
	size_t i;

	see(written, json_object_get(json_object_get(record, "fields"), "address"));
	json_array_foreach(rivals, i, rival)
	{
		see(written, json_object_get(rival, "value"));
	}
}

/* Finds the family's line in a dump. */
static void
see_in(const struct days *days, const struct buffer *dump, struct written *written)
{
	struct reader in = reader_of(buffer_span(dump));

	while (in.left > 0) {
		const uint8_t *end = memchr(in.at, '\n', in.left);
		size_t length = end == NULL ? in.left : (size_t)(end - in.at) + 1;
		json_t *record = json_loadb((const char *)in.at, length, 0, NULL);
		const char *id = json_string_value(json_object_get(record, "id"));
		struct span line;

		if (id != NULL && strcmp(id, days->families[written->family]) == 0) {
			see_record(written, record);
		}
		json_decref(record);
		(void)reader_take(&in, length, &line);
	}
}

/* ---- what happens ---- */

static void
open_form(struct days *days, size_t device, struct form *form)
{
	struct sambung_error err;
	struct buffer dump;
	int failed;

	form->written = (struct written){.family = world_random(days->world, FAMILIES)};
	failed = sambung_edit_begin(device_of(days, device), days->families[form->written.family],
				    &form->edit, &err);
	if (failed != 0) {
		/* Not here yet. */
		form->edit = NULL;
		return;
	}
	buffer_init(&dump, 1 << 24);
	world_dump_device(days->world, device, "family", &dump);
	see_in(days, &dump, &form->written);
	buffer_finish(&dump);
}

static void
save_form(struct days *days, struct form *form)
{
	struct sambung_edit *edit = form->edit;
	struct sambung_error err;
	uint64_t kind = world_random(days->world, 8);

	form->edit = NULL;
	if (kind > 1 && days->value_count == VALUES_MAX) {
		kind = 0;
	}
	if (kind > 1) {
		(void)snprintf(form->written.value, VALUE_SIZE, "Jl. %zu", days->value_count);
	}
	if (good(days,
		 kind == 0   ? sambung_edit_set(edit, "rt", "007", &err)
		 : kind == 1 ? sambung_edit_set(edit, "archived", "pindah", &err)
			     : sambung_edit_set(edit, "address", form->written.value, &err),
		 "setting", &err)) {
		(void)good(days, sambung_edit_commit(edit, NULL, NULL, &err), "saving", &err);
	}
	if (kind > 1) {
		days->values[days->value_count++] = form->written;
	}
}

static void
record_visit(struct days *days, size_t device)
{
	struct sambung_edit *visit;
	struct sambung_error err;
	const char *person = days->persons[world_random(days->world, FAMILIES)];

	if (sambung_edit_create(device_of(days, device), "visit", &visit, &err) != 0) {
		return; /* no forms yet */
	}
	if (sambung_edit_set(visit, "person", person, &err) != 0) {
		sambung_edit_cancel(visit); /* she is not here yet */
		return;
	}
	if (good(days, sambung_edit_set(visit, "weight", "8.4", &err), "a weight", &err)) {
		(void)good(days, sambung_edit_commit(visit, NULL, NULL, &err), "a visit", &err);
	}
}

static void
drop_forms(struct days *days, size_t device)
{
	for (size_t i = 0; i < FORMS_MAX; i++) {
		sambung_edit_cancel(days->forms[device][i].edit);
		days->forms[device][i].edit = NULL;
	}
}

static void
back_up(struct days *days)
{
	if (days->backup_count < BACKUPS_MAX) {
		days->backups[days->backup_count++] = world_backup(days->world);
	}
}

static void
restore(struct days *days)
{
	if (days->backup_count > 0) {
		world_restore(days->world,
			      days->backups[world_random(days->world, days->backup_count)]);
		days->restores++;
	}
}

static void
step(struct days *days)
{
	struct world *world = days->world;
	size_t device = world_random(world, world->device_count);
	struct form *form = &days->forms[device][world_random(world, FORMS_MAX)];
	uint64_t what = world_random(world, 100);

	if (what < 20) {
		record_visit(days, device);
	} else if (what < 60) {
		if (form->edit == NULL) {
			open_form(days, device, form);
		} else {
			save_form(days, form);
		}
	} else if (what < 92) {
		(void)world_try_sync(world, device);
	} else if (what < 94) {
		drop_forms(days, device);
		world_reopen(world, device);
	} else if (what < 96) {
		back_up(days);
	} else if (what < 98) {
		restore(days);
	} else if (what < 99 && world->device_count < DEVICES_MOST) {
		(void)world_enrol(world, "Kader", village);
	} else {
		world->now_ms += (int64_t)world_random(world, INT64_C(86400000));
	}
}

/* ---- at rest ---- */

static bool
shows_the_same(struct days *days, size_t device, const char *type)
{
	struct buffer ours;
	struct buffer theirs;
	bool same;

	buffer_init(&ours, 1 << 26);
	buffer_init(&theirs, 1 << 26);
	world_dump_device(days->world, device, type, &ours);
	world_dump_server(days->world, type, village, &theirs);
	same = span_equal(buffer_span(&ours), buffer_span(&theirs));
	if (!same) {
		(void)fprintf(stderr, "device %zu, %s:\n%.*s\nserver:\n%.*s\n", device, type,
			      (int)ours.length, (const char *)ours.at, (int)theirs.length,
			      (const char *)theirs.at);
	}
	buffer_finish(&ours);
	buffer_finish(&theirs);
	return same;
}

struct counting {
	uint32_t stream;
	uint32_t n;
	bool gap;
	uint32_t quarantined;
};

static enum status
count_change(void *context, const struct log_row *row, struct error *err)
{
	struct counting *counting = context;

	(void)err;
	if (row->entry.kind == ENTRY_CHANGE && row->entry.stream == counting->stream) {
		counting->gap = counting->gap || row->entry.n != counting->n + 1;
		counting->n = row->entry.n;
		counting->quarantined += row->entry.verdict == VERDICT_QUARANTINED;
	}
	return STATUS_OK;
}

static bool
all_logged(struct days *days, size_t device)
{
	struct log_filter filter = {.limit = SIZE_MAX};
	struct sambung_state state;
	struct sambung_error failure;
	struct counting counting = {.n = 0};
	struct error err;

	if (!good(days, sambung_state(device_of(days, device), &state, &failure), "a state",
		  &failure)) {
		return false;
	}
	counting.stream = state.device;
	if (store_log_read(days->world->store, &filter, count_change, &counting, &err) !=
		    STATUS_OK ||
	    counting.gap || counting.n != state.last_n || counting.quarantined != 0) {
		(void)fprintf(stderr, "device %zu: %u of %u changes, %u in quarantine\n", device,
			      counting.n, state.last_n, counting.quarantined);
		return false;
	}
	return true;
}

static bool
holds(const struct written *list, const char *value)
{
	for (size_t i = 0; i < list->seen_count; i++) {
		if (strcmp(list->seen[i], value) == 0) {
			return true;
		}
	}
	return false;
}

/* A value is still there, or somebody who had seen it wrote another. */
static bool
nothing_overwritten_unseen(struct days *days)
{
	struct buffer dump;
	bool kept = true;

	buffer_init(&dump, 1 << 26);
	world_dump_server(days->world, "family", village, &dump);
	for (size_t v = 0; v < days->value_count; v++) {
		const struct written *written = &days->values[v];
		struct written now = {.family = written->family};
		bool replaced = false;

		see_in(days, &dump, &now);
		for (size_t w = 0; w < days->value_count; w++) {
			replaced = replaced || (days->values[w].family == written->family &&
						holds(&days->values[w], written->value));
		}
		if (!holds(&now, written->value) && !replaced && now.seen_count < SEEN_MAX) {
			(void)fprintf(stderr, "'%s' of family %zu is gone, and nobody saw it\n",
				      written->value, written->family);
			kept = false;
		}
	}
	buffer_finish(&dump);
	return kept;
}

static bool
at_rest(struct days *days)
{
	static const char *const types[] = {"family", "person", "visit"};
	struct world *world = days->world;
	struct error err = {.status = STATUS_OK};
	bool fine = true;

	for (size_t round = 0; round < 2; round++) {
		for (size_t d = 0; d < world->device_count; d++) {
			drop_forms(days, d);
			world_sync(world, d);
		}
	}
	for (size_t d = 0; d < world->device_count && fine; d++) {
		fine = all_logged(days, d);
		for (size_t t = 0; t < 3 && fine; t++) {
			fine = shows_the_same(days, d, types[t]);
		}
	}
	if (fine && check_store_database(world->folder, &err) != STATUS_OK) {
		(void)fprintf(stderr, "the database: %s\n", err.detail);
		fine = false;
	}
	return fine && world_verified(world) && nothing_overwritten_unseen(days);
}

static void
make_families(struct days *days)
{
	for (size_t f = 0; f < FAMILIES; f++) {
		char key[16];
		char person[16];

		(void)snprintf(key, sizeof key, "K%zu", f);
		(void)snprintf(person, sizeof person, "P%zu", f);
		world_import(days->world, "family",
			     (const char *[]){"key", key, "village", village, "head", "Uji", NULL});
		world_import(days->world, "person",
			     (const char *[]){"key", person, "family", key, "name", "Anak", NULL});
		world_imported_id(days->world, "family", key, days->families[f]);
		world_imported_id(days->world, "person", person, days->persons[f]);
	}
}

static bool
run_seed(uint64_t seed)
{
	struct days *days = calloc(1, sizeof *days);
	bool fine;

	if (days == NULL) {
		return false;
	}
	days->world = world_create(seed, getenv("SAMBUNG_SCHEMA"));
	make_families(days);
	back_up(days);
	for (size_t d = 0; d < DEVICES_FIRST; d++) {
		(void)world_enrol(days->world, "Kader", village);
	}
	days->world->faults = (struct world_faults){
		.lose_request = 25, .lose_reply = 35, .twice = 35, .old_again = 35};
	days->world->room = seed % 2 == 0 ? 2048 : 0;
	for (size_t i = 0; i < STEPS && !days->wrong; i++) {
		step(days);
	}
	fine = !days->wrong && at_rest(days);
	(void)printf("seed %llu: %s: %u restores, %zu devices, %zu values, head %llu\n",
		     (unsigned long long)seed, fine ? "good" : "FAILED", days->restores,
		     days->world->device_count, days->value_count,
		     (unsigned long long)world_head(days->world));
	for (size_t d = 0; d < days->world->device_count; d++) {
		drop_forms(days, d);
	}
	world_free(days->world);
	free(days);
	return fine;
}

int
main(int argc, char **argv)
{
	uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 6;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t failed = 0;

	if (getenv("SAMBUNG_SCHEMA") == NULL) {
		(void)fprintf(stderr,
			      "usage: SAMBUNG_SCHEMA=file.json run_restore [SEEDS [FIRST]]\n");
		return 2;
	}
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		failed += !run_seed(seed);
	}
	(void)printf("%llu passed, %llu failed\n", (unsigned long long)(seeds - failed),
		     (unsigned long long)failed);
	return failed == 0 ? 0 : 1;
}
