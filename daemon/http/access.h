/* SPDX-License-Identifier: Apache-2.0 */
/* access: what a caller may give away or take: roles, regions, and devices by their villages. */
#ifndef SAMBUNG_DAEMON_HTTP_ACCESS_H
#define SAMBUNG_DAEMON_HTTP_ACCESS_H

#include "body.h"

/* A region code; NOT_REGION, or DENIED if it lies beyond the caller's scope: nobody gives away more
 * than she has. */
enum status access_region(const struct call *call, const char *text, struct region *out,
			  struct error *err);
/* The list "villages" of the body, each as above; a new list, freed by the caller. LIMIT: more than
 * a device may have. */
enum status access_villages(const struct call *call, const struct body *body, struct region **out,
			    size_t *count_out, struct error *err);

/* "role" of the body; INVALID. */
enum status access_role(const struct body *body, enum role *out, struct error *err);
/* "scope" of the body: a region code as above, or "all". */
enum status access_scope(const struct call *call, const struct body *body, struct region *out,
			 struct error *err);

/* The number of a device, user or token in the path; NOT_FOUND if it cannot be one. */
enum status access_number(const struct call *call, uint32_t *out, struct error *err);
/* May the caller decide over that device? NOT_FOUND if she does not see it, DENIED if it has
 * villages beyond hers. */
enum status access_device(const struct call *call, struct store *store, uint32_t number,
			  struct error *err);

#endif
