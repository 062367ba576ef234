/* SPDX-License-Identifier: Apache-2.0 */
/* held: which phone has, or had, a record, as far as the server knows: by the villages that it had
 * when it synced, and where the record was then. */
#ifndef SAMBUNG_DAEMON_HTTP_HELD_H
#define SAMBUNG_DAEMON_HTTP_HELD_H

#include "daemon/store/store_reports.h"

struct held_query {
	uint64_t record;
	uint64_t village; /* where it is; 0: nobody knows */
	uint64_t created; /* entry of the change that made it */
	bool made;	  /* on this phone */
	bool aside;	  /* something that the phone wrote of it was set aside */
};
struct held {
	bool ever;
	/* It was there after the phone's last sync, and the phone has not said since that it
	 * destroyed what it held. A number that another goes on for has nothing. */
	bool now;
};
enum status held_find(struct store *store, const struct held_query *query,
		      const struct pulls *pulls, const struct device *device, struct held *out,
		      struct error *err);

#endif
