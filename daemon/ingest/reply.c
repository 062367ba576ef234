/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply: what a sync request gets back, read from one snapshot and sealed.
 *
 * Records go out in the order (key, id) and whole; the cursor's first part tells which fields, its
 * second which records. The plain size is budgeted by the room that the device gives; as it is
 * packed afterwards, a reply that comes out too large is built again with half the budget.
 */
#include "daemon/ingest/reply_parts.h"

#include <string.h>

enum {
	REPLY_ARENA_LIMIT = 32 * 1024 * 1024,
	RECORD_ARENA_LIMIT = 8 * 1024 * 1024,
	ROOM_LEAST = 2048,   /* bytes; what a device must be able to take */
	ROOM_FIXED = 512,    /* for all that is no record, */
	ROOM_RECEIPT = 1024, /* … and a receipt, if there is one */
	BUDGET_FACTOR = 8,   /* plain bytes tried per packed byte of room */
	BUILD_ATTEMPTS = 8,
};

static enum status
builder_memory(struct error *err)
{
	return fail(err, STATUS_MEMORY, "building a reply");
}

/* Remembers that the reply speaks of this stream. */
static enum status
builder_note_stream(struct reply_builder *builder, uint32_t number, struct error *err)
{
	if (builder->streams == NULL) {
		builder->streams = ARENA_ARRAY(&builder->arena, uint32_t, MESSAGE_STREAMS_MAX);
	}
	if (builder->streams == NULL) {
		return builder_memory(err);
	}
	for (size_t i = 0; i < builder->stream_count; i++) {
		if (builder->streams[i] == number) {
			return STATUS_OK;
		}
	}
	if (builder->stream_count < MESSAGE_STREAMS_MAX &&
	    number != builder->device.stream.number) {
		builder->streams[builder->stream_count++] = number;
	}
	return STATUS_OK;
}

static enum status
builder_add_record(struct reply_builder *builder, const struct pull_item *item, struct error *err)
{
	uint64_t complete = builder->parcel->head.cursor.complete;
	const struct schema *schema = catalogue_schema(builder->catalogue, 0);
	struct record record;
	bool whole = builder->whole_scope || item->record.moved > complete;
	struct record_filter filter = {
		.newer_than = whole ? 0 : complete,
		.withhold_stream = whole ? 0 : builder->device.stream.number,
		.withhold_n = whole ? 0 : builder->parcel->head.known_n,
	};
	size_t passing;
	enum status status;

	arena_reset(&builder->scratch);
	status = stored_record_decode(
		&item->record, schema == NULL ? NULL : schema_type(schema, item->record.type),
		&builder->scratch, &record, err);

	if (status != STATUS_OK) {
		return status;
	}
	passing = record_filter_count(&record, &filter);
	if (!whole && passing == 0) {
		return STATUS_OK;
	}
	/* Of a new record everything passes: it says that nothing is missing of it. */
	whole = whole || passing == record.field_count;
	buffer_append(&builder->offsets, &builder->records.length, sizeof(size_t));
	buffer_append(&builder->whole, &whole, sizeof whole);
	record_encode(&record, &filter, &builder->records);
	builder->reply.record_count++;
	for (size_t i = 0; i < record.dot_count && status == STATUS_OK; i++) {
		status = builder_note_stream(builder, record.dots[i].stream, err);
	}
	return status == STATUS_OK ? buffer_status(&builder->records, "building a reply", err)
				   : status;
}

static enum status
builder_add(struct reply_builder *builder, const struct pull_item *item, struct error *err)
{
	builder->reply.to.key = item->key;
	builder->reply.to.id = item->id;
	if (item->erased) {
		builder->reply.erased_count++;
		buffer_append(&builder->erased, &item->id, sizeof item->id);
		return buffer_status(&builder->erased, "building a reply", err);
	}
	if (item->evict) {
		builder->reply.evicted_count++;
		buffer_append(&builder->evicted, &item->id, sizeof item->id);
		return buffer_status(&builder->evicted, "building a reply", err);
	}
	return builder_add_record(builder, item, err);
}

static bool
builder_full(const struct reply_builder *builder)
{
	/* Ids do not compress. */
	return builder->records.length + BUDGET_FACTOR * builder->erased.length >=
		       builder->budget ||
	       builder->reply.record_count == MESSAGE_RECORDS_MAX ||
	       builder->reply.evicted_count == MESSAGE_RECORDS_MAX ||
	       builder->reply.erased_count == MESSAGE_RECORDS_MAX;
}

