/* SPDX-License-Identifier: Apache-2.0 */
/* apply: a merged change takes its place - parent, village, what hangs below - and server streams'
 * own changes. */
#include "daemon/ingest/workset.h"

enum status
ingest_place(struct ingest *ingest, struct outcome *outcome, struct error *err)
{
	const struct record *merged = &outcome->merged;
	struct merge_context context = ingest_merge_context(ingest, merged->type);
	const struct field *root =
		context.type == NULL ? NULL : type_field(context.type, context.type->root);
	struct value reference = value_empty();
	struct value village = record_shown(merged, context.type, TAG_VILLAGE);
	struct slot *parent;
	enum status status;

	if (root != NULL) {
		reference = record_shown(merged, context.type, root->tag);
	}
	if (root == NULL || reference.form != VALUE_INTEGER) {
		outcome->parent = 0;
		outcome->village = village.form == VALUE_INTEGER ? (uint64_t)village.integer : 0;
		return STATUS_OK;
	}
	status = workset_place(ingest, (uint64_t)reference.integer, &parent, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!parent->exists) {
		return fail(err, STATUS_NOT_FOUND, "the record it belongs to");
	}
	if (parent->record.type != root->target) {
		return fail(err, STATUS_INVALID, "the record it belongs to is of another type");
	}
	outcome->parent = parent->id;
	outcome->village = parent->record.village;
	return STATUS_OK;
}

enum status
ingest_check_reference(struct ingest *ingest, const struct record_type *type,
		       const struct change_field *field, const struct region *scope,
		       size_t scope_count, struct error *err)
{
	const struct field *known = type_field(type, field->tag);
	const uint32_t target = known == NULL ? type->tag : known->target;
	char text[ID_TEXT_SIZE];
	struct slot *slot;
	uint64_t id;
	enum status status;

	if (!type_is_reference(type, field->tag) || field->value.form != VALUE_INTEGER) {
		return STATUS_OK;
	}
	id = (uint64_t)field->value.integer;
	status = workset_find(ingest, id, scope, scope_count, &slot, err);
	return status == STATUS_OK && slot->record.type != target
		       ? fail(err, STATUS_NOT_FOUND, "record %s", id_format(id, text))
		       : status;
}

/* Below a new parent a record counts as moved when that did: its author, from whom its fields are
 * withheld, may think of the parent as still in another village. */
static enum status
join_parent(struct ingest *ingest, struct slot *slot, uint64_t parent_id, struct error *err)
{
	struct slot *parent;
	enum status status;

	if (parent_id == 0 || parent_id == slot->row.parent) {
		return STATUS_OK;
	}
	status = workset_place(ingest, parent_id, &parent, err);
	if (status == STATUS_OK && parent->row.moved > slot->row.moved) {
		slot->row.moved = parent->row.moved;
	}
	return status;
}

enum status
ingest_merge(struct ingest *ingest, struct slot *slot, const struct outcome *outcome, uint64_t seq,
	     struct error *err)
{
	bool moved = slot->exists && slot->record.village != outcome->village;
	uint64_t left = slot->record.village;
	enum status status = join_parent(ingest, slot, outcome->parent, err);

	if (slot->row.parent != outcome->parent) {
		ingest->work.hanging_village = 0;
	}
	slot->row.one_change = outcome->of_device && !slot->exists && outcome->village != 0;
	slot->record = outcome->merged;
	slot->record.village = moved ? left : outcome->village;
	slot->row.parent = outcome->parent;
	slot->exists = true;
	slot->dirty = true;
	if (status == STATUS_OK && moved) {
		status = ingest_move(ingest, slot, outcome->village, seq, err);
	}
	/* The change is logged by now: what fails here must not look like a refusal. */
	if (status != STATUS_OK && status_http(status) < 500) {
		return fail(err, STATUS_INTERNAL, "moving what hangs below a record");
	}
	return status;
}

/* ---- changes of server streams ---- */

/* What becomes an entry of the log. */
struct sealed_change {
	struct entry entry;
	uint8_t salt[SALT_SIZE];
	struct span payload;
};

