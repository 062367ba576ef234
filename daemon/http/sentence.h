/* SPDX-License-Identifier: Apache-2.0 */
/* sentence: a text of one of the tables (status, quarantine) as a sentence of its own. */
#ifndef SAMBUNG_DAEMON_HTTP_SENTENCE_H
#define SAMBUNG_DAEMON_HTTP_SENTENCE_H

#include "protocol/json.h"

/* "the disk is full" → "The disk is full."; an empty text stays empty. */
void json_sentence(struct json *json, const char *key, const char *text);

#endif