static enum status
builder_pull(struct reply_builder *builder, struct error *err)
{
	struct cursor start = builder->parcel->head.cursor;
	struct pull_options options = {
		.regions = builder->device.scope,
		.region_count = builder->device.scope_count,
		.own_stream = builder->device.stream.number,
		.own_n = builder->whole_scope ? 0 : builder->parcel->head.known_n,
		.complete = start.complete,
	};
	struct pull *pull;
	struct pull_item item;
	bool left = true;
	enum status status;

	if (builder->reply.has_scope) {
		start.key = 0;
		start.id = 0;
	}
	builder->reply.to.complete = builder->parcel->head.cursor.complete;
	builder->reply.to.key = start.key;
	builder->reply.to.id = start.id;
	options.after_key = start.key;
	options.after_id = start.id;
	status = store_pull_open(builder->reader, &options, &pull, err);
	if (status != STATUS_OK) {
		return status;
	}
	while (status == STATUS_OK && left && !builder_full(builder)) {
		status = store_pull_next(pull, &item, &left, err);
		if (status == STATUS_OK && left) {
			status = builder_add(builder, &item, err);
		}
	}
	store_pull_close(pull);
	builder->reply.more = left;
	if (!left) {
		builder->reply.to.complete = builder->head;
		builder->reply.to.key = builder->head;
		builder->reply.to.id = CURSOR_ID_END;
	}
	return status;
}

