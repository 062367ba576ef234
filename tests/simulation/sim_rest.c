/* SPDX-License-Identifier: Apache-2.0 */
/* What must be true once nothing fails any more and everybody has synced to the end. */
#include "protocol/id.h"
#include "tests/check/check_store.h"
#include "tests/simulation/fault_vfs.h"
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <string.h>

enum {
	DUMP_MAX = 64 << 20,
	RECORD_ARENA = 64 << 20,
	REGIONS_MAX = 8,
	SHOWN = 130, /* bytes of a line that differs */
	SHOWN_BEFORE = 50,
	REQUESTS_MAX = 2000,	/* of one sync */
	MEMORY_MAX = 256 << 20, /* of SQLite, all devices and the server together */
};

/* ---- everybody syncs ---- */

static bool
sync_whole(struct sim *sim, size_t device, struct sambung_result *result)
{
	struct sambung_error err = {0};
	int status = sambung_sync(sim_handle(sim, device), NULL, NULL, result, &err);

	if (!sim_number_ask(sim, device)) {
		return false;
	}
	if (!sim->devices[device].enrolled) {
		/* It was revoked, and has said that it destroyed everything: it begins anew. */
		if (!sim_enrol_rest(sim, device)) {
			return false;
		}
		status = sambung_sync(sim_handle(sim, device), NULL, NULL, result, &err);
	}
	if (status == STATUS_REVOKED && sim->devices[device].copied &&
	    oracle_is_revoked(sim->oracle, sim->devices[device].history.number)) {
		sim->devices[device].stuck = true; /* a known limit: design.md */
		return true;
	}
	if (status == STATUS_HELD && sim->devices[device].copied) {
		if (!sim_event_allow(sim, device)) {
			return false;
		}
		status = sambung_sync(sim_handle(sim, device), NULL, NULL, result, &err);
		if (!sim_number_ask(sim, device)) {
			return false;
		}
	}
	if (status != 0 || !result->synced) {
		return sim_fail(sim, "device %zu does not sync at rest: %s: %s", device,
				sambung_status_name(status), err.detail);
	}
	if (result->requests > REQUESTS_MAX ||
	    result->bytes_up > (uint64_t)result->requests * PARCEL_REQUEST_MAX ||
	    result->bytes_down > (uint64_t)result->requests * PARCEL_REPLY_MAX) {
		return sim_fail(sim, "device %zu needed %u requests, %llu bytes up, %llu down",
				device, result->requests, (unsigned long long)result->bytes_up,
				(unsigned long long)result->bytes_down);
	}
	return true;
}

static bool
sync_all(struct sim *sim)
{
	/* Whoever syncs first does not know yet what the last one brings. That may be the epoch, of
	 * a set-back that nobody told of, or what comes late to an erased record and takes a word
	 * of hers along: she hears in the second round, and says in the third that it is gone. */
	const int rounds = 3;
	struct sambung_result result;

	for (size_t d = 0; d < sim->world->device_count; d++) {
		if (!sim_enrol_rest(sim, d)) {
			return false;
		}
	}
	for (int round = 0; round < rounds; round++) {
		for (size_t d = 0; d < sim->world->device_count; d++) {
			if (!sim->devices[d].stuck && !sync_whole(sim, d, &result)) {
				return false;
			}
			sim_contact_note(sim, d, true);
		}
	}
	return true;
}

/* A sync with nothing to say is one request, and the server writes nothing for it. */
static bool
sync_nothing(struct sim *sim, size_t device)
{
	const char *folder = sim->world->folder;
	uint64_t before = fault_disk_counts(folder).operations;
	struct sambung_result result;

	if (!sync_whole(sim, device, &result)) {
		return false;
	}
	/* A copy that has the same number may have used the same r. */
	if (result.requests > (sim->devices[device].copied ? 2 : 1) ||
	    fault_disk_counts(folder).operations != before) {
		return sim_fail(
			sim,
			"device %zu had nothing to say: %u requests, the server wrote %llu "
			"times",
			device, result.requests,
			(unsigned long long)(fault_disk_counts(folder).operations - before));
	}
	return true;
}

/* ---- the log against the oracle ---- */

static bool
check_queue(struct sim *sim, size_t device)
{
	struct sambung_state state;
	struct sambung_error err;

	if (!sim_changes_learn(sim, device)) {
		return false;
	}
	if (sambung_state(sim_handle(sim, device), &state, &err) != 0 || state.queued != 0 ||
	    state.acked_n != sim_last_n(&sim->devices[device])) {
		return sim_fail(sim, "device %zu: %u of %u changes are acknowledged at rest",
				device, state.acked_n, sim_last_n(&sim->devices[device]));
	}
	/* This server never lies: what it lost, a new epoch has said, unless nobody told it. */
	if (state.contradiction_ms != 0 && sim->set_backs == 0) {
		return sim_fail(sim, "device %zu holds evidence against an honest server", device);
	}
	return true;
}

