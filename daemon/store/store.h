/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: what the daemon keeps, in the words of the domain.
 *
 * One `struct store` is one connection, used by one thread at a time. A writer writes inside
 * store_begin … store_commit; a reader reads inside store_snapshot … store_snapshot_end, and sees
 * one unchanging state. What a call hands out is copied into the caller's arena unless it says
 * `borrows`. Every function fails with STORAGE, FULL (disk) or BUSY; others are named where they
 * occur. After a failure inside a transaction the caller rolls back. MEMORY: also when the caller's
 * arena is exhausted.
 *
 * Regions are a pointer and a count: NULL means all villages, a count of 0 with a pointer none. A
 * function that calls back may be called by what it calls back no second time on the same store;
 * any other may.
 *
 * Only this folder knows SQL. daemon/store/store_sqlite*.c implement it on SQLite.
 */
#ifndef SAMBUNG_DAEMON_STORE_STORE_H
#define SAMBUNG_DAEMON_STORE_STORE_H

#include "protocol/checkpoint.h"
#include "protocol/enrolment.h"
#include "protocol/entry.h"
#include "protocol/merge.h"
#include "protocol/message.h"

struct store;

enum store_access {
	STORE_WRITER,
	STORE_READER,
	STORE_MOVER /* for store_checkpoint beside the writer */
};

/* Once, by the daemon, before it opens a store or starts a thread. */
void store_process_start(void);
/* Makes a new database at `path` with the newest tables. EXISTS if there is one. */
enum status store_create(const char *path, struct error *err);
/* Opens; a writer first brings older tables up to date (migrate). Returns a new store in *out. */
enum status store_open(const char *path, enum store_access access, struct store **out,
		       struct error *err);
void store_close(struct store *store);
/* STORAGE: a trigger or view stands in the database. This program makes none; one would run with
 * what is written from now on. */
enum status store_triggers_refuse(struct store *store, struct error *err);

/* Writer: begin … commit or rollback. Durable when store_commit returns OK. */
enum status store_begin(struct store *store, struct error *err);
enum status store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);
/* Copies the write-ahead log into the database file, outside any transaction; keeps readers going.
 * `restart`: waits for them, 50 ms at most, so that the log begins anew. */
enum status store_checkpoint(struct store *store, bool restart, struct error *err);
/* Bytes of the write-ahead log; it begins anew when a checkpoint finds no snapshot in its way. */
uint64_t store_wal_bytes(const struct store *store);
/* Writes a consistent copy of the whole database to `path` (which must not exist). */
enum status store_backup(struct store *store, const char *path, struct error *err);

/* Reader: one unchanging state until the end. Not within store_begin. */
enum status store_snapshot(struct store *store, struct error *err);
void store_snapshot_end(struct store *store);

/* ---- the log ---- */

struct log_row {
	struct entry entry; /* its commitment is that of salt and payload */
	/* To be appended: the village in which this change creates a record of one change
	 * (stored_record), 0 if it does not. */
	uint64_t village;
	uint8_t salt[SALT_SIZE];
	struct span payload;
};

/* seq of the last entry; 0: empty. */
enum status store_log_head(struct store *store, uint64_t *seq_out, struct error *err);
/* Appends rows whose seq continue the log (INTERNAL if they do not). EXISTS: a change (stream, n)
 * is in the log already. A payload without address is kept as missing, and its salt with it.
 * store_log_advance moves the counter to the last entry, remembers the newest number of a session
 * and is the last statement before the commit. */
enum status store_log_append(struct store *store, const struct log_row *rows, size_t count,
			     struct error *err);
enum status store_log_advance(struct store *store, uint64_t head, uint64_t session,
			      struct error *err);

