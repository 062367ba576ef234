/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local: what a device keeps, in one SQLite file (device.db), in the words of the domain.
 *
 * No field of a person has a column or an index: bodies of records, changes, names, the
 * certificate, seeds of batches and keys of parcels in files are one blob each, sealed with the
 * data key by local_seal (local_parts.h); 28 bytes each. Not sealed: numbers, ids, types, villages,
 * versions and times that queries go by, who hangs below whom, the schema, and what is public about
 * the server. Only client/local*.c knows SQL. All writes happen inside local_begin … local_commit
 * and are durable when local_commit returns, but for local_moments_save.
 */
#ifndef SAMBUNG_CLIENT_LOCAL_H
#define SAMBUNG_CLIENT_LOCAL_H

#include "client/seal.h"
#include "protocol/enrolment.h"
#include "protocol/fork.h"
#include "protocol/merge.h"
#include "protocol/message.h"
#include "protocol/parcel.h"

struct local;

/* Opens or makes `directory`/device.db; waits up to 10 s for another process, then BUSY. */
enum status local_open(const char *directory, struct local **out, struct error *err);
void local_close(struct local *local);
/* Bodies are sealed with this data key from now on; NULL: it is forgotten. */
void local_key_set(struct local *local, const uint8_t *key);
bool local_has_key(const struct local *local);
/* The same for records and names of others, which another key seals (lease.c). */
void local_record_key_set(struct local *local, const uint8_t *key);
/* Takes the write lock. */
enum status local_begin(struct local *local, struct error *err);
enum status local_commit(struct local *local, struct error *err);
void local_rollback(struct local *local);

/* ---- the device itself: one row ---- */

enum {
	LOCAL_SCOPE_MAX = MESSAGE_SCOPE_MAX,
	LOCAL_EPOCHS_MAX = 16, /* newest; a base of an older one covers nothing */
	LOCAL_LINEAGE_MAX = 8  /* forks of one installation; then it enrols anew */
};

struct local_state {
	uint32_t device; /* 0: not enrolled */
	/* The numbers that this installation had before, oldest first: `stream` went on where
	 * `parent` had made n changes that are the log's. The last stream is `device`. */
	struct lineage lineage[LOCAL_LINEAGE_MAX];
	size_t lineage_count;
	uint32_t fork_n; /* first change that is not the log's, while it asks for a number; 0: no */
	char cadre[STREAM_NAME_MAX + 4];
	char url[CODE_URL_MAX + 1];
	uint8_t server_key_id;
	uint8_t server_key[32];
	uint8_t log_key[32];
	uint8_t origin[ORIGIN_SIZE];
	uint32_t epoch;
	/* The server's histories, the present one last; 0 of them: there is no other, or nothing
	 * was told yet. */
	struct epoch epochs[LOCAL_EPOCHS_MAX];
	size_t epoch_count;
	uint64_t r; /* highest request counter used */
	struct cursor cursor;
	uint32_t last_n; /* last change recorded: as the changes tell, not saved */
	uint32_t acked_n;
	uint32_t raised_n;	  /* up to which no change raises a record any more */
	uint8_t chain[HASH_SIZE]; /* h after acked_n */
	uint64_t scope_version;
	struct region scope[LOCAL_SCOPE_MAX];
	size_t scope_count;
	struct checkpoint witness; /* size 0: none */
	uint32_t schema_version;   /* complete and in use; 0: none */
	uint8_t schema_hash[HASH_SIZE];
	int64_t server_time_ms;	  /* at the last reply, */
	int64_t server_uptime_ms; /* when the uptime was this, */
	uint8_t server_boot[16];  /* in this boot */
	int64_t last_sync_ms;	  /* by the estimated clock; 0: never */
	/* Since the server said that the device was revoked, by its clock: all that it held goes,
	 * or has gone. 0: no. Then last_n is acked_n. */
	int64_t destroyed_ms;
};
/* A device that is not there yet reads as zeros. Without a data key the cadre's name is empty. */
enum status local_state_load(struct local *local, struct local_state *out, struct error *err);
enum status local_state_save(struct local *local, const struct local_state *state,
			     struct error *err);
