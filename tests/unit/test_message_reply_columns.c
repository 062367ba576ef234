/* SPDX-License-Identifier: Apache-2.0 */
/* The records of a reply in columns. */
#include "protocol/cbor.h"
#include "tests/unit/reply_fixture.h"

enum { PAGE = 12 };

/* A page of records: one after the other in `rows`, each in its span. */
struct page {
	struct buffer rows;
	struct span records[PAGE];
	bool whole[PAGE];
};

static void
page_init(struct page *page)
{
	*page = (struct page){.whole = {false}};
	buffer_init(&page->rows, MESSAGE_REPLY_MAX);
}

static void
page_finish(struct page *page)
{
	buffer_finish(&page->rows);
}

static void
put_village(struct buffer *out)
{
	cbor_put_uint(out, 6303072001);
}

/* No record has such a thing, and columns do not take it. */
static void
put_map_of_text(struct buffer *out)
{
	cbor_put_map(out, 1);
	cbor_put_text(out, span_of_text("a"));
	cbor_put_null(out);
}

/* [id, type, village, version, [[null, time]], {1: name, 3: number}] */
static struct reply
page_reply(struct page *page, void (*put_third)(struct buffer *out))
{
	struct reply reply = reply_empty();
	size_t ends[PAGE];

	for (uint64_t i = 0; i < PAGE; i++) {
		cbor_put_array(&page->rows, 6);
		cbor_put_uint(&page->rows, ((UINT64_C(0x12345678) + i % 2) << 32) + 9 + i);
		cbor_put_uint(&page->rows, 1 + i % 3);
		put_third(&page->rows);
		cbor_put_uint(&page->rows, 88000 + i * i);
		cbor_put_array(&page->rows, 1);
		cbor_put_array(&page->rows, 2);
		cbor_put_null(&page->rows);
		cbor_put_uint(&page->rows, 1763600000 + 77 * i * (i % 4));
		cbor_put_map(&page->rows, 2);
		cbor_put_uint(&page->rows, 1);
		cbor_put_text(&page->rows, span_of_text(i % 2 == 0 ? "Aminah" : "Siti"));
		cbor_put_uint(&page->rows, 3);
		cbor_put_uint(&page->rows, 3000 + 10 * (i * 5 % 7));
		ends[i] = page->rows.length;
		page->whole[i] = i % 3 == 0;
	}
	for (size_t i = 0, start = 0; i < PAGE; start = ends[i], i++) {
		page->records[i] = span_of(page->rows.at + start, ends[i] - start);
	}
	reply.records = page->records;
	reply.whole = page->whole;
	reply.record_count = PAGE;
	return reply;
}

/* The kind of what key 21 holds in the reply that was read last. */
static enum cbor_kind
kind_of_records(const struct fixture *fixture)
{
	struct reader in = reader_of(buffer_span(&fixture->plain));
	struct span passed;
	enum cbor_kind kind = CBOR_NULL;
	uint64_t key = 0;
	size_t pairs;

	assert_true(cbor_get_map(&in, SIZE_MAX, &pairs));
	while (key != 21) {
		assert_true(cbor_get_uint(&in, &key));
		assert_true(cbor_peek(&in, &kind));
		assert_true(cbor_get_any(&in, &passed));
	}
	return kind;
}

static void
assert_page_comes_back(struct fixture *fixture, const struct reply *reply)
{
	assert_ok(round_trip(fixture, reply));
	assert_int_equal(fixture->read.record_count, reply->record_count);
	for (size_t i = 0; i < reply->record_count; i++) {
		assert_true(span_equal(fixture->read.records[i], reply->records[i]));
		assert_int_equal(fixture->read.whole[i], reply->whole[i]);
	}
}

TEST(records_travel_in_columns_and_come_back)
{
	uint64_t evicted[] = {0x1234567800000001, INT64_MAX};
	struct fixture *fixture = *state;
	struct reply reply;
	struct page page;

	page_init(&page);
	reply = page_reply(&page, put_village);
	reply.evicted = evicted;
	reply.evicted_count = 2;
	assert_page_comes_back(fixture, &reply);
	assert_int_equal(kind_of_records(fixture), CBOR_BYTES);
	assert_int_equal(fixture->read.evicted_count, 2);
	assert_true(2 * fixture->packed.length < page.rows.length);
	page_finish(&page);
}