/* What was collected does not move any more: the reply borrows it. */
static enum status
builder_cut(struct reply_builder *builder, struct error *err)
{
	struct reply *reply = &builder->reply;
	const size_t *offsets = (const void *)builder->offsets.at;
	enum status status = buffer_status(&builder->offsets, "building a reply", err);

	if (status == STATUS_OK) {
		status = buffer_status(&builder->whole, "building a reply", err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	reply->records = ARENA_ARRAY(&builder->arena, struct span, reply->record_count);
	if (reply->records == NULL) {
		return builder_memory(err);
	}
	reply->whole = (void *)builder->whole.at;
	reply->evicted = (void *)builder->evicted.at;
	reply->erased = (void *)builder->erased.at;
	for (size_t i = 0; i < reply->record_count; i++) {
		size_t end = i + 1 < reply->record_count ? offsets[i + 1] : builder->records.length;

		reply->records[i] = span_of(builder->records.at + offsets[i], end - offsets[i]);
	}
	return STATUS_OK;
}

/* Who is behind a dot went on after a fork: without that the device would not know what she had
 * seen. */
static enum status
builder_add_lineage(struct reply_builder *builder, struct stream stream, struct error *err)
{
	struct reply *reply = &builder->reply;
	size_t before = SIZE_MAX;
	enum status status = STATUS_OK;

	if (stream.parent != 0 && reply->lineages == NULL) {
		reply->lineages = ARENA_ARRAY(&builder->arena, struct lineage, MESSAGE_STREAMS_MAX);
		status = reply->lineages == NULL ? builder_memory(err) : STATUS_OK;
	}
	while (status == STATUS_OK && stream.parent != 0 && reply->lineage_count != before &&
	       reply->lineage_count < MESSAGE_STREAMS_MAX) {
		before = reply->lineage_count;
		lineage_add(reply->lineages, &reply->lineage_count,
			    (struct lineage){stream.number, stream.parent, stream.parent_n});
		status =
			store_stream(builder->reader, stream.parent, &builder->arena, &stream, err);
	}
	/* A parent that a restored server has forgotten. */
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
builder_name_streams(struct reply_builder *builder, struct error *err)
{
	struct reply *reply = &builder->reply;

	reply->streams = ARENA_ARRAY(&builder->arena, struct stream_name, builder->stream_count);
	if (reply->streams == NULL) {
		return builder_memory(err);
	}
	for (size_t i = 0; i < builder->stream_count; i++) {
		struct stream stream;
		enum status status = store_stream(builder->reader, builder->streams[i],
						  &builder->arena, &stream, err);

		if (status == STATUS_NOT_FOUND) {
			continue;
		}
		if (status != STATUS_OK) {
			return status;
		}
		reply->streams[reply->stream_count].number = stream.number;
		reply->streams[reply->stream_count].kind = (uint32_t)stream.kind;
		reply->streams[reply->stream_count].name = stream.name;
		reply->stream_count++;
		status = builder_add_lineage(builder, stream, err);
		if (status != STATUS_OK) {
			return status;
		}
	}
	return STATUS_OK;
}

/* A newer schema, as much of it as the rest of the budget takes. */
static enum status
builder_add_schema(struct reply_builder *builder, struct error *err)
{
	const struct request_head *head = &builder->parcel->head;
	const struct schema *newest = catalogue_schema(builder->catalogue, 0);
	struct schema_chunk *chunk = &builder->reply.schema;
	struct span cbor;
	size_t room;
	enum status status;

	if (newest == NULL ||
	    (head->schema_version == newest->version &&
	     memcmp(head->schema_hash, newest->hash, sizeof head->schema_hash) == 0)) {
		return STATUS_OK;
	}
	status = store_schema(builder->reader, newest->version, &builder->arena, &cbor, NULL, err);
	if (status != STATUS_OK) {
		return status;
	}
	room = builder->records.length >= builder->budget
		       ? 0
		       : builder->budget - builder->records.length;
	chunk->offset = head->schema_held < cbor.length ? head->schema_held : 0;
	chunk->size = (uint32_t)cbor.length;
	chunk->bytes = span_of(cbor.at + chunk->offset, cbor.length - chunk->offset);
	if (chunk->bytes.length > room) {
		chunk->bytes.length = room;
	}
	if (chunk->bytes.length == 0) {
		return STATUS_OK;
	}
	chunk->version = newest->version;
	memcpy(chunk->hash, newest->hash, HASH_SIZE);
	return STATUS_OK;
}

static enum status
builder_add_checkpoint(struct reply_builder *builder, struct error *err)
{
	const struct request_head *head = &builder->parcel->head;
	const bool proves = head->witness_size > 0 && (head->programme & PROGRAMME_PROVE) != 0;
	bool found = false;
	enum status status =
		store_checkpoint_last(builder->reader, &builder->reply.checkpoint, &found, err);

	builder->reply.has_checkpoint =
		found && (proves || builder->reply.checkpoint.size > head->witness_size);
	return status == STATUS_OK && proves && found ? reply_add_proof(builder, err) : status;
}

static enum status
builder_fill(struct reply_builder *builder, struct error *err)
{
	struct reply *reply = &builder->reply;
	enum status status;

	reply->has_scope = builder->parcel->head.scope_version != builder->device.scope_version;
	reply->scope_version = builder->device.scope_version;
	reply->scope = builder->device.scope;
	reply->scope_count = builder->device.scope_count;
	builder->whole_scope = reply->has_scope || builder->device.scope_version >
							   builder->parcel->head.cursor.complete;
	status = builder_pull(builder, err);
	if (status == STATUS_OK) {
		status = builder_cut(builder, err);
	}
	if (status == STATUS_OK) {
		status = builder_name_streams(builder, err);
	}
	if (status == STATUS_OK) {
		status = builder_add_schema(builder, err);
	}
	if (status == STATUS_OK) {
		status = builder_add_checkpoint(builder, err);
	}
	if (status == STATUS_OK) {
		status = reply_add_receipt(builder, err);
	}
	if (status == STATUS_OK) {
		status = reply_add_news(builder, err);
	}
	return status;
}

/* What every reply says, whatever became of the request. */
static void
builder_start(struct reply_builder *builder, const struct platform *platform)
{
	const struct parcel *parcel = builder->parcel;
	struct reply *reply = &builder->reply;

	memset(reply, 0, sizeof *reply);
	reply->status = parcel->status;
	reply->epoch = parcel->head.epoch;
	reply->server_time_ms = platform->now_ms(platform->context);
	reply->from = parcel->head.cursor;
	reply->to = parcel->head.cursor;
	reply->acked_n = parcel->acked_n;
	reply->send_from = parcel->send_from;
	reply->certificate = parcel->continued;
	reply->certified_scope_version = parcel->continued_scope;
	reply->acks = parcel->acks;
	reply->ack_count = parcel->ack_count;
	reply->exceptions = parcel->exceptions;
	reply->exception_count = parcel->exception_count;
}

static enum status
builder_snapshot(struct reply_builder *builder, struct error *err)
{
	enum status status = reply_add_epochs(builder, err);

	if (status == STATUS_OK) {
		status = store_log_head(builder->reader, &builder->head, err);
	}
	if (status == STATUS_OK) {
		status = reply_add_key(builder, err);
	}
	builder->reply.show_witness =
		builder->parcel->estranged ||
		(builder->parcel->fresh && !builder->former && !builder->parcel->witness_fits);
	/* Whoever showed what this server lost has this server's word for it, also if she has to
	 * send again what was lost of hers. */
	if (status == STATUS_OK && builder->former && builder->parcel->began.epoch != 0 &&
	    (builder->parcel->status == STATUS_OK || builder->parcel->status == STATUS_GAP)) {
		status = store_checkpoint_last(builder->reader, &builder->reply.checkpoint,
					       &builder->reply.has_checkpoint, err);
	}
	if (status != STATUS_OK || builder->parcel->status != STATUS_OK) {
		return status;
	}
	/* A replay moves nothing: it learns the counter, and is acknowledged, that is all. */
	if (!builder->parcel->fresh) {
		builder->reply.r_seen = builder->parcel->r_seen;
		builder->reply.more = true;
		return STATUS_OK;
	}
	/* Its cursor is a place in another log. */
	if (builder->former) {
		builder->reply.more = true;
		return STATUS_OK;
	}
	/* Its history may be another: first it shows what it has. */
	if (builder->parcel->withheld) {
		builder->reply.more = true;
		return STATUS_OK;
	}
	/* Another copy's changes stand where its own are to come: they must not be withheld. */
	if (builder->parcel->unsure) {
		builder->reply.more = true;
		return STATUS_OK;
	}
	status = store_device(builder->reader, builder->parcel->head.device, &builder->arena,
			      &builder->device, err);
	if (status == STATUS_OK && builder->device.state == DEVICE_REVOKED) {
		builder->reply.status = STATUS_REVOKED;
		return STATUS_OK;
	}
	if (status == STATUS_OK && builder->device.state == DEVICE_HELD) {
		builder->reply.status = STATUS_HELD;
		return STATUS_OK;
	}
	return status == STATUS_OK ? builder_fill(builder, err) : status;
}

static enum status
build(struct reply_builder *builder, const struct platform *platform, struct buffer *packed,
      struct error *err)
{
	enum status status;

	arena_reset(&builder->arena);
	buffer_clear(&builder->records);
	buffer_clear(&builder->offsets);
	buffer_clear(&builder->whole);
	buffer_clear(&builder->evicted);
	buffer_clear(&builder->erased);
	buffer_clear(packed);
	builder->streams = NULL;
	builder->stream_count = 0;
	builder_start(builder, platform);
	status = store_snapshot(builder->reader, err);
	if (status != STATUS_OK) {
		return status;
	}
	status = builder_snapshot(builder, err);
	store_snapshot_end(builder->reader);
	reply_add_lease(builder);
	return status == STATUS_OK ? reply_pack(&builder->reply, packed, err) : status;
}

static enum status
build_within(struct reply_builder *builder, const struct platform *platform, size_t room,
	     struct buffer *packed, struct error *err)
{
	enum status status = STATUS_OK;

	builder->budget = room * BUDGET_FACTOR;
	for (int attempt = 0; attempt < BUILD_ATTEMPTS; attempt++) {
		status = build(builder, platform, packed, err);
		if (status != STATUS_OK && status != STATUS_LIMIT) {
			return status;
		}
		/* A single record larger than the room goes all the same, or the device would never
		 * pass it. */
		if ((status == STATUS_OK && packed->length <= room) ||
		    builder->reply.record_count + builder->reply.erased_count <= 1) {
			return status;
		}
		builder->budget /= 2;
	}
	return status;
}

enum status
ingest_reply(struct parcel *parcel, struct store *reader, struct catalogue *catalogue,
	     const struct platform *platform, struct buffer *out, struct error *err)
{
	struct reply_builder builder = {.parcel = parcel, .reader = reader, .catalogue = catalogue};
	struct buffer packed;
	uint8_t nonce[AEAD_NONCE_SIZE];
	size_t room = parcel->head.room < ROOM_LEAST ? ROOM_LEAST : parcel->head.room;
	size_t before = out->length;
	enum status status;

	if (room > PARCEL_REPLY_MAX) {
		room = PARCEL_REPLY_MAX;
	}
	arena_init(&builder.arena, REPLY_ARENA_LIMIT);
	arena_init(&builder.scratch, RECORD_ARENA_LIMIT);
	buffer_init(&builder.records, MESSAGE_REPLY_MAX);
	buffer_init(&builder.offsets, SIZE_MAX);
	buffer_init(&builder.whole, SIZE_MAX);
	buffer_init(&builder.evicted, SIZE_MAX);
	buffer_init(&builder.erased, SIZE_MAX);
	buffer_init(&packed, PARCEL_REPLY_MAX - PARCEL_REPLY_OVERHEAD);
	room -= ROOM_FIXED;
	if (reply_wants_receipt(parcel)) {
		room -= ROOM_RECEIPT;
	}
	status = build_within(&builder, platform, room, &packed, err);
	if (status == STATUS_OK) {
		platform->random(platform->context, nonce, sizeof nonce);
		status = parcel_seal_reply(&parcel->opened.session, nonce, buffer_span(&packed),
					   out, err);
	}
	if (status == STATUS_OK) {
		parcel->report.bytes_down = out->length - before;
		parcel->report.pulled_from = builder.reply.from.complete;
		parcel->report.pulled_to = builder.reply.to.complete;
	}
	buffer_finish(&packed);
	buffer_finish(&builder.erased);
	buffer_finish(&builder.evicted);
	buffer_finish(&builder.whole);
	buffer_finish(&builder.offsets);
	buffer_finish(&builder.records);
	arena_finish(&builder.scratch);
	arena_finish(&builder.arena);
	return status;
}
