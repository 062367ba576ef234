/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/reply_fixture.h"

/* Arrays, as records are; what stands in them is not looked at here. */
static const uint8_t first_record[] = {0x82, 0x01, 0x02};
static const uint8_t second_record[] = {0x81, 0x63, 'I', 'b', 'u'};

static struct ack_run acks[] = {{1201, 5, 88124}, {1300, 1, INT64_MAX}};
static struct exception exceptions[] = {{1202, EXCEPTION_CONFLICT, 0, -2},
					{1203, EXCEPTION_QUARANTINED, QUARANTINE_INVALID, 0}};
static uint64_t evicted[] = {0x1234567800000001, INT64_MAX};
static uint64_t erased[] = {0x1234567800000002, 0x1234567800000005};
static struct region scope[] = {{6303072001, 6303072001}, {6303080000, 6303089999}};
static bool whole[] = {false, true};

/* Every key at once. */
static struct reply
reply_full(struct span records[2], struct stream_name streams[2])
{
	struct reply reply = {
		.status = STATUS_GAP,
		.epoch = 0x9abcdef0,
		.server_time_ms = 1763600000123,
		.from = {88000, 88000, CURSOR_ID_END},
		.to = {88000, 88129, 0x1234567800000007},
		.more = true,
		.acked_n = 1205,
		.send_from = 1206,
		.r_seen = 322,
		.acks = acks,
		.ack_count = 2,
		.exceptions = exceptions,
		.exception_count = 2,
		.streams = streams,
		.stream_count = 2,
		.records = records,
		.whole = whole,
		.record_count = 2,
		.evicted = evicted,
		.evicted_count = 2,
		.erased = erased,
		.erased_count = 2,
		.has_checkpoint = true,
		.checkpoint = {.origin = {1, 2, 3, 4}, .epoch = 0x9abcdef0, .size = 88129},
		.schema = {.version = 3, .size = 5000, .offset = 100, .bytes = span_of_text("xy")},
		.has_scope = true,
		.scope_version = 4712,
		.scope = scope,
		.scope_count = 2,
	};

	records[0] = span_of(first_record, sizeof first_record);
	records[1] = span_of(second_record, sizeof second_record);
	streams[0] = (struct stream_name){0x12345678, STREAM_DEVICE, span_of_text("Aminah")};
	streams[1] = (struct stream_name){7, STREAM_USER, span_of_text("")};
	memset(reply.checkpoint.root, 0xcc, HASH_SIZE);
	memset(reply.schema.hash, 0xdd, HASH_SIZE);
	return reply;
}

TEST(reply_that_says_nothing_is_an_empty_map)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(fixture->packed.at[0], PACK_STORED);
	assert_int_equal(fixture->packed.at[1], DICTIONARY_NEWEST);
	assert_hex(fixture->packed.at + REPLY_HEAD, fixture->packed.length - REPLY_HEAD, "a0");
	assert_int_equal(fixture->read.status, STATUS_OK);
	assert_int_equal(fixture->read.from.id, CURSOR_ID_END);
	assert_int_equal(fixture->read.to.id, CURSOR_ID_END);
	assert_int_equal(fixture->read.record_count, 0);
	assert_false(fixture->read.more);
	assert_false(fixture->read.has_scope);
	assert_false(fixture->read.has_checkpoint);
}

TEST(reply_to_a_push_is_small)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.epoch = 0x9abcdef0;
	reply.server_time_ms = 1763600000123;
	reply.from = (struct cursor){88000, 88000, CURSOR_ID_END};
	reply.to = (struct cursor){88128, 88128, CURSOR_ID_END};
	reply.acked_n = 1205;
	reply.acks = acks;
	reply.ack_count = 1;
	assert_ok(round_trip(fixture, &reply));
	assert_hex(fixture->plain.at, fixture->plain.length,
		   "a6 02 1b0000019a9ec0647b 03 1a9abcdef0 05 1a000157c0 07 1a00015840"
		   "0b 1904b5 0d 83 1904b1 05 1a0001583c");
	assert_true(fixture->packed.length <= REPLY_HEAD + fixture->plain.length);
}

