/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reassign: an admin gives what was set aside to another record.
 *
 * It is a change of her own stream, never the device's dot: own numbers say what a form had shown,
 * and no form of the author has shown this there (docs/decisions/0020-reassign.md).
 */
#include "daemon/ingest/reassign.h"

#include "daemon/ingest/note.h"
#include "daemon/ingest/release.h"

#include <string.h>

/* ---- what is said again ---- */

static bool
creates(const struct quarantined *row, const struct change *change)
{
	return change->base.epoch == 0 && change->record == id_make(row->stream, row->n);
}

/* An edit of a record of the same type. Of a creation without where it would be: that is not what
 * it says of this record, which is somewhere. */
static enum status
say_of(struct ingest *ingest, const struct change *said, bool created, int32_t root,
       struct change *out, struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < said->field_count; i++) {
		const int32_t tag = said->fields[i].tag;

		if (!created || (tag != TAG_VILLAGE && tag != root)) {
			out->fields[count++] = said->fields[i];
		}
	}
	out->field_count = count;
	/* A base, as it creates nothing, and one that has seen nothing. */
	out->base.epoch = ingest->ledger.epoch;
	out->base.version = 0;
	return count > 0 ? STATUS_OK
			 : fail(err, STATUS_INVALID, "it says nothing but where its record is");
}

/* The creation as it is, but for what its record hangs on. */
static void
say_below(const struct change *said, int32_t root, uint64_t to, struct change *out)
{
	const struct change_field place = {root, value_integer((int64_t)to)};
	size_t count = 0;
	bool put = false;

	for (size_t i = 0; i < said->field_count; i++) {
		if (!put && tag_compare(said->fields[i].tag, root) >= 0) {
			out->fields[count++] = place;
			put = true;
		}
		if (said->fields[i].tag != root) {
			out->fields[count++] = said->fields[i];
		}
	}
	if (!put) {
		out->fields[count++] = place;
	}
	out->field_count = count;
}

static uint64_t
reference(const struct change *change, int32_t tag)
{
	const struct change_field *field = change_field(change, tag);

	return field != NULL && field->value.form == VALUE_INTEGER ? (uint64_t)field->value.integer
								   : 0;
}

enum status
reassign_say(struct ingest *ingest, const struct reassigned *given, struct change *out,
	     uint64_t *from_out, struct error *err)
{
	const struct quarantined *row = given->row;
	const struct change *change = &given->said->change;
	const struct slot *to = given->to;
	const struct record_type *type = ingest_merge_context(ingest, change->type).type;
	const int32_t root = type == NULL ? 0 : type->root;
	const struct field *place = type == NULL ? NULL : type_field(type, root);
	char id[ID_TEXT_SIZE];

	*out = *change;
	out->kind = CHANGE_GIVEN;
	out->scope_version = 0;
	out->has_own = false;
	out->own_stream = 0;
	out->own_n = 0;
	out->was_stream = row->stream;
	out->was_n = row->n;
	sha256(&given->said->bytes, 1, out->first_hash);
	out->fields =
		ARENA_ARRAY(&ingest->work.arena, struct change_field, change->field_count + 1);
	if (out->fields == NULL) {
		return fail(err, STATUS_MEMORY, "the working set");
	}
	if (to->record.type == change->type) {
		*from_out = change->record;
		out->record = to->id;
		return say_of(ingest, change, creates(row, change), root, out, err);
	}
	if (!creates(row, change) || place == NULL || place->target != to->record.type) {
		return fail(err, STATUS_INVALID,
			    "%s is neither of the type that the change is about, nor what a new "
			    "record of that type hangs on",
			    id_format(to->id, id));
	}
	*from_out = reference(change, root);
	say_below(change, root, to->id, out);
	return STATUS_OK;
}

/* ---- what was given before ---- */

