/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest: how anything gets into the log.
 *
 * A function of (store, clock, randomness, opened parcels) with no thread and no HTTP in it. All
 * writes go through one `struct ingest`, used by one thread (ingest/writer.h, or a test):
 *
 *     ingest_begin → ingest_parcel | ingest_settle | … (each all or nothing) → ingest_commit
 *
 * ingest_open and ingest_reply run outside, in any thread, each with a reader of its own.
 */
#ifndef SAMBUNG_DAEMON_INGEST_INGEST_H
#define SAMBUNG_DAEMON_INGEST_INGEST_H

#include "daemon/schema/catalogue.h"
#include "daemon/trust/keys.h"

struct platform {
	void *context;
	int64_t (*now_ms)(void *context); /* UTC */
	void (*random)(void *context, void *out, size_t length);
};

struct ingest;

/* Borrows everything. The store is the writer. */
struct ingest_options {
	struct store *store;
	struct catalogue *catalogue;
	const struct server_keys *keys;
	struct platform platform;
	/* Keeps the ids of what is erased in the server's directory, before the transaction that
	 * erases it commits (erased_append). NULL: they are there already. */
	enum status (*erased_keep)(const char *directory, const uint64_t *ids, size_t count,
				   int64_t now_ms, struct error *err);
	const char *directory;
};
enum status ingest_create(const struct ingest_options *options, struct ingest **out,
			  struct error *err);
void ingest_free(struct ingest *ingest);

/* First entries of a new server: origin, name and url, epoch, the admin's stream, the first schema.
 */
struct server_birth {
	struct span name;
	struct span url;
	struct span schema_json;
};
enum status ingest_found_server(const char *database, const struct server_keys *keys,
				const struct platform *platform, const struct server_birth *birth,
				struct span admin_token, struct error *err);

/* The database is an older copy of what this server had: a new epoch begins, cut at the log's head,
 * as an entry of its own with a checkpoint. Durable when it returns. STORAGE: it is no whole
 * database, or one of another server. Nobody else may use the store. */
enum status ingest_epoch_begin(struct store *store, const struct server_keys *keys,
			       const struct platform *platform, struct epoch *out,
			       struct error *err);

/* One transaction. Everything in between is in it; commit makes it durable and learns the new head.
 * A commit with nothing to write writes nothing. After a failed commit nothing of it happened. */
enum status ingest_begin(struct ingest *ingest, struct error *err);
enum status ingest_commit(struct ingest *ingest, struct error *err);
void ingest_rollback(struct ingest *ingest);
/* Writes what waits for the next transaction (sessions and contacts of exchanges that said
 * nothing). */
enum status ingest_flush(struct ingest *ingest, struct error *err);

/* A transaction of its own that does a piece of what can wait until nothing else is to be done: the
 * typed tables. *behind_out: there is more of it. */
enum status ingest_rest(struct ingest *ingest, bool *behind_out, struct error *err);

/* Inside a transaction: it has become so large or slow that what can wait should. */
bool ingest_crowded(const struct ingest *ingest);

/* Inside a transaction: what waits shall be written with it, even if nothing else is. */
void ingest_write_waiting(struct ingest *ingest);

/* ---- parcels ---- */

struct parcel_change {
	struct change change; /* if reason is 0 or says that it decoded */
	struct span bytes;
	uint8_t salt[SALT_SIZE];
	uint8_t commitment[HASH_SIZE];
	/* QUARANTINE_MALFORMED if it did not decode, QUARANTINE_ERASED of a stub, whose record is
	 * known and nothing else; QUARANTINE_NONE else. */
	enum quarantine_reason reason;
	bool pardoned; /* by an admin: neither scope nor revocation keeps it out */
};

/* One sync request on its way through. Zeroed by parcel_init. */
struct parcel {
	struct arena arena;
	struct buffer plain; /* what `opened` borrows */
	struct buffer body;  /* what the changes borrow */
	struct opened_parcel opened;
	struct request_head head;
	struct device device; /* as it was when the parcel was opened */
	struct parcel_change *changes;
	size_t change_count;
	const struct batch *batches; /* they cover the changes */
	/* A device that this server lost with its newest past shows what it was given; device 0:
	 * not. The writer takes it in again. */
	struct certificate certificate;
	uint16_t lease_days;		/* the caller's, before it is opened; 0: no lease */
	const struct server_keys *keys; /* that it was opened with */
	bool witness_fits;		/* or there is none */
	/* head.shown is a checkpoint of this server, signed by its log key, of head.epoch. */
	bool shown;
	size_t request_bytes; /* body of the HTTP request */
	bool sealed_reply;    /* a reply key exists: answer 200 and sealed, whatever the status */
	enum status status;   /* OK, or why nothing of it is merged … */
	struct error error;   /* … in detail */

