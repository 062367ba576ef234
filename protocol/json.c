/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "id.h"

#include <inttypes.h>

struct json
json_start(struct buffer *out)
{
	struct json json = {.out = out};

	return json;
}

/* A comma in front of every item but the first; none after a key. */
static void
item_begins(struct json *json)
{
	if (json->comma) {
		buffer_append_byte(json->out, ',');
	}
	json->comma = true;
}

static void
open_with(struct json *json, uint8_t bracket)
{
	item_begins(json);
	buffer_append_byte(json->out, bracket);
	json->comma = false;
}

static void
close_with(struct json *json, uint8_t bracket)
{
	buffer_append_byte(json->out, bracket);
	json->comma = true;
}

void
json_put_object(struct json *json)
{
	open_with(json, '{');
}

void
json_put_object_end(struct json *json)
{
	close_with(json, '}');
}

void
json_put_array(struct json *json)
{
	open_with(json, '[');
}

void
json_put_array_end(struct json *json)
{
	close_with(json, ']');
}

static void
put_escaped(struct buffer *out, uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		buffer_append_byte(out, '\\');
		buffer_append_byte(out, c);
		break;
	case '\n':
		buffer_append(out, "\\n", 2);
		break;
	case '\r':
		buffer_append(out, "\\r", 2);
		break;
	case '\t':
		buffer_append(out, "\\t", 2);
		break;
	default:
		buffer_printf(out, "\\u%04x", (unsigned)c);
		break;
	}
}

static void
put_string(struct buffer *out, struct span text)
{
	size_t plain = 0;

	buffer_append_byte(out, '"');
	for (size_t i = 0; i < text.length; i++) {
		uint8_t c = text.at[i];

		if (c >= 0x20 && c != '"' && c != '\\') {
			continue;
		}
		buffer_append(out, text.at + plain, i - plain);
		put_escaped(out, c);
		plain = i + 1;
	}
	if (plain < text.length) {
		buffer_append(out, text.at + plain, text.length - plain);
	}
	buffer_append_byte(out, '"');
}

void
json_put_key_span(struct json *json, struct span key)
{
	item_begins(json);
	put_string(json->out, key);
	buffer_append_byte(json->out, ':');
	json->comma = false;
}

void
json_put_key(struct json *json, const char *key)
{
	json_put_key_span(json, span_of_text(key));
}

void
json_put_text(struct json *json, struct span text)
{
	item_begins(json);
	put_string(json->out, text);
}

void
json_put_string(struct json *json, const char *text)
{
	json_put_text(json, span_of_text(text));
}

/* Words that JSON knows without quotes, numbers among them. */
static void
put_word(struct json *json, const char *word)
{
	item_begins(json);
	buffer_append_span(json->out, span_of_text(word));
}

void
json_put_int(struct json *json, int64_t value)
{
	item_begins(json);
	buffer_printf(json->out, "%" PRId64, value);
}

void
json_put_uint(struct json *json, uint64_t value)
{
	item_begins(json);
	buffer_printf(json->out, "%" PRIu64, value);
}

void
json_put_decimal(struct json *json, int64_t value, unsigned scale)
{
	char text[DECIMAL_TEXT_SIZE];

	put_word(json, decimal_format(value, scale, text));
}

void
json_put_bool(struct json *json, bool value)
{
	put_word(json, value ? "true" : "false");
}

void
json_put_null(struct json *json)
{
	put_word(json, "null");
}

void
json_put_id(struct json *json, uint64_t id)
{
	char text[ID_TEXT_SIZE];

	if (id == 0) {
		json_put_null(json);
	} else {
		json_put_string(json, id_format(id, text));
	}
}

void
json_put_instant(struct json *json, int64_t milliseconds)
{
	char text[INSTANT_TEXT_SIZE];

	json_put_string(json, instant_format(milliseconds, text));
}

void
json_put_line_end(struct json *json)
{
	buffer_append_byte(json->out, '\n');
	json->comma = false;
}
