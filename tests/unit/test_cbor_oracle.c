/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_oracle.h"
#include "protocol/cbor.h"
#include "tests/exact.h"

#include <inttypes.h>

enum { ROUNDS = 500, STRING_MAX = 65538, TEXT_SIZE = 1 << 18, ITEM_BYTES_MAX = 1 << 17 };

static char described[TEXT_SIZE];

/* A sequence of numbers that is the same in every run (xorshift64*). */
static uint64_t sequence;

static uint64_t
draw(void)
{
	sequence ^= sequence >> 12;
	sequence ^= sequence << 25;
	sequence ^= sequence >> 27;
	return sequence * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned
draw_below(unsigned limit)
{
	return (unsigned)(draw() >> 33) % limit;
}

/* Of every number of bits, and often on the edge of a head's size. */
static uint64_t
draw_integer(void)
{
	static const uint64_t edges[] = {0,	     23,	 24,	    UINT8_MAX,
					 UINT16_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};

	if (draw_below(3) == 0) {
		return edges[draw_below(8)] + draw_below(3) - 1;
	}
	return draw() >> draw_below(64);
}

static size_t
draw_length(void)
{
	static const size_t edges[] = {0, 1, 22, 23, 24, 25, 255, 256, 257};

	return draw_below(1000) == 0 ? 65535 + draw_below(3) : edges[draw_below(9)];
}

/* Writes the same item twice: as CBOR by our writers and as the text that the oracle should say. */
static void write_item(struct buffer *out, struct buffer *text, unsigned depth);

static void
write_integer(struct buffer *out, struct buffer *text)
{
	uint64_t number = draw_integer();

	if (draw_below(2) == 0) {
		cbor_put_uint(out, number);
		buffer_printf(text, "%" PRIu64, number);
		return;
	}
	number &= INT64_MAX;
	cbor_put_int(out, -(int64_t)number - 1);
	buffer_printf(text, "%" PRId64, -(int64_t)number - 1);
}

static void
write_string(struct buffer *out, struct buffer *text, bool is_text)
{
	static uint8_t bytes[STRING_MAX];
	static char hex[2 * STRING_MAX + 1];
	size_t length = draw_length();

	for (size_t i = 0; i < length; i++) {
		bytes[i] = (uint8_t)(is_text ? 1 + draw_below(127) : draw_below(256));
	}
	hex_encode(span_of(bytes, length), hex);
	buffer_printf(text, "%c'%s'", is_text ? 't' : 'h', hex);
	if (is_text) {
		cbor_put_text(out, span_of(bytes, length));
	} else {
		cbor_put_bytes(out, span_of(bytes, length));
	}
}

static void
write_array(struct buffer *out, struct buffer *text, unsigned depth)
{
	unsigned count = draw_below(8) == 0 ? 20 + draw_below(10) : draw_below(5);

	cbor_put_array(out, count);
	buffer_printf(text, "[");
	for (unsigned i = 0; i < count; i++) {
		buffer_printf(text, i == 0 ? "" : ", ");
		write_item(out, text, depth + 1);
	}
	buffer_printf(text, "]");
}

static void
write_map(struct buffer *out, struct buffer *text, unsigned depth)
{
	unsigned pairs = draw_below(8) == 0 ? 20 + draw_below(10) : draw_below(5);
	uint64_t key = 0;

	cbor_put_map(out, pairs);
	buffer_printf(text, "{");
	for (unsigned i = 0; i < pairs; i++) {
		key += 1 + draw_below(200);
		cbor_put_uint(out, key);
		buffer_printf(text, "%s%" PRIu64 ": ", i == 0 ? "" : ", ", key);
		write_item(out, text, depth + 1);
	}
	buffer_printf(text, "}");
}

static void
write_simple(struct buffer *out, struct buffer *text)
{
	unsigned which = draw_below(3);

	if (which == 2) {
		cbor_put_null(out);
		buffer_printf(text, "null");
		return;
	}
	cbor_put_bool(out, which == 1);
	buffer_printf(text, which == 1 ? "true" : "false");
}

static void
write_item(struct buffer *out, struct buffer *text, unsigned depth)
{
	switch (draw_below(depth < 4 ? 8 : 5)) {
	case 0:
	case 1:
		write_integer(out, text);
		break;
	case 2:
		write_string(out, text, false);
		break;
	case 3:
		write_string(out, text, true);
		break;
	case 4:
		write_simple(out, text);
		break;
	case 5:
	case 6:
		write_array(out, text, depth);
		break;
	default:
		write_map(out, text, depth);
	}
}

static bool
is_one_item(struct span bytes)
{
	struct reader in = reader_of(bytes);
	struct span whole;

	return cbor_get_any(&in, &whole) && in.left == 0;
}

TEST(another_decoder_reads_what_our_writers_wrote)
{
	struct buffer out;
	struct buffer text;
	int compared = 0;

	buffer_init(&out, ITEM_BYTES_MAX);
	buffer_init(&text, TEXT_SIZE - 1);
	sequence = 20261120;
	for (int round = 0; round < ROUNDS; round++) {
		buffer_clear(&out);
		buffer_clear(&text);
		write_item(&out, &text, 1);
		if (out.status != STATUS_OK || text.status != STATUS_OK) {
			continue;
		}
		assert_true(is_one_item(buffer_span(&out)));
		assert_int_equal(cbor_oracle_describe(out.at, out.length, described, TEXT_SIZE), 1);
		assert_int_equal(strlen(described), text.length);
		assert_memory_equal(described, text.at, text.length);
		assert_true(cbor_oracle_rewrites_same(out.at, out.length));
		compared++;
	}
	assert_true(compared > ROUNDS / 2);
	buffer_finish(&out);
	buffer_finish(&text);
}

/* What we accept is read by libcbor, written again to the same bytes, and within our part. */
TEST(another_decoder_agrees_with_what_we_accept_of_damaged_items)
{
	struct buffer out;
	struct buffer text;
	int accepted = 0;

	buffer_init(&out, 4096);
	buffer_init(&text, TEXT_SIZE);
	sequence = 17081945;
	for (int round = 0; round < 20 * ROUNDS; round++) {
		buffer_clear(&out);
		buffer_clear(&text);
		write_item(&out, &text, 3);
		if (out.status != STATUS_OK || out.length == 0) {
			continue;
		}
		out.at[draw_below((unsigned)out.length)] ^= (uint8_t)(1 << draw_below(8));
		if (!is_one_item(buffer_span(&out))) {
			continue;
		}
		assert_int_equal(cbor_oracle_describe(out.at, out.length, described, TEXT_SIZE), 1);
		assert_true(cbor_oracle_rewrites_same(out.at, out.length));
		accepted++;
	}
	assert_true(accepted > ROUNDS);
	buffer_finish(&out);
	buffer_finish(&text);
}

RUN_TESTS(CASE(another_decoder_reads_what_our_writers_wrote),
	  CASE(another_decoder_agrees_with_what_we_accept_of_damaged_items))