static bool
check_row(struct sim *sim, const struct stored_record *row, struct merge_context *context)
{
	const struct schema *schema = catalogue_schema(sim->world->catalogue, 0);
	struct record record;
	struct arena arena;
	struct error err;
	enum status status;

	context->type = schema_type(schema, row->type);
	arena_init(&arena, RECORD_ARENA);
	status = stored_record_decode(row, context->type, &arena, &record, &err);
	if (status == STATUS_OK) {
		status = oracle_check_record(sim->oracle, &record, context->type, row->conflicts,
					     context, &err);
	}
	if (status == STATUS_OK) {
		status = oracle_check_place(sim->oracle, row, &err);
	}
	arena_finish(&arena);
	return status == STATUS_OK || sim_fail(sim, "the oracle: %s", err.detail);
}

static bool
check_rows(struct sim *sim, struct merge_context *context)
{
	struct record_query query = {.order = ORDER_ID};
	struct store *store = sim->world->reader;
	struct record_rows *rows;
	struct stored_record row;
	struct error err;
	uint64_t count = 0;
	bool more = true;
	bool good = true;

	if (store_rows_open(store, &query, &rows, &err) != STATUS_OK) {
		return sim_fail(sim, "the records: %s", err.detail);
	}
	while (good && more) {
		good = store_rows_next(rows, &row, &more, &err) == STATUS_OK ||
		       sim_fail(sim, "the records: %s", err.detail);
		if (good && more) {
			good = check_row(sim, &row, context);
			count++;
		}
	}
	store_rows_close(rows);
	return good &&
	       (count == oracle_counts(sim->oracle).records ||
		sim_fail(sim, "%llu records where %llu were made", (unsigned long long)count,
			 (unsigned long long)oracle_counts(sim->oracle).records));
}

static bool
check_oracle(struct sim *sim)
{
	struct merge_context context = {0};
	struct buffer lineages;
	struct epoch *epochs;
	struct arena arena;
	struct error err;
	bool good;

	if (!sim_observe(sim)) {
		return false;
	}
	for (size_t d = 0; d < sim->world->device_count; d++) {
		if (!sim->devices[d].stuck &&
		    oracle_check_logged(sim->oracle, &sim->devices[d].history, &err) != STATUS_OK) {
			return sim_fail(sim, "device %zu: %s", d, err.detail);
		}
	}
	arena_init(&arena, 1 << 20);
	buffer_init(&lineages, 1 << 20);
	good = store_epochs(sim->world->reader, &arena, &epochs, &context.epoch_count, &err) ==
		       STATUS_OK &&
	       store_lineages(sim->world->reader, &lineages, &err) == STATUS_OK &&
	       store_snapshot(sim->world->reader, &err) == STATUS_OK;
	if (good) {
		context.epochs = epochs;
		context.lineages = (const void *)lineages.at;
		context.lineage_count = lineages.length / sizeof context.lineages[0];
		good = check_rows(sim, &context);
		store_snapshot_end(sim->world->reader);
	} else {
		(void)sim_fail(sim, "the records: %s", err.detail);
	}
	buffer_finish(&lineages);
	arena_finish(&arena);
	return good;
}

/* ---- devices against the server ---- */

static size_t
first_difference(const struct buffer *a, const struct buffer *b)
{
	size_t at = 0;

	while (at < a->length && at < b->length && a->at[at] == b->at[at]) {
		at++;
	}
	return at;
}

/* The record that a line of a dump is of. */
static uint64_t
line_record(struct span line)
{
	static const char before[] = "{\"id\":\"";
	char text[ID_TEXT_SIZE] = "";
	uint64_t id = 0;
	struct error err;

	for (size_t i = 0; i + 1 < sizeof text && sizeof before - 1 + i < line.length &&
			   line.at[sizeof before - 1 + i] != '"';
	     i++) {
		text[i] = (char)line.at[sizeof before - 1 + i];
	}
	(void)id_parse(text, &id, &err);
	return id;
}

/* Where they part, some bytes of both, and of which record the device's line is. */
static bool
dumps_differ(struct sim *sim, size_t device, const struct buffer *ours, const struct buffer *theirs)
{
	size_t at = first_difference(ours, theirs);
	size_t from = at < SHOWN_BEFORE ? 0 : at - SHOWN_BEFORE;
	size_t line = at;
	size_t left = ours->length - from < SHOWN ? ours->length - from : SHOWN;
	size_t right = theirs->length - from < SHOWN ? theirs->length - from : SHOWN;

	while (line > 0 && ours->at[line - 1] != '\n') {
		line--;
	}
	return sim_fail(
		sim, "device %zu shows of record %llx …%.*s… and the server …%.*s…", device,
		(unsigned long long)line_record(span_of(ours->at + line, ours->length - line)),
		(int)left, (const char *)ours->at + from, (int)right,
		(const char *)theirs->at + from);
}

/* What the cadre made and the server set aside she keeps, and nobody else sees; and of a record
 * that she changed so, or of what hangs on it, she sees what nobody else does: only that it is here
 * is compared. */