/*
 * Moments: r, the clock and when the device last synced. A sync with nothing to say changes nothing
 * else, and is not worth a wait for the disk: local_moments_save, outside of a transaction, is
 * durable with the next commit, and a power cut before that takes it back. Then the server tells r,
 * for one request more, and the next sync the rest. Costs 1.5 KB of code, nothing on the wire.
 */
/* Whether the transaction has written nothing, and the state differs in no more than moments from
 * the one that is saved. */
enum status local_only_moments(struct local *local, const struct local_state *state, bool *only_out,
			       struct error *err);
enum status local_moments_save(struct local *local, const struct local_state *state,
			       struct error *err);
/* After the state: the certificate, kept for a server that was restored. */
enum status local_certificate_save(struct local *local, struct span certificate, struct error *err);
/* NOT_FOUND. */
enum status local_certificate(struct local *local, struct arena *arena, struct span *out,
			      struct error *err);

/* local_key.c: after the state, the data key, sealed. */
enum status local_wrapped_save(struct local *local, struct span wrapped, struct error *err);
/* NOT_FOUND. */
enum status local_wrapped(struct local *local, struct arena *arena, struct span *out,
			  struct error *err);
/* How long the phone may go without contact, and what it loses then. 37 bytes on the disk, and 61
 * for the record key. */
struct local_lease {
	uint32_t days;	   /* 0: there is none */
	bool lacking;	   /* it is over: the share is gone */
	int64_t until_ms;  /* by the server's clock, as it is estimated */
	int64_t latest_ms; /* that this clock has ever shown; written hourly at most */
	uint8_t share[LEASE_SHARE_SIZE];
};
/* Zeros before there is one. */
enum status local_lease(struct local *local, struct local_lease *out, struct error *err);
/* And the record key, sealed with that share, unless its length is 0. */
enum status local_lease_save(struct local *local, const struct local_lease *lease,
			     struct span record_key, struct error *err);
/* The share that was there is overwritten, as far as the medium does so. Changes that the server
 * has, and the seeds of batches of only such, are sealed with the record key from then on, which
 * must be there: they are as shut as the records. Costs 1.5 KB of code, nothing on the disk. */
enum status local_lease_end(struct local *local, const struct local_lease *lease,
			    struct error *err);
/* NOT_FOUND. */
enum status local_record_key(struct local *local, struct arena *arena, struct span *out,
			     struct error *err);
/*
 * Destroys what a device holds whose state says destroyed_ms: data key, cadre's name, certificate,
 * records, changes, batches, names, schema. They are overwritten with zeros, the file is written
 * anew without them, and the write-ahead log cut off. What is not done when it fails is done by the
 * next call: BUSY if another process reads. Of flash memory, which writes elsewhere than where it
 * is told, it promises nothing: there the data key's own sealing helps, see key_destroy.
 */
enum status local_destroy(struct local *local, struct error *err);

/* ---- changes: the queue, and what was acknowledged, kept >= 30 days ---- */

enum { LOCAL_CHANGES_BYTES_MAX = 512 * 1024 /* of changes read at once */ };

struct local_change {
	uint32_t n;
	uint64_t record;
	uint64_t seq;	    /* 0: not acknowledged */
	uint32_t exception; /* enum exception_kind the server told; 0: none */
	struct span bytes;  /* canonical; in the caller's arena; empty: shut with the records */
};
enum status local_change_add(struct local *local, uint32_t n, uint64_t record, struct span bytes,
			     struct error *err);
/* NOT_FOUND. Only this one hands out a change that is shut; all others say LEASE_OVER then. */
enum status local_change(struct local *local, uint32_t n, struct arena *arena,
			 struct local_change *out, struct error *err);
/* Changes with n >= first_n, ascending: at most `count` (not 0), and after the first no more than
 * fit in `bytes`. */
struct local_range {
	uint32_t first_n;
	size_t count;
	size_t bytes;
};
struct local_changes {
	struct local_change *at;
	size_t count;
};
enum status local_changes(struct local *local, struct local_range range, struct arena *arena,
			  struct local_changes *out, struct error *err);
/* Unacknowledged changes of one record, ascending n. */
typedef enum status (*local_change_fn)(void *context, const struct local_change *change,
				       struct error *err);
enum status local_changes_pending(struct local *local, uint64_t record, local_change_fn each,
				  void *context, struct error *err);
