/* SPDX-License-Identifier: Apache-2.0 */
/* people_view: users and tokens as the API shows them. */
#ifndef SAMBUNG_DAEMON_HTTP_PEOPLE_VIEW_H
#define SAMBUNG_DAEMON_HTTP_PEOPLE_VIEW_H

#include "daemon/store/store_people.h"
#include "protocol/json.h"

/* "cadre", "supervisor" or "admin"; "" for none of them. */
const char *role_name(enum role role);
/* The role of that name; NONE if it is none. */
enum role role_named(struct span name);
/* A key and the region's code, or "all". */
void json_scope(struct json *json, const char *key, struct region scope);

/* Append one line. */
void people_user(struct buffer *out, const struct user *user);
void people_token(struct buffer *out, const struct token *token, int64_t now_ms);

#endif
