/* SPDX-License-Identifier: Apache-2.0 */
/* What stands inside a parcel: head, body and reply. */
#include "protocol/columns.h"
#include "protocol/id.h"
#include "tests/vectors/vectors_example.h"

#include <stdio.h>
#include <string.h>

static void
put_cursor(struct vector *vector, const char *const names[3], const struct cursor *cursor)
{
	vector_number(vector, names[0], (int64_t)cursor->complete);
	vector_number(vector, names[1], (int64_t)cursor->key);
	vector_number(vector, names[2], (int64_t)cursor->id);
}

static void
put_head(struct vector *vector, const struct request_head *head)
{
	static const char *const names[] = {"cursor_complete", "cursor_key", "cursor_id"};
	struct request_head read;
	uint8_t shown[CHECKPOINT_SIZE];

	vector_number(vector, "device", head->device);
	vector_number(vector, "epoch", head->epoch);
	vector_number(vector, "r", (int64_t)head->r);
	put_cursor(vector, names, &head->cursor);
	vector_number(vector, "first_n", head->first_n);
	vector_number(vector, "count", head->count);
	vector_number(vector, "known_n", head->known_n);
	vector_bytes(vector, "h_last", span_of(head->h_last, HASH_SIZE));
	vector_number(vector, "witness_size", (int64_t)head->witness_size);
	vector_bytes(vector, "witness_root", span_of(head->witness_root, 8));
	vector_number(vector, "clock_wall", head->clock_wall);
	vector_number(vector, "clock_shift", head->clock_shift);
	vector_number(vector, "clock_quality", head->clock_quality);
	vector_number(vector, "scope_version", (int64_t)head->scope_version);
	vector_number(vector, "schema_version", head->schema_version);
	vector_bytes(vector, "schema_hash", span_of(head->schema_hash, 8));
	vector_number(vector, "schema_held", head->schema_held);
	vector_number(vector, "room", head->room);
	vector_number(vector, "programme", head->programme);
	if (head->certificate.length > 0) {
		vector_bytes(vector, "certificate", head->certificate);
	}
	if (head->continues) {
		vector_bytes(vector, "continuing_key",
			     span_of(head->continuing_key, sizeof head->continuing_key));
		vector_number(vector, "continuing_n", head->continuing_n);
	}
	if (head->shows) {
		checkpoint_encode(&head->shown, shown);
		vector_bytes(vector, "shown", span_of(shown, sizeof shown));
	}
	request_head_encode(head, &vector->bytes);
	vector_require(vector, request_head_decode(buffer_span(&vector->bytes), &read),
		       "the head is not read");
}

void
vector_request_head(struct vector *vector)
{
	struct request_head head = example_head();

	vector->comment = "head of a request after a finished loop of pages";
	put_head(vector, &head);
}

void
vector_request_head_paging(struct vector *vector)
{
	struct request_head head = example_head();

	vector->comment = "head within a loop of pages, of a device without schema and witness";
	head.cursor.key = 13;
	head.cursor.id = id_make(EXAMPLE_DEVICE, EXAMPLE_N);
	head.witness_size = 0;
	memset(head.witness_root, 0, sizeof head.witness_root);
	head.schema_version = 0;
	memset(head.schema_hash, 0, sizeof head.schema_hash);
	put_head(vector, &head);
}

void
vector_request_head_certificate(struct vector *vector)
{
	struct request_head head = example_head();
	struct buffer certificate;

	vector->comment = "head of a device that was told a new epoch and shows its certificate";
	buffer_init(&certificate, 4096);
	example_certificate(&certificate);
	head.cursor = (struct cursor){0, 0, CURSOR_ID_END};
	head.witness_size = 0;
	memset(head.witness_root, 0, sizeof head.witness_root);
	head.scope_version = 0;
	head.certificate = buffer_span(&certificate);
	put_head(vector, &head);
	buffer_finish(&certificate);
}

void
vector_request_head_continuing(struct vector *vector)
{
	struct request_head head = example_head();

	vector->comment = "head of an installation that asks to go on after a fork";
	head.first_n = 6;
	head.count = 0;
	head.known_n = 7;
	head.continues = true;
	example_count_up(0x80, head.continuing_key, sizeof head.continuing_key);
	head.continuing_n = 5;
	put_head(vector, &head);
}

