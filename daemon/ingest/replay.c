/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/family.h"
#include "daemon/ingest/judge.h"
#include "daemon/ingest/replay_parts.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MEMORY = 64 * 1024 };

bool
replay_broken(enum status status)
{
	return status == STATUS_STORAGE || status == STATUS_FULL || status == STATUS_BUSY ||
	       status == STATUS_MEMORY || status == STATUS_INTERNAL;
}

void
replay_tell(struct replay *replay, const struct log_row *row, const char *column, const char *what)
{
	finding_tell(&replay->options.finder, "log", column, row->entry.seq, "%s", what);
}

/* ---- the copy ---- */

static int64_t
replay_now(void *context)
{
	return ((const struct replay *)context)->now_ms;
}

static void
replay_random(void *context, void *out, size_t length)
{
	(void)context;
	crypto_random(out, length);
}

static enum status
create_ingest(struct replay *replay, struct error *err)
{
	return ingest_create(
		&(struct ingest_options){.store = replay->options.again,
					 .catalogue = replay->catalogue,
					 .keys = &replay->keys,
					 .platform = {replay, replay_now, replay_random}},
		&replay->ingest, err);
}

/* What stands in a database before its first entry. */
static enum status
found_copy(struct replay *replay, const struct note *note, struct error *err)
{
	static const uint8_t origin[ORIGIN_SIZE];
	struct store *again = replay->options.again;
	struct epoch epoch = {.epoch = note->epoch};
	enum status status = store_begin(again, err);

	if (status == STATUS_OK) {
		status = store_setting_put(again, "origin", span_of(origin, sizeof origin), err);
	}
	if (status == STATUS_OK) {
		status = store_epoch_append(again, &epoch, err);
	}
	if (status == STATUS_OK) {
		status = store_commit(again, err);
	}
	if (status == STATUS_OK) {
		status = catalogue_create(again, &replay->catalogue, err);
	}
	replay->epoch = note->epoch;
	return status == STATUS_OK ? create_ingest(replay, err) : status;
}

/* The server's name is in the first entry, and nowhere else than in the settings. */
static enum status
check_name(struct replay *replay, const struct note *note, struct arena *arena, struct error *err)
{
	struct span name;
	enum status status = store_setting(replay->options.source, "name", arena, &name, err);

	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !span_equal(name, note->name))) {
		finding_tell(&replay->options.finder, "setting", "value", 0,
			     "the server's name is not that of its first entry");
		return STATUS_OK;
	}
	return status;
}

static enum status
read_first(struct replay *replay, const struct log_row *first, struct error *err)
{
	struct arena arena;
	struct note note;
	enum status status = STATUS_OK;

	arena_init(&arena, FIRST_MEMORY);
	if (first->entry.kind != ENTRY_EPOCH || !note_decode(first->payload, &arena, &note) ||
	    strcmp(note.action, "found") != 0 || note.epoch == 0) {
		status = fail(err, STATUS_MALFORMED, "the first entry founds no server");
	}
	if (status == STATUS_OK) {
		status = check_name(replay, &note, &arena, err);
	}
	if (status == STATUS_OK) {
		status = found_copy(replay, &note, err);
	}
	arena_finish(&arena);
	return status;
}

enum status
replay_open(const struct replay_options *options, const struct log_row *first, struct replay **out,
	    struct error *err)
{
	static const uint8_t seed[SEED32_SIZE];
	struct replay *replay = calloc(1, sizeof *replay);
	enum status status;

	if (replay == NULL) {
		return fail(err, STATUS_MEMORY, "a replay");
	}
	replay->options = *options;
	buffer_init(&replay->lost, SIZE_MAX);
	sign_keypair(seed, replay->keys.log_public, replay->keys.log_secret);
	status = read_first(replay, first, err);
	if (status != STATUS_OK) {
		replay_close(replay);
		return status;
	}
	*out = replay;
	return STATUS_OK;
}

void
replay_close(struct replay *replay)
{
	if (replay == NULL) {
		return;
	}
	if (replay->begun) {
		ingest_rollback(replay->ingest);
	}
	ingest_free(replay->ingest);
	catalogue_free(replay->catalogue);
	buffer_finish(&replay->lost);
	free(replay);
}

uint32_t
replay_epoch(const struct replay *replay)
{
	return replay->epoch;
}

enum status
replay_commit(struct replay *replay, struct error *err)
{
	enum status status = STATUS_OK;

	if (!replay->begun) {
		return STATUS_OK;
	}
	replay->begun = false;
	status = ingest_commit(replay->ingest, err);
	if (status == STATUS_OK && replay->renewed) {
		replay->renewed = false;
		ingest_free(replay->ingest);
		replay->ingest = NULL;
		status = create_ingest(replay, err);
	}
	return status;
}

enum status
replay_end(struct replay *replay, struct error *err)
{
	enum status status = replay_commit(replay, err);
	bool behind = true;

	while (status == STATUS_OK && behind) {
		status = ingest_rest(replay->ingest, &behind, err);
	}
	return status;
}