	/* what the writer found */
	uint64_t session;
	bool fresh; /* r was new */
	/* The device remembers another log of this epoch: one that is longer, or with a checkpoint
	 * that this server never signed. It need not be true. */
	bool astray;
	bool estranged; /* … and this server does not know it (FOREIGN) */
	/* … and shall show it first: until then nothing of the request counts but its r. */
	bool withheld;
	struct epoch began; /* by it: ingest_notice; epoch 0: none */
	uint64_t r_seen;
	uint32_t acked_n;
	uint32_t send_from;
	/* It ends where the log ends, or behind: by its chain the device has all that the log has
	 * of it. */
	bool at_end;
	/* The device knows of fewer changes than were acknowledged, and all that it sent is in the
	 * log: a fork, but where is told only when it has sent the rest. */
	bool unsure;
	/* After a fork: the certificate of the number that the installation goes on under, and the
	 * version of its scope. */
	struct span continued;
	uint64_t continued_scope;
	struct ack_run *acks;
	size_t ack_count;
	struct exception *exceptions;
	size_t exception_count;
	struct sync_session report;
};

void parcel_init(struct parcel *parcel);
void parcel_finish(struct parcel *parcel);
/* The transaction that it was merged in was undone: its report counts nothing as merged. */
void parcel_unwritten(struct parcel *parcel);
/* Its device was enrolled and has taken nothing of any log since: no base of it can mean one that
 * is lost. */
bool parcel_has_nothing(const struct parcel *parcel);

/*
 * Opens, finds the device, checks the signature, inflates, splits, decodes and commits to each
 * change. Never fails: parcel->status says what is wrong. `request` must live as long as the
 * parcel.
 */
void ingest_open(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
		 struct span request);
/* Of a change that has its bytes: salt and commitment as number n of that stream, under its batch's
 * seed, and what it says, or that it is malformed. */
void change_read(struct parcel_change *change, uint32_t stream, uint32_t n, const uint8_t *seed,
		 struct arena *arena);
/*
 * Before a transaction, in the thread that writes: if the parcel shows a checkpoint that this
 * server signed and its log does not contain, the server was set back without anybody saying so
 * (or its log was written anew), and a new epoch begins, parcel->began. Then the parcel is one of a
 * former epoch. Durable when it returns; a failure is the store's, and nothing happened.
 */
enum status ingest_notice(struct ingest *ingest, struct parcel *parcel, struct error *err);
/* Inside a transaction, which the parcel must outlive, as records borrow its values until then:
 * merges what is new, acknowledges, quarantines. Never fails as a whole for
 * what stands in a parcel; a failure means that the store failed, and the caller rolls back. */
enum status ingest_parcel(struct ingest *ingest, struct parcel *parcel, struct error *err);
/* A session's row, complete; written with the next transaction that writes. */
enum status ingest_session(struct ingest *ingest, const struct sync_session *session,
			   struct error *err);
/* After the commit: appends the sealed reply, read from the reader's own snapshot. `room` is taken
 * from the head. */
enum status ingest_reply(struct parcel *parcel, struct store *reader, struct catalogue *catalogue,
			 const struct platform *platform, struct buffer *out, struct error *err);

/* ---- what an admin adopts ---- */

/*
 * A file of a phone (protocol/carry.h) whose changes the log can never have under its number: the
 * phone was restored from a backup after it wrote the file and has said other things since, or it
 * cannot be healed (docs/protocol.md 14.4, "Adopting"). The server makes the changes again, as the
 * phone would, under a new number, whose key nobody has.
 */
struct adoption;
/*
 * Opens all of the file, without a transaction. `file` must live as long as what is returned, and
 * that until the commit. As ingest_open's status: a parcel that does not open, with its number in
 * the detail. INVALID: there is no change in it, it is of several devices, or the parcels do not
 * follow each other. Holds the file unpacked: 1 MiB for a parcel at most, and what is decoded.
 */
enum status adoption_open(struct span file, struct store *reader, const struct server_keys *keys,
			  struct adoption **out, struct error *err);
void adoption_free(struct adoption *adoption);

