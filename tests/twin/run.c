/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: random days in a kabupaten, from a seed.
 *
 *     run [--seeds N] [--from S] [--devices D] [--steps K]
 *
 * Devices record, edit with forms left open, archive, move families to another village and persons
 * to another family, are killed and opened again and sync over a network that loses, repeats and
 * delays; some have one village and some the district of both, and on every second day replies are
 * small, so that they come in many pages; on every third signal comes in windows of 8 KiB. At the
 * server people settle and import, give devices other villages and let one take over from another.
 * At rest, after a sync of all without faults, every device must show exactly what the server shows
 * of its scope, and the database must pass the independent checker (tests/check). The last line
 * says how many seeds ran and how many failed; exit 1 if any.
 */
#include "tests/check/check_store.h"
#include "tests/twin/verified.h"
#include "tests/twin/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILIES = 6, PERSONS_EACH = 2, FORMS_MAX = 3, VISITS_MAX = 8 };

static const char *const villages[] = {"6303072001", "6303072002"};
static const char district[] = "630307";
enum { VILLAGES = 2, DISTRICT_EVERY = 4, SMALL_ROOM = 2048, WINDOW = 8192 };

struct options {
	uint64_t seeds;
	uint64_t from;
	size_t devices;
	size_t steps;
};

struct form {
	struct sambung_edit *edit;
	bool visit;
};

struct day {
	struct world *world;
	const struct options *options;
	char families[VILLAGES][FAMILIES][16];
	char persons[VILLAGES][FAMILIES * PERSONS_EACH][16];
	struct form forms[WORLD_DEVICES_MAX][FORMS_MAX];
	char visits[VILLAGES][VISITS_MAX][16]; /* the last ones recorded, by anybody */
	size_t visit_count[VILLAGES];
	char last_id[16];
	uint64_t changes;
	uint64_t settled;
	uint64_t moved;
	uint64_t scopes;
};

/* The f-th family that began in a village, as the table has it now: there, or moved to another. */
static void
import_family(struct day *day, size_t began, size_t f, size_t now, char key_out[32])
{
	(void)snprintf(key_out, 32, "F%zu-%zu", began, f);
	world_import(day->world, "family",
		     (const char *[]){"key", key_out, "village", villages[now], "head", "Uji Coba",
				      "address", "Jl. Contoh 1", NULL});
}

static void
make_families(struct day *day)
{
	for (size_t v = 0; v < VILLAGES; v++) {
		for (size_t f = 0; f < FAMILIES; f++) {
			char key[32];
			char person[64];

			import_family(day, v, f, v, key);
			world_imported_id(day->world, "family", key, day->families[v][f]);
			for (size_t p = 0; p < PERSONS_EACH; p++) {
				(void)snprintf(person, sizeof person, "%s-%zu", key, p);
				world_import(day->world, "person",
					     (const char *[]){"key", person, "family", key, "name",
							      "Anak Uji", NULL});
				world_imported_id(day->world, "person", person,
						  day->persons[v][f * PERSONS_EACH + p]);
			}
		}
	}
}

static size_t
village_of(size_t device)
{
	return device % VILLAGES;
}

static const char *
scope_of(size_t device)
{
	return device % DISTRICT_EVERY == DISTRICT_EVERY - 1 ? district
							     : villages[village_of(device)];
}

static struct sambung *
handle(struct day *day, size_t device)
{
	return day->world->devices[device].sambung;
}

static bool
set(struct sambung_edit *edit, const char *field, const char *text)
{
	struct sambung_error err;

	if (sambung_edit_set(edit, field, text, &err) != 0) {
		(void)fprintf(stderr, "twin: %s: %s\n", field, err.detail);
		return false;
	}
	return true;
}

static bool
commit(struct day *day, struct sambung_edit *edit)
{
	struct sambung_error err;

	char id[16];

	if (sambung_edit_commit(edit, id, NULL, &err) != 0) {
		/* Ticking what is ticked is no change, and the form says so. */
		bool nothing = err.status == STATUS_NOTHING_CHANGED;

		if (!nothing) {
			(void)fprintf(stderr, "twin: commit: %s\n", err.detail);
		}
		sambung_edit_cancel(edit);
		return nothing;
	}
	memcpy(day->last_id, id, sizeof day->last_id);
	day->changes++;
	return true;
}

