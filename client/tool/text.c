/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include "task.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void
end_with(enum message message, const char *which)
{
	(void)fputs("sambung: ", stderr);
	message_print(stderr, SAMBUNG_ID, message, which, NULL);
	(void)fputs(" / ", stderr);
	message_print(stderr, SAMBUNG_EN, message, which, NULL);
	(void)fputs("\n", stderr);
	exit(EXIT_FAILED);
}

void *
memory_new(size_t size)
{
	return memory_resize(NULL, size);
}

void *
memory_resize(void *memory, size_t size)
{
	void *resized = realloc(memory, size == 0 ? 1 : size);

	if (resized == NULL) {
		end_with(MESSAGE_MEMORY_OUT, NULL);
	}
	return resized;
}

char *
text_copy(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(memory_new(size), text, size);
}

char *
text_format(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0) {
		end_with(MESSAGE_MEMORY_OUT, NULL);
	}
	text = memory_new((size_t)length + 1);
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

void
text_join(char **text, const char *separator, const char *more)
{
	char *joined = text_format("%s%s%s", *text, (*text)[0] == '\0' ? "" : separator, more);

	free(*text);
	*text = joined;
}

/* First byte of U+0080 to U+00BF, of which those below U+00A0 are controls (C1). */
enum { C1_LEAD = 0xc2 };

static bool
continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t
text_width(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++) {
		width += continues_character(*text) ? 0 : 1;
	}
	return width;
}

/* C0 and DEL, or the second byte of C1. */
static bool
is_control(unsigned char before, unsigned char byte)
{
	return byte < 0x20 || byte == 0x7f || (before == C1_LEAD && byte >= 0x80 && byte < 0xa0);
}

char *
text_cut(char *text, size_t width)
{
	size_t at = 0;
	char *cut;

	if (text_width(text) <= width) {
		return text;
	}
	for (size_t kept = 0; kept < width; at++) {
		kept += continues_character(text[at]) ? 0 : 1;
	}
	/* at stands behind the first byte of the character that the … replaces. */
	cut = text_format("%.*s…", (int)at - 1, text);
	free(text);
	return cut;
}

void
text_print(FILE *out, const char *text)
{
	unsigned char before = 0;

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (is_control(before, byte)) {
			(void)putc(' ', out);
		} else if (before == C1_LEAD && continues_character(*text)) {
			(void)putc(before, out);
			(void)putc(byte, out);
		} else if (byte != C1_LEAD) {
			(void)putc(byte, out);
		}
		before = byte;
	}
}