struct adopt_order {
	struct span reason; /* 1 to QUARANTINE_REASON_MAX bytes */
	uint32_t user;
};
struct adopt_count {
	uint32_t device;      /* that wrote the file */
	uint32_t number;      /* under which its changes are in the log now */
	uint32_t adopted;     /* by this transaction */
	uint32_t quarantined; /* of these */
	uint32_t before;      /* that had been adopted, or sent under another number, before */
	uint32_t missing;     /* before these: acknowledged once, and the log has lost them */
	bool more;	      /* there is more in the file: once more, in another transaction */
};
/* Inside a transaction. Twice the same file adopts nothing the second time, and a longer one what
 * it has more. INVALID, nothing is written: nothing differs, the reason is none, the installation
 * has too many numbers, or a schema is missing; the detail says what, and what to do. Any other
 * failure is the store's. */
enum status ingest_adopt(struct ingest *ingest, const struct adoption *adoption,
			 const struct adopt_order *order, struct adopt_count *out,
			 struct error *err);

/* ---- enrolment ---- */

struct code_order {
	struct span cadre;
	const struct region *scope;
	size_t scope_count;
	uint32_t user; /* who asked */
};
/* code_out: CODE_TEXT_MAX bytes. */
enum status ingest_code_make(struct ingest *ingest, const struct code_order *order, char *code_out,
			     int64_t *expires_ms_out, struct error *err);
/* Opens an enrolment parcel and appends the sealed reply. Fails only where no reply key exists. */
enum status ingest_enrol(struct ingest *ingest, struct span request, struct buffer *out,
			 struct error *err);

/* ---- people and programs ---- */

enum { TOKEN_TEXT_SIZE = 48 };
struct token_order {
	enum role role;
	struct region scope; /* low 0: everything */
	struct span name;
	int64_t expires_ms; /* 0: never */
	uint32_t user;
};
/* EXISTS: the name is or was a user's, as with ingest_user_add. Tokens may share one. */
enum status ingest_token_add(struct ingest *ingest, const struct token_order *order,
			     char token_out[TOKEN_TEXT_SIZE], struct error *err);
/* The token behind a text; UNAUTHENTICATED if unknown, expired or revoked. Any thread. */
enum status token_find(struct store *reader, const char *text, int64_t now_ms, struct arena *arena,
		       struct token *out, struct error *err);

/* One field of a record gets a value, with everything up to `base` seen (0: the record's version).
 * STALE if a member came after base; NOT_FOUND; INVALID. *seq_out: its entry. */
struct settlement {
	uint64_t record;
	struct span field;
	struct span value; /* as people write it */
	uint64_t base;
	uint32_t user;
	const struct region *scope; /* of the user; NULL: everything */
	size_t scope_count;
};
enum status ingest_settle(struct ingest *ingest, const struct settlement *settlement,
			  uint64_t *seq_out, struct error *err);

/* An import is a stream of its own. Rows are added in any number of transactions. */
struct import_row_in {
	const struct record_type *type;
	struct span key;
	const struct span *names; /* columns */
	const struct span *cells;
	size_t count;
};
enum import_result { IMPORT_ADDED, IMPORT_UPDATED, IMPORT_UNCHANGED };
enum status ingest_import_begin(struct ingest *ingest, uint32_t user, uint32_t *stream_out,
				struct error *err);
/* INVALID and the like refuse the row and leave nothing of it; the error's detail names the column
 * as "column: why". */
enum status ingest_import_row(struct ingest *ingest, uint32_t stream, uint32_t user,
			      const struct import_row_in *in, enum import_result *result_out,
			      struct error *err);

/* Checks against the newest version and stores; *version_out. */
enum status ingest_schema_load(struct ingest *ingest, struct span json, uint32_t user,
			       uint32_t *version_out, struct error *err);
/* The device and every other number of its family (family.h). NOT_FOUND. */
enum status ingest_device_revoke(struct ingest *ingest, uint32_t number, uint32_t user,
				 struct error *err);
/* A cadre gets another phone: the device is revoked, as above, and a code for the same cadre and
 * villages made. Both or neither. NOT_FOUND; INVALID: it has no village. */
enum status ingest_device_replace(struct ingest *ingest, uint32_t number, uint32_t user,
				  char *code_out, int64_t *expires_ms_out, struct error *err);
/* Every number of the device's family is active again. NOT_FOUND: no such device. INVALID: it was
 * revoked, or none of its family is held or former. */
enum status ingest_device_allow(struct ingest *ingest, uint32_t number, uint32_t user,
				struct error *err);
/*
 * From now on the device's scope is these regions. What it recorded before it knew counts as before
 * (judge). NOT_FOUND: no such device. INVALID: it was revoked, one of them is no region, or there
 * is none (a device that shall hold nothing is revoked). LIMIT: more than MESSAGE_SCOPE_MAX. The
 * scope that it has already leaves no entry.
 */
enum status ingest_device_scope(struct ingest *ingest, uint32_t number,
				const struct region *regions, size_t count, uint32_t user,
				struct error *err);