TEST(head_and_cursors_are_read_back)
{
	struct fixture *fixture = *state;
	struct span records[2];
	struct stream_name streams[2];
	struct reply reply = reply_full(records, streams);
	const struct reply *read = &fixture->read;

	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(read->status, STATUS_GAP);
	assert_int_equal(read->epoch, reply.epoch);
	assert_int_equal(read->server_time_ms, reply.server_time_ms);
	assert_int_equal(read->from.complete, 88000);
	assert_int_equal(read->from.key, 88000);
	assert_int_equal(read->from.id, CURSOR_ID_END);
	assert_int_equal(read->to.complete, 88000);
	assert_int_equal(read->to.key, 88129);
	assert_int_equal(read->to.id, 0x1234567800000007);
	assert_true(read->more);
	assert_int_equal(read->acked_n, 1205);
	assert_int_equal(read->send_from, 1206);
	assert_int_equal(read->r_seen, 322);
}

TEST(acks_exceptions_and_evictions_are_read_back)
{
	struct fixture *fixture = *state;
	struct span records[2];
	struct stream_name streams[2];
	struct reply reply = reply_full(records, streams);
	const struct reply *read = &fixture->read;

	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(read->ack_count, 2);
	assert_memory_equal(&read->acks[0], &acks[0], sizeof acks[0]);
	assert_memory_equal(&read->acks[1], &acks[1], sizeof acks[1]);
	assert_int_equal(read->exception_count, 2);
	assert_memory_equal(&read->exceptions[0], &exceptions[0], sizeof exceptions[0]);
	assert_memory_equal(&read->exceptions[1], &exceptions[1], sizeof exceptions[1]);
	assert_int_equal(read->evicted_count, 2);
	assert_int_equal(read->evicted[0], evicted[0]);
	assert_int_equal(read->evicted[1], evicted[1]);
	assert_int_equal(read->erased_count, 2);
	assert_int_equal(read->erased[0], erased[0]);
	assert_int_equal(read->erased[1], erased[1]);
}

TEST(records_and_names_are_read_back)
{
	struct fixture *fixture = *state;
	struct span records[2];
	struct stream_name streams[2];
	struct reply reply = reply_full(records, streams);
	const struct reply *read = &fixture->read;

	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(read->record_count, 2);
	assert_true(span_equal(read->records[0], records[0]));
	assert_true(span_equal(read->records[1], records[1]));
	assert_false(read->whole[0]);
	assert_true(read->whole[1]);
	assert_int_equal(read->stream_count, 2);
	assert_int_equal(read->streams[0].number, 0x12345678);
	assert_int_equal(read->streams[0].kind, STREAM_DEVICE);
	assert_true(span_equal(read->streams[0].name, streams[0].name));
	assert_int_equal(read->streams[1].name.length, 0);
}

TEST(checkpoint_schema_and_scope_are_read_back)
{
	struct fixture *fixture = *state;
	struct span records[2];
	struct stream_name streams[2];
	struct reply reply = reply_full(records, streams);
	const struct reply *read = &fixture->read;

	assert_ok(round_trip(fixture, &reply));
	assert_true(read->has_checkpoint);
	assert_int_equal(read->checkpoint.size, 88129);
	assert_memory_equal(read->checkpoint.root, reply.checkpoint.root, HASH_SIZE);
	assert_int_equal(read->schema.version, 3);
	assert_memory_equal(read->schema.hash, reply.schema.hash, HASH_SIZE);
	assert_int_equal(read->schema.size, 5000);
	assert_int_equal(read->schema.offset, 100);
	assert_true(span_equal(read->schema.bytes, span_of_text("xy")));
	assert_true(read->has_scope);
	assert_int_equal(read->scope_version, 4712);
	assert_int_equal(read->scope_count, 2);
	assert_memory_equal(&read->scope[0], &scope[0], sizeof scope[0]);
	assert_memory_equal(&read->scope[1], &scope[1], sizeof scope[1]);
}

TEST(scope_may_become_empty)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.has_scope = true;
	reply.scope_version = 9;
	assert_ok(round_trip(fixture, &reply));
	assert_true(fixture->read.has_scope);
	assert_int_equal(fixture->read.scope_count, 0);
}

TEST(epochs_are_read_back_in_their_order)
{
	struct epoch epochs[] = {{7, 0, 0}, {UINT32_MAX, 7, 88000}};
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.epochs = epochs;
	reply.epoch_count = 2;
	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(fixture->read.epoch_count, 2);
	assert_memory_equal(&fixture->read.epochs[0], &epochs[0], sizeof epochs[0]);
	assert_memory_equal(&fixture->read.epochs[1], &epochs[1], sizeof epochs[1]);
	reply.epoch_count = MESSAGE_EPOCHS_MAX + 1;
	assert_int_equal(round_trip(fixture, &reply), STATUS_LIMIT);
}