enum status
replay_append(struct replay *replay, const struct log_row *row, struct error *err)
{
	struct workset *work = &replay->ingest->work;
	struct entry entry = row->entry;
	struct span payload = row->payload;
	enum status status;

	if (payload.at != NULL) {
		payload.at = arena_copy(&work->arena, payload.at, payload.length);
		if (payload.at == NULL) {
			return fail(err, STATUS_MEMORY, "a replay");
		}
	}
	status = workset_append(replay->ingest, &entry, row->salt, payload, err);
	if (status == STATUS_OK) {
		/* Also where a clock stood still within a transaction. */
		work->rows[work->row_count - 1].entry.received_ms = row->entry.received_ms;
	}
	return status;
}

/* ---- what cannot be made again ---- */

static size_t
lost_place(const struct replay *replay, uint64_t record)
{
	const uint64_t *ids = (const void *)replay->lost.at;
	size_t low = 0;
	size_t high = replay_lost_count(replay);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids[middle] < record) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

size_t
replay_lost_count(const struct replay *replay)
{
	return replay->lost.length / sizeof(uint64_t);
}

bool
replay_lost(const struct replay *replay, uint64_t record)
{
	const uint64_t *ids = (const void *)replay->lost.at;
	const size_t place = lost_place(replay, record);

	return place < replay_lost_count(replay) && ids[place] == record;
}

bool
replay_gone(const struct replay *replay, uint64_t record)
{
	return replay_lost(replay, record) ||
	       replay->options.erased(replay->options.context, record);
}

bool
replay_loses(struct replay *replay, const struct change *change)
{
	const size_t place = lost_place(replay, change->record);
	bool gone = replay_gone(replay, change->record);
	uint64_t *ids;

	for (size_t i = 0; i < change->field_count && !gone; i++) {
		const struct value *value = &change->fields[i].value;

		gone = value->form == VALUE_INTEGER && value->integer > 0 &&
		       replay_gone(replay, (uint64_t)value->integer);
	}
	if (gone && !replay_lost(replay, change->record) &&
	    buffer_extend(&replay->lost, sizeof ids[0]) != NULL) {
		ids = (void *)replay->lost.at;
		memmove(&ids[place + 1], &ids[place],
			(replay_lost_count(replay) - 1 - place) * sizeof ids[0]);
		ids[place] = change->record;
	}
	return gone;
}

/* ---- changes ---- */

/* What stands in the header and in the payload has to be the same. */
static void
compare_header(struct replay *replay, const struct log_row *row, const struct change *change)
{
	const struct entry *entry = &row->entry;

	if (change->n != entry->n) {
		replay_tell(replay, row, "n", "header and payload differ");
	}
	if (change->record != entry->record) {
		replay_tell(replay, row, "record", "header and payload differ");
	}
	if (change->time != entry->time) {
		replay_tell(replay, row, "time", "header and payload differ");
	}
	if (change->schema_version != entry->schema_version) {
		replay_tell(replay, row, "schema_version", "header and payload differ");
	}
}

/* As ingest_open reads it; the bytes are kept as long as the working set. */
static void
read_change(struct replay *replay, const struct log_row *row, bool server_stream,
	    struct parcel_change *out)
{
	struct workset *work = &replay->ingest->work;

	*out = (struct parcel_change){.bytes = work->rows[work->row_count - 1].payload};
	if (change_decode(out->bytes, server_stream, &work->arena, &out->change, NULL) !=
		    STATUS_OK ||
	    out->change.n != row->entry.n ||
	    (!server_stream && out->change.own_stream == row->entry.stream)) {
		out->reason = QUARANTINE_MALFORMED;
	} else {
		compare_header(replay, row, &out->change);
	}
}

static enum status
set_aside(struct replay *replay, const struct log_row *row, const struct judgement *judgement,
	  struct error *err)
{
	const struct entry *entry = &row->entry;
	const struct quarantined quarantined = {
		.seq = entry->seq,
		.stream = entry->stream,
		.n = entry->n,
		.record = entry->record,
		.village = judgement->outcome.village,
		.reason = entry->reason,
		.awaits = judgement->awaits,
	};

	return workset_quarantine(replay->ingest, &quarantined, err);
}

