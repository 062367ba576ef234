/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sambung: records that are made without a network and synced in one round trip.
 *
 *     struct sambung_error err;
 *     struct sambung *device;
 *     struct sambung_edit *edit;
 *
 *     sambung_open(&(struct sambung_options){ .directory = "/data/sambung" }, &device, &err);
 *     sambung_edit_create(device, "visit", &edit, &err);
 *     sambung_edit_set(edit, "person", "r1g4000015", &err);
 *     sambung_edit_set(edit, "weight", "8.4", &err);
 *     sambung_edit_commit(edit, NULL, NULL, &err);        (durable when it returns)
 *     sambung_sync(device, NULL, &result, &err);
 *     sambung_close(device);
 *
 * A `struct sambung` is one installation: a folder with device.db and device.key. It has no threads
 * and no global state; one thread at a time may use it. Two processes on one folder wait for each
 * other up to 10 seconds.
 *
 * Functions return 0 when done, else the status also found in the error. All text is UTF-8.
 * Out parameters are written only on success.
 */
#ifndef SAMBUNG_H
#define SAMBUNG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SAMBUNG_API __attribute__((visibility("default")))
#else
#define SAMBUNG_API
#endif

#define SAMBUNG_VERSION "0.1.0"

enum sambung_language { SAMBUNG_EN, SAMBUNG_ID };

struct sambung_error {
	int status;	  /* 0: none; for sambung_status_name */
	char detail[240]; /* names, numbers, positions; no advice and nobody's data */
};

/* "not_found", "unreachable" …; never NULL. */
SAMBUNG_API const char *sambung_status_name(int status);
/* One sentence for a person: what, which thing, what to do next. Returns out. */
SAMBUNG_API char *sambung_error_sentence(const struct sambung_error *err,
					 enum sambung_language language, char *out, size_t size);

/* ---- what the platform brings; every member may be NULL for the built-in one ---- */

struct sambung_bytes {
	const uint8_t *at;
	size_t length;
};

struct sambung_platform {
	void *context;
	/* Milliseconds since 1970-01-01 UTC by the wall clock, which may be wrong. */
	int64_t (*wall_ms)(void *context);
	/* Milliseconds since the machine booted, and 16 bytes that differ from boot to boot. */
	int64_t (*uptime_ms)(void *context);
	void (*boot_id)(void *context, uint8_t out[16]);
	/* Fills with randomness fit for keys; 0 when done. */
	int (*random)(void *context, void *out, size_t length);
	/*
	 * Posts one parcel to url and waits for the answer. `take` is called with the body piece by
	 * piece and stops the transfer by returning non-zero. Counts what went through the socket,
	 * headers included. Returns 0 and the HTTP status, or non-zero and a reason in `why`:
	 * names and numbers of any language, such as "curl 7"; 2 if the server cannot prove who it
	 * is. A url that ends in #sha256//… is of a server that is known by this hash of its public
	 * key (or the second, after ;) instead of by an authority.
	 */
	int (*post)(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
		    int (*take)(void *sink, const void *bytes, size_t length), void *sink,
		    int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out,
		    char *why, size_t why_size);
	/* Seconds that the last answer of `post` asked to wait (Retry-After); 0: it did not. NULL
	 * beside a `post` of one's own: never. */
	unsigned (*retry_after_s)(void *context);
	/* Waits; non-zero: the sync ends instead. NULL beside a `post` of one's own: a sync tries
	 * nothing twice. */
	int (*wait)(void *context, uint32_t milliseconds);
};

/*
 * A lock: with one, device.key can only be opened with 32 bytes that the app has from elsewhere,
 * such as a key store of the phone or a PIN (sambung_pin_key), and with it everything in device.db
 * that tells of a person. The members are kept beside what is locked, for the app; an app without a
 * PIN may leave them 0. Without a lock whoever has both files can read everything.
 */
enum { SAMBUNG_SALT_SIZE = 16 };
struct sambung_lock {
	uint8_t salt[SAMBUNG_SALT_SIZE];
	uint32_t passes;     /* Argon2id: how often … */
	uint32_t memory_kib; /* … it goes through so much memory */
};
/* Fills the key of a lock; non-zero: it cannot, and what needs it fails with `pin_needed`. */
typedef int (*sambung_key_fn)(void *context, const struct sambung_lock *lock, uint8_t key_out[32]);