void
vector_request_head_witness(struct vector *vector)
{
	struct request_head head = example_head();

	vector->comment =
		"head that asks for a proof, and shows the witness that it is to begin at";
	head.programme |= PROGRAMME_PROVE;
	head.shows = true;
	head.shown = (struct checkpoint){.epoch = EXAMPLE_EPOCH, .size = head.witness_size};
	example_count_up(0x01, head.shown.origin, ORIGIN_SIZE);
	example_count_up(0xb0, head.shown.root, HASH_SIZE);
	example_count_up(0x20, head.shown.signature, SIGNATURE_SIZE);
	put_head(vector, &head);
}

void
vector_request_body(struct vector *vector)
{
	uint8_t seed[SEED_SIZE];
	struct buffer change;

	vector->comment = "body of a request, stored: one batch with one change";
	buffer_init(&change, CHANGE_BYTES_MAX);
	example_change(&change);
	example_seed(seed);
	vector_number(vector, "last_n", EXAMPLE_N);
	vector_bytes(vector, "seed", span_of(seed, sizeof seed));
	vector_bytes(vector, "change", buffer_span(&change));
	example_body(vector, &vector->bytes);
	buffer_finish(&change);
}

void
vector_request_body_deflated(struct vector *vector)
{
	/* Written once, because another zlib may write other bytes; all must read these. The change
	 * is {1: 40 letters a}. */
	static const char hex[] =
		"010000"
		"6b6c620c58b070d1e2254b972d5fb172d5ea356bd7ad675cc858a19148240000";
	uint8_t bytes[sizeof hex / 2];
	struct request_body body = {0};
	struct buffer plain;
	struct arena arena;

	vector->comment =
		"body of a request, deflated; others may deflate to other bytes, but read "
		"these";
	buffer_init(&plain, MESSAGE_BODY_MAX);
	arena_init(&arena, MESSAGE_BODY_MAX);
	vector_require(vector, hex_decode(hex, bytes, sizeof bytes), "hex");
	buffer_append(&vector->bytes, bytes, sizeof bytes);
	vector_require(vector,
		       request_body_unpack(buffer_span(&vector->bytes), &plain, &arena, &body,
					   NULL) == STATUS_OK &&
			       body.batch_count == 1 && body.change_count == 1,
		       "the body is not read");
	if (vector->fault == NULL) {
		vector_number(vector, "last_n", body.batches[0].last_n);
		vector_bytes(vector, "seed", span_of(body.batches[0].seed, SEED_SIZE));
		vector_bytes(vector, "change", body.changes[0]);
	}
	arena_finish(&arena);
	buffer_finish(&plain);
}

/* The bytes of the vector are read as a body with these changes. */
static void
require_body(struct vector *vector, const struct span *changes, size_t count)
{
	struct request_body body = {0};
	struct buffer plain;
	struct arena arena;

	buffer_init(&plain, MESSAGE_BODY_MAX);
	arena_init(&arena, MESSAGE_BODY_MAX);
	vector_require(vector,
		       request_body_unpack(buffer_span(&vector->bytes), &plain, &arena, &body,
					   NULL) == STATUS_OK &&
			       body.change_count == count,
		       "the body is not read");
	for (size_t i = 0; i < body.change_count && i < count; i++) {
		vector_require(vector, span_equal(body.changes[i], changes[i]),
			       "a change is another one");
	}
	arena_finish(&arena);
	buffer_finish(&plain);
}

/* Changes of visits on one day, as columns take them. */
enum { VISITS = 5 };