struct log_filter {
	uint64_t since;	 /* seq greater than this */
	uint64_t record; /* 0: all */
	/* NULL: everything. Else changes of records that are in this region now, and of what
	 * belongs to no record the schemas, the epochs, and what people did whose own scope lies in
	 * it. */
	const struct region *scope;
	size_t limit; /* rows */
};
typedef enum status (*log_row_fn)(void *context, const struct log_row *row, struct error *err);
/* Calls `each` in ascending seq; the row is borrowed for the call. */
enum status store_log_read(struct store *store, const struct log_filter *filter, log_row_fn each,
			   void *context, struct error *err);

/* One entry; NOT_FOUND. Its payload is copied into the arena. */
enum status store_log_entry(struct store *store, uint64_t seq, struct arena *arena,
			    struct log_row *out, struct error *err);

/* Changes of devices in a part of the log whose own time is not after some moment. */
struct returned {
	uint64_t after; /* seq greater than this … */
	uint64_t until; /* … up to this */
	int64_t latest; /* UTC seconds */
};
typedef enum status (*returned_fn)(void *context, uint32_t device, uint64_t count,
				   struct error *err);
/* Calls `each` for every device that has some, ascending. Reads that part of the log. */
enum status store_returned_read(struct store *store, const struct returned *asked, returned_fn each,
				void *context, struct error *err);

struct logged_change {
	uint32_t n;
	uint64_t seq;
	enum verdict verdict;
	uint32_t reason;
	uint8_t commitment[HASH_SIZE];
};
/* Changes first_n <= n < first_n + count of a stream. */
struct change_run {
	uint32_t stream;
	uint32_t first_n;
	size_t count;
};
/* Those of the run that are logged, ascending; *found_out of them. `out` has room for all. */
enum status store_logged_changes(struct store *store, const struct change_run *asked,
				 struct logged_change *out, size_t *found_out, struct error *err);

/* Root of the complete subtree number `index` of 256 leaves. */
enum { TREE_CHUNK_LEVEL = 8, TREE_CHUNK_LEAVES = 256 };
enum status store_tree_append(struct store *store, uint64_t index, const uint8_t root[HASH_SIZE],
			      struct error *err);
typedef enum status (*tree_root_fn)(void *context, uint64_t index, const uint8_t root[HASH_SIZE],
				    struct error *err);
/* The first `count` subtree roots, ascending. */
enum status store_tree_read(struct store *store, uint64_t count, tree_root_fn each, void *context,
			    struct error *err);

enum status store_checkpoint_append(struct store *store, const struct checkpoint *checkpoint,
				    struct error *err);
/* The newest, if any. */
enum status store_checkpoint_last(struct store *store, struct checkpoint *out, bool *found_out,
				  struct error *err);

/* The root that the server signed for that size in that epoch; false: it signed none. */
enum status store_checkpoint_root(struct store *store, uint32_t epoch, uint64_t size,
				  uint8_t root_out[HASH_SIZE], bool *found_out, struct error *err);

/* Size of the first one that was signed in that epoch. STORAGE: there is none. */
enum status store_checkpoint_first(struct store *store, uint32_t epoch, uint64_t *size_out,
				   struct error *err);

/* Ascending age: the first epoch first. */
enum status store_epochs(struct store *store, struct arena *arena, struct epoch **out,
			 size_t *count_out, struct error *err);
enum status store_epoch_append(struct store *store, const struct epoch *epoch, struct error *err);

/* ---- records ---- */

struct stored_record {
	uint64_t id;
	uint32_t type;
	uint64_t parent; /* the record its root reference leads to; 0: none */
	uint64_t village;
	uint64_t version;
	uint64_t moved;	    /* seq at which its village last changed; 0: never */
	unsigned conflicts; /* record_conflicts */
	/* A device's change made it in a village and nothing came since, as of most visits: the
	 * log has all of it at `version`, and no state is kept beside. */
	bool one_change;
	struct span state; /* as record.h encodes it, whole; one_change: the change's bytes */
};

/* The merged state of the row, village and all; type, of the newest schema, tells its policies (it
 * may be NULL). Borrows from the row and the arena. STORAGE: it does not decode. */