enum status local_change_acked(struct local *local, uint32_t n, uint64_t seq, struct error *err);
/* The graver of what was told and what is told now stays. *news_out: that is the latter, and of
 * another kind. */
enum status local_change_exception(struct local *local, const struct exception *exception,
				   bool *news_out, struct error *err);
/* A new epoch: the server may have forgotten that it released or closed changes. They count as
 * quarantined until it says so again. */
enum status local_exceptions_doubt(struct local *local, struct error *err);
/* The chain goes on to change n, which the server has: h_n, and when the server told so. */
enum status local_change_link(struct local *local, uint32_t n, const uint8_t chain[HASH_SIZE],
			      int64_t server_ms, struct error *err);
/* The server lacks changes from first_n on: they count as never acknowledged. Hands out h before
 * first_n, but for first_n 1, which the caller knows. NOT_FOUND if they are no longer all kept. */
enum status local_changes_reopen(struct local *local, uint32_t first_n,
				 uint8_t chain_out[HASH_SIZE], struct error *err);
/* Forgets changes that the server had before `server_ms`, but no quarantined one and none of the
 * newest `least`, and the seeds of batches that hold no change any more. The newest change always
 * stays. */
enum status local_changes_forget(struct local *local, int64_t server_ms, uint32_t least,
				 struct error *err);
enum status local_quarantined_count(struct local *local, uint32_t *count_out, struct error *err);

/*
 * Seeds: the newest batch stays open until local_batches_close; change n with no open batch opens
 * one with `seed`. A seed is kept as long as a change of its batch: a change that is sent again,
 * to a restored server, must have the same commitment, or it would look like a fork.
 */
enum status local_batch_open(struct local *local, uint32_t n, const uint8_t seed[SEED_SIZE],
			     struct error *err);
enum status local_batches_close(struct local *local, struct error *err);
/* The parts of batches within first_n … last_n, ascending. */
struct local_batches {
	struct batch *at;
	size_t count;
};
enum status local_batches(struct local *local, uint32_t first_n, uint32_t last_n,
			  struct arena *arena, struct local_batches *out, struct error *err);

/* ---- what was legally erased (exchange_erase.c) ---- */

/*
 * Costs, with what takes them in, 2.2 KB of code, 8 bytes of RAM, nothing on the disk, and on the
 * wire 9 bytes for each erased record. From the first call on what is deleted is overwritten; what
 * SQLite has left elsewhere in the file, while it moved rows, is sealed like every body, and goes
 * when its page is used again.
 */
/* The record goes, and what stayed of its changes under former numbers. */
enum status local_record_erase(struct local *local, uint64_t id, struct error *err);
/* The first change of the record after *n_out that the server has; 0: none. */
enum status local_change_logged(struct local *local, uint64_t record, uint32_t *n_out,
				struct error *err);
/* The stub takes the place of what the change said. */
enum status local_change_destroy(struct local *local, uint32_t n, struct span stub,
				 struct error *err);
/* Outside of a transaction: the write-ahead log has nothing any more of what was there before.
 * Another process that reads may keep it; the next erasure tries again. */
enum status local_wal_empty(struct local *local, struct error *err);

/* ---- what the server signed about its log (exchange_witness.c) ---- */

enum local_witness_place {
	LOCAL_PROVEN,	      /* the last checkpoint that a proof led to, or the first of all; its
				 times are those of the answer, by both clocks */
	LOCAL_EVIDENCE_OLDER, /* what the server contradicted: kept until local_witness_forget, */
	LOCAL_EVIDENCE_NEWER, /* … and by what; size 0: it told no checkpoint */
	LOCAL_SEEN	      /* what somebody else was shown; size 0: proven by now */
};
struct local_witness {
	bool kept; /* there is one; else everything is 0 */
	struct checkpoint checkpoint;
	int64_t server_ms; /* by the server's clock; of evidence as the device estimated it */
	int64_t wall_ms;
	bool proved; /* with this proof, which does not hold; evidence only */
	struct proof proof;
};
enum status local_witness(struct local *local, enum local_witness_place place,
			  struct local_witness *out, struct error *err);
enum status local_witness_save(struct local *local, enum local_witness_place place,
			       const struct local_witness *witness, struct error *err);
/* All of it, and the witness of the state: the next answer is where it begins anew. */
enum status local_witness_forget(struct local *local, struct error *err);