static void
put_visit(uint32_t i, struct buffer *out)
{
	cbor_put_map(out, 7);
	cbor_put_uint(out, 1);
	cbor_put_uint(out, EXAMPLE_N + i);
	cbor_put_uint(out, 3);
	cbor_put_uint(out, id_make(EXAMPLE_DEVICE, EXAMPLE_N + i));
	cbor_put_uint(out, 4);
	cbor_put_uint(out, i == 0 ? 2 : 3);
	cbor_put_uint(out, 5);
	cbor_put_uint(out, 2);
	cbor_put_uint(out, 6);
	cbor_put_uint(out, EXAMPLE_SCOPE_VERSION);
	cbor_put_uint(out, 9);
	cbor_put_int(out, EXAMPLE_TIME + 420 * (int64_t)i + i % 3);
	cbor_put_uint(out, 11);
	cbor_put_map(out, 2);
	cbor_put_uint(out, 1);
	cbor_put_int(out, 8000 + 50 * (int64_t)(i * i));
	cbor_put_uint(out, 2);
	cbor_put_text(out, span_of_text(i % 2 == 0 ? "sehat" : "batuk"));
}

void
vector_request_body_columns(struct vector *vector)
{
	struct span changes[VISITS];
	uint32_t types[VISITS];
	struct buffer rows[VISITS];
	uint8_t seed[SEED_SIZE];
	struct buffer heads;
	struct buffer bits;
	char name[16];

	vector->comment = "body of a request, stored: one batch with five changes in columns";
	buffer_init(&heads, MESSAGE_BODY_MAX);
	buffer_init(&bits, MESSAGE_BODY_MAX);
	example_seed(seed);
	vector_number(vector, "last_n", EXAMPLE_N + VISITS - 1);
	vector_bytes(vector, "seed", span_of(seed, sizeof seed));
	for (uint32_t i = 0; i < VISITS; i++) {
		buffer_init(&rows[i], CHANGE_BYTES_MAX);
		put_visit(i, &rows[i]);
		changes[i] = buffer_span(&rows[i]);
		types[i] = i == 0 ? 2 : 3;
		(void)snprintf(name, sizeof name, "change_%u", (unsigned)i);
		vector_bytes(vector, name, changes[i]);
	}
	vector_require(vector,
		       columns_put(changes, types, VISITS, &heads, &bits, NULL) == STATUS_OK,
		       "columns do not take the changes");
	example_body_front(CODING_COLUMNS, VISITS, &vector->bytes);
	cbor_put_uint(&vector->bytes, bits.length);
	buffer_append_span(&vector->bytes, buffer_span(&heads));
	buffer_append_span(&vector->bytes, buffer_span(&bits));
	require_body(vector, changes, VISITS);
	for (size_t i = 0; i < VISITS; i++) {
		buffer_finish(&rows[i]);
	}
	buffer_finish(&bits);
	buffer_finish(&heads);
}

static void
put_reply(struct vector *vector, const struct reply *reply)
{
	static const char *const from[] = {"from_complete", "from_key", "from_id"};
	static const char *const to[] = {"to_complete", "to_key", "to_id"};

	vector_text(vector, "status", status_name(reply->status));
	vector_number(vector, "server_time_ms", reply->server_time_ms);
	vector_number(vector, "epoch", reply->epoch);
	put_cursor(vector, from, &reply->from);
	put_cursor(vector, to, &reply->to);
	vector_number(vector, "acked_n", reply->acked_n);
	vector_number(vector, "send_from", reply->send_from);
	vector_number(vector, "r_seen", (int64_t)reply->r_seen);
	vector_number(vector, "ack_first_n", reply->acks[0].first_n);
	vector_number(vector, "ack_count", reply->acks[0].count);
	vector_number(vector, "ack_seq", (int64_t)reply->acks[0].seq);
	vector_number(vector, "exception_n", reply->exceptions[0].n);
	vector_number(vector, "exception_kind", reply->exceptions[0].kind);
	vector_number(vector, "exception_reason", reply->exceptions[0].reason);
	vector_number(vector, "exception_tag", reply->exceptions[0].tag);
	vector_number(vector, "stream_number", reply->streams[0].number);
	vector_number(vector, "stream_kind", reply->streams[0].kind);
	vector_text(vector, "stream_name", "Aminah");
	vector_bytes(vector, "record_whole", reply->records[0]);
	vector_number(vector, "evicted", (int64_t)reply->evicted[0]);
	vector_number(vector, "scope_version", (int64_t)reply->scope_version);
	vector_number(vector, "scope_low", (int64_t)reply->scope[0].low);
	vector_number(vector, "scope_high", (int64_t)reply->scope[0].high);
	vector_number(vector, "schema_version", reply->schema.version);
	vector_bytes(vector, "schema_hash", span_of(reply->schema.hash, HASH_SIZE));
	vector_number(vector, "schema_size", reply->schema.size);
	vector_number(vector, "schema_offset", reply->schema.offset);
	vector_bytes(vector, "schema_bytes", reply->schema.bytes);
}