struct sambung_options {
	const char *directory;			 /* made if it is not there (its parent must be) */
	const struct sambung_platform *platform; /* NULL: built in; copied */
	sambung_key_fn key; /* asked when there is a lock; NULL: nothing opens it */
	void *key_context;
};

struct sambung;

/* With a lock and no key of it (not `pin_wrong`, which fails) sambung_state still tells numbers. */
SAMBUNG_API int sambung_open(const struct sambung_options *options, struct sambung **out,
			     struct sambung_error *err);
SAMBUNG_API void sambung_close(struct sambung *device);
/* Locks an enrolled installation that is open, or locks it otherwise; lock NULL: takes the lock
 * away. Only device.key is written anew, 85 bytes with a lock, 32 without; nothing that it opens.
 */
SAMBUNG_API int sambung_lock_set(struct sambung *device, const struct sambung_lock *lock,
				 const uint8_t *key, struct sambung_error *err);
/* The key that a PIN gives with this lock, by Argon2id: takes lock->memory_kib of RAM meanwhile. */
SAMBUNG_API int sambung_pin_key(const struct sambung_lock *lock, const char *pin,
				uint8_t key_out[32], struct sambung_error *err);

/* ---- enrolment ---- */

/* Makes the device's key and enrols with a code from the admin. With the same code again (a reply
 * that was lost) it finishes; an enrolled device fails with `already_enrolled`. */
SAMBUNG_API int sambung_enrol(struct sambung *device, const char *code, struct sambung_error *err);

/* ---- editing ---- */

struct sambung_edit;

/* A form for a new record of a type. */
SAMBUNG_API int sambung_edit_create(struct sambung *device, const char *type,
				    struct sambung_edit **out, struct sambung_error *err);
/* A form on an existing record: freezes what the form shows (base and own). */
SAMBUNG_API int sambung_edit_begin(struct sambung *device, const char *id,
				   struct sambung_edit **out, struct sambung_error *err);
/* What the form had seen, where an app kept it itself: not newer than what the device holds. `own`
 * counts under sambung_state.device; if that has changed since, begin anew. */
SAMBUNG_API int sambung_edit_seen(struct sambung_edit *edit, uint64_t base, uint32_t own,
				  struct sambung_error *err);
/* Sets a field from text as people write it ("8.4", "2026-11-20", "bumil", "asi,kb", "+kb,-asi");
 * "" clears. Built-in fields: village, archived (reason), same_as. */
SAMBUNG_API int sambung_edit_set(struct sambung_edit *edit, const char *field, const char *text,
				 struct sambung_error *err);
/* Checks and stores the change; durable when it returns 0. Frees the edit when it returns 0; after
 * a failure it can be corrected and committed again, or cancelled. id_out: 16 bytes or NULL.
 * STORAGE: if nothing else is written before sambung_close, the change may be there all the same
 * when the folder is opened again, for the disk may have taken what it reported as failed. */
SAMBUNG_API int sambung_edit_commit(struct sambung_edit *edit, char *id_out, uint32_t *n_out,
				    struct sambung_error *err);
SAMBUNG_API void sambung_edit_cancel(struct sambung_edit *edit);

/* ---- reading ---- */

/* Called with one line of JSON (docs/http-api.md, "Record") without its newline; non-zero stops. */
typedef int (*sambung_line_fn)(void *context, const char *line, size_t length);

SAMBUNG_API int sambung_record(struct sambung *device, const char *id, sambung_line_fn line,
			       void *context, struct sambung_error *err);
struct sambung_query {
	const char *type; /* NULL: all */
	const char
		*match; /* NULL: all; else some text field holds it, letters of either case alike */
	int due; /* only what is due: next visit date reached, or follow-up open past its date */
};
/* Ascending id. */
SAMBUNG_API int sambung_records(struct sambung *device, const struct sambung_query *query,
				sambung_line_fn line, void *context, struct sambung_error *err);
/* One line: {"type","label","title":[field names],"fields":[{"name","label","type","required",
 * "choices","refuse","warn","unit","scale","if"}],"rules":[{"name","label"}]}, fields in the order
 * of the form. */
