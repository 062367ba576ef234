/* SPDX-License-Identifier: Apache-2.0 */
/* body: the JSON object that came with a request. */
#ifndef SAMBUNG_DAEMON_HTTP_BODY_H
#define SAMBUNG_DAEMON_HTTP_BODY_H

#include "call.h"

#include <jansson.h>

/* Returns a new object (json_decref) that has no other keys than the words of `keys`. USAGE. */
enum status body_object(const struct call *call, const char *keys, json_t **out, struct error *err);
/* A text that must be there; borrows from the object. USAGE. */
enum status body_text(const json_t *object, const char *key, struct span *out, struct error *err);

#endif