bool
reassign_read(const struct log_row *row, struct arena *arena, uint64_t *edited_out)
{
	struct note note;

	if (row->entry.kind != ENTRY_ADMIN || row->payload.at == NULL ||
	    !note_decode(row->payload, arena, &note) || strcmp(note.action, "reassign") != 0) {
		return false;
	}
	*edited_out = note.from == row->entry.record ? note.to : 0;
	return true;
}

enum status
reassign_given(struct ingest *ingest, const struct quarantined *row, bool *given_out,
	       struct error *err)
{
	struct arena *arena = &ingest->work.arena;
	struct log_row settled;
	uint64_t edited;
	enum status status;

	if (row->settled == 0 || row->released) {
		*given_out = false;
		return STATUS_OK;
	}
	status = store_log_entry(ingest->options.store, row->settled, arena, &settled, err);
	if (status == STATUS_OK) {
		*given_out = reassign_read(&settled, arena, &edited);
	}
	return status;
}

/* ---- giving ---- */

struct giving {
	struct releasing releasing;
	const struct slot *to;
	uint64_t only_from; /* what must have been named; 0: anything */
	uint64_t merged;    /* of the last one given: the record that was to be made, and is not */
};

/* The note behind the change, and the row's end. */
static enum status
settle(const struct giving *giving, const struct quarantined *row, uint64_t from, struct error *err)
{
	const struct quarantine_order *order = giving->releasing.order;
	struct ingest *ingest = giving->releasing.ingest;
	const struct note note = {
		.action = "reassign",
		.stream = row->stream,
		.n = row->n,
		.entry = row->seq,
		.reason = order->reason,
		.from = from,
		.to = giving->to->id,
		.record = row->record,
	};
	struct quarantined settled = *row;
	enum status status =
		ingest_note(ingest, ENTRY_ADMIN, order->user, &note, &settled.settled, err);

	settled.awaits = 0;
	return status == STATUS_OK ? store_quarantine_put(ingest->options.store, &settled, err)
				   : status;
}

/* Somebody with a scope says nothing of records outside of it: what a phone wrote there by its own
 * hand is for those who see both. */
static enum status
check_references(const struct giving *giving, const struct change *change, struct error *err)
{
	const struct quarantine_order *order = giving->releasing.order;
	struct ingest *ingest = giving->releasing.ingest;
	const struct record_type *type = ingest_merge_context(ingest, change->type).type;
	enum status status = STATUS_OK;

	for (size_t i = 0;
	     order->scope != NULL && type != NULL && i < change->field_count && status == STATUS_OK;
	     i++) {
		status = ingest_check_reference(ingest, type, &change->fields[i], order->scope,
						order->scope_count, err);
	}
	return status;
}