enum status stored_record_decode(const struct stored_record *row, const struct record_type *type,
				 struct arena *arena, struct record *out, struct error *err);

/* out[i] belongs to ids[i]; id 0 where there is no such record. */
enum status store_records_load(struct store *store, const uint64_t *ids, size_t count,
			       struct arena *arena, struct stored_record *out, struct error *err);
/* That one, if it is in the scope now (NULL: everything); else NOT_FOUND, as if it did not exist,
 * and by the same steps. `out` may be NULL. */
enum status store_record_find(struct store *store, uint64_t id, const struct region *scope,
			      struct arena *arena, struct stored_record *out, struct error *err);
/* The same without states. */
enum status store_records_place(struct store *store, const uint64_t *ids, size_t count,
				struct stored_record *out, struct error *err);
/* Ids of the records that more than one change made and whose version is greater than `since`, as
 * an array of uint64_t in `out`, cleared first. Reads the whole table: for the rarest of days. */
enum status store_records_merged(struct store *store, uint64_t since, struct buffer *out,
				 struct error *err);
/* Inserts or replaces. The type of a record never changes (INTERNAL). EXISTS: `former` is wrong. */
struct record_write {
	struct stored_record row;	    /* of one_change the state is not written */
	const struct stored_record *former; /* what is there now, its state apart; NULL: nothing */
};
enum status store_records_write(struct store *store, const struct record_write *rows, size_t count,
				struct error *err);
struct hanging {
	uint64_t parent;
	uint64_t id;
};
/* What hangs on other records in that village, as an array by (parent, id) in `out`, cleared first.
 * The time it takes grows with the village's records: for the rare moves, so that no visit pays for
 * an index. */
enum status store_hanging(struct store *store, uint64_t village, struct buffer *out,
			  struct error *err);
/* Remembers that `record` left `village` at `seq`, so that devices which held it there let it go.
 */
enum status store_move_append(struct store *store, uint64_t seq, uint64_t record, uint64_t village,
			      struct error *err);
/* The villages that the record ever left, as an array of uint64_t appended to `out`. */
enum status store_villages_left(struct store *store, uint64_t record, struct buffer *out,
				struct error *err);
/* One record from one moment up to before another. */
#define STORE_NOW UINT64_MAX /* as `until`: to the present, and that too */
struct stay_query {
	uint64_t record;
	uint64_t since;	  /* seq */
	uint64_t until;	  /* seq, or STORE_NOW */
	uint64_t village; /* where it is now; 0: that does not count */
	const struct region *regions;
	size_t region_count;
};
/* The first village of these regions in which the record was then; *village_out 0: none. Where it
 * began it counts as having been since ever. */
enum status store_stay_find(struct store *store, const struct stay_query *query,
			    uint64_t *village_out, struct error *err);

/* What a scope lacks, ordered by (key, id), key = max(version, moved). */
struct pull;
struct pull_item {
	uint64_t key;
	uint64_t id;
	bool evict;		     /* it left the scope; only key and id are set */
	bool erased;		     /* … or rather it was erased */
	struct stored_record record; /* borrowed until the next call */
};
struct pull_options {
	const struct region *regions;
	size_t region_count;
	/* Items with (key, id) greater than this one's. */
	uint64_t after_key;
	uint64_t after_id;
	/* Left out: what is still as changes up to own_n of own_stream made it, and was where it is
	 * at `complete`. Its author has it. own_n 0: nothing. */
	uint32_t own_stream;
	uint32_t own_n;
	uint64_t complete;
};
/* Returns a new pull; copies the regions. Inside a snapshot, else records may pass each other. */
enum status store_pull_open(struct store *store, const struct pull_options *options,
			    struct pull **out, struct error *err);
/* *more_out false at the end. */
enum status store_pull_next(struct pull *pull, struct pull_item *out, bool *more_out,
			    struct error *err);
void store_pull_close(struct pull *pull);

