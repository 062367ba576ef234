/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device: the inside of a `struct sambung`, shared by the files of libsambung.
 *
 *   platform.c  clock, randomness and boot of the machine   transport_http.c  libcurl
 *   key.c       device.key                                  local*.c          device.db
 *   lock.c      a key of the app's around it                seal.c            bodies at rest
 *   lease.c     records shut after long without contact
 *   device.c    open, close, schema in use, clock, errors   edit.c            forms and changes
 *   device_record.c  merging into what the device keeps     query*.c          reading records
 *   enrol.c     enrolment                                   sync.c            the loop over the
 *   exchange*.c one request, one reply (pure over local)                      network
 *   exchange_fork.c  going on under another number
 *   carry*.c    requests and replies in files
 *   revoked.c   destroying what a revoked device holds, and telling so
 *   pace.c      how much an exchange asks of the link
 *   receipt.c   a proof that the log has what was recorded here
 *   seen.c      checkpoints that somebody else was shown
 */
#ifndef SAMBUNG_CLIENT_DEVICE_H
#define SAMBUNG_CLIENT_DEVICE_H

#include "client/include/sambung.h"
#include "client/local.h"
#include "protocol/parcel.h"

enum {
	DEVICE_ROOM = 64 * 1024,	    /* bytes the answer to an enrolment may have, sealed */
	DEVICE_PROGRAMME = PROGRAMME_BASE,  /* protocol features */
	DEVICE_ARENA_MAX = 16 * 1024 * 1024 /* a record of RECORD_BYTES_MAX, decoded and merged */
};

enum receipt_state {
	RECEIPT_NONE,
	RECEIPT_WANTED, /* the next request that leaves nothing waiting asks for one */
	RECEIPT_TAKEN,
	RECEIPT_FALSE /* the one that came proves nothing */
};

struct sambung {
	struct sambung_platform platform; /* all set but wait and retry_after_s */
	struct transport *transport;	  /* of the built-in post, while a sync runs; else NULL */
	struct local *local;
	char *directory;
	struct schema *schema; /* in use; NULL before the first */
	sambung_key_fn key;    /* what opens device.key when it is locked; NULL: nothing */
	void *key_context;
	bool keyed;			  /* device.key is there, and open: */
	uint8_t seed[SEED32_SIZE];	  /* what it holds */
	uint8_t secret[SIGN_SECRET_SIZE]; /* of the present number; zeros before enrolment */
	size_t generations;		  /* forks that are folded into it */
	struct local_lease lease;	  /* as it is stored */
	struct buffer lineages;		  /* struct lineage: who went on after a fork, as stored */
	struct exchange *exchange;	  /* requests whose answer is awaited; NULL: none yet */
	enum receipt_state receipt;
	bool cut;      /* the last post broke off with bytes under way */
	bool put_off;  /* … or the server was full */
	bool repeated; /* the last answer was to a request that came twice */
};

/* ---- device.c ---- */

/* What the platform brings (NULL: nothing), and the built-in for the rest. */
void device_platform_fill(struct sambung_platform *platform, const struct sambung_platform *given);
/* Copies the error out and returns its status. */
int device_fail(struct sambung_error *out, const struct error *err);
int64_t device_wall_ms(struct sambung *device);
/* UTC seconds for a change now, and how it was estimated: last server time + uptime of the same
 * boot, else the wall clock. */
int64_t device_time(struct sambung *device, const struct local_state *state,
		    enum clock_quality *quality_out);
/* The day it is where the device is used, by the same clock. */
int64_t device_today(struct sambung *device, const struct local_state *state);
enum status device_random(struct sambung *device, void *out, size_t length, struct error *err);
/* Loads the schema that the state names, if it is not the one in use. */
enum status device_schema(struct sambung *device, const struct local_state *state,
			  struct error *err);
/* Reads them from the database again. */
enum status device_lineages(struct sambung *device, struct error *err);
/* Opens device.key and the data key, as far as they are there and not open yet. NOT_FOUND: there is
 * no device.key. PIN_NEEDED, PIN_WRONG. SIGNATURE: it is not the one of this device.db. */
enum status device_unlock(struct sambung *device, struct error *err);
/* The key of a device that begins. */
void device_seed_take(struct sambung *device, const uint8_t seed[SEED32_SIZE]);
/* Seals all that is saved from now on with a new data key, made from 32 random bytes that nobody
 * knows. Appends it, wrapped, for local_wrapped_save, before which the transaction must not end. */
void device_data_key_make(struct sambung *device, const uint8_t random[32], struct buffer *wrapped);
/* The key of the number that the state says. */
void device_key(struct sambung *device, const struct local_state *state);
/* State, schema, lineages and key of an enrolled device; NOT_ENROLLED if it is not, DESTROYED if it
 * was revoked and what it held goes or is gone. */
enum status device_load(struct sambung *device, struct local_state *state_out, struct error *err);
/* … to be used: a lease that is over ends here. */
enum status device_enrolled(struct sambung *device, struct local_state *state_out,
			    struct error *err);
/* Adds the chunk (version 0: none), and puts the schema that is being received in use once it is
 * whole; `state` learns it. UNSUPPORTED: this program cannot read it; it is kept all the same, and
 * tried again with the next reply. Inside a transaction. */
