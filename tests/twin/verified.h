/* SPDX-License-Identifier: Apache-2.0 */
/* verified: `sambungctl verify` on a world's database, besides the independent look of tests/check.
 */
#ifndef SAMBUNG_TESTS_TWIN_VERIFIED_H
#define SAMBUNG_TESTS_TWIN_VERIFIED_H

#include "daemon/verify/verify.h"
#include "tests/twin/world.h"

#include <stdio.h>

static inline void
verified_print(void *context, const struct finding *finding)
{
	(void)context;
	(void)fprintf(stderr, "verify: %s %s %s: %s\n", finding->table, finding->row,
		      finding->column, finding->what);
}

/* Is the database what its log says? Else prints what is not. */
static inline bool
world_verified(const struct world *world)
{
	char path[256];
	struct verified verified;
	struct error err = {.status = STATUS_OK};
	const struct verify_options options = {
		.database = path,
		.scratch = world->folder,
		.log_key = world->keys.log_public,
		.finder = {verified_print, NULL},
	};

	(void)snprintf(path, sizeof path, "%s/sambung.db", world->folder);
	if (verify_database(&options, &verified, &err) != STATUS_OK) {
		(void)fprintf(stderr, "verify: %s\n", err.detail);
		return false;
	}
	return verified.findings == 0;
}

#endif