enum record_order { ORDER_VERSION, ORDER_ID };
struct record_query {
	uint32_t type; /* 0: all types */
	const struct region *regions;
	size_t region_count;
	uint64_t since;	     /* version greater than this */
	bool conflicts_only; /* conflicts > 0 */
	enum record_order order;
};
/* An iteration over records; returns a new one. `out` is borrowed until the next call. */
struct record_rows;
enum status store_rows_open(struct store *store, const struct record_query *query,
			    struct record_rows **out, struct error *err);
enum status store_rows_next(struct record_rows *rows, struct stored_record *out, bool *more_out,
			    struct error *err);
void store_rows_close(struct record_rows *rows);
/* How many, without reading records. */
enum status store_rows_count(struct store *store, const struct record_query *query,
			     uint64_t *count_out, struct error *err);

/* Makes or widens the typed tables (`t_<type>`) for a schema: columns are added and renamed, never
 * dropped. INVALID, and nothing was done: a field is called like a part of a point (<name>_lat,
 * <name>_lon). */
enum status store_typed_prepare(struct store *store, const struct schema *schema,
				struct error *err);
/* The typed tables follow the log when there is time: writes the records that the next `entries`
 * entries changed or moved, as they are now. *behind_out: there are more. Whoever reads typed
 * tables calls this until there are none. Inside store_begin, after store_typed_prepare. */
enum status store_typed_follow(struct store *store, const struct schema *schema, size_t entries,
			       bool *behind_out, struct error *err);

/* ---- streams, devices, scope ---- */

enum { FAMILY_MAX = 64 }; /* numbers of one installation after forks; no more are given */

struct stream {
	uint32_t number;
	enum stream_kind kind;
	struct span name; /* cadre, user or import; person's name */
	uint8_t key[32];  /* Ed25519; zeros (key_is_none) on server streams and adopted ones */
	uint32_t parent;  /* stream that this one continued after a fork; 0: none */
	uint32_t parent_n;
	uint32_t acked_n;
	uint8_t chain[HASH_SIZE]; /* h after acked_n */
};
bool key_is_none(const uint8_t key[32]); /* nobody's: what it seems to have signed counts not */
/* NOT_FOUND. */
enum status store_stream(struct store *store, uint32_t number, struct arena *arena,
			 struct stream *out, struct error *err);
/* EXISTS if the number is taken. */
enum status store_stream_add(struct store *store, const struct stream *stream, struct error *err);
enum status store_stream_advance(struct store *store, uint32_t number, uint32_t acked_n,
				 const uint8_t chain[HASH_SIZE], struct error *err);

/* A stream without a key gets one. NOT_FOUND: there is none, or it has one. */
enum status store_stream_key(struct store *store, uint32_t number, const uint8_t key[32],
			     struct error *err);
/* The device whose stream has this key; *number_out 0: none. */
enum status store_stream_keyed(struct store *store, const uint8_t key[32], uint32_t *number_out,
			       struct error *err);
/* Every stream that continues another: struct lineage, by stream, in `out`, cleared first. */
enum status store_lineages(struct store *store, struct buffer *out, struct error *err);

enum device_state {
	DEVICE_ACTIVE = 1,
	DEVICE_REVOKED = 2,
	DEVICE_FORMER = 3, /* its installation goes on under another number, after a fork */
	DEVICE_HELD = 4,   /* two copies of it are in use; an admin has to decide */
};

struct device {
	struct stream stream;
	enum device_state state;
	uint64_t scope_version; /* seq of the log entry that set its scope */
	struct region *scope;
	size_t scope_count;
	int64_t destroyed_ms; /* when it said that it had destroyed what it held; 0: it has not */
	/* operations, not evidence: */
	uint64_t r;		 /* highest request counter seen */
	int64_t last_contact_ms; /* 0: never */
	uint64_t witness; /* size of the largest checkpoint of this log that it named; 0: none */
};
/* NOT_FOUND. */
enum status store_device(struct store *store, uint32_t number, struct arena *arena,
			 struct device *out, struct error *err);