/* The judgement tells where the change belongs; whether it was merged tells the log. */
static enum status
device_change(struct replay *replay, const struct log_row *row, struct parcel_change *change,
	      uint64_t *village_out, struct error *err)
{
	struct ingest *ingest = replay->ingest;
	struct workset *work = &ingest->work;
	struct judgement judgement;
	struct device device;
	enum status status =
		store_device(ingest->options.store, row->entry.stream, &work->arena, &device, err);

	change->pardoned = row->entry.verdict == VERDICT_MERGED;
	if (status == STATUS_OK) {
		status = judge_change(ingest, &device, change, row->entry.seq, &judgement, err);
	}
	if (status == STATUS_NOT_FOUND) {
		replay_tell(replay, row, "stream", "there is no such device");
		return STATUS_OK;
	}
	if (status != STATUS_OK || row->entry.verdict != VERDICT_MERGED) {
		return status == STATUS_OK ? set_aside(replay, row, &judgement, err) : status;
	}
	if (judgement.reason != QUARANTINE_NONE) {
		if (replay_loses(replay, &change->change)) {
			*village_out = REPLAY_UNKNOWN;
		} else {
			replay_tell(replay, row, "verdict", "the change cannot be merged");
		}
		return STATUS_OK;
	}
	status = ingest_merge(ingest, judgement.slot, &judgement.outcome, row->entry.seq, err);
	if (status == STATUS_OK && judgement.left != 0) {
		status = store_move_append(ingest->options.store, row->entry.seq,
					   judgement.slot->id, judgement.left, err);
	}
	if (status == STATUS_OK && judgement.slot->row.one_change) {
		*village_out = judgement.slot->record.village;
		work->rows[work->row_count - 1].village = *village_out;
	}
	return status;
}

/* Of a settlement or an import. */
static enum status
server_change(struct replay *replay, const struct log_row *row, const struct parcel_change *change,
	      struct error *err)
{
	struct ingest *ingest = replay->ingest;
	struct merge_context context = ingest_merge_context(ingest, change->change.type);
	struct outcome outcome = {.of_device = false};
	struct slot *slot;
	enum status status;

	if (change->reason != QUARANTINE_NONE || row->entry.verdict != VERDICT_MERGED) {
		replay_tell(replay, row, "payload", "the server's own change does not decode");
		return STATUS_OK;
	}
	if (replay_lost(replay, change->change.record)) {
		return STATUS_OK;
	}
	status = workset_record(ingest, change->change.record, &slot, err);
	if (status == STATUS_OK) {
		outcome.merged = slot->record;
		status = merge_change(&outcome.merged, row->entry.stream, &change->change,
				      row->entry.seq, &context, &ingest->work.arena, err);
	}
	if (status == STATUS_OK) {
		status = ingest_place(ingest, &outcome, err);
	}
	if (status != STATUS_OK && !replay_broken(status)) {
		if (!replay_loses(replay, &change->change)) {
			replay_tell(replay, row, "payload",
				    "the server's own change cannot be merged");
		}
		return STATUS_OK;
	}
	return status == STATUS_OK ? ingest_merge(ingest, slot, &outcome, row->entry.seq, err)
				   : status;
}

static void
stream_goes_on(struct replay *replay, const struct log_row *row, struct stream_slot *slot)
{
	if (row->entry.n != slot->stream.acked_n + 1) {
		replay_tell(replay, row, "n", "it is not the next of its stream");
	}
	slot->stream.acked_n = row->entry.n;
	chain_advance(slot->stream.chain, row->entry.n, row->entry.commitment);
	slot->dirty = true;
}

static enum status
replay_change(struct replay *replay, const struct log_row *row, uint64_t *village_out,
	      struct error *err)
{
	struct stream_slot *slot;
	struct parcel_change change;
	bool device;
	enum status status = replay_append(replay, row, err);

	if (status == STATUS_OK) {
		status = workset_stream(replay->ingest, row->entry.stream, &slot, err);
	}
	if (status == STATUS_NOT_FOUND) {
		replay_tell(replay, row, "stream", "there is no such stream");
		return STATUS_OK;
	}
	if (status != STATUS_OK) {
		return status;
	}
	stream_goes_on(replay, row, slot);
	if (row->payload.at == NULL) {
		/* Erased: the record is gone, with all its changes. */
		*village_out = REPLAY_UNKNOWN;
		return row->entry.reason == QUARANTINE_ERASED
			       ? workset_late(replay->ingest, &row->entry, err)
			       : STATUS_OK;
	}
	device = slot->stream.kind == STREAM_DEVICE;
	read_change(replay, row, !device, &change);
	return device ? device_change(replay, row, &change, village_out, err)
		      : server_change(replay, row, &change, err);
}

/* ---- any entry ---- */

static enum status
begin(struct replay *replay, struct error *err)
{
	enum status status;

	if (replay->begun) {
		return STATUS_OK;
	}
	status = ingest_begin(replay->ingest, err);
	replay->begun = status == STATUS_OK;
	return status;
}

enum status
replay_entry(struct replay *replay, const struct log_row *row, uint64_t *village_out,
	     struct error *err)
{
	enum status status;

	*village_out = 0;
	if (!replay->begun) {
		replay->now_ms = row->entry.received_ms;
	}
	status = begin(replay, err);
	if (status != STATUS_OK) {
		return status;
	}
	return row->entry.kind == ENTRY_CHANGE ? replay_change(replay, row, village_out, err)
					       : replay_note(replay, row, err);
}
