/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workset: the working set of one transaction, and the inside of a `struct ingest`.
 *
 * Records and streams that a transaction touches are loaded once, changed in memory and written
 * once at the end (workset_write); log rows collect meanwhile. What a caller refuses it refuses
 * before it touches the working set, so nothing is ever undone piecemeal: a failing store rolls
 * back the whole transaction.
 *
 * Invariants: 1. rows[i].entry.seq == head + 1 + i. 2. a slot is `dirty` iff its record differs
 * from the store's. 3. received_ms never decreases.
 */
#ifndef SAMBUNG_DAEMON_INGEST_WORKSET_H
#define SAMBUNG_DAEMON_INGEST_WORKSET_H

#include "daemon/ingest/ingest.h"
#include "daemon/ledger/ledger.h"
#include "protocol/id.h"

struct slot {
	uint64_t id;
	bool exists; /* in the store or made in this transaction */
	bool dirty;
	bool placed;		     /* loaded, but for the record's dots and fields */
	bool whole;		     /* loaded with these */
	bool stored;		     /* `former` is in the store */
	struct stored_record former; /* as the store has it, its state apart */
	struct stored_record row;    /* as it is to be; its state is only what was loaded */
	struct record record;
};

struct stream_slot {
	uint32_t number;
	bool dirty;
	struct stream stream;
};

/* Contacts, and sessions, that wait for a transaction which writes anyway; with more of them one
 * does. */
enum { INGEST_WAITING_MAX = 1024 };

/* Is anything in quarantine for lack of a record? */
enum awaits { AWAITS_NOT_ASKED, AWAITS_NONE, AWAITS_SOME };

struct workset {
	struct arena arena;
	struct slot **slots; /* open addressing by id; capacity a power of two */
	size_t slot_count;
	size_t slot_capacity;
	struct slot **order; /* slots in the order in which they came */
	size_t order_capacity;
	struct stream_slot *streams;
	size_t stream_count;
	size_t stream_capacity;
	struct log_row *rows;
	size_t row_count;
	size_t row_capacity;
	size_t rows_written; /* to the store */
	/* What hung on others (struct hanging) in the village that a record left last, by (parent,
	 * id). Village 0: not read, or something hangs elsewhere since. What has followed is id 0.
	 */
	struct buffer hanging;
	uint64_t hanging_village;
	struct quarantined *quarantined;
	size_t quarantined_count;
	size_t quarantined_capacity;
	size_t quarantined_written; /* to the store */
	enum awaits awaits;
	unsigned scans; /* of a whole village, for a move */
	/* uint32_t: numbers whose lineage is forgotten if the transaction is rolled back. */
	struct buffer continued;
	bool wrote; /* something went to the store directly */
	struct schema
		*schema; /* loaded in this transaction; for the catalogue once it is committed */
};

struct ingest {
	struct ingest_options options;
	struct ledger ledger;
	struct epoch *epochs; /* the present one last */
	size_t epoch_count;
	struct buffer lineages; /* struct lineage, of all streams that continue another, in order */
	const struct schema *schema; /* the newest as of ingest_begin */
	struct arena lifetime;
	uint64_t head;
	int64_t received_ms;
	int64_t clock_ms;
	uint64_t session; /* newest number given out */
	struct workset work;
	bool erases;	    /* something was ever erased here */
	bool erasure_waits; /* … and a device may still hold it */
	/* What may wait for the next transaction that writes anyway. */
	struct sync_session *sessions;
	size_t session_count;
	size_t session_capacity;
	struct contact *contacts;
	size_t contact_count;
	size_t contact_capacity;
};

void workset_init(struct workset *work);
void workset_finish(struct workset *work);
/* Forgets everything, keeps memory. */
void workset_clear(struct workset *work);
/* Half of what a transaction may hold is taken: nothing more that can wait should go into it. */
bool workset_crowded(const struct workset *work);
/* Writes log, records, streams, quarantine, tree, checkpoint and, last, the counter. *frontier_out:
 * the ledger's next frontier. */
enum status workset_write(struct ingest *ingest, struct frontier *frontier_out, struct error *err);

/* The slot of a record, loaded if need be; slot->exists says whether there is such a record. Valid
 * until workset_clear. */