SAMBUNG_API int sambung_form(struct sambung *device, const char *type,
			     enum sambung_language language, sambung_line_fn line, void *context,
			     struct sambung_error *err);

struct sambung_state {
	uint32_t device; /* 0: not enrolled */
	char cadre[104];
	uint32_t queued; /* changes not yet acknowledged */
	uint32_t last_n;
	uint32_t acked_n;
	uint32_t epoch;
	uint64_t cursor;
	int64_t last_sync_ms; /* 0: never */
	uint32_t quarantined; /* own changes set aside at the server */
	uint32_t conflicts;   /* records here with rival values to be settled */
	int locked;	      /* the name is empty because nothing has opened the lock */
	/* By the server's clock: since then this installation, revoked, destroys what it held; with
	 * device 0 it has, has told the server so, and can enrol anew. 0: no. */
	int64_t destroyed_ms;
	/* Without a contact until then the records are shut (`lease_over`), until the next; what
	 * waits is sent all the same. 0: there is no such time, or the lock is not open. */
	int64_t lease_until_ms;
	int lease_over;
	/* The newest statement of the server about its log: so many entries, and the first 12
	 * characters of their root. Whoever holds the same number must hold the same characters. 0
	 * and "": there is none yet. */
	uint64_t log_size;
	char log_root[16];
	/* Since then this installation holds two statements of the server that contradict each
	 * other (sambung_evidence): to be shown on every screen. Everything works on. 0: it does
	 * not. */
	int64_t contradiction_ms;
};
SAMBUNG_API int sambung_state(struct sambung *device, struct sambung_state *out,
			      struct sambung_error *err);

/* ---- syncing ---- */

struct sambung_result {
	uint32_t requests;
	uint64_t bytes_up; /* through the socket, HTTP headers included, without TLS, TCP, IP */
	uint64_t bytes_down;
	uint32_t sent;
	uint32_t acked;
	uint32_t received;  /* records */
	uint32_t conflicts; /* own changes found in conflict in this sync */
	uint32_t quarantined;
	uint32_t erased; /* own changes destroyed, here too, because their record was legally erased
			  */
	int synced;	 /* last n acknowledged, and all of the scope received */
	/* The number that this installation goes on under since this sync, because it was restored
	 * from a copy, or copied; 0: its number stays. Nothing that it recorded is lost. Records
	 * made since the copy have new ids; the old ones still find them. */
	uint32_t continues_as;
	unsigned retry_after_s; /* a full server asked to wait so long; 0: it did not */
};
/* Called after each exchange; non-zero stops the sync (everything so far is kept). */
typedef int (*sambung_progress_fn)(void *context, const struct sambung_result *so_far);

/* Exchanges until synced or failed. *result is written either way. An exchange that is cut off, or
 * that a full server puts off, is tried again up to twice within 30 seconds; a server that is not
 * reached at all is not. What came through stays, so the next sync goes on from there. */
SAMBUNG_API int sambung_sync(struct sambung *device, sambung_progress_fn progress, void *context,
			     struct sambung_result *result, struct sambung_error *err);

/*
 * The same, step by step, for platforms that bring their own network. sambung_exchange_request
 * hands out one parcel (borrowed until the next call); its answer, from wherever it comes, goes to
 * sambung_exchange_reply, which says in *again_out whether there is more to exchange, and adds to
 * *so_far (which may be NULL) all but requests and bytes, which only the carrier knows. A request
 * that never gets its answer does no harm; nor does an answer that comes twice, or after the next
 * request was made. Once a week at most there is one exchange more after so_far->synced is set: it
 * asks the server for a proof that its log goes on, and need not succeed.
 */
SAMBUNG_API int sambung_exchange_request(struct sambung *device, struct sambung_bytes *out,
					 struct sambung_error *err);
SAMBUNG_API int sambung_exchange_reply(struct sambung *device, struct sambung_bytes reply,
				       int *again_out, struct sambung_result *so_far,
				       struct sambung_error *err);

