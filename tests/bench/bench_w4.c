/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_w4: W2 while two devices edit the same families.
 *
 *     bench_w4 [--connections 32] [--runs 5] [--devices 1000] [--json]
 *
 * In each of so many villages one device sends 20 visits and changes the address of 10 % of the
 * families, while a second one, which has not seen that, changes the decile of the same families.
 * Both values must stand, and nothing is to be settled. Then both change the address of another
 * 10 %, each without having seen the other: both values must stand side by side, flagged. What the
 * store holds in the end is looked at family by family.
 *
 * Figures are those of the first part; only the processor's time is that of both.
 */
#include "daemon/folder.h"
#include "tests/bench/options.h"
#include "tests/bench/round.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	EDITED = WORKLOAD_FAMILIES / 10,
	AUTHORS = 2,
	TURNS = 2,
	TURN_DIFFERENT = 0,
	TURN_SAME = 1,
	ADDRESS_SIZE = 48,
	RECORD_MEMORY = 4 * 1024 * 1024,
};

struct village_edited {
	uint64_t families[TURNS][EDITED];
	int64_t deciles[EDITED]; /* as the second device set them */
};

/* ---- what the two write ---- */

static struct span
address_text(unsigned author, unsigned turn, size_t family, char out[ADDRESS_SIZE])
{
	(void)snprintf(out, ADDRESS_SIZE, "Jl. Kader %u putaran %u No. %zu", author + 1, turn + 1,
		       family + 1);
	return span_of_text(out);
}

static void
draft_edit(const struct round_draft *to, size_t family, struct change_field field)
{
	struct change change = {
		.record = to->village->families[family],
		.type = WORKLOAD_FAMILY,
		.base = {.epoch = to->district->ingest->ledger.epoch,
			 .version = to->village->versions[family]},
		.time = to->from->visits[to->from->visit_count - 1].time + 60,
		.fields = &field,
		.field_count = 1,
	};

	draft_add(to->draft, to->device, &change);
}

static void
draft_turn(void *context, const struct round_draft *to)
{
	struct village_edited *edited = (struct village_edited *)context + to->place;
	char address[ADDRESS_SIZE];

	if (to->turn == TURN_DIFFERENT && to->author == 0) {
		draft_add_visits(to->draft, to->device, to->village, to->from->visits,
				 to->from->visit_count);
	}
	for (size_t i = 0; i < EDITED; i++) {
		size_t family = to->turn * EDITED + i;
		struct change_field field = {.tag = WORKLOAD_FAMILY_ADDRESS};

		edited->families[to->turn][i] = to->village->families[family];
		field.value = value_text(address_text(to->author, to->turn, i, address));
		if (to->turn == TURN_DIFFERENT && to->author == 1) {
			edited->deciles[i] = to->from->families[family].decile % 10 + 1;
			field.tag = WORKLOAD_FAMILY_DECILE;
			field.value = value_integer(edited->deciles[i]);
		}
		draft_edit(to, family, field);
	}
}

/* ---- what became of it ---- */

struct seen {
	uint64_t both_kept;
	uint64_t flagged;
};

static bool
field_has(const struct record *record, int32_t tag, struct value value)
{
	const struct record_field *field = record_field(record, tag);

	for (size_t i = 0; field != NULL && i < field->member_count; i++) {
		if (field->members[i].top && value_equal(field->members[i].value, value)) {
			return true;
		}
	}
	return false;
}

static size_t
member_count(const struct record *record, int32_t tag)
{
	const struct record_field *field = record_field(record, tag);

	return field == NULL ? 0 : field->member_count;
}

static bool
keeps_both(const struct stored_record *row, const struct record *record, size_t i, int64_t decile)
{
	char address[ADDRESS_SIZE];

	return row->conflicts == 0 && member_count(record, WORKLOAD_FAMILY_ADDRESS) == 1 &&
	       member_count(record, WORKLOAD_FAMILY_DECILE) == 1 &&
	       field_has(record, WORKLOAD_FAMILY_ADDRESS,
			 value_text(address_text(0, TURN_DIFFERENT, i, address))) &&
	       field_has(record, WORKLOAD_FAMILY_DECILE, value_integer(decile));
}

