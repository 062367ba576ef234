/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: what the files exchange*.c share: a request that was handed out, and a reply that is
 * being taken in. */
#ifndef SAMBUNG_CLIENT_EXCHANGE_H
#define SAMBUNG_CLIENT_EXCHANGE_H

#include "client/device.h"
#include "client/pace.h"

enum { EXCHANGE_REQUESTS = 2 /* whose answers are still taken */ };

/* A request whose answer is awaited. */
struct asked {
	bool made;
	struct parcel_session session;
	uint64_t r;
	uint32_t epoch;
	uint32_t count; /* of changes */
	uint64_t witness_size;
};

struct exchange {
	struct asked asked[EXCHANGE_REQUESTS]; /* newest first */
	struct buffer parcel;
	uint64_t r;	  /* the highest used, also by requests that left nothing on the disk */
	uint32_t size;	  /* pace.h */
	bool awaited;	  /* the answer to the newest request has not come, */
	int64_t asked_ms; /* which was made at this uptime */
};

/* A reply on its way into the database, inside one transaction. */
struct taking {
	struct sambung *device;
	const struct asked *asked;
	const struct reply *reply;
	bool newest; /* it answers the last request */
	bool fits;   /* it starts from the cursor that the device has */
	bool again;
	bool lacking;	  /* the server takes it to have a record that it has not */
	bool old_program; /* it brought a schema that this program cannot read */
	struct local_state state;
	struct sambung_result counted;
	struct arena arena; /* of one record or change at a time */
};

/* h goes on by one change; `batches` ascend and cover it. STORAGE if none does. */
enum status exchange_chain(const struct local_state *state, const struct local_batches *batches,
			   const struct local_change *change, uint8_t chain[HASH_SIZE],
			   struct error *err);

/* exchange_take.c: everything but the records. */
enum status exchange_take(struct taking *taking, struct error *err);
/* Only what became of the changes: the last that a revoked device hears. */
enum status exchange_take_last(struct taking *taking, struct error *err);
/* exchange_records.c */
enum status exchange_take_acks(struct taking *taking, struct error *err);
enum status exchange_take_records(struct taking *taking, struct error *err);
/* The loop of pages has ended: the versions of records rise to what the device knows by now. */
enum status exchange_raise(struct taking *taking, struct error *err);

#endif