/* What has moved out of a device's scope may be gone from it, and nothing else. */
static bool
begin(struct day *day, size_t device, const char *id, struct sambung_edit **out)
{
	struct sambung_error err;

	*out = NULL;
	if (sambung_edit_begin(handle(day, device), id, out, &err) == 0) {
		return true;
	}
	*out = NULL;
	if (err.status != STATUS_NOT_FOUND) {
		(void)fprintf(stderr, "twin: form on %s: %s\n", id, err.detail);
	}
	return err.status == STATUS_NOT_FOUND;
}

static bool
record_visit(struct day *day, size_t device)
{
	struct world *world = day->world;
	struct sambung_edit *edit;
	struct sambung_error err;
	size_t village = village_of(device);
	const char *person = day->persons[village][world_random(world, FAMILIES * PERSONS_EACH)];
	char weight[16];

	/* A form that only looks whether she is still here. */
	if (!begin(day, device, person, &edit)) {
		return false;
	}
	if (edit == NULL) {
		return true;
	}
	sambung_edit_cancel(edit);

	(void)snprintf(weight, sizeof weight, "%d.%d", 5 + (int)world_random(world, 60),
		       (int)world_random(world, 10));
	if (sambung_edit_create(handle(day, device), "visit", &edit, &err) != 0) {
		(void)fprintf(stderr, "twin: visit: %s\n", err.detail);
		return false;
	}
	if (!set(edit, "person", person) || !set(edit, "group", "baduta") ||
	    !set(edit, "weight", weight) || !set(edit, "topics", "gizi,asi") ||
	    !set(edit, "note", "Anak sehat") || !commit(day, edit)) {
		return false;
	}
	memcpy(day->visits[village][day->visit_count[village]++ % VISITS_MAX], day->last_id, 16);
	return true;
}

static const char *const dates[] = {"2026-01-05", "2026-02-06", "2026-03-07"};

/* Fields of every policy, and what to write there. */
static bool
fill_family(struct world *world, struct sambung_edit *edit)
{
	static const char *const texts[] = {"Jl. Satu", "Jl. Dua", "Jl. Tiga"};
	static const char *const sets[] = {"+mbg", "-mbg", "+bansos", "mbg,bansos", ""};

	switch (world_random(world, 6)) {
	case 0:
	case 1:
		return set(edit, "address", texts[world_random(world, 3)]); /* review */
	case 2:
		return set(edit, "verified_date", dates[world_random(world, 3)]); /* max */
	case 3:
		return set(edit, "aid", sets[world_random(world, 5)]); /* set */
	case 4:
		return set(edit, "registered_date", dates[world_random(world, 3)]); /* once */
	default:
		return set(edit, "point",
			   world_random(world, 2) == 0 ? "-3.3,114.6" : ""); /* latest */
	}
}

static bool
fill_visit(struct world *world, struct sambung_edit *edit)
{
	static const char *const weights[] = {"7.1", "7.25", ""};

	if (world_random(world, 2) == 0) {
		return set(edit, "next_date", dates[world_random(world, 3)]); /* min */
	}
	return set(edit, "weight", weights[world_random(world, 3)]);
}

/* A form on a family, or on a visit if the device holds it. */
static bool
open_form(struct day *day, size_t device, struct form *form)
{
	size_t village = village_of(device);
	bool visit = world_random(day->world, 3) == 0 && day->visit_count[village] >= VISITS_MAX;
	const char *id = visit ? day->visits[village][world_random(day->world, VISITS_MAX)]
			       : day->families[village][world_random(day->world, FAMILIES)];

	form->visit = visit;
	return begin(day, device, id, &form->edit);
}

/* A family moves to a village, perhaps the one where it is, if the device holds it. */
static bool
move_family(struct day *day, size_t device)
{
	struct world *world = day->world;
	size_t began = world_random(world, VILLAGES);
	const char *id = day->families[began][world_random(world, FAMILIES)];
	const char *village = villages[world_random(world, VILLAGES)];
	struct sambung_edit *edit;

	if (!begin(day, device, id, &edit)) {
		return false;
	}
	day->moved += edit != NULL;
	return edit == NULL || (set(edit, "village", village) && commit(day, edit));
}