/* One cadre takes over from another: `to` gains the villages of `from`, which is left with none and
 * may be revoked. Both or neither. NOT_FOUND; INVALID: they are the same device, `from` has no
 * village, or `to` was revoked; LIMIT. */
enum status ingest_handover(struct ingest *ingest, uint32_t from, uint32_t to, uint32_t user,
			    struct error *err);
/*
 * An admin lets a change in that was set aside: it is judged as things are now, its device's scope
 * and revocation apart, and merged as what it is, with its own base. What was set aside for lack of
 * the record that it creates follows, in the order of the log: that device's with the same pardon,
 * others' if they may. NOT_FOUND: no such change in quarantine. EXISTS: released before. SET_ASIDE:
 * it cannot be merged, the detail says why and what helps. Beyond the scope of the user: NOT_FOUND.
 */
enum { QUARANTINE_REASON_MAX = 500 /* bytes */ };
struct quarantine_order {
	uint32_t device;
	uint32_t n;
	uint32_t user;		    /* to give it to another record: must be one */
	struct span reason;	    /* to close; to give it, if there is any */
	uint64_t to;		    /* record that it is given to */
	const struct region *scope; /* of the user; NULL: everything */
	size_t scope_count;
};
/* *count_out: how many were released. */
enum status ingest_release(struct ingest *ingest, const struct quarantine_order *order,
			   uint64_t *count_out, struct error *err);
/* Settles a change without merging it, for a reason: it leaves the list, and stays in the log. It
 * may be released all the same, later. NOT_FOUND; EXISTS: released or closed before; INVALID: no
 * reason, or one of more than 500 bytes. */
enum status ingest_quarantine_close(struct ingest *ingest, const struct quarantine_order *order,
				    struct error *err);

/*
 * What a change in quarantine says is said of another record, or below another one: a change of the
 * user's own stream, with the author's time and values, and a note. It has seen nothing of the
 * record, so what stands there stays. A change of the record's own type becomes an edit of it; of a
 * creation without the place that it names (village, what it hangs on). A creation of what hangs on
 * records of that type becomes that record, below `to`. What waited for a record made so follows as
 * with a release; what the device recorded below a record whose creation became an edit goes below
 * `to`. NOT_FOUND: no such change or record within the scope. EXISTS: released, or given before.
 * SET_ASIDE: it cannot be merged there, the detail says why. INVALID: neither fits, nothing is left
 * to say, or the reason is too long. *count_out: how many were merged.
 */
enum status ingest_reassign(struct ingest *ingest, const struct quarantine_order *order,
			    uint64_t *count_out, struct error *err);

/* Where phones find the server: its url, and the pins of its TLS key behind a # if there are any.
 * LIMIT: more than CODE_URL_MAX. Any thread. */
enum status ingest_address(struct store *store, struct arena *arena, struct span *out,
			   struct error *err);

/* One of the server's settings in the store, which leaves no entry. */
enum status ingest_setting_put(struct ingest *ingest, const char *name, struct span value,
			       struct error *err);
/*
 * A record and everything below it is destroyed by law: rows, history, what waits in quarantine and
 * speaks of it, what imports know of it. What is left is that it was there: headers and commitments
 * of its entries, and its id in an entry of kind erasure. It is gone from all answers with the
 * commit, from the file with store_vacuum. Devices that may hold it are told (erase.c).
 * NOT_FOUND: there is no such record within the scope, not even in quarantine. EXISTS: it was
 * erased before (only who sees everything is told that). INVALID: the reason is none of
 * erase_reasons.
 */
struct erase_order {
	uint64_t record;
	struct span reason;
	uint32_t user;
	const struct region *scope; /* of the user; NULL: everything */
	size_t scope_count;
};
struct erase_count {
	uint64_t seq; /* of the last entry */
	size_t records;
	size_t devices; /* that are told */
};
enum status ingest_erase(struct ingest *ingest, const struct erase_order *order,
			 struct erase_count *out, struct error *err);
/* The words that a reason may be: a text of somebody's own could name the person. Ended by NULL. */
extern const char *const erase_reasons[];
/* Erases these ids again, that a restored database may have: as above, whether they are there or
 * not. Those that it knows to be erased are passed over; *count_out: the others. */
enum status ingest_erase_again(struct ingest *ingest, const uint64_t *ids, size_t count,
			       size_t *count_out, struct error *err);

/* Somebody reads personal data: user, route and filter go into the log before the first byte is
 * sent. */
enum status ingest_read_entry(struct ingest *ingest, uint32_t user, const char *route,
			      const char *filter, struct error *err);

#endif
