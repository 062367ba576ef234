/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_client_phone: a device of the benches: the real library with its real transport, and a
 * clock that the bench sets.
 */
#ifndef SAMBUNG_TESTS_BENCH_BENCH_CLIENT_PHONE_H
#define SAMBUNG_TESTS_BENCH_BENCH_CLIENT_PHONE_H

#include "bench_client.h"
#include "client/device.h"
#include "tests/bench/figures.h"

struct bench_phone {
	struct sambung *sambung;
	int64_t wall_ms;
	int64_t uptime_ms;
	int64_t synced_ms; /* by the machine's clock, when the last sync ended */
	uint8_t boot;
	char place[HOST_PATH_SIZE]; /* its folder */
	uint64_t families[BENCH_FAMILIES_MAX];
	uint64_t persons[BENCH_PERSONS_MAX];
};

/* Which clock the changes of a day are recorded by. */
enum bench_clock {
	/* The telephone was switched off since its last sync, so by its own: the workload's
	 * times. */
	BENCH_CLOCK_WALL,
	/* The server's time of the last sync and the uptime since: the workload's time of day, on
	 * the first day after the server's present one, as that clock does not go back. */
	BENCH_CLOCK_SYNCED,
};

/* Ends the program with `what` unless `status` is 0. */
void bench_phone_must(int status, const char *what, const struct sambung_error *err);

/* A device in <server's folder>/<name>, opened and enrolled. Its clock is the machine's. */
void bench_phone_open(const struct bench_server *server, const char *name, const char *cadre,
		      uint64_t village, struct bench_phone *phone);
void bench_phone_close(struct bench_phone *phone);
/* It must be synced after it, with nothing in quarantine. */
struct sambung_result bench_phone_sync(struct bench_phone *phone);
/* Fills families and persons from what the device holds: so many families. */
void bench_phone_know(struct bench_phone *phone, size_t families);
/* From now on it is that time (seconds). */
void bench_phone_clock(struct bench_phone *phone, enum bench_clock clock, int64_t time);

/* A form with the fields of the change, not saved yet; id 0: of a new record. */
struct sambung_edit *bench_phone_form(struct bench_phone *phone, uint64_t id,
				      const struct change *change);
/* … saved. */
void bench_phone_record(struct bench_phone *phone, uint64_t id, const struct change *change);
/* At its time. */
void bench_phone_visit(struct bench_phone *phone, enum bench_clock clock,
		       const struct workload_visit *visit);

/* What a measured sync is told as. */
struct bench_names {
	const char *requests;
	const char *connections;
	const char *bytes_up;
	const char *bytes_down;
	const char *bytes_total;
	const char *seconds;
};
/*
 * One sync, counted at the socket. With `link` it goes over one of 600 ms round trip and 40 kbit/s
 * each way. The seconds are from asking for the connection until the reply is in the database.
 */
struct sambung_result bench_phone_measure(const struct bench_server *server,
					  struct bench_phone *phone, bool link,
					  const struct bench_names *names, struct figures *figures);

#endif