/* The canonical bytes, kept as long as the working set. */
static enum status
encode_change(struct ingest *ingest, const struct change *change, struct span *out,
	      struct error *err)
{
	struct buffer bytes;
	void *copy;

	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_encode(change, &bytes);
	copy = bytes.status == STATUS_OK ? arena_copy(&ingest->work.arena, bytes.at, bytes.length)
					 : NULL;
	*out = span_of(copy, bytes.length);
	buffer_finish(&bytes);
	return copy != NULL ? STATUS_OK
			    : fail(err, STATUS_LIMIT, "the change is larger than %d bytes",
				   CHANGE_BYTES_MAX);
}

/* Fills in what a change of a server stream has by itself, and its bytes and commitment. */
static enum status
server_change_seal(struct ingest *ingest, struct server_change *own, const struct stream *stream,
		   struct sealed_change *out, struct error *err)
{
	struct change *change = &own->change;
	enum status status;

	change->n = stream->acked_n + 1;
	change->has_own = false;
	if (!own->said_before) {
		change->time = ingest_clock_ms(ingest) / 1000;
		change->quality = CLOCK_SYNCED;
		change->schema_version = catalogue_schema(ingest->options.catalogue, 0)->version;
	}
	if (change->record == 0) {
		change->record = id_make(own->stream, change->n);
	}
	status = encode_change(ingest, change, &out->payload, err);
	if (status != STATUS_OK) {
		return status;
	}
	/* From here on the change is what is logged: what the caller lent may be gone at the
	 * commit. */
	if (change_decode(out->payload, true, &ingest->work.arena, change, err) != STATUS_OK) {
		return fail_context(err, "a change of the server");
	}
	ingest->options.platform.random(ingest->options.platform.context, out->salt, SALT_SIZE);
	out->entry.kind = ENTRY_CHANGE;
	out->entry.stream = own->stream;
	out->entry.n = change->n;
	out->entry.time = change->time;
	out->entry.user = own->user;
	out->entry.record = change->record;
	out->entry.schema_version = change->schema_version;
	commitment_make(out->salt, own->stream, change->n, out->payload, out->entry.commitment);
	return STATUS_OK;
}

/* Refused before anything is touched, if at all. */
static enum status
server_change_merge(struct ingest *ingest, const struct server_change *own, uint64_t seq,
		    struct slot **slot_out, struct outcome *out, struct error *err)
{
	struct merge_context context = ingest_merge_context(ingest, own->change.type);
	enum status status = workset_record(ingest, own->change.record, slot_out, err);

	if (status == STATUS_OK) {
		out->merged = (*slot_out)->record;
		status = merge_change(&out->merged, own->stream, &own->change, seq, &context,
				      &ingest->work.arena, err);
	}
	return status == STATUS_OK ? ingest_place(ingest, out, err) : status;
}

enum status
ingest_server_change(struct ingest *ingest, struct server_change *own, uint64_t *seq_out,
		     struct error *err)
{
	struct stream_slot *stream;
	struct slot *slot;
	struct outcome outcome = {.of_device = false};
	struct sealed_change sealed = {.entry = {.kind = ENTRY_CHANGE}};
	uint64_t seq = ingest->head + ingest->work.row_count + 1;
	enum status status = workset_stream(ingest, own->stream, &stream, err);

	if (status == STATUS_OK) {
		status = server_change_seal(ingest, own, &stream->stream, &sealed, err);
	}
	if (status == STATUS_OK) {
		status = server_change_merge(ingest, own, seq, &slot, &outcome, err);
	}
	if (status == STATUS_OK) {
		status = workset_append(ingest, &sealed.entry, sealed.salt, sealed.payload, err);
	}
	if (status == STATUS_OK) {
		status = ingest_merge(ingest, slot, &outcome, seq, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	stream->stream.acked_n = own->change.n;
	chain_advance(stream->stream.chain, own->change.n, sealed.entry.commitment);
	stream->dirty = true;
	*seq_out = seq;
	return STATUS_OK;
}
