/* SPDX-License-Identifier: Apache-2.0 */
/*
 * district: a server in a folder, made in this process before the daemon starts, with devices whose
 * keys the benchmark knows, and the parcels that these devices will send.
 *
 * Families and persons come as changes of one import stream, devices as enrolment writes them. A
 * device stands as after its first sync: its cursor and witness are those of the moment when it was
 * made ready.
 */
#ifndef SAMBUNG_TESTS_BENCH_DISTRICT_H
#define SAMBUNG_TESTS_BENCH_DISTRICT_H

#include "daemon/ingest/workset.h"
#include "tests/bench/host.h"
#include "tests/bench/load_request.h"
#include "tests/bench/workload.h"

struct district {
	char folder[HOST_PATH_SIZE];
	struct server_keys keys;
	struct store *store;
	struct catalogue *catalogue;
	struct ingest *ingest;
	uint32_t import_stream;
	unsigned commits;
};

/* Whose records a device has in its village. */
enum district_extent {
	DISTRICT_ALL,	 /* 40 families with three persons each */
	DISTRICT_VISITED /* those that its visits name */
};

/* Record ids; 0: not imported. */
struct district_village {
	uint64_t village;
	uint64_t families[WORKLOAD_FAMILIES];
	uint64_t versions[WORKLOAD_FAMILIES]; /* of the families as imported */
	uint64_t persons[WORKLOAD_FAMILIES][WORKLOAD_MEMBERS];
};

struct district_device {
	uint32_t number;
	uint8_t secret[SIGN_SECRET_SIZE];
	uint32_t n; /* last change that a parcel has */
	uint64_t r;
	uint8_t chain[HASH_SIZE]; /* after n */
	uint64_t scope_version;
	struct cursor cursor;
	uint64_t witness_size;
	uint8_t witness_root[8];
};

/* A new server in an empty folder. */
void district_found(struct district *district, const char *folder);
/* That of a folder. */
void district_open(struct district *district, const char *folder);
/* Again, after a daemon worked on it. The import stream is that of before. */
void district_reopen(struct district *district);
void district_close(struct district *district);

/* What the daemon does when it is quiet: the typed tables follow the log to its end, so that a size
 * is that of all tables. */
void district_rest(struct district *district);

/* Around what writes. */
void district_begin(struct district *district);
void district_commit(struct district *district);

/* Written. */
void district_import(struct district *district, const struct workload_device *from,
		     enum district_extent extent, struct district_village *out);
void district_enrol(struct district *district, uint64_t village, struct district_device *out);
/* A token for all villages. */
void district_token(struct district *district, enum role role, char token_out[TOKEN_TEXT_SIZE]);
/* After the commit: the device has received everything so far. */
void district_device_ready(struct district *district, struct district_device *device);

/* A parcel in the making, of a device's changes after n_before. */
enum { DRAFT_CHANGES_MAX = 512 };
struct draft {
	uint32_t n_before;
	struct buffer bytes;
	size_t ends[DRAFT_CHANGES_MAX];
	size_t count;
};
void draft_init(struct draft *draft);
void draft_finish(struct draft *draft);
/* Adds a change of the device: `change` comes with record (0: a new one), type, base, time and
 * fields. */
void draft_add(struct draft *draft, const struct district_device *device, struct change *change);
/* The visits of the workload as changes of the device. */
void draft_add_visits(struct draft *draft, const struct district_device *device,
		      const struct district_village *village, const struct workload_visit *visits,
		      size_t count);
/* Seals the changes as the device's next request and forgets them. The parcel is the caller's
 * to free (load_requests_free). */
void draft_seal(struct draft *draft, const struct district *district,
		struct district_device *device, struct load_request *out);

void load_requests_free(struct load_request *requests, size_t count);

#endif