enum status workset_record(struct ingest *ingest, uint64_t id, struct slot **out,
			   struct error *err);
/* For those who ask only what a record is and where: of slot->record id, type, village and version
 * are filled in, and slot->row. */
enum status workset_place(struct ingest *ingest, uint64_t id, struct slot **out, struct error *err);
/* That of a record which somebody with this scope (NULL: everything) may name. NOT_FOUND, told
 * alike and by the same steps: it is elsewhere, was erased, or there was never one. */
enum status workset_find(struct ingest *ingest, uint64_t id, const struct region *scope,
			 size_t scope_count, struct slot **out, struct error *err);
/* The record was removed from the store, or never came there. After workset_flush. */
enum status workset_forget(struct ingest *ingest, uint64_t id, struct error *err);
/* The slot of a record that cannot be in the store. */
enum status workset_new(struct ingest *ingest, uint64_t id, struct slot **out, struct error *err);
/* Writes the records that are dirty, and the entries of the log and of the quarantine that there
 * are now, so that queries see them. */
enum status workset_flush(struct ingest *ingest, struct error *err);
/* Only the quarantine, which is short: to look whether anything waits for a record. */
enum status workset_flush_quarantine(struct ingest *ingest, struct error *err);
/* The stream; NOT_FOUND. Borrowed until the next workset_stream. */
enum status workset_stream(struct ingest *ingest, uint32_t number, struct stream_slot **out,
			   struct error *err);
/* Gives the entry its seq, its time of receipt and a place in the log. The payload must live as
 * long as the working set. */
enum status workset_append(struct ingest *ingest, struct entry *entry,
			   const uint8_t salt[SALT_SIZE], struct span payload, struct error *err);
/* A late change of which nothing is kept: settled by its own entry. */
enum status workset_late(struct ingest *ingest, const struct entry *entry, struct error *err);
enum status workset_quarantine(struct ingest *ingest, const struct quarantined *quarantined,
			       struct error *err);
/* Is the creation of that record in quarantine? */
enum status workset_in_quarantine(struct ingest *ingest, uint64_t record, bool *held_out,
				  struct error *err);

/* Does anything in quarantine lack a record? Asked of the store once in a transaction. */
enum status workset_awaits(struct ingest *ingest, bool *out, struct error *err);

/* release.c: records that this parcel's changes from `from` up to `end` made are here now, and with
 * them what was set aside for lack of them is merged, if it can be: 1000 changes at most. */
enum status ingest_release_awaiting(struct ingest *ingest, const struct parcel *parcel, size_t from,
				    size_t end, struct error *err);

/* contact.c: is the parcel's request new? Notes that, and what else it says of its device. */
enum status contact_check(struct ingest *ingest, struct parcel *parcel, struct error *err);
/* contact.c: size of the largest checkpoint of this log that the device named; 0: none. */
enum status contact_witness(struct ingest *ingest, uint32_t device, uint64_t *out,
			    struct error *err);

/* The context for merging records of a type (by the newest schema). */
struct merge_context ingest_merge_context(const struct ingest *ingest, uint32_t type);
/* When entries of this transaction are received: never goes back. */
int64_t ingest_now_ms(const struct ingest *ingest);
/* What the clock says at its begin, right or wrong: for expiry, and for times that people read. */
int64_t ingest_clock_ms(const struct ingest *ingest);
/* Of the parcel's changes from `from` on some came late, and nothing of them is kept. Erases what
 * stood in quarantine and is about records that only these would have made: nobody could tell that
 * when it came. */
enum status ingest_erase_late(struct ingest *ingest, const struct parcel *parcel, size_t from,
			      struct error *err);
/* erase.c: was that record erased? */
enum status ingest_is_erased(struct ingest *ingest, uint64_t id, bool *out, struct error *err);
/* erase.c: the request's cursor says what its device holds no more. */
enum status ingest_erasure_ack(struct ingest *ingest, const struct parcel *parcel,
			       struct error *err);
/* follow.c: appends the ids of everything below the record, which is in that village. */
enum status ingest_below(struct ingest *ingest, uint64_t id, uint64_t village, struct buffer *ids,
			 struct error *err);