static void
leave_out_set_aside(struct sim *sim, size_t device, const struct buffer *dump, struct buffer *out)
{
	const struct history *history = &sim->devices[device].history;
	struct reader in = reader_of(buffer_span(dump));
	struct span line;

	while (in.left > 0) {
		const uint8_t *end = memchr(in.at, '\n', in.left);
		uint64_t id;

		(void)reader_take(&in, end == NULL ? in.left : (size_t)(end - in.at) + 1, &line);
		id = line_record(line);
		if (oracle_made_set_aside(sim->oracle, history, id)) {
			continue;
		}
		if (oracle_sets_aside(sim->oracle, history, id)) {
			buffer_printf(out, "%llx\n", (unsigned long long)id);
		} else {
			buffer_append_span(out, line);
		}
	}
}

static bool
check_type(struct sim *sim, size_t device, const char *type, size_t *bytes)
{
	struct buffer all;
	struct buffer server;
	struct buffer ours;
	struct buffer theirs;
	bool good;

	buffer_init(&all, DUMP_MAX);
	buffer_init(&server, DUMP_MAX);
	buffer_init(&ours, DUMP_MAX);
	buffer_init(&theirs, DUMP_MAX);
	world_dump_device(sim->world, device, type, &all);
	leave_out_set_aside(sim, device, &all, &ours);
	world_dump_scope(sim->world, device, type, &server);
	leave_out_set_aside(sim, device, &server, &theirs);
	good = span_equal(buffer_span(&ours), buffer_span(&theirs)) ||
	       dumps_differ(sim, device, &ours, &theirs);
	*bytes += all.length;
	buffer_finish(&all);
	buffer_finish(&server);
	buffer_finish(&ours);
	buffer_finish(&theirs);
	return good;
}

/* The server gives the device what the log says. */
static bool
check_scope(struct sim *sim, size_t device)
{
	struct region must[REGIONS_MAX];
	size_t count =
		oracle_scope(sim->oracle, sim->devices[device].history.number, must, REGIONS_MAX);
	struct device row;
	struct arena arena;
	struct error err;
	bool good;

	arena_init(&arena, 1 << 20);
	good = store_device(sim->world->reader, sim->devices[device].history.number, &arena, &row,
			    &err) == STATUS_OK &&
	       row.scope_count == count;
	for (size_t i = 0; i < count && good; i++) {
		good = regions_cover_region(row.scope, row.scope_count, must[i]);
	}
	arena_finish(&arena);
	return good || sim_fail(sim, "device %zu has another scope than it was given", device);
}

static bool
check_dumps(struct sim *sim, size_t device)
{
	static const char *const types[] = {"family", "person", "visit"};
	struct buffer all;
	size_t bytes = 0;
	bool good = true;

	for (size_t t = 0; t < sizeof types / sizeof types[0] && good; t++) {
		good = check_type(sim, device, types[t], &bytes);
	}
	buffer_init(&all, DUMP_MAX);
	world_dump_device(sim->world, device, NULL, &all);
	good = good && (all.length == bytes ||
			sim_fail(sim, "device %zu holds records of other types", device));
	buffer_finish(&all);
	return good;
}

/* ---- all of it ---- */

static bool
check_database(struct sim *sim)
{
	struct checkpoint checkpoint;
	struct error err;
	bool found = false;

	if (check_store_database(sim->world->folder, &err) != STATUS_OK) {
		return sim_fail(sim, "the database: %s", err.detail);
	}
	if (store_checkpoint_last(sim->world->store, &checkpoint, &found, &err) != STATUS_OK ||
	    !found) {
		return sim_fail(sim, "the database has no checkpoint");
	}
	memcpy(sim->root, checkpoint.root, sizeof sim->root);
	sim->head = world_head(sim->world);
	return fault_vfs_memory() < MEMORY_MAX ||
	       sim_fail(sim, "SQLite holds %zu bytes", fault_vfs_memory());
}

/* A file of a phone that is lost may bring what nobody has, and one of a former number says that
 * two phones live. */
static bool
lost_phones_heard(struct sim *sim)
{
	bool good = true;

	for (int round = 0; round < 2 && sim->returns + sim->clones > 0 && good; round++) {
		good = sim_files_deliver(sim) && sync_all(sim);
	}
	return good;
}

bool
sim_rest(struct sim *sim)
{
	bool good;

	memset(&sim->world->faults, 0, sizeof sim->world->faults);
	for (size_t d = 0; d < sim->world->device_count; d++) {
		sim_forms_drop(sim, d);
	}
	good = sync_all(sim) && lost_phones_heard(sim) && sim_files_late(sim);
	for (size_t d = 0; d < sim->world->device_count && good; d++) {
		good = sim->devices[d].stuck || check_queue(sim, d);
	}
	good = good && check_oracle(sim) && sim_ended_check(sim);
	for (size_t d = 0; d < sim->world->device_count && good; d++) {
		good = sim->devices[d].stuck ||
		       (check_scope(sim, d) && check_dumps(sim, d) && sync_nothing(sim, d) &&
			sim_erase_check_device(sim, d) && sim_lease_look(sim, d));
	}
	return good && sim_erase_rest(sim) && check_database(sim);
}