void
vector_reply(struct vector *vector)
{
	struct ack_run ack = {EXAMPLE_N, 2, 13};
	struct exception exception = {2, EXCEPTION_CONFLICT, QUARANTINE_NONE, TAG_VILLAGE};
	struct stream_name stream = {EXAMPLE_DEVICE, STREAM_DEVICE, span_of_text("Aminah")};
	struct span record = span_of("\x82\x01\x02", 3);
	bool whole = true;
	uint64_t evicted = id_make(0x7abcdef1, 0x2b);
	struct region scope = {6303070000, 6303079999};
	struct reply reply = {
		.status = STATUS_GAP,
		.epoch = EXAMPLE_EPOCH,
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.from = {12, 12, CURSOR_ID_END},
		.to = {12, 14, id_make(0x0fedcba9, 0x3c)},
		.more = true,
		.acked_n = 2,
		.send_from = 3,
		.r_seen = 9,
		.acks = &ack,
		.ack_count = 1,
		.exceptions = &exception,
		.exception_count = 1,
		.streams = &stream,
		.stream_count = 1,
		.records = &record,
		.whole = &whole,
		.record_count = 1,
		.evicted = &evicted,
		.evicted_count = 1,
		.schema = {.version = 3, .size = 5000, .offset = 1000, .bytes = span_of_text("xy")},
		.has_scope = true,
		.scope_version = 14,
		.scope = &scope,
		.scope_count = 1,
	};
	struct buffer packed;

	vector->comment = "reply with every key but checkpoint and bits, more is true; the record "
			  "is any CBOR array here";
	example_count_up(0xd0, reply.schema.hash, HASH_SIZE);
	put_reply(vector, &reply);
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
}

void
vector_reply_epochs(struct vector *vector)
{
	struct epoch epochs[] = {{EXAMPLE_EPOCH, 0, 0}, {0x13579bdf, EXAMPLE_EPOCH, 40}};
	struct reply reply = {
		.status = STATUS_GAP,
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = epochs[1].epoch,
		.from = {0, 0, CURSOR_ID_END},
		.to = {0, 0, CURSOR_ID_END},
		.epochs = epochs,
		.epoch_count = 2,
		.acked_n = 2,
		.send_from = 3,
	};
	struct buffer packed;

	vector->comment = "a restored server's reply to a device of the former epoch: gap";
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "first_epoch", epochs[0].epoch);
	vector_number(vector, "epoch", epochs[1].epoch);
	vector_number(vector, "parent", epochs[1].parent);
	vector_number(vector, "cut", (int64_t)epochs[1].cut);
	vector_number(vector, "acked_n", reply.acked_n);
	vector_number(vector, "send_from", reply.send_from);
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
}

void
vector_reply_lease(struct vector *vector)
{
	struct reply reply = {
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {0, 0, CURSOR_ID_END},
		.to = {13, 13, CURSOR_ID_END},
		.has_lease = true,
		.lease = {.days = 30},
	};
	struct buffer packed;

	vector->comment = "reply to a device that begins, or lacks its share: the lease";
	example_count_up(0xa0, reply.lease.share, LEASE_SHARE_SIZE);
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_number(vector, "to", (int64_t)reply.to.complete);
	vector_number(vector, "days", reply.lease.days);
	vector_bytes(vector, "share", span_of(reply.lease.share, LEASE_SHARE_SIZE));
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
}

