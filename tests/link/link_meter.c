/* SPDX-License-Identifier: Apache-2.0 */
#include "link_meter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static uint64_t
content_length(const char *head)
{
	static const char name[] = "content-length:";

	for (const char *line = strchr(head, '\n'); line != NULL; line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, name, sizeof name - 1) == 0) {
			return strtoull(line + sizeof name - 1, NULL, 10);
		}
	}
	return 0;
}

uint32_t
link_meter_take(struct link_meter *meter, const uint8_t *bytes, size_t length)
{
	uint32_t heads = 0;

	for (size_t i = 0; i < length; i++) {
		if (meter->body_left > 0) {
			size_t rest = length - i;
			size_t skipped = meter->body_left < rest ? (size_t)meter->body_left : rest;

			meter->body_left -= skipped;
			i += skipped - 1;
			continue;
		}
		if (meter->length < LINK_HEAD_MAX - 1) {
			meter->head[meter->length++] = (char)bytes[i];
		}
		if (meter->length >= 4 &&
		    memcmp(meter->head + meter->length - 4, "\r\n\r\n", 4) == 0) {
			meter->head[meter->length] = '\0';
			meter->body_left = content_length(meter->head);
			meter->length = 0;
			heads++;
		}
	}
	return heads;
}

bool
link_meter_between(const struct link_meter *meter)
{
	return meter->length == 0 && meter->body_left == 0;
}