TEST(one_record_travels_as_a_row)
{
	struct fixture *fixture = *state;
	struct reply reply;
	struct page page;

	page_init(&page);
	reply = page_reply(&page, put_village);
	reply.record_count = 1;
	assert_page_comes_back(fixture, &reply);
	assert_int_equal(kind_of_records(fixture), CBOR_ARRAY);
	page_finish(&page);
}

TEST(records_that_columns_cannot_say_travel_as_rows)
{
	struct fixture *fixture = *state;
	struct reply reply;
	struct page page;

	page_init(&page);
	reply = page_reply(&page, put_map_of_text);
	assert_page_comes_back(fixture, &reply);
	assert_int_equal(kind_of_records(fixture), CBOR_ARRAY);
	page_finish(&page);
}

TEST(reply_in_columns_cut_off_anywhere_is_malformed)
{
	struct fixture *fixture = *state;
	struct buffer stored;
	struct reply reply;
	struct page page;

	page_init(&page);
	reply = page_reply(&page, put_village);
	assert_page_comes_back(fixture, &reply);
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
	buffer_finish(&stored);
	page_finish(&page);
}

TEST(malformed_columns_are_refused)
{
	static const struct {
		const char *what;
		const char *reply;
	} cases[] = {
		{"bits without records", "a1182741ff"},
		{"bits of rows", "a2158180182741ff"},
		{"bits that are none", "a2154402010800182740"},
		{"bits that no column takes", "a2154402010800182741ff"},
		{"bits that are no bytes", "a215440201080018278101"},
		{"bits that are missing", "a115470201088100020040"},
		{"heads of nothing", "a11540"},
		{"no record", "a1154400010800"},
		{"more records than there may be", "a115458140010800"},
		{"a tail of heads", "a115450201080000"},
		{"records that are integers", "a1154402010100"},
		{"records that are maps", "a1154402011000"},
		{"a record without CBOR", "a115420201"},
	};
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a1154402010800"));
	assert_int_equal(fixture->read.record_count, 2);
	assert_hex(fixture->read.records[1].at, fixture->read.records[1].length, "80");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum status status = unpack_hex(fixture, cases[i].reply);

		if (status != STATUS_MALFORMED) {
			print_error("%s\n", cases[i].what);
		}
		assert_int_equal(status, STATUS_MALFORMED);
	}
}

TEST(whole_records_in_columns_are_named_by_their_index)
{
	struct fixture *fixture = *state;

	assert_ok(unpack_hex(fixture, "a2154402010800178101"));
	assert_false(fixture->read.whole[0]);
	assert_true(fixture->read.whole[1]);
	assert_int_equal(unpack_hex(fixture, "a2154402010800178102"), STATUS_MALFORMED);
}

TEST(columns_that_swell_stop_at_the_limit)
{
	struct fixture *fixture = *state;
	struct buffer heads;

	/* 8192 times 300 nulls, told in 310 bytes. */
	buffer_init(&heads, MESSAGE_REPLY_MAX);
	buffer_append(&heads, "\x80\x40\x01\x08\x80\xd8\x04", 7);
	for (size_t i = 0; i < 300; i++) {
		buffer_append_byte(&heads, 1 << CBOR_NULL);
	}
	buffer_append(&fixture->packed, "\x00\x00\xa1\x15", 4);
	cbor_put_bytes(&fixture->packed, buffer_span(&heads));
	assert_int_equal(unpack(fixture, buffer_span(&fixture->packed)), STATUS_LIMIT);
	buffer_finish(&heads);
}

TEST(full_arena_is_a_limit)
{
	struct fixture *fixture = *state;
	enum status status = STATUS_LIMIT;
	size_t limits = 0;

	for (fixture->arena.limit = 0; status == STATUS_LIMIT; fixture->arena.limit += 16) {
		arena_reset(&fixture->arena);
		status = unpack_hex(fixture, "a1154402010800");
		limits += status == STATUS_LIMIT ? 1 : 0;
	}
	assert_ok(status);
	assert_true(limits > 10);
}

#define ROW(sentence) CASE_WITH(sentence, fixture_start, fixture_end)

RUN_TESTS(ROW(records_travel_in_columns_and_come_back), ROW(one_record_travels_as_a_row),
	  ROW(records_that_columns_cannot_say_travel_as_rows),
	  ROW(reply_in_columns_cut_off_anywhere_is_malformed), ROW(malformed_columns_are_refused),
	  ROW(whole_records_in_columns_are_named_by_their_index),
	  ROW(columns_that_swell_stop_at_the_limit), ROW(full_arena_is_a_limit))