enum status device_schema_take(struct sambung *device, const struct schema_chunk *chunk,
			       struct local_state *state, struct error *err);

/* ---- device_record.c ---- */

/* The context that the device merges with; borrows state and epoch_out. */
struct merge_context device_merge_context(const struct sambung *device,
					  const struct local_state *state, uint32_t type,
					  struct epoch *epoch_out);
/* Merges an own pending change into a record, and where it says so moves the record: village and
 * root follow the root reference, or the village that the change gives. */
enum status device_merge(struct sambung *device, const struct local_state *state,
			 const struct change *change, struct record *record, struct arena *arena,
			 struct error *err);
/* The record that the root reference of `record` leads to; 0: none. */
uint64_t device_parent(const struct sambung *device, const struct record *record);
/* The id that a record has now, which this installation may have made before a fork under a former
 * number. That number's twin may have made another under the same id: look for that first. */
uint64_t device_id_now(const struct local_state *state, uint64_t id);
/* Stores the record, and takes what hangs below it to its village; epoch: that of its seqs. */
enum status device_record_save(struct sambung *device, const struct local_state *state,
			       const struct record *record, uint32_t epoch, struct error *err);

/* ---- the machine ---- */

extern const struct sambung_platform platform_builtin; /* platform.c; post from transport_http.c */

/* One connection, kept over the requests of a sync; NULL if out of memory. */
struct transport *transport_http_open(void);
void transport_http_close(struct transport *transport);
/*
 * context: a struct transport, or NULL for a connection of its own. Never follows a redirect, and
 * never leaves https for http. If the url ends in #PIN or #PIN;PIN (enrolment.h), one of these keys
 * is all that the server must have: then neither names nor dates count, so that a wrong clock keeps
 * nobody out. Otherwise its certificate must be good by the authorities of the system, or by those
 * of the PEM file that SAMBUNG_CA names. POST_CERTIFICATE: it is not. TLS costs 0.5 KB of code
 * here.
 */
enum { POST_FAILED = 1, POST_CERTIFICATE = 2 };
int transport_http_post(void *context, const char *url, struct sambung_bytes body,
			size_t reply_limit,
			int (*take)(void *sink, const void *bytes, size_t length), void *sink,
			int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out,
			char *why, size_t why_size);
/* What the last answer on this connection asked for. */
unsigned transport_http_retry_after_s(const struct transport *transport);

/* ---- sync.c ---- */

/* Posts a parcel to the server's address + path and collects the answer, at most `reply->limit`
 * bytes, which begins like a parcel. Any HTTP status but 200 is a failure. Counts request and bytes
 * either way. */
struct device_parcel {
	const char *server;
	const char *path;
	struct span bytes;
};
enum status device_post(struct sambung *device, const struct device_parcel *parcel,
			struct buffer *reply, struct sambung_result *counted, struct error *err);
/* A network connection for several posts; it is closed by the second. */
void device_connect(struct sambung *device);
void device_disconnect(struct sambung *device);

/* ---- key.c ---- */

/* NOT_FOUND. PIN_NEEDED: it is locked, and device->key opens nothing; PIN_WRONG. */
enum status key_load(const struct sambung *device, uint8_t seed_out[SEED32_SIZE],
		     struct error *err);
/* EXISTS. On the disk when it returns. */
enum status key_create(const char *directory, const uint8_t seed[SEED32_SIZE], struct error *err);
/* Writes it anew under the app's key (lock NULL: under none), in place of the former file, which is
 * overwritten as far as the medium does so. Nothing else changes. */
enum status key_lock(const char *directory, const uint8_t seed[SEED32_SIZE],
		     const struct sambung_lock *lock, const uint8_t *key, struct error *err);
/* Overwrites and removes it. Without it nothing opens the data key, wherever a copy of the database
 * may have been left on the medium. */
enum status key_destroy(const char *directory, struct error *err);
void key_secret(const uint8_t seed[SEED32_SIZE], uint8_t secret_out[SIGN_SECRET_SIZE]);

/* What the secret of `stream` becomes by a fork after its change n. */
void key_fork(uint8_t secret[SIGN_SECRET_SIZE], uint32_t stream, uint32_t n);

/* ---- lease.c: costs 2.6 KB of code, on the wire 20 bytes in each reply of the first loop ---- */

/* A new record key, from random bytes that nobody knows; there is no lease yet. After the state. */
enum status lease_begin(struct sambung *device, const uint8_t random[32], struct error *err);
/* Reads the lease, and the record key unless it is over. SIGNATURE: the key does not open. */
enum status lease_open(struct sambung *device, struct error *err);
/* The number will be another, and its share too: until that is told, which is at once, there is no
 * lease. The present one must not be over. */
enum status lease_part(struct sambung *device, struct error *err);
/* Ends the lease if it is time. */
enum status lease_check(struct sambung *device, const struct local_state *state, struct error *err);

/* ---- revoked.c ---- */

/* Goes on with what the state says is to be destroyed: data first, and once the server has been
 * told (`told`), device.key and the number. Again after any interruption. */
enum status device_destroy(struct sambung *device, bool told, struct error *err);

/* ---- exchange.c ---- */

void exchange_free(struct exchange *exchange);
/* The answer to the last request will not come, and that tells nothing of the link. */
void exchange_excuse(struct exchange *exchange);

#endif
