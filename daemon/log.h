/* SPDX-License-Identifier: Apache-2.0 */
/* log: the daemon's own events, one line each on stderr: time, level, text. Never personal data: no
 * names, no record ids, no tokens, no paths with ids. Any thread. */
#ifndef SAMBUNG_DAEMON_LOG_H
#define SAMBUNG_DAEMON_LOG_H

#include "protocol/status.h"

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

void log_event(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
