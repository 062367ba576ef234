/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/cbor.h"
#include "protocol/entry.h"
#include "protocol/tree.h"
#include "tests/exact.h"

static struct entry
entry_example(void)
{
	struct entry entry = {
		.kind = ENTRY_CHANGE,
		.seq = 300,
		.received_ms = 1763600000123,
		.session = 24,
		.stream = 0x12345678,
		.n = 7,
		.time = 1763599000,
		.user = 0,
		.record = 0x1234567800000007,
		.verdict = VERDICT_QUARANTINED,
		.reason = QUARANTINE_OUT_OF_SCOPE,
		.schema_version = 2,
	};

	memset(entry.commitment, 0xcc, HASH_SIZE);
	return entry;
}

static void
assert_refused(const struct entry *entry)
{
	struct buffer header;
	struct entry read;

	buffer_init(&header, 2 * ENTRY_HEADER_MAX);
	entry_encode(entry, &header);
	assert_false(entry_decode(buffer_span(&header), &read));
	buffer_finish(&header);
}

TEST(header_is_a_positional_array)
{
	struct entry entry = entry_example();
	struct buffer header;

	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&entry, &header);
	assert_hex(header.at, header.length,
		   "8e 01 01 19012c 1b0000019a9ec0647b 1818 1a12345678 07 1a691e6298 00"
		   "1b1234567800000007 01 07 02 5820"
		   "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc");
	buffer_finish(&header);
}

TEST(header_is_read_back)
{
	struct entry entry = entry_example();
	struct entry read = {0};
	struct buffer header;

	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&entry, &header);
	assert_true(entry_decode(buffer_span(&header), &read));
	assert_int_equal(read.kind, entry.kind);
	assert_int_equal(read.seq, entry.seq);
	assert_int_equal(read.received_ms, entry.received_ms);
	assert_int_equal(read.session, entry.session);
	assert_int_equal(read.stream, entry.stream);
	assert_int_equal(read.n, entry.n);
	assert_int_equal(read.time, entry.time);
	assert_int_equal(read.user, entry.user);
	assert_int_equal(read.record, entry.record);
	assert_int_equal(read.verdict, entry.verdict);
	assert_int_equal(read.reason, entry.reason);
	assert_int_equal(read.schema_version, entry.schema_version);
	assert_memory_equal(read.commitment, entry.commitment, HASH_SIZE);
	buffer_finish(&header);
}

TEST(longest_header_fits_its_maximum)
{
	struct entry entry = entry_example();
	struct buffer header;

	entry.seq = INT64_MAX;
	entry.received_ms = INT64_MIN;
	entry.session = INT64_MAX;
	entry.n = UINT32_MAX;
	entry.time = INT64_MIN;
	entry.user = UINT32_MAX;
	entry.reason = UINT32_MAX;
	entry.schema_version = UINT32_MAX;
	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&entry, &header);
	assert_ok(header.status);
	buffer_finish(&header);
}

TEST(numbers_out_of_bounds_are_refused)
{
	struct entry entry = entry_example();

	entry.kind = (enum entry_kind)0;
	assert_refused(&entry);
	entry.kind = (enum entry_kind)(ENTRY_READ + 1);
	assert_refused(&entry);
	entry = entry_example();
	entry.seq = 0;
	assert_refused(&entry);
	entry.seq = (uint64_t)INT64_MAX + 1;
	assert_refused(&entry);
	entry = entry_example();
	entry.session = (uint64_t)INT64_MAX + 1;
	assert_refused(&entry);
	entry = entry_example();
	entry.stream = 0x80000000;
	assert_refused(&entry);
	entry = entry_example();
	entry.n = 0x80000000;
	assert_refused(&entry);
	entry = entry_example();
	entry.record = (uint64_t)INT64_MAX + 1;
	assert_refused(&entry);
	entry = entry_example();
	entry.verdict = (enum verdict)2;
	assert_refused(&entry);
}

TEST(header_cut_off_anywhere_or_with_a_tail_is_refused)
{
	struct entry entry = entry_example();
	struct entry read;
	struct buffer header;

	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&entry, &header);
	for (size_t length = 0; length < header.length; length++) {
		uint8_t *copy = exact_copy(span_of(header.at, length));

		assert_false(entry_decode(span_of(copy, length), &read));
		free(copy);
	}
	buffer_append_byte(&header, 0);
	assert_false(entry_decode(buffer_span(&header), &read));
	buffer_finish(&header);
}

TEST(layout_and_number_of_items_are_fixed)
{
	struct entry entry = entry_example();
	struct entry read;
	struct buffer header;

	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&entry, &header);
	header.at[1] = 2;
	assert_false(entry_decode(buffer_span(&header), &read));
	header.at[1] = 1;
	header.at[0] = 0x8d;
	assert_false(entry_decode(buffer_span(&header), &read));
	header.at[0] = 0x8f;
	assert_false(entry_decode(buffer_span(&header), &read));
	buffer_finish(&header);
}

TEST(leaf_is_the_hash_of_the_header)
{
	struct entry entry = entry_example();
	struct buffer header;
	uint8_t leaf[HASH_SIZE];
	uint8_t wanted[HASH_SIZE];

	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&entry, &header);
	tree_leaf(buffer_span(&header), wanted);
	entry_leaf(&entry, leaf);
	assert_memory_equal(leaf, wanted, HASH_SIZE);
	buffer_finish(&header);
}

TEST(every_reason_tells_why_and_what_next)
{
	for (uint32_t reason = 1; reason <= QUARANTINE_TOO_MANY; reason++) {
		assert_true(strlen(quarantine_why(reason)) > 0);
		assert_true(strlen(quarantine_next(reason)) > 0);
	}
	assert_contains(quarantine_why(QUARANTINE_REVOKED), "revoked");
	assert_string_equal(quarantine_why(QUARANTINE_NONE), "");
	assert_string_equal(quarantine_next(1000), "");
}

TEST(kinds_have_names)
{
	assert_string_equal(entry_kind_name(ENTRY_CHANGE), "change");
	assert_string_equal(entry_kind_name(ENTRY_READ), "read");
	assert_string_equal(entry_kind_name((enum entry_kind)99), "unknown");
}

RUN_TESTS(CASE(header_is_a_positional_array), CASE(header_is_read_back),
	  CASE(longest_header_fits_its_maximum), CASE(numbers_out_of_bounds_are_refused),
	  CASE(header_cut_off_anywhere_or_with_a_tail_is_refused),
	  CASE(layout_and_number_of_items_are_fixed), CASE(leaf_is_the_hash_of_the_header),
	  CASE(every_reason_tells_why_and_what_next), CASE(kinds_have_names))