/* Appends an entry that is no change, with kind, user and record of `about`: salted commitment to a
 * CBOR payload, stream = n = 0. */
enum status ingest_append_note(struct ingest *ingest, const struct entry *about,
			       struct span payload, uint64_t *seq_out, struct error *err);
/* What a record would be once a change is merged, and where it belongs. */
struct outcome {
	struct record merged;
	uint64_t parent; /* 0: none */
	uint64_t village;
	bool of_device; /* the change is a device's */
};
/* Fills in parent and village of outcome->merged. NOT_FOUND: the parent is not known. */
enum status ingest_place(struct ingest *ingest, struct outcome *outcome, struct error *err);
/* What a person writes names only records that she may see. NOT_FOUND, told alike: the record is
 * outside of the scope (NULL: everything), erased, of a type that the field does not name, or there
 * was never one. Anything but a reference is OK. */
enum status ingest_check_reference(struct ingest *ingest, const struct record_type *type,
				   const struct change_field *field, const struct region *scope,
				   size_t scope_count, struct error *err);
/* The record, merged and placed, changes its village at `seq`, and what hangs below it follows. */
enum status ingest_move(struct ingest *ingest, struct slot *slot, uint64_t village, uint64_t seq,
			struct error *err);
/* The slot becomes the outcome, as of entry `seq`; what hangs below follows when the village
 * changed. */
enum status ingest_merge(struct ingest *ingest, struct slot *slot, const struct outcome *outcome,
			 uint64_t seq, struct error *err);

/* A change of a server stream: numbered, committed to, merged and logged. `change` comes with kind,
 * record, type, base and fields; record 0: a new one. */
struct server_change {
	struct change change;
	uint32_t stream;
	uint32_t user;
	bool said_before; /* time, clock quality and schema version come with it, too */
};
enum status ingest_server_change(struct ingest *ingest, struct server_change *own,
				 uint64_t *seq_out, struct error *err);

/* As ingest_token_add, with a token that is there already. */
enum status ingest_token_put(struct ingest *ingest, const struct token_order *order,
			     struct span text, struct error *err);

/* By what a server noticed that a part of its log is lost; all zero: somebody said so. */
struct lost_log {
	uint32_t device; /* that showed a checkpoint … */
	uint64_t size;	 /* … of so many entries */
};
/* epoch.c: begins an epoch, durable when it returns. Outside of a transaction. */
enum status epoch_write(struct ingest *ingest, uint64_t cut, const struct lost_log *lost,
			struct epoch *out, struct error *err);
/* epoch.c: inside the transaction of its entry: merges and checkpoints are of that epoch from here
 * on. If it is cut before the log's end, records of which more shows as a conflict than before are
 * counted anew. */
enum status epoch_enter(struct ingest *ingest, const struct epoch *epoch, struct error *err);
/* epoch.c: takes a device in again that the backup does not know: stream and device as its
 * certificate says, and an entry like that of an enrolment. EXISTS: its number is another's, or
 * there is none on it (device 0). The caller has checked whose certificate it is. */
enum status ingest_readmit(struct ingest *ingest, const struct certificate *certificate,
			   struct error *err);

/* fork.c: does the request tell another history than the log, which has the `logged` of its first
 * `count` changes? Then the parcel's status says so, and where they part. */
bool fork_shown(const struct ingest *ingest, struct parcel *parcel, const struct stream *stream,
		const struct logged_change *logged, size_t count);
/* fork.c: answers a head that asks to go on after a fork. A failure is the store's. */
enum status ingest_continue(struct ingest *ingest, struct parcel *parcel, struct error *err);

/* Appends the certificate, issued now by this server: its origin is filled in. */
void ingest_certify(const struct ingest *ingest, struct certificate *card, struct buffer *out);

/* A stream with a random unused number, which it gets, and the beginning of its chain. */
enum status ingest_stream_add(struct ingest *ingest, struct stream *stream, struct error *err);
/* The same for one that continues none. */
enum status ingest_stream_create(struct ingest *ingest, enum stream_kind kind, struct span name,
				 const uint8_t key[32], uint32_t *number_out, struct error *err);

#endif