/* ---- requests that left in a file: what opens their replies ---- */

enum {
	LOCAL_CARRIED_MAX =
		64 /* of the newest; replies to older ones stay shut, which is harmless */
};

struct local_carried {
	uint64_t r;
	uint32_t epoch;
	uint64_t scope_version;
	uint32_t count; /* of changes */
	uint32_t through_n;
	bool continues; /* asks for a number */
	uint64_t witness_size;
	struct checkpoint from; /* where a proof is to begin; size 0: none is asked for */
	struct parcel_session session;
};
/* The first makes the table, so that a phone that never carries has none. */
enum status local_carried_add(struct local *local, const struct local_carried *carried,
			      struct error *err);
/* NOT_FOUND. */
enum status local_carried(struct local *local, const uint8_t tag[PARCEL_TAG_SIZE],
			  struct local_carried *out, struct error *err);

/* ---- the newest receipt (receipt.c) ---- */

/* Its bytes are receipt.c's. Not sealed: numbers, a record's id and times, and no more. Either
 * makes the table, so that a phone that never asks has none. */
enum status local_receipt_save(struct local *local, struct span receipt, struct error *err);
/* NOT_FOUND. */
enum status local_receipt(struct local *local, struct buffer *out, struct error *err);

/* ---- after a fork (exchange_fork.c) ---- */

/*
 * The changes up to fork->n leave the queue, with their batches; so do the requests in files, whose
 * answers speak of the old number. Of the changes only those in quarantine stay, as an ancestor's:
 * `generation` (1 to LOCAL_LINEAGE_MAX) times 2^31 lower, so that they count as set aside and no
 * query for n >= 1 finds them. The batches of the others become the heir's and are closed, and
 * `leaving` knows the new ids. Costs nothing on the disk that the changes did not.
 */
enum status local_fork_begin(struct local *local, const struct fork *fork, size_t generation,
			     uint32_t last_n, struct error *err);
/* Change n becomes the heir's again->n, unacknowledged; n ascends. */
enum status local_change_again(struct local *local, uint32_t n, const struct local_change *again,
			       struct error *err);
/* The record is there under another id. */
enum status local_record_drop(struct local *local, uint64_t id, struct error *err);

/* ---- records ---- */

/* What stands beside a record's body. */
struct local_place {
	uint32_t epoch;	    /* of the seqs in the record */
	uint64_t parent;    /* the record that its root reference leads to; 0: none */
	uint32_t conflicts; /* record_conflicts */
};

/* NOT_FOUND. The state borrows from the arena; place_out may be NULL. */
enum status local_record(struct local *local, uint64_t id, struct arena *arena, struct record *out,
			 struct local_place *place_out, struct error *err);
enum status local_record_save(struct local *local, const struct record *record,
			      const struct local_place *place, struct error *err);
/* The record goes, or leaves (below); its changes stay, and so does what hangs below it: that may
 * belong elsewhere by now, and if not the server names it too. */
enum status local_record_evict(struct local *local, uint64_t id, struct error *err);
/* One of what hangs below `above` whose village is another; 0: none. */
enum status local_record_astray(struct local *local, uint64_t above, uint64_t village,
				uint64_t *id_out, struct error *err);
/* Evicts every record whose village is known and covered by no region. */
enum status local_scope_apply(struct local *local, const struct region *scope, size_t count,
			      struct error *err);
/*
 * A record leaves if this device holds it only until its own changes of it are acknowledged. While
 * the pages of a new scope run it is noted what arrives. Both cost a page of 4 KiB in the file, and
 * 8 to 11 bytes for each record while it is noted; nothing on the wire.
 */
enum status local_leaving(struct local *local, uint64_t id, bool *leaving_out, struct error *err);
/* A new record, where this device does not look. */
enum status local_leaving_add(struct local *local, uint64_t id, struct error *err);
/* It stays after all, and with it what is below it and the server has nothing of yet. */
enum status local_leaving_drop(struct local *local, uint64_t id, struct error *err);
/* Those that leave and hold no change that is not acknowledged are gone, but not what this device
 * only takes to leave: new records, which the server may have put elsewhere. */
enum status local_leaving_sweep(struct local *local, struct error *err);
/* Nothing waits, and every record here is where the server has it, or seems elsewhere by a change
 * that is set aside: of what was taken to leave goes what is in a village outside the scope by
 * itself, or hangs on nothing here; the rest stays. */