TEST(lineages_of_those_behind_the_dots_are_read_back)
{
	struct lineage lineages[] = {{4, 9, 0}, {5, 4, 7}};
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.lineages = lineages;
	reply.lineage_count = 2;
	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(fixture->read.lineage_count, 2);
	assert_memory_equal(fixture->read.lineages, lineages, sizeof lineages);
	reply.lineage_count = MESSAGE_STREAMS_MAX + 1;
	assert_int_equal(round_trip(fixture, &reply), STATUS_LIMIT);
	assert_int_equal(unpack_hex(fixture, "a10a80"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10a820409"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10a83040000"), STATUS_MALFORMED);
	/* Not ascending. */
	assert_int_equal(unpack_hex(fixture, "a10a86050407040900"), STATUS_MALFORMED);
}

TEST(lease_is_read_back)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.has_lease = true;
	reply.lease = (struct lease){0x1234, {1, [15] = 9}};
	assert_ok(round_trip(fixture, &reply));
	assert_true(fixture->read.has_lease);
	assert_int_equal(fixture->read.lease.days, 0x1234);
	assert_memory_equal(fixture->read.lease.share, reply.lease.share, LEASE_SHARE_SIZE);
	assert_int_equal(unpack_hex(fixture, "a10e40"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10e0e"), STATUS_MALFORMED);
}

TEST(proof_is_read_back_and_belongs_to_a_checkpoint)
{
	uint8_t hashes[(PROOF_HASHES_MAX + 1) * HASH_SIZE];
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	memset(hashes, 0x5a, sizeof hashes);
	reply.has_checkpoint = true;
	reply.checkpoint = (struct checkpoint){.epoch = 7, .size = 12};
	assert_ok(round_trip(fixture, &reply));
	assert_false(fixture->read.has_proof);
	/* Of two logs of one size, and the longest there can be. */
	reply.has_proof = true;
	assert_ok(round_trip(fixture, &reply));
	assert_true(fixture->read.has_proof);
	assert_int_equal(fixture->read.proof.length, 0);
	reply.proof = span_of(hashes, sizeof hashes - HASH_SIZE);
	assert_ok(round_trip(fixture, &reply));
	assert_true(span_equal(fixture->read.proof, reply.proof));
	reply.proof = span_of(hashes, sizeof hashes);
	assert_int_equal(round_trip(fixture, &reply), STATUS_MALFORMED);
	reply.proof = span_of(hashes, HASH_SIZE - 1);
	assert_int_equal(round_trip(fixture, &reply), STATUS_MALFORMED);
	reply.proof = span_of(hashes, HASH_SIZE);
	reply.has_checkpoint = false;
	assert_int_equal(round_trip(fixture, &reply), STATUS_MALFORMED);
}

TEST(wish_to_see_the_witness_is_read_back)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.show_witness = true;
	assert_ok(round_trip(fixture, &reply));
	assert_true(fixture->read.show_witness);
	assert_ok(unpack_hex(fixture, "a114f5"));
	assert_int_equal(unpack_hex(fixture, "a114f4"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a11401"), STATUS_MALFORMED);
}

TEST(number_that_goes_on_after_a_fork_is_read_back)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.status = STATUS_FORK;
	reply.send_from = 6;
	reply.certificate = span_of_text("cert");
	reply.certified_scope_version = 88;
	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(fixture->read.send_from, 6);
	assert_true(span_equal(fixture->read.certificate, reply.certificate));
	assert_int_equal(fixture->read.certified_scope_version, 88);
	assert_int_equal(unpack_hex(fixture, "a1181f40"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a1182300"), STATUS_MALFORMED);
}

TEST(newest_key_of_the_server_is_read_back)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();
	struct newer_key *read = &fixture->read.newer_key;

	assert_ok(round_trip(fixture, &reply));
	assert_false(fixture->read.has_newer_key);
	reply.has_newer_key = true;
	reply.newer_key.id = 0;
	reply.newer_key.url = span_of_text("https://baru.example");
	memset(reply.newer_key.key, 0x5a, sizeof reply.newer_key.key);
	assert_ok(round_trip(fixture, &reply));
	assert_true(fixture->read.has_newer_key);
	assert_int_equal(read->id, 0);
	assert_memory_equal(read->key, reply.newer_key.key, sizeof read->key);
	assert_true(span_equal(read->url, reply.newer_key.url));
	/* Two items; an id of nine bits; a key of one byte. */
	assert_int_equal(unpack_hex(fixture, "a110820260"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a1108319010041aa60"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a110830241aa60"), STATUS_MALFORMED);
}

TEST(receipt_is_read_back)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();
	const struct receipt *read = &fixture->read.receipt;
	uint8_t path[2 * HASH_SIZE] = {1, [33] = 2};

	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(read->header.length, 0);
	reply.receipt.header = span_of_text("a header");
	reply.receipt.path = span_of(path, sizeof path);
	memset(reply.receipt.signature, 0x5a, SIGNATURE_SIZE);
	assert_ok(round_trip(fixture, &reply));
	assert_true(span_equal(read->header, reply.receipt.header));
	assert_true(span_equal(read->path, reply.receipt.path));
	assert_memory_equal(read->signature, reply.receipt.signature, SIGNATURE_SIZE);
	/* The only entry of a log has no path. */
	reply.receipt.path = span_of(NULL, 0);
	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(read->path.length, 0);
	/* Two items; no header; a signature of one byte. */
	assert_int_equal(unpack_hex(fixture, "a11818824101415a"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a118188340415a40"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a11818834101415a40"), STATUS_MALFORMED);
}

TEST(status_travels_by_a_fixed_number)
{
	static const enum status statuses[] = {
		STATUS_OK,	     STATUS_FORK,	 STATUS_REVOKED,   STATUS_FOREIGN,
		STATUS_GAP,	     STATUS_UNSUPPORTED, STATUS_MALFORMED, STATUS_CODE_UNKNOWN,
		STATUS_CODE_EXPIRED, STATUS_CODE_USED,	 STATUS_BUSY,	   STATUS_INTERNAL,
		STATUS_SIGNATURE,    STATUS_LIMIT,	 STATUS_HELD};
	struct fixture *fixture = *state;

	for (size_t i = 1; i < sizeof statuses / sizeof statuses[0]; i++) {
		struct reply reply = reply_empty();

		reply.status = statuses[i];
		assert_ok(round_trip(fixture, &reply));
		assert_int_equal(fixture->read.status, statuses[i]);
		assert_int_equal(fixture->packed.length, 5);
		assert_int_equal(fixture->packed.at[4], i);
	}
}

TEST(status_without_a_number_travels_as_internal_and_an_unknown_one_is_unsupported)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.status = STATUS_FULL;
	assert_ok(round_trip(fixture, &reply));
	assert_int_equal(fixture->read.status, STATUS_INTERNAL);
	assert_int_equal(unpack_hex(fixture, "a1010f"), STATUS_UNSUPPORTED);
}

