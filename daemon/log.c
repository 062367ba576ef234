/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log.h"

#include "protocol/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { LINE_SIZE = 512 };

static const char *const level_names[] = {"info", "warning", "error"};

void
log_event(enum log_level level, const char *format, ...)
{
	char text[LINE_SIZE];
	char instant[INSTANT_TEXT_SIZE];
	struct timespec now = {0};
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	for (char *at = text; *at != '\0'; at++) {
		if (*at == '\n' || *at == '\r') {
			*at = ' ';
		}
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)instant_format((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, instant);
	/* One call, so that lines of several threads do not mix. */
	(void)fprintf(stderr, "%s %s %s\n", instant, level_names[level], text);
}
