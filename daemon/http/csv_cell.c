/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_cell.h"

#include "protocol/id.h"
#include "protocol/region.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { SET_TEXT_MAX = 63 * (SCHEMA_NAME_MAX + 1) };

/* "+62 811-000" or "-3.4": nothing that a spreadsheet could run. */
static bool
is_signed_number(struct span text)
{
	for (size_t i = 1; i < text.length; i++) {
		if (!isdigit(text.at[i]) && strchr(" .-()", text.at[i]) == NULL) {
			return false;
		}
	}
	return text.length > 1;
}

static bool
looks_like_formula(struct span text)
{
	if (text.length == 0) {
		return false;
	}
	switch (text.at[0]) {
	case '=':
	case '@':
	case '\t':
	case '\r':
		return true;
	case '+':
	case '-':
		return !is_signed_number(text);
	default:
		return false;
	}
}

void
csv_text(struct buffer *out, struct span text, bool guarded)
{
	bool guard = guarded && looks_like_formula(text);
	bool quote = guard;

	for (size_t i = 0; i < text.length && !quote; i++) {
		quote = text.at[i] != '\0' && strchr("\",;\r\n", text.at[i]) != NULL;
	}
	if (text.length > 0 && !quote) {
		quote = text.at[0] == ' ' || text.at[text.length - 1] == ' ';
	}
	if (!quote) {
		buffer_append_span(out, text);
		return;
	}
	buffer_append_byte(out, '"');
	if (guard) {
		buffer_append_byte(out, '\'');
	}
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] == '"') {
			buffer_append_byte(out, '"');
		}
		buffer_append_byte(out, text.at[i]);
	}
	buffer_append_byte(out, '"');
}

static void
choice_text(struct buffer *out, const struct field *field, int64_t code)
{
	const struct choice *choice = NULL;

	if (code >= 0 && code <= SCHEMA_TAG_MAX) {
		choice = list_choice(field->choices, (uint32_t)code);
	}
	if (choice != NULL) {
		buffer_append_span(out, choice->name);
	} else {
		buffer_printf(out, "code %" PRId64 " (new)", code);
	}
}

static void
set_text(struct buffer *out, const struct field *field, int64_t mask)
{
	struct buffer text;

	buffer_init(&text, SET_TEXT_MAX);
	for (int64_t code = 0; code <= SCHEMA_SET_CODE_MAX; code++) {
		if (((uint64_t)mask >> code & 1) != 0) {
			if (text.length > 0) {
				buffer_append_byte(&text, ',');
			}
			choice_text(&text, field, code);
		}
	}
	csv_text(out, buffer_span(&text), false);
	buffer_finish(&text);
}

static void
integer_text(struct buffer *out, const struct field *field, int32_t tag, int64_t number)
{
	enum field_type type = field == NULL ? FIELD_INTEGER : field->type;
	char text[DECIMAL_TEXT_SIZE];
	char id[ID_TEXT_SIZE];

	if (type == FIELD_CHOICE) {
		choice_text(out, field, number);
	} else if (type == FIELD_SET) {
		set_text(out, field, number);
	} else if (type == FIELD_DATE) {
		buffer_append_span(out, span_of_text(day_format(number, text)));
	} else if ((type == FIELD_REFERENCE || tag == TAG_SAME_AS) && number > 0) {
		buffer_append_span(out, span_of_text(id_format((uint64_t)number, id)));
	} else {
		buffer_append_span(out, span_of_text(decimal_format(
						number, field == NULL ? 0 : field->scale, text)));
	}
}

void
csv_value(struct buffer *out, const struct field *field, int32_t tag, struct value value)
{
	char first[DECIMAL_TEXT_SIZE];
	char second[DECIMAL_TEXT_SIZE];
	unsigned scale = field == NULL ? 0 : field->scale;

	switch (value.form) {
	case VALUE_EMPTY:
		break;
	case VALUE_INTEGER:
		integer_text(out, field, tag, value.integer);
		break;
	case VALUE_BOOLEAN:
		buffer_printf(out, "%s", value.boolean ? "true" : "false");
		break;
	case VALUE_TEXT:
		csv_text(out, value.text, true);
		break;
	case VALUE_PAIR:
		buffer_printf(out, "\"%s,%s\"", decimal_format(value.pair.first, scale, first),
			      decimal_format(value.pair.second, scale, second));
		break;
	}
}