/*
 * Carrying: a phone without any signal delivers through files, which any phone or computer may post
 * for it and can neither read nor change. Twice, late, out of order or after a sync of its own: no
 * harm. What waits stays as it is until an answer says that the server has it. It costs, on the
 * wire, 34 bytes for a file and 5 for each parcel in it; in device.db some 120 bytes for each of
 * the newest 64 parcels; while a file is made or taken twice its size in memory; and 8 KiB of code
 * (docs/protocol.md, section 14.9).
 */
struct sambung_carried {
	uint32_t parcels;  /* in the file */
	uint32_t answered; /* of these; after an earlier delivery too */
	uint32_t changes;  /* carry_out: in the file */
	uint32_t left;	   /* carry_out: that wait but found no room; they go after the answers */
};
/* Called once with a whole file, borrowed for the call; non-zero fails with `storage`. */
typedef int (*sambung_file_fn)(void *context, struct sambung_bytes file);

/* The evidence that the server contradicted itself: a text with the signed statements and the proof
 * that does not hold (docs/ledger.md), handed out once, borrowed for the call; non-zero fails with
 * `storage`. It names nobody. `not_found`: it did not. */
SAMBUNG_API int sambung_evidence(struct sambung *device, sambung_file_fn file, void *context,
				 struct sambung_error *err);
/* It was given to somebody: forgets it, and what the server said of its log before. */
SAMBUNG_API int sambung_evidence_forget(struct sambung *device, struct sambung_error *err);

/* Makes a file of what waits, or only of a question for news when nothing waits. */
SAMBUNG_API int sambung_carry_out(struct sambung *device, sambung_file_fn file, void *context,
				  struct sambung_carried *out, struct sambung_error *err);
/* Takes the file of answers: *result is written either way, with the answers taken as `requests`.
 * Those for other phones, or for a file older than the last 64 parcels, are passed over. */
SAMBUNG_API int sambung_carry_in(struct sambung *device, struct sambung_bytes answers,
				 struct sambung_result *result, struct sambung_error *err);

struct sambung_delivery {
	const struct sambung_platform *platform; /* NULL: built in; only post is used */
	const char *url;			 /* of the server, without /v1/sync */
	struct sambung_bytes file;		 /* of sambung_carry_out */
	struct sambung_bytes answers;		 /* of an earlier delivery of it; none: length 0 */
	/* The installation of who delivers, NULL: none. It is synced as well, and the answers tell
	 * the other phone which log it was shown: so a server that shows two logs is caught. */
	struct sambung *carrier;
	sambung_file_fn take; /* gets the file of answers, if there is any answer */
	void *context;
};
/* Posts each parcel that has no answer yet, in order, until one gets none: needs no enrolment. 0
 * only if all are answered. *out is written either way. */
SAMBUNG_API int sambung_carry_deliver(const struct sambung_delivery *delivery,
				      struct sambung_carried *out, struct sambung_error *err);

/*
 * A receipt: a short proof that what was recorded here is in the server's log, which anybody can
 * check who has the log's key (docs/ledger.md). What it costs: protocol/receipt.h.
 */
struct sambung_receipt {
	uint32_t device;   /* changes 1 … of this number … */
	uint32_t changes;  /* … to this one are in the log, */
	int64_t newest_ms; /* which was recorded then; 0: not known, as its record was erased */
	int set_aside;	   /* it waits there for the admin */
	int64_t since_ms;  /* the number was given to this phone then; 0: not known */
	uint64_t log_size; /* entries of the log then, */
	char root[13];	   /* and the first characters of its root, as they stand on paper */
	int64_t told_ms;   /* by the server's clock */
};
/* Syncs as sambung_sync does, and asks for one. `signature`: what came proves nothing; everything
 * else was taken. A server that knows nothing of it sends none. */
SAMBUNG_API int sambung_receipt_sync(struct sambung *device, struct sambung_result *result,
				     struct sambung_error *err);
/* The newest that this phone has taken, from a sync or a file of answers, and verified against what
 * it had recorded. `text` (or NULL) gets it for others, less than 2 KiB. Needs no network.
 * `not_found`. */
SAMBUNG_API int sambung_receipt(struct sambung *device, sambung_file_fn text, void *context,
				struct sambung_receipt *out, struct sambung_error *err);

#ifdef __cplusplus
}
#endif

#endif