TEST(unknown_even_key_is_passed_over_and_an_unknown_odd_key_is_unsupported)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a20f0716820118ff"));
	assert_int_equal(fixture->read.send_from, 7);
	assert_int_equal(unpack_hex(fixture, "a11664"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a1183d00"), STATUS_UNSUPPORTED);
	assert_int_equal(unpack_hex(fixture, "a11900ff00"), STATUS_MALFORMED);
}

TEST(keys_must_ascend)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a203010b01"));
	assert_int_equal(unpack_hex(fixture, "a20b010301"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a203010301"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a16101"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "80"), STATUS_MALFORMED);
}

TEST(default_that_is_written_is_malformed)
{
	static const char *const defaults[] = {
		"a10100", "a10200",	  "a10300",   "a10480",	    "a10500", "a10700",
		"a109f4", "a10b00",	  "a10d80",   "a10f00",	    "a11100", "a11380",
		"a11580", "a21581801780", "a1181980", "a205070707",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
		assert_int_equal(unpack_hex(fixture, defaults[i]), STATUS_MALFORMED);
	}
}

TEST(acks_must_ascend_within_bounds)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a10d86010505060107"));
	assert_int_equal(unpack_hex(fixture, "a10d86010505050107"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10d820105"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10d83000505"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10d83010005"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10d83010500"), STATUS_MALFORMED);
	assert_ok(unpack_hex(fixture, "a10d83011a7fffffff01"));
	assert_int_equal(unpack_hex(fixture, "a10d83021a7fffffff01"), STATUS_MALFORMED);
	assert_ok(unpack_hex(fixture, "a10d8301021b7ffffffffffffffe"));
	assert_int_equal(unpack_hex(fixture, "a10d8301021b7fffffffffffffff"), STATUS_MALFORMED);
}

