/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/bytes.h"

static void
check_utf8(struct span bytes)
{
	bool valid = utf8_valid(bytes);

	for (size_t limit = 0; limit <= bytes.length && limit <= 32; limit++) {
		size_t cut = utf8_cut(bytes, limit);

		PROPERTY(cut <= limit);
		if (valid) {
			PROPERTY(limit - cut < 4);
			PROPERTY(utf8_valid(span_of(bytes.at, cut)));
			PROPERTY(utf8_valid(span_of(bytes.at + cut, bytes.length - cut)));
		}
	}
}

static void
check_hex(struct span bytes)
{
	char *text = fuzz_text(bytes);
	size_t length = strlen(text) / 2;
	char *written = malloc(2 * bytes.length + 1);
	uint8_t *decoded = malloc(bytes.length + 1);

	PROPERTY(written != NULL && decoded != NULL);
	hex_encode(bytes, written);
	PROPERTY(hex_decode(written, decoded, bytes.length));
	PROPERTY(span_equal(span_of(decoded, bytes.length), bytes));
	if (hex_decode(text, decoded, length)) {
		hex_encode(span_of(decoded, length), written);
		for (size_t i = 0; text[i] != '\0'; i++) {
			/* Letters differ at most in their case. */
			PROPERTY((written[i] | 0x20) == (text[i] | 0x20));
		}
	}
	free(decoded);
	free(written);
	free(text);
}

static void
check_base64url(struct span bytes)
{
	struct buffer first;
	struct buffer second;

	buffer_init(&first, FUZZ_BUFFER_MAX);
	buffer_init(&second, FUZZ_BUFFER_MAX);
	base64url_encode(bytes, &first);
	PROPERTY(base64url_decode(buffer_span(&first), &second));
	PROPERTY(span_equal(buffer_span(&second), bytes));
	buffer_clear(&first);
	buffer_clear(&second);
	if (base64url_decode(bytes, &first)) {
		base64url_encode(buffer_span(&first), &second);
		PROPERTY(span_equal(buffer_span(&second), bytes));
	} else {
		PROPERTY(first.length == 0);
	}
	buffer_finish(&first);
	buffer_finish(&second);
}

FUZZ(data, size)
{
	struct span bytes = span_of(data, size);

	check_utf8(bytes);
	check_hex(bytes);
	check_base64url(bytes);
	return 0;
}
