/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_client: what the benches of the device side share: a real sambungd with its folder, and the
 * link to it. As in host.h, what fails ends the program, after the daemon it started.
 */
#ifndef SAMBUNG_TESTS_BENCH_BENCH_CLIENT_H
#define SAMBUNG_TESTS_BENCH_BENCH_CLIENT_H

#include "protocol/schema.h"
#include "tests/bench/host.h"
#include "tests/bench/workload.h"
#include "tests/link/link_proxy.h"

enum { BENCH_FAMILIES_MAX = 60, BENCH_PERSONS_MAX = BENCH_FAMILIES_MAX * WORKLOAD_MEMBERS };

struct bench_server {
	char folder[HOST_PATH_SIZE]; /* of all that is made: the server's, tables, devices */
	struct host_daemon daemon;
	struct link_proxy *proxy; /* enrolment codes lead to it */
	struct schema *schema;	  /* the shipped one */
};

double bench_seconds(void); /* of a clock that only goes on */

/* The path of a program of the build folder: BUILD, else the one this was built in. */
void bench_program(const char *name, char out[HOST_PATH_SIZE]);
/* Runs a program to its end (without a slash it is searched for). `out` (may be NULL) gets what it
 * writes to standard output. The last argument is NULL. */
void bench_run(const char *path, const char *const arguments[], struct buffer *out);

/* A server without records, with its daemon behind a new link_proxy; one at a time. */
void bench_server_open(const struct link_watch *watch, struct bench_server *server);
/* The folder goes. */
void bench_server_close(struct bench_server *server);
/* So many families (at most BENCH_FAMILIES_MAX) with three persons each in the device's village:
 * its 40, then the same again as others. */
void bench_server_import(const struct bench_server *server, const struct workload_device *device,
			 size_t families);
/* So many families of another village, so that seqs are as long as in a store that is in use. */
void bench_server_fill(const struct bench_server *server, unsigned families);
/* An enrolment code; `code` is cleared first, and ends with NUL. */
void bench_server_code(const struct bench_server *server, const char *cadre, uint64_t village,
		       struct buffer *code);

/* Ends the program with WORKLOAD_SKIPPED if there is no generator, or nothing to run it with. */
struct workload *bench_workload_open(const struct workload_order *order);
/* NULL behind the last. */
const struct workload_device *bench_workload_next(struct workload *workload);

/* A value as people write it into a form, appended. */
void bench_value_text(const struct field *field, int32_t tag, struct value value,
		      struct buffer *out);

#endif
