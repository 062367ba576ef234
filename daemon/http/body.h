/* SPDX-License-Identifier: Apache-2.0 */
/* body: the JSON object that came with a request. */
#ifndef SAMBUNG_DAEMON_HTTP_BODY_H
#define SAMBUNG_DAEMON_HTTP_BODY_H

#include "call.h"

struct body;

/* The body, which has no other keys than the words of `keys`; it belongs to the call and lives as
 * long, because what the writer is given must stay until its commit. USAGE. */
enum status body_read(struct call *call, const char *keys, const struct body **out,
		      struct error *err);

/* What they hand out is borrowed from the body; each is USAGE if the value is of another kind. */

/* A text that must be there. */
enum status body_text(const struct body *body, const char *key, struct span *out,
		      struct error *err);
/* A text, or an empty one if it is absent. */
enum status body_text_or_none(const struct body *body, const char *key, struct span *out,
			      struct error *err);
/* A text that must be there and is secret: copied, with a NUL, and wiped from the body and from
 * what came over the network. INVALID: longer than `size` - 1 bytes. */
enum status body_secret(struct call *call, const char *key, char *out, size_t size,
			struct error *err);
/* A whole number from 1, or 0 if it is absent. */
enum status body_number(const struct body *body, const char *key, uint64_t *out, struct error *err);
/* Number `index` of a list of texts that must be there. *count_out: how many it has. */
enum status body_item(const struct body *body, const char *key, size_t index, const char **out,
		      size_t *count_out, struct error *err);

#endif