TEST(whole_records_are_named_by_ascending_indexes)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a215828080178101"));
	assert_false(fixture->read.whole[0]);
	assert_true(fixture->read.whole[1]);
	assert_ok(unpack_hex(fixture, "a21582808017820001"));
	assert_int_equal(unpack_hex(fixture, "a21582808017820100"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a21582808017820000"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a215828080178102"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a1178100"), STATUS_MALFORMED);
}

TEST(record_must_be_a_canonical_array)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a115818101"));
	assert_int_equal(unpack_hex(fixture, "a11581a0"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a1158181"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a11581811801"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a115819f01ff"), STATUS_MALFORMED);
}

TEST(scope_must_be_regions)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a1181d83011b0000000177b13f0100"));
	assert_int_equal(unpack_hex(fixture, "a1181d83011b0000000177b13f0101"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a1181d82011b0000000177b13f01"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a1181d80"), STATUS_MALFORMED);
}

TEST(schema_chunk_must_lie_within_the_schema)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.schema = (struct schema_chunk){
		.version = 1, .size = 10, .offset = 8, .bytes = span_of_text("xy")};
	assert_ok(round_trip(fixture, &reply));
	reply.schema.offset = 9;
	assert_int_equal(round_trip(fixture, &reply), STATUS_MALFORMED);
	reply.schema.offset = 11;
	assert_int_equal(round_trip(fixture, &reply), STATUS_MALFORMED);
	reply.schema.offset = 0;
	reply.schema.size = SCHEMA_BYTES_MAX + 1;
	assert_int_equal(round_trip(fixture, &reply), STATUS_MALFORMED);
}

TEST(stream_names_have_a_limit)
{
	static const char name[STREAM_NAME_MAX + 2] =
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct fixture *fixture = *state;
	struct stream_name stream = {1, STREAM_IMPORT, span_of(name, STREAM_NAME_MAX)};
	struct reply reply = reply_empty();

	reply.streams = &stream;
	reply.stream_count = 1;
	assert_ok(round_trip(fixture, &reply));
	stream.name.length++;
	assert_int_equal(round_trip(fixture, &reply), STATUS_LIMIT);
	stream.name.length = 1;
	stream.number = 0;
	assert_int_equal(round_trip(fixture, &reply), STATUS_MALFORMED);
}

TEST(counts_beyond_their_limits_are_not_written)
{
	struct fixture *fixture = *state;
	struct reply reply = reply_empty();

	reply.ack_count = MESSAGE_CHANGES_MAX + 1;
	assert_int_equal(reply_pack(&reply, &fixture->packed, NULL), STATUS_LIMIT);
	reply = reply_empty();
	reply.exception_count = MESSAGE_EXCEPTIONS_MAX + 1;
	assert_int_equal(reply_pack(&reply, &fixture->packed, NULL), STATUS_LIMIT);
	reply = reply_empty();
	reply.evicted_count = MESSAGE_RECORDS_MAX + 1;
	assert_int_equal(reply_pack(&reply, &fixture->packed, NULL), STATUS_LIMIT);
	reply = reply_empty();
	reply.scope_count = MESSAGE_SCOPE_MAX + 1;
	assert_int_equal(reply_pack(&reply, &fixture->packed, NULL), STATUS_LIMIT);
	assert_int_equal(fixture->packed.length, 0);
}