static bool
flags_both(const struct stored_record *row, const struct record *record, size_t i)
{
	char first[ADDRESS_SIZE];
	char second[ADDRESS_SIZE];

	return row->conflicts > 0 && member_count(record, WORKLOAD_FAMILY_ADDRESS) == 2 &&
	       field_has(record, WORKLOAD_FAMILY_ADDRESS,
			 value_text(address_text(0, TURN_SAME, i, first))) &&
	       field_has(record, WORKLOAD_FAMILY_ADDRESS,
			 value_text(address_text(1, TURN_SAME, i, second)));
}

static void
look_at_village(struct store *store, const struct village_edited *edited, struct seen *seen)
{
	struct stored_record rows[TURNS * EDITED];
	struct arena arena;
	struct error err = {0};

	arena_init(&arena, RECORD_MEMORY);
	host_must(
		store_records_load(store, edited->families[0], TURNS * EDITED, &arena, rows, &err),
		"families", &err);
	for (size_t i = 0; i < TURNS * EDITED; i++) {
		struct reader reader = reader_of(rows[i].state);
		struct record record;

		if (!record_decode(&reader, &arena, &record)) {
			host_die("a family in the store does not decode");
		}
		if (i < EDITED) {
			seen->both_kept += keeps_both(&rows[i], &record, i, edited->deciles[i]);
		} else {
			seen->flagged += flags_both(&rows[i], &record, i - EDITED);
		}
	}
	arena_finish(&arena);
}

static void
look_at_store(const char *folder, const struct village_edited *edited, size_t villages,
	      struct seen *seen)
{
	struct store *store;
	struct error err = {0};
	char path[HOST_PATH_SIZE];

	host_path(folder, FOLDER_DATABASE, path);
	host_must(store_open(path, STORE_READER, &store, &err), "the store", &err);
	for (size_t i = 0; i < villages; i++) {
		look_at_village(store, &edited[i], seen);
	}
	store_close(store);
	if (seen->both_kept != villages * EDITED || seen->flagged != villages * EDITED) {
		host_die("of %zu pairs of edits %llu are kept, and %llu flagged", villages * EDITED,
			 (unsigned long long)seen->both_kept, (unsigned long long)seen->flagged);
	}
}

/* ---- the runs ---- */

static void
measure(const struct bench_options *options, struct round *round,
	const struct village_edited *edited, struct figures *figures)
{
	struct load_options load = {.connections = options->connections};
	struct load_result turns[TURNS];
	struct findings found;
	struct seen seen = {0};
	struct run run;
	uint64_t visits = (uint64_t)options->devices * ROUND_VISITS;

	run_begin(round, HOST_CORE_ANY, &run);
	load.port = run.daemon.port;
	for (size_t i = 0; i < TURNS; i++) {
		load_run(&load, round->requests + i * round->count, round->count, &turns[i]);
	}
	run_stop(&run);
	verdict_replies(round->requests, round->count * TURNS, &found);
	verdict_log(run.folder, round->requests, round->count * TURNS);
	look_at_store(run.folder, edited, options->devices, &seen);
	verdict_store(run.folder);
	run_end(&run);
	turns[TURN_DIFFERENT].cpu_s += turns[TURN_SAME].cpu_s;
	figures_add_load(figures, &turns[TURN_DIFFERENT], &run.usage, visits);
	figures_add(figures, "changes", (double)found.changes);
	figures_add(figures, "same_field_seconds", turns[TURN_SAME].seconds);
	figures_add(figures, "double_edits", (double)options->devices * EDITED);
	figures_add(figures, "both_kept", (double)seen.both_kept);
	figures_add(figures, "flagged", (double)seen.flagged);
	figures_add(figures, "flagged_to_devices", (double)found.conflicts);
}

int
main(int count, char **words)
{
	struct bench_options options = {.connections = 32, .runs = 5, .devices = 1000};
	struct figures figures = {.row_count = 0};
	struct village_edited *edited;
	struct round_plan plan = {
		.authors = AUTHORS, .turns = TURNS, .extent = DISTRICT_ALL, .draft = draft_turn};
	struct round round;

	options_read(count, words, &options);
	edited = host_take(options.devices, sizeof *edited);
	plan.villages = options.devices;
	plan.context = edited;
	round_make_plan(&plan, &round);
	for (unsigned i = 0; i < options.runs; i++) {
		measure(&options, &round, edited, &figures);
	}
	round_free(&round);
	free(edited);
	figures_print(&figures, "W4", options.json, words);
	return 0;
}