/* The change, judged as the next entry. Nothing is touched yet. */
static enum status
prepare(struct giving *giving, const struct quarantined *row, struct server_change *own,
	uint64_t *from_out, struct judgement *out, struct error *err)
{
	struct ingest *ingest = giving->releasing.ingest;
	struct parcel_change said;
	struct stream_slot *stream;
	enum status status = release_read(ingest, row, &said, err);

	if (status == STATUS_OK && said.reason != QUARANTINE_NONE) {
		return release_refuse(said.reason, err);
	}
	if (status == STATUS_OK) {
		status = reassign_say(ingest, &(struct reassigned){row, &said, giving->to},
				      &own->change, from_out, err);
	}
	if (status == STATUS_OK && *from_out == giving->to->id) {
		return fail(err, STATUS_INVALID,
			    "that is the record that it names: release it instead");
	}
	if (status == STATUS_OK && giving->only_from != 0 && *from_out != giving->only_from) {
		return fail(err, STATUS_INVALID, "it names another record");
	}
	if (status == STATUS_OK) {
		status = check_references(giving, &own->change, err);
	}
	if (status == STATUS_OK) {
		status = workset_stream(ingest, own->stream, &stream, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	own->change.n = stream->stream.acked_n + 1;
	giving->merged = own->change.record == said.change.record || !creates(row, &said.change)
				 ? 0
				 : said.change.record;
	return judge_said_again(ingest, own->stream, &own->change,
				ingest->head + ingest->work.row_count + 1, out, err);
}

static enum status
give(struct giving *giving, const struct quarantined *row, struct error *err)
{
	struct releasing *releasing = &giving->releasing;
	const struct quarantine_order *order = releasing->order;
	struct server_change own = {
		.stream = order->user, .user = order->user, .said_before = true};
	struct judgement judgement = {.reason = QUARANTINE_NONE};
	uint64_t from = 0;
	uint64_t seq = 0;
	bool made;
	enum status status = prepare(giving, row, &own, &from, &judgement, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (judgement.reason != QUARANTINE_NONE) {
		return release_refuse(judgement.reason, err);
	}
	if (judgement.slot == NULL || !release_allowed(releasing, &judgement)) {
		return release_not_there(order, err);
	}
	made = !judgement.slot->exists;
	status = ingest_server_change(releasing->ingest, &own, &seq, err);
	if (status == STATUS_OK) {
		status = settle(giving, row, from, err);
	}
	releasing->released++;
	if (made) {
		buffer_append(&releasing->arrived, &row->record, sizeof row->record);
	}
	return status == STATUS_OK ? buffer_status(&releasing->arrived, "what a change brings", err)
				   : status;
}

/* What the device made below a record that is none: below the one that it is. What cannot be stays
 * where it is. */
static enum status
give_below(struct giving *giving, uint64_t merged, struct error *err)
{
	const struct releasing *releasing = &giving->releasing;
	const struct quarantined *row;
	struct buffer rows;
	enum status status;

	buffer_init(&rows, SIZE_MAX);
	status = release_awaiting(releasing->ingest, merged, &rows, err);
	row = (const void *)rows.at;
	giving->only_from = merged;
	for (size_t i = 0;
	     i < rows.length / sizeof *row && status == STATUS_OK && !release_crowded(releasing);
	     i++) {
		if (row[i].stream == releasing->order->device &&
		    row[i].record == id_make(row[i].stream, row[i].n)) {
			status = give(giving, &row[i], err);
		}
		if (status != STATUS_OK && status_http(status) < 500) {
			status = STATUS_OK;
		}
	}
	buffer_finish(&rows);
	return status;
}

/* Nothing is touched yet when it is refused. */
static enum status
give_asked(struct giving *giving, struct error *err)
{
	const struct quarantine_order *order = giving->releasing.order;
	struct ingest *ingest = giving->releasing.ingest;
	struct quarantined row;
	struct slot *to = NULL;
	enum status status = release_find(ingest, order, &row, err);

	if (status == STATUS_OK && !release_sees(order, &row)) {
		return release_not_there(order, err);
	}
	if (status == STATUS_OK) {
		status = release_check_open(ingest, order, &row, err);
	}
	if (status == STATUS_OK) {
		status =
			workset_find(ingest, order->to, order->scope, order->scope_count, &to, err);
		giving->to = to;
	}
	if (status == STATUS_OK) {
		status = give(giving, &row, err);
	}
	if (status == STATUS_OK && giving->merged != 0) {
		status = give_below(giving, giving->merged, err);
	}
	return status == STATUS_OK ? release_followers(&giving->releasing, err) : status;
}

enum status
ingest_reassign(struct ingest *ingest, const struct quarantine_order *order, uint64_t *count_out,
		struct error *err)
{
	struct giving giving = {.releasing = {.ingest = ingest, .order = order}};
	enum status status;

	if (order->reason.length > QUARANTINE_REASON_MAX) {
		return fail(err, STATUS_INVALID, "a reason has at most %d bytes",
			    QUARANTINE_REASON_MAX);
	}
	buffer_init(&giving.releasing.arrived, SIZE_MAX);
	status = give_asked(&giving, err);
	buffer_finish(&giving.releasing.arrived);
	if (status == STATUS_OK) {
		*count_out = giving.releasing.released;
	}
	return status;
}
