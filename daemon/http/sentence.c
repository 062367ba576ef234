/* SPDX-License-Identifier: Apache-2.0 */
#include "sentence.h"

#include <ctype.h>
#include <string.h>

enum { SENTENCE_SIZE = 200 };

void
json_sentence(struct json *json, const char *key, const char *text)
{
	char sentence[SENTENCE_SIZE];
	size_t length = utf8_cut(span_of_text(text), sizeof sentence - 2);

	json_put_key(json, key);
	if (length > 0) {
		memcpy(sentence, text, length);
		sentence[0] = (char)(toupper)((unsigned char)sentence[0]);
		sentence[length++] = '.';
	}
	json_put_text(json, span_of(sentence, length));
}
