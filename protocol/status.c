/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * All texts stand in one blob, and a row says where. Pointers would be relocated each time that the
 * library is loaded, and a table of them is 9 KB of its file.
 */
struct status_texts {
#define STATUS_TEXTS(NAME, name, http, retry, what_en, what_id, next_en, next_id)                  \
	char NAME##_name[sizeof(name)];                                                            \
	char NAME##_what_en[sizeof(what_en)];                                                      \
	char NAME##_what_id[sizeof(what_id)];                                                      \
	char NAME##_next_en[sizeof(next_en)];                                                      \
	char NAME##_next_id[sizeof(next_id)];
	STATUS_TABLE(STATUS_TEXTS)
#undef STATUS_TEXTS
};

static const struct status_texts status_texts = {
#define STATUS_TEXTS(NAME, name, http, retry, what_en, what_id, next_en, next_id)                  \
	name, what_en, what_id, next_en, next_id,
	STATUS_TABLE(STATUS_TEXTS)
#undef STATUS_TEXTS
};

_Static_assert(sizeof status_texts <= UINT16_MAX, "a row can say where its texts stand");

struct status_row {
	uint16_t http;
	uint16_t retry;
	uint16_t name;	  /* offsets into status_texts */
	uint16_t what[2]; /* by enum language */
	uint16_t next[2];
};

static const struct status_row status_rows[] = {
#define TEXT_AT(text) (uint16_t) offsetof(struct status_texts, text)
#define STATUS_ROW(NAME, name, http, retry, what_en, what_id, next_en, next_id)                    \
	{http,                                                                                     \
	 retry,                                                                                    \
	 TEXT_AT(NAME##_name),                                                                     \
	 {TEXT_AT(NAME##_what_en), TEXT_AT(NAME##_what_id)},                                       \
	 {TEXT_AT(NAME##_next_en), TEXT_AT(NAME##_next_id)}},
	STATUS_TABLE(STATUS_ROW)
#undef STATUS_ROW
#undef TEXT_AT
};

static const struct status_row *
status_row(enum status status)
{
	unsigned index = (unsigned)status;

	return &status_rows[index < STATUS_COUNT ? index : STATUS_INTERNAL];
}

static const char *
text_at(uint16_t offset)
{
	return (const char *)&status_texts + offset;
}

/* Cuts an overlong UTF-8 text back to the last whole character. */
static void
cut_broken_character(char *text, size_t size, int wanted)
{
	size_t length;

	if (size == 0) {
		return;
	}
	if (wanted < 0) {
		text[0] = '\0';
		return;
	}
	if ((size_t)wanted < size) {
		return;
	}
	length = size - 1;
	while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80) {
		length--;
	}
	if (length > 0 && (unsigned char)text[length - 1] >= 0xc0) {
		length--;
	}
	text[length] = '\0';
}

void
error_set(struct error *err, enum status status, const char *format, ...)
{
	va_list arguments;
	int wanted;

	if (err == NULL) {
		return;
	}
	va_start(arguments, format);
	wanted = vsnprintf(err->detail, sizeof err->detail, format, arguments);
	va_end(arguments);
	cut_broken_character(err->detail, sizeof err->detail, wanted);
	err->status = status;
}

enum status
fail_context(struct error *err, const char *format, ...)
{
	char context[ERROR_DETAIL_MAX];
	char detail[ERROR_DETAIL_MAX];
	va_list arguments;
	int wanted;

	if (err == NULL) {
		return STATUS_INTERNAL;
	}
	memcpy(detail, err->detail, sizeof detail);
	va_start(arguments, format);
	wanted = vsnprintf(context, sizeof context, format, arguments);
	va_end(arguments);
	cut_broken_character(context, sizeof context, wanted);
	wanted = snprintf(err->detail, sizeof err->detail, "%s%s%s", context,
			  detail[0] == '\0' ? "" : ": ", detail);
	cut_broken_character(err->detail, sizeof err->detail, wanted);
	return err->status;
}

const char *
status_name(enum status status)
{
	return text_at(status_row(status)->name);
}

enum status
status_named(const char *name)
{
	for (unsigned i = 0; i < STATUS_COUNT; i++) {
		if (strcmp(status_name((enum status)i), name) == 0) {
			return (enum status)i;
		}
	}
	return STATUS_INTERNAL;
}

int
status_http(enum status status)
{
	return status_row(status)->http;
}

bool
status_is_invalid(enum status status)
{
	return status_http(status) == status_http(STATUS_INVALID);
}

int
status_retry(enum status status)
{
	return status_row(status)->retry;
}

const char *
status_what(enum status status, enum language language)
{
	return text_at(status_row(status)->what[language == LANGUAGE_ID]);
}

const char *
status_next(enum status status, enum language language)
{
	return text_at(status_row(status)->next[language == LANGUAGE_ID]);
}

char *
error_sentence(const struct error *err, enum language language, char *out, size_t size)
{
	const char *next = status_next(err->status, language);
	int wanted = snprintf(out, size, "%s%s%s.%s%s", status_what(err->status, language),
			      err->detail[0] == '\0' ? "" : ": ", err->detail,
			      next[0] == '\0' ? "" : " ", next);

	cut_broken_character(out, size, wanted);
	return out;
}
