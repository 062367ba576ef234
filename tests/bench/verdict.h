/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: whether a load was done rightly. Each check ends the program with a sentence when it was
 * not: figures of a server that loses changes are worth nothing. */
#ifndef SAMBUNG_TESTS_BENCH_VERDICT_H
#define SAMBUNG_TESTS_BENCH_VERDICT_H

#include "tests/bench/load_request.h"

struct findings {
	uint64_t changes;   /* acknowledged */
	uint64_t conflicts; /* exceptions of that kind in the replies */
	uint64_t records;   /* that replies brought */
};

/* Every reply opens with its session, says OK, and acknowledges all up to the request's last n;
 * nothing is in quarantine. */
void verdict_replies(const struct load_request *requests, size_t count, struct findings *out);
/* After the daemon has ended: each device's changes 1 to its last n are in the log exactly once. */
void verdict_log(const char *folder, const struct load_request *requests, size_t count);
/* All that tests/check looks at. */
void verdict_store(const char *folder);

#endif