enum status local_leaving_settle(struct local *local, const struct region *scope, size_t count,
				 struct error *err);
/* The pages of a new scope begin. */
enum status local_arrivals_begin(struct local *local, struct error *err);
enum status local_arrivals_add(struct local *local, uint64_t id, struct error *err);
/* The last page is here: what the server has and did not send is not in the scope, wherever this
 * device thinks that it is, and goes or leaves. */
enum status local_arrivals_end(struct local *local, struct error *err);
/* Does anything leave; do pages of a new scope run? */
enum status local_passing(struct local *local, bool *leaving_out, bool *arriving_out,
			  struct error *err);
/* A new epoch was pulled whole: records that it did not bring go, unless the server lacks them
 * because their creation waits or is set aside, or a change of them waits. */
enum status local_records_sweep(struct local *local, uint32_t epoch, struct error *err);
/* Of each record of the epoch that holds an own acknowledged change after raised_n with
 * version < seq <= cursor.complete (but no quarantined one): its id and the highest such seq. None
 * of those that leave: what others wrote of them may not have come. */
struct local_raise {
	uint64_t record;
	uint64_t seq;
};
struct local_raises {
	struct local_raise *at;
	size_t count;
};
enum status local_raises(struct local *local, const struct local_state *state, struct arena *arena,
			 struct local_raises *out, struct error *err);
/* raised_n once these are raised: acked_n, or as far as no seq is above cursor.complete and no
 * record leaves, because it may stay after all. */
enum status local_raised(struct local *local, const struct local_state *state, uint32_t *n_out,
			 struct error *err);
/* The highest seq of an own change after raised_n, none of a former log's; 0: all of them wait. */
enum status local_acked_seq(struct local *local, uint32_t raised_n, uint64_t *seq_out,
			    struct error *err);
enum status local_conflict_count(struct local *local, uint32_t *count_out, struct error *err);

/* Iteration, which any other status than OK ends. Writes on the same local, and another iteration,
 * are allowed in between. The record is borrowed for the call. */
typedef enum status (*local_record_fn)(void *context, const struct record *record,
				       struct error *err);
/* In ascending id; type 0: all. */
enum status local_records(struct local *local, uint32_t type, local_record_fn each, void *context,
			  struct error *err);
/* Of one type, directly below a record, in descending id: mostly the newest first. */
enum status local_records_below(struct local *local, uint32_t type, uint64_t parent,
				local_record_fn each, void *context, struct error *err);

/* ---- names and schemas ---- */

enum status local_stream_save(struct local *local, const struct stream_name *stream,
			      struct error *err);
/* A stream that went on after a fork, anybody's: 10 bytes on the disk, 12 in memory. */
enum { LOCAL_LINEAGES_MAX = 4096 /* of more, a conflict too many may be shown */ };
enum status local_lineage_save(struct local *local, const struct lineage *lineage,
			       struct error *err);
/* All of them as struct lineage, ascending by stream, in place of what `out` holds. */
enum status local_lineages(struct local *local, struct buffer *out, struct error *err);
/* NOT_FOUND. */
enum status local_stream(struct local *local, uint32_t number, struct arena *arena,
			 struct stream_name *out, struct error *err);

/* Adds a chunk to the schema being received. One of another schema starts anew; one that leaves a
 * gap, or was there already, is passed over. */
enum status local_schema_chunk(struct local *local, const struct schema_chunk *chunk,
			       struct error *err);
/* The schema being received; version 0: none. */
struct local_schema_part {
	uint32_t version;
	uint8_t hash[HASH_SIZE];
	uint32_t size;
	struct span bytes; /* all when as long as `size` */
};
enum status local_schema_part(struct local *local, struct arena *arena,
			      struct local_schema_part *out, struct error *err);
/* The schema in use, which replaces the former one; the one being received is done with. */
enum status local_schema_save(struct local *local, uint32_t version, struct span cbor,
			      struct error *err);
enum status local_schema_part_drop(struct local *local, struct error *err);
/* Canonical CBOR of the schema in use; NOT_FOUND if that is another version. */
enum status local_schema(struct local *local, uint32_t version, struct arena *arena,
			 struct span *out, struct error *err);

#endif
