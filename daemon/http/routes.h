/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes: the one table of what the daemon answers to.
 *
 * docs/http-api.md describes each row. Method, role, scope, body type and bounds are enforced from
 * the table before anything of a handler runs.
 */
#ifndef SAMBUNG_DAEMON_HTTP_ROUTES_H
#define SAMBUNG_DAEMON_HTTP_ROUTES_H

#include "call.h"

struct route {
	const char *method;
	const char *path;	/* {…} stands for one segment */
	const char *parameters; /* words: the query parameters it knows */
	enum role role;		/* the least; NONE: no token needed */
	bool everywhere;	/* only for callers whose scope is everything */
	bool logged;		/* personal data is read: an entry of the log goes first */
	bool same_origin;	/* no token, but a browser's other pages may not ask for it */
	bool reasoned;		/* X-Sambung-Reason says why, percent-encoded; it must be there */
	enum media body;	/* NONE: no body */
	size_t body_limit;
	unsigned deadline_s; /* for the writer or the errand, and then for the last line */
	const char *summary;

	/* The stages; any may be NULL. */
	/* Network thread, with a reader. */
	enum status (*open)(struct call *call, struct store *reader, struct error *err);
	/* The thread for passwords, before `write`. */
	enum status (*prove)(struct call *call, struct error *err);
	/* Writer's thread, in a transaction; `out` may be answered once it is durable. */
	enum status (*write)(struct call *call, struct ingest *ingest, struct error *err);
	/* Errand thread. */
	enum status (*work)(struct call *call, struct error *err);
	/* Network thread, on a snapshot (a parcel's reply takes its own), which `lines` keep if
	 * `lists` is set. */
	enum status (*answer)(struct call *call, struct store *reader, struct error *err);
	bool lists;
};

/* The row, and the path's argument in argument_out. NULL: no such path, or (*allow_out set) not
 * with this method. */
const struct route *route_find(const char *method, const char *path,
			       char argument_out[CALL_TEXT_SIZE], const char **allow_out);
/* The row number `index`; NULL behind the last. */
const struct route *route_at(size_t index);
/* The place of a parameter among the route's own; -1: it has none of that name. */
int route_parameter(const struct route *route, const char *name);

#endif
