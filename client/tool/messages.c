/* SPDX-License-Identifier: Apache-2.0 */
#include "messages.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char *const message_rows[][2] = {
#define MESSAGE_ROW(NAME, en, id) {en, id},
	MESSAGE_TABLE(MESSAGE_ROW)
#undef MESSAGE_ROW
};

const char *
message_text(enum message message, enum sambung_language language)
{
	return message_rows[message][language == SAMBUNG_ID];
}

char *
message_format(enum sambung_language language, enum message message, const char *first,
	       const char *second)
{
	const char *rest = message_text(message, language);
	const char *brace = strchr(rest, '{');
	char *text = text_copy("");

	while (brace != NULL) {
		const char *filled = brace[1] == '1' ? first : second;
		char *longer = text_format("%s%.*s%s", text, (int)(brace - rest), rest,
					   filled == NULL ? "" : filled);

		free(text);
		text = longer;
		rest = brace + strlen("{1}");
		brace = strchr(rest, '{');
	}
	text_join(&text, "", rest);
	return text;
}

void
message_print(FILE *out, enum sambung_language language, enum message message, const char *first,
	      const char *second)
{
	const char *text = message_text(message, language);

	for (; *text != '\0'; text++) {
		if (*text != '{') {
			(void)putc(*text, out);
			continue;
		}
		if (text[1] == '1' && first != NULL) {
			text_print(out, first);
		} else if (text[1] == '2' && second != NULL) {
			text_print(out, second);
		}
		text += strlen("{1}") - 1;
	}
}