/* Writes the device's row and scope beside its stream (store_stream_add comes first). The scope
 * stays under its version for store_scopes_read; a version has one scope for ever. */
enum status store_device_put(struct store *store, const struct device *device, struct error *err);
/* It has said so in the log's entry `seq`, which store_device tells the time of from then on. */
enum status store_device_destroyed(struct store *store, uint32_t number, uint64_t seq,
				   struct error *err);
/* All devices that descend from the same first one by forks, by number; *out is an array. */
enum status store_family(struct store *store, uint32_t number, struct arena *arena,
			 struct device **out, size_t *count_out, struct error *err);
/* What a request says of its device besides changes. */
struct contact {
	uint32_t device;
	uint64_t r;
	int64_t ms;
	uint64_t witness; /* size of the checkpoint of this log that it named; 0: none */
};
/* The larger witness stays. */
enum status store_device_contact(struct store *store, const struct contact *contact,
				 struct error *err);
/* One scope of a device, and how long it was the device's. */
struct scope_period {
	uint64_t version; /* seq of the log entry that gave it */
	uint64_t until;	  /* seq of the one that took it, or STORE_NOW */
	const struct region *regions;
	size_t region_count;
};
typedef enum status (*scope_period_fn)(void *context, const struct scope_period *period,
				       struct error *err);
/* The newest first, down to the one that held at `since` (seq): before a device's own first those
 * of the number that it continues after a fork. Borrowed for the call. */
enum status store_scopes_read(struct store *store, uint32_t device, uint64_t since,
			      scope_period_fn each, void *context, struct error *err);
typedef enum status (*device_fn)(void *context, const struct device *device, struct error *err);
/* Those that show up in the scope; NULL: all. A device shows up where it has regions, or, left
 * without, where it had some last. */
enum status store_devices_read(struct store *store, const struct region *scope, device_fn each,
			       void *context, struct error *err);
/* Does the device show up there at all, and has it no region elsewhere? Neither, if there is none
 * of that number. */
struct device_reach {
	bool any;
	bool all;
};
enum status store_device_reach(struct store *store, uint32_t number, const struct region *scope,
			       struct device_reach *out, struct error *err);

enum role { ROLE_NONE = 0, ROLE_CADRE = 1, ROLE_SUPERVISOR = 2, ROLE_ADMIN = 3 };

struct token {
	uint8_t hash[HASH_SIZE]; /* SHA-256 of the token */
	uint32_t user;		 /* its stream */
	enum role role;
	struct region scope; /* low 0: everything */
	struct span name;
	int64_t expires_ms; /* 0: never */
	uint64_t revoked;   /* seq of the entry that took it back; 0: it serves */
	int64_t last_ms;    /* operations: when it served last; 0: never */
};
/* NOT_FOUND. */
enum status store_token(struct store *store, const uint8_t hash[HASH_SIZE], struct arena *arena,
			struct token *out, struct error *err);
enum status store_token_add(struct store *store, const struct token *token, struct error *err);

/* ---- schemas, quarantine, sessions, imports ---- */

enum status store_schema_add(struct store *store, uint32_t version, struct span cbor,
			     struct span json, struct error *err);
/* version 0: the newest. NOT_FOUND. json_out may be NULL. */
enum status store_schema(struct store *store, uint32_t version, struct arena *arena,
			 struct span *cbor_out, struct span *json_out, struct error *err);
enum status store_schema_newest(struct store *store, uint32_t *version_out, struct error *err);

struct quarantined {
	uint64_t seq; /* of its log entry */
	uint32_t stream;
	uint32_t n;
	uint64_t record;
	uint64_t village; /* 0: unknown */
	uint32_t reason;
	uint64_t awaits;  /* the record for lack of which it is here; 0: that is not why */
	uint64_t settled; /* seq of the entry that released or closed it; 0: it is open */
	bool released;
};
/* Adds one that was not released. */
enum status store_quarantine_add(struct store *store, const struct quarantined *row,
				 struct error *err);