/* A person goes to another family, if the device holds both. */
static bool
move_person(struct day *day, size_t device)
{
	struct world *world = day->world;
	size_t began = world_random(world, VILLAGES);
	const char *id = day->persons[began][world_random(world, FAMILIES * PERSONS_EACH)];
	const char *family =
		day->families[world_random(world, VILLAGES)][world_random(world, FAMILIES)];
	struct sambung_edit *edit;
	struct sambung_edit *looked;
	bool good = begin(day, device, family, &looked);

	if (!good || looked == NULL) {
		return good;
	}
	sambung_edit_cancel(looked);
	if (!begin(day, device, id, &edit)) {
		return false;
	}
	day->moved += edit != NULL;
	return edit == NULL || (set(edit, "family", family) && commit(day, edit));
}

static bool
save_form(struct day *day, struct form *form)
{
	struct sambung_edit *edit = form->edit;
	bool filled;

	form->edit = NULL;
	if (world_random(day->world, 12) == 0) {
		filled = set(edit, "archived", world_random(day->world, 2) == 0 ? "pindah" : "");
	} else {
		filled = form->visit ? fill_visit(day->world, edit) : fill_family(day->world, edit);
	}
	return filled && commit(day, edit);
}

static void
drop_forms(struct day *day, size_t device)
{
	for (size_t i = 0; i < FORMS_MAX; i++) {
		sambung_edit_cancel(day->forms[device][i].edit);
		day->forms[device][i].edit = NULL;
	}
}

static void
settle_something(struct day *day)
{
	static const char *const texts[] = {"Jl. Satu", "Jl. Benar"};
	size_t village = world_random(day->world, VILLAGES);
	const char *id = day->families[village][world_random(day->world, FAMILIES)];

	if (world_settle(day->world, id, "address", texts[world_random(day->world, 2)]) ==
	    STATUS_OK) {
		day->settled++;
	}
}

static void
import_something(struct day *day)
{
	char key[32];

	import_family(day, world_random(day->world, VILLAGES), world_random(day->world, FAMILIES),
		      world_random(day->world, VILLAGES), key);
}

/* Somebody gets another village, both, or the district, or takes over from somebody. */
static void
change_scope(struct day *day)
{
	const char *const scopes[][3] = {
		{villages[0]}, {villages[1]}, {villages[0], villages[1]}, {district}};
	struct world *world = day->world;
	size_t device = world_random(world, world->device_count);
	size_t choice = world_random(world, 5);

	day->scopes++;
	if (choice < 4) {
		world_scope(world, device, scopes[choice]);
	} else {
		(void)world_handover(world, device, world_random(world, world->device_count));
	}
}

static bool
step(struct day *day)
{
	struct world *world = day->world;
	size_t device = world_random(world, world->device_count);
	struct form *form = &day->forms[device][world_random(world, FORMS_MAX)];

	switch (world_random(world, 20)) {
	case 0:
	case 1:
	case 2:
		return record_visit(day, device);
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
		return form->edit == NULL ? open_form(day, device, form) : save_form(day, form);
	case 8:
		settle_something(day);
		return true;
	case 10:
		import_something(day);
		return true;
	case 11:
		return move_family(day, device);
	case 12:
		return move_person(day, device);
	case 13:
		change_scope(day);
		return true;
	case 9:
		drop_forms(day, device);
		world_reopen(world, device);
		return true;
	default:
		(void)world_try_sync(world, device);
		return true;
	}
}

/* ---- at rest ---- */

static bool
compare_dumps(struct day *day, size_t device, const char *type)
{
	struct buffer ours;
	struct buffer theirs;
	bool equal;

	buffer_init(&ours, 64 * 1024 * 1024);
	buffer_init(&theirs, 64 * 1024 * 1024);
	world_dump_device(day->world, device, type, &ours);
	world_dump_scope(day->world, device, type, &theirs);
	equal = span_equal(buffer_span(&ours), buffer_span(&theirs));
	if (!equal) {
		(void)fprintf(stderr, "device %zu, %s:\n%.*s\nserver:\n%.*s\n", device, type,
			      (int)ours.length, (const char *)ours.at, (int)theirs.length,
			      (const char *)theirs.at);
	}
	buffer_finish(&ours);
	buffer_finish(&theirs);
	return equal;
}