void
vector_reply_proof(struct vector *vector)
{
	struct reply reply = {
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {12, 12, CURSOR_ID_END},
		.to = {13, 13, CURSOR_ID_END},
		.has_checkpoint = true,
		.checkpoint = {.epoch = EXAMPLE_EPOCH, .size = 13},
		.has_proof = true,
		.show_witness = true,
	};
	uint8_t hashes[2 * HASH_SIZE];
	uint8_t checkpoint[CHECKPOINT_SIZE];
	struct buffer packed;

	vector->comment =
		"what a reply says of the log: checkpoint, proof (here of any hashes), and "
		"the wish to see the witness, which no reply has beside a proof";
	example_count_up(0x01, reply.checkpoint.origin, ORIGIN_SIZE);
	example_count_up(0xe0, reply.checkpoint.root, HASH_SIZE);
	example_count_up(0x20, reply.checkpoint.signature, SIGNATURE_SIZE);
	example_count_up(0x60, hashes, sizeof hashes);
	reply.proof = span_of(hashes, sizeof hashes);
	checkpoint_encode(&reply.checkpoint, checkpoint);
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_number(vector, "from", (int64_t)reply.from.complete);
	vector_number(vector, "to", (int64_t)reply.to.complete);
	vector_bytes(vector, "checkpoint", span_of(checkpoint, sizeof checkpoint));
	vector_bytes(vector, "proof", reply.proof);
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
}

void
vector_reply_server_key(struct vector *vector)
{
	static const char url[] = "https://sambung.example.id"
				  "#sha256//YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=";
	struct reply reply = {
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {0, 0, CURSOR_ID_END},
		.to = {0, 0, CURSOR_ID_END},
		.has_newer_key = true,
		.newer_key = {.id = 2, .url = span_of_text(url)},
	};
	struct buffer packed;

	vector->comment = "the newest key of a server, told to a device that knows a former one";
	example_count_up(0x40, reply.newer_key.key, sizeof reply.newer_key.key);
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_number(vector, "key_id", reply.newer_key.id);
	vector_bytes(vector, "key", span_of(reply.newer_key.key, sizeof reply.newer_key.key));
	vector_text(vector, "url", url);
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
}

/* What the server keeps of two visits: records with one dot, plain members. */
static void
put_record(uint32_t i, struct buffer *out)
{
	cbor_put_array(out, 6);
	cbor_put_uint(out, id_make(EXAMPLE_DEVICE, EXAMPLE_N + i));
	cbor_put_uint(out, 3);
	cbor_put_uint(out, EXAMPLE_VILLAGE);
	cbor_put_uint(out, 13 + i);
	cbor_put_array(out, 1);
	cbor_put_array(out, 2);
	cbor_put_uint(out, 0);
	cbor_put_int(out, EXAMPLE_TIME + 420 * (int64_t)i + i % 3);
	cbor_put_map(out, 1 + i % 2);
	cbor_put_uint(out, 1);
	cbor_put_int(out, 8000 + 50 * (int64_t)(i * i));
	if (i % 2 == 1) {
		cbor_put_uint(out, 2);
		cbor_put_text(out, span_of_text("batuk"));
	}
}

void
vector_reply_columns(struct vector *vector)
{
	struct buffer rows[VISITS];
	struct span records[VISITS];
	bool whole[VISITS] = {true, true, true, true, true};
	struct reply reply = {
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {12, 12, CURSOR_ID_END},
		.to = {17, 17, CURSOR_ID_END},
		.records = records,
		.whole = whole,
		.record_count = VISITS,
	};
	struct buffer packed;
	char name[16];

	vector->comment = "reply with five records in columns, all whole";
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_number(vector, "from", (int64_t)reply.from.complete);
	vector_number(vector, "to", (int64_t)reply.to.complete);
	for (uint32_t i = 0; i < VISITS; i++) {
		buffer_init(&rows[i], RECORD_BYTES_MAX);
		put_record(i, &rows[i]);
		records[i] = buffer_span(&rows[i]);
		(void)snprintf(name, sizeof name, "record_%u", (unsigned)i);
		vector_bytes(vector, name, records[i]);
	}
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
	for (size_t i = 0; i < VISITS; i++) {
		buffer_finish(&rows[i]);
	}
}