/* Change n of a stream, open or settled; NOT_FOUND. */
enum status store_quarantine_find(struct store *store, uint32_t stream, uint32_t n,
				  struct quarantined *out, struct error *err);
/* Writes reason, awaits, settled and released of the row with that seq. */
enum status store_quarantine_put(struct store *store, const struct quarantined *row,
				 struct error *err);
/* Open ones that lack this record, ascending seq, appended to `out` as an array; `limit` at most.
 */
enum status store_quarantine_awaiting(struct store *store, uint64_t record, size_t limit,
				      struct buffer *out, struct error *err);
/* Does any open one lack a record? */
enum status store_quarantine_awaits(struct store *store, bool *out, struct error *err);
/* Those of a stream that were settled after `since` (seq), as an array appended to `out`; `limit`
 * at most. */
enum status store_quarantine_news(struct store *store, uint32_t stream, uint64_t since,
				  size_t limit, struct buffer *out, struct error *err);
/* Is there a quarantined change of this record that creates it? */
enum status store_quarantine_holds(struct store *store, uint64_t record, bool *held_out,
				   struct error *err);
typedef enum status (*quarantined_fn)(void *context, const struct quarantined *row,
				      struct error *err);
/* All that was never released, open or closed, as an array appended to `out`, ascending seq. */
enum status store_quarantine_kept(struct store *store, struct buffer *out, struct error *err);
/* The open ones in the scope (NULL: all), ascending seq. */
enum status store_quarantine_read(struct store *store, const struct region *scope,
				  quarantined_fn each, void *context, struct error *err);
/* How many open ones a stream has. */
enum status store_quarantine_count(struct store *store, uint32_t stream, uint64_t *count_out,
				   struct error *err);

struct sync_session {
	uint64_t id;
	int64_t time_ms;
	uint32_t stream; /* 0: unknown device */
	uint32_t requests;
	uint64_t bytes_up;
	uint64_t bytes_down;
	uint32_t sent;
	uint32_t acked; /* newly logged */
	uint32_t conflicts;
	uint32_t quarantined;
	uint64_t pulled_from; /* complete part of the cursor before and after */
	uint64_t pulled_to;
	enum status result;
};
enum status store_sessions_write(struct store *store, const struct sync_session *rows, size_t count,
				 struct error *err);
typedef enum status (*session_fn)(void *context, const struct sync_session *row, struct error *err);
/* Of devices that show up in the scope (NULL: all), newest last; at most `limit`. */
struct session_query {
	const struct region *scope;
	size_t limit;
};
enum status store_sessions_read(struct store *store, const struct session_query *query,
				session_fn each, void *context, struct error *err);
enum status store_session_newest(struct store *store, uint64_t *id_out, struct error *err);

/* What imports wrote for a key, so that the next one writes only what changed. */
struct import_row {
	uint32_t type;
	struct span key;
	uint64_t record;
	uint64_t version;  /* of the record when its first import had made it */
	struct span cells; /* CBOR map {tag: [value, seq of the change that wrote it]} */
};
/* NOT_FOUND. */
enum status store_import_row(struct store *store, uint32_t type, struct span key,
			     struct arena *arena, struct import_row *out, struct error *err);
enum status store_import_row_put(struct store *store, const struct import_row *row,
				 struct error *err);

/* ---- erasure: what has to be destroyed by law ---- */

/* An entry of kind erasure, and how far it has come. */
struct erasure {
	uint64_t seq;
	uint64_t record;     /* that was asked for; 0: what a restored database had again */
	int64_t asked_ms;    /* UTC */
	int64_t finished_ms; /* nothing is left in free pages and in the write-ahead log; 0: not yet
			      */
};