static bool
at_rest(struct day *day)
{
	static const char *const types[] = {"family", "person", "visit"};
	struct world *world = day->world;
	struct error err;

	for (size_t round = 0; round < 2; round++) {
		for (size_t d = 0; d < world->device_count; d++) {
			drop_forms(day, d);
			world_sync(world, d);
		}
	}
	for (size_t d = 0; d < world->device_count; d++) {
		for (size_t t = 0; t < 3; t++) {
			if (!compare_dumps(day, d, types[t])) {
				return false;
			}
		}
	}
	if (check_store_database(world->folder, &err) != STATUS_OK) {
		(void)fprintf(stderr, "the database: %s\n", err.detail);
		return false;
	}
	return world_verified(world);
}

static bool
run_seed(const struct options *options, uint64_t seed, const char *schema_path)
{
	struct day *day = calloc(1, sizeof *day);
	bool good = true;

	if (day == NULL) {
		return false;
	}
	day->world = world_create(seed, schema_path);
	day->options = options;
	day->world->faults = (struct world_faults){
		.lose_request = 30, .lose_reply = 40, .twice = 40, .old_again = 30};
	day->world->faults.window = seed % 3 == 0 ? WINDOW : 0;
	day->world->room = seed % 2 == 0 ? SMALL_ROOM : 0;
	make_families(day);
	for (size_t d = 0; d < options->devices; d++) {
		char cadre[32];

		(void)snprintf(cadre, sizeof cadre, "Kader %zu", d);
		(void)world_enrol(day->world, cadre, scope_of(d));
		day->world->devices[d].clock_shift_ms = d % 7 == 3 ? -INT64_C(63072000000) : 0;
		world_sync(day->world, d);
	}
	for (size_t i = 0; i < options->steps && good; i++) {
		good = step(day);
	}
	good = good && at_rest(day);
	(void)printf("seed %llu: %s: %llu changes, %llu moves, %llu scopes, %llu settlements, "
		     "%llu requests, %llu lost, %llu replies lost, %llu repeated, head %llu\n",
		     (unsigned long long)seed, good ? "good" : "FAILED",
		     (unsigned long long)day->changes, (unsigned long long)day->moved,
		     (unsigned long long)day->scopes, (unsigned long long)day->settled,
		     (unsigned long long)day->world->requests,
		     (unsigned long long)day->world->requests_lost,
		     (unsigned long long)day->world->replies_lost,
		     (unsigned long long)day->world->replies_repeated,
		     (unsigned long long)world_head(day->world));
	for (size_t d = 0; d < day->world->device_count; d++) {
		drop_forms(day, d);
	}
	world_free(day->world);
	free(day);
	return good;
}

static bool
parse_options(int argc, char **argv, struct options *out)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		uint64_t value = strtoull(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seeds") == 0) {
			out->seeds = value;
		} else if (strcmp(argv[i], "--from") == 0) {
			out->from = value;
		} else if (strcmp(argv[i], "--devices") == 0 && value > 0 &&
			   value <= WORLD_DEVICES_MAX) {
			out->devices = (size_t)value;
		} else if (strcmp(argv[i], "--steps") == 0) {
			out->steps = (size_t)value;
		} else {
			return false;
		}
	}
	return argc % 2 == 1;
}

int
main(int argc, char **argv)
{
	struct options options = {.seeds = 5, .from = 1, .devices = 30, .steps = 600};
	const char *schema = getenv("SAMBUNG_SCHEMA");
	uint64_t failed = 0;

	if (!parse_options(argc, argv, &options) || schema == NULL) {
		(void)fprintf(
			stderr,
			"usage: SAMBUNG_SCHEMA=file.json run [--seeds N] [--from S] [--devices D] [--steps K]\n");
		return 2;
	}
	for (uint64_t seed = options.from; seed < options.from + options.seeds; seed++) {
		failed += !run_seed(&options, seed, schema);
	}
	(void)printf("%llu passed, %llu failed\n", (unsigned long long)(options.seeds - failed),
		     (unsigned long long)failed);
	return failed == 0 ? 0 : 1;
}