TEST(declared_counts_are_not_believed)
{
	struct fixture *fixture = *state;

	assert_int_equal(unpack_hex(fixture, "a1159b7fffffffffffffff"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a115992000"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "a10d9b7fffffffffffffff"), STATUS_MALFORMED);
	assert_int_equal(unpack_hex(fixture, "bb7fffffffffffffff"), STATUS_MALFORMED);
	assert_int_equal(fixture->arena.total, 0);
}

TEST(reply_cut_off_anywhere_or_with_a_tail_is_malformed)
{
	struct fixture *fixture = *state;
	struct span records[2];
	struct stream_name streams[2];
	struct reply reply = reply_full(records, streams);
	struct buffer stored;

	assert_ok(round_trip(fixture, &reply));
	buffer_init(&stored, PACKED_LIMIT);
	buffer_append(&stored, "\0\0", REPLY_HEAD);
	buffer_append_span(&stored, buffer_span(&fixture->plain));
	for (size_t length = 0; length < stored.length; length++) {
		uint8_t *copy = exact_copy(span_of(stored.at, length));

		assert_int_equal(unpack(fixture, span_of(copy, length)), STATUS_MALFORMED);
		arena_reset(&fixture->arena);
		free(copy);
	}
	assert_ok(unpack(fixture, buffer_span(&stored)));
	buffer_append_byte(&stored, 0);
	assert_int_equal(unpack(fixture, buffer_span(&stored)), STATUS_MALFORMED);
	buffer_finish(&stored);
}

TEST(unknown_method_or_dictionary_is_unsupported)
{
	struct fixture *fixture = *state;

	assert_int_equal(unpack(fixture, span_of("\x02\x00\xa0", 3)), STATUS_UNSUPPORTED);
	assert_int_equal(unpack(fixture, span_of("\x00\x63\xa0", 3)), STATUS_UNSUPPORTED);
	assert_ok(unpack(fixture, span_of("\x00\x00\xa0", 3)));
	assert_ok(unpack(fixture, span_of("\x00\x01\xa0", 3)));
}

TEST(zip_bomb_stops_at_the_limit)
{
	struct fixture *fixture = *state;
	struct buffer zeros;

	buffer_init(&zeros, MESSAGE_REPLY_MAX + 1);
	memset(buffer_extend(&zeros, MESSAGE_REPLY_MAX + 1), 0, MESSAGE_REPLY_MAX + 1);
	buffer_append(&fixture->packed, "\x01\x00", REPLY_HEAD);
	assert_ok(deflate_pack(buffer_span(&zeros), 0, span_of(NULL, 0), &fixture->packed, NULL));
	assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)), STATUS_LIMIT);
	buffer_finish(&zeros);
}

TEST(full_arena_is_a_limit)
{
	struct fixture *fixture = *state;
	struct span records[2];
	struct stream_name streams[2];
	struct reply reply = reply_full(records, streams);

	fixture->arena.limit = 64;
	assert_int_equal(round_trip(fixture, &reply), STATUS_LIMIT);
}

#define ROW(sentence) CASE_WITH(sentence, fixture_start, fixture_end)

RUN_TESTS(ROW(reply_that_says_nothing_is_an_empty_map), ROW(reply_to_a_push_is_small),
	  ROW(head_and_cursors_are_read_back), ROW(acks_exceptions_and_evictions_are_read_back),
	  ROW(records_and_names_are_read_back), ROW(checkpoint_schema_and_scope_are_read_back),
	  ROW(scope_may_become_empty), ROW(epochs_are_read_back_in_their_order),
	  ROW(lineages_of_those_behind_the_dots_are_read_back), ROW(lease_is_read_back),
	  ROW(proof_is_read_back_and_belongs_to_a_checkpoint),
	  ROW(wish_to_see_the_witness_is_read_back),
	  ROW(number_that_goes_on_after_a_fork_is_read_back),
	  ROW(newest_key_of_the_server_is_read_back), ROW(receipt_is_read_back),
	  ROW(status_travels_by_a_fixed_number),
	  ROW(status_without_a_number_travels_as_internal_and_an_unknown_one_is_unsupported),
	  ROW(unknown_even_key_is_passed_over_and_an_unknown_odd_key_is_unsupported),
	  ROW(keys_must_ascend), ROW(default_that_is_written_is_malformed),
	  ROW(acks_must_ascend_within_bounds), ROW(whole_records_are_named_by_ascending_indexes),
	  ROW(record_must_be_a_canonical_array), ROW(scope_must_be_regions),
	  ROW(schema_chunk_must_lie_within_the_schema), ROW(stream_names_have_a_limit),
	  ROW(counts_beyond_their_limits_are_not_written), ROW(declared_counts_are_not_believed),
	  ROW(reply_cut_off_anywhere_or_with_a_tail_is_malformed),
	  ROW(unknown_method_or_dictionary_is_unsupported), ROW(zip_bomb_stops_at_the_limit),
	  ROW(full_arena_is_a_limit))