/* What entry `seq` erases: the payloads and salts of all entries of the record before it, which
 * keep their commitments instead; the record with its typed row (by the newest schema, which may be
 * NULL); and what waited of it in quarantine is settled by `seq`. From now on it is erased. It need
 * not be there. Appends the streams (uint32_t) that wrote it. */
enum status store_record_erase(struct store *store, const struct schema *schema, uint64_t record,
			       uint64_t seq, struct buffer *streams, struct error *err);
/* The same for one entry of no such record, that is in quarantine. */
enum status store_entry_erase(struct store *store, uint64_t entry, uint64_t seq, struct error *err);
/* What imports wrote for the records that entries from `seq` on erased. Reads the whole table. */
enum status store_imports_erase(struct store *store, uint64_t seq, struct error *err);
/* The record goes, and is counted no more. */
enum status store_record_remove(struct store *store, uint64_t record, struct error *err);

/* Entry that erased the record; 0: none did. */
enum status store_erased_by(struct store *store, uint64_t record, uint64_t *seq_out,
			    struct error *err);
/* The records that entries after `since` up to `until` erased, as an array of uint64_t appended to
 * `out`. until STORE_NOW: all. */
enum status store_erased_read(struct store *store, uint64_t since, uint64_t until,
			      struct buffer *out, struct error *err);

enum status store_erasure_add(struct store *store, const struct erasure *erasure,
			      struct error *err);
/* NOT_FOUND: no entry of that seq erased anything. */
enum status store_erasure(struct store *store, uint64_t seq, struct erasure *out,
			  struct error *err);
/* seq of the last one; 0: nothing was ever erased. */
enum status store_erasure_last(struct store *store, uint64_t *seq_out, struct error *err);
/* The oldest one that is not finished; seq 0: all are. */
enum status store_erasure_unfinished(struct store *store, struct erasure *out, struct error *err);
typedef enum status (*erasure_fn)(void *context, const struct erasure *erasure, struct error *err);
/* All, ascending seq. */
enum status store_erasures_read(struct store *store, erasure_fn each, void *context,
				struct error *err);
/* Those up to `seq` are finished. Inside store_begin. */
enum status store_erasures_finish(struct store *store, uint64_t seq, int64_t now_ms,
				  struct error *err);

/* The device may hold what entry `seq` erased, and is told. */
enum status store_erasure_device_add(struct store *store, uint32_t device, uint64_t seq,
				     struct error *err);
/* Everything that was ever erased, for a device of which nothing is known. */
enum status store_erasure_device_all(struct store *store, uint32_t device, struct error *err);
/* The device has what the log says up to `seq`. *news_out: of an erasure that waited for it. */
enum status store_erasure_ack(struct store *store, uint32_t device, uint64_t seq, int64_t now_ms,
			      bool *news_out, struct error *err);
/* Does any erasure wait for any device? */
enum status store_erasure_waits(struct store *store, bool *out, struct error *err);
typedef enum status (*erasure_device_fn)(void *context, uint32_t device, int64_t acked_ms,
					 struct error *err);
/* Those that were told of entry `seq`, ascending; acked_ms 0: it has not said that it is gone. */
enum status store_erasure_devices(struct store *store, uint64_t seq, erasure_device_fn each,
				  void *context, struct error *err);

/* Writes the whole database anew, without what was deleted. Outside any transaction; other writers
 * wait as long, readers go on. Takes as much disk as the database has, twice, for the time. What
 * was deleted is gone from the disk once store_wal_empty returns OK after it. */
enum status store_vacuum(struct store *store, struct error *err);
/* Copies the write-ahead log into the database file and empties it. BUSY: a snapshot stood in the
 * way for 5 seconds. */
enum status store_wal_empty(struct store *store, struct error *err);

/* Named values of the server itself: "name", "url", "origin". NOT_FOUND. */
enum status store_setting(struct store *store, const char *name, struct arena *arena,
			  struct span *out, struct error *err);
enum status store_setting_put(struct store *store, const char *name, struct span value,
			      struct error *err);

#endif
