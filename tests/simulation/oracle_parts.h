/* SPDX-License-Identifier: Apache-2.0 */
/* oracle_parts: what the files oracle*.c share, and nobody else sees. */
#ifndef SAMBUNG_TESTS_SIMULATION_ORACLE_PARTS_H
#define SAMBUNG_TESTS_SIMULATION_ORACLE_PARTS_H

#include "protocol/crypto.h"
#include "tests/simulation/oracle.h"

enum { KNOWN_REGIONS_MAX = 8 };

struct known_change {
	uint32_t stream; /* as the log has it; not there yet: as it was called first */
	uint32_t n;
	uint32_t first_stream; /* as it was frozen first */
	uint32_t first_n;
	uint8_t first_hash[32];
	size_t author;	/* of a device's: who, … */
	uint32_t place; /* … and which of hers, from 1 */
	size_t home;	/* place of its record */
	uint32_t type;	/* of its record */
	uint32_t kind;
	int64_t time;
	uint64_t hash;
	uint64_t seq;	    /* 0: not in the log now */
	uint64_t merge_seq; /* the same, or that of its release; stays when that log is no more */
	bool merged;	    /* in the log, and not set aside */
	bool of_device;	    /* else made at the server */
	bool lost;	    /* the server was restored to before it, and nobody else had it */
	bool was_set_aside; /* once, perhaps in a log that is no more */
	/* Entry of the present log that erased it, or its own if it came late; 0: none. */
	uint64_t erased_by;
	bool was_merged;  /* before that */
	bool ever_erased; /* perhaps in a log that is no more */
	struct seen seen;
};

/* What a change was called, by some installation that may be a copy. */
struct known_name {
	uint32_t stream;
	uint32_t n;
	uint64_t hash; /* the beginning of its commitment then */
	size_t change;
	struct frozen frozen; /* as it was called so; no bytes: only the commitment was left */
};

struct known_author {
	size_t parent;	 /* that it is a copy of; its own place: of nobody */
	uint32_t copied; /* so many of the parent's changes */
};

/* One field of one change. */
struct known_write {
	size_t change;
	int32_t tag;
	struct value value;
};

/* From this entry on the record hangs on another, or is in a village by itself. */
struct known_stay {
	uint64_t seq;
	uint64_t parent; /* 0: none */
	uint64_t village;
	bool unsure; /* a restored server may have put it elsewhere */
};

struct known_record {
	uint64_t id;		    /* as the log has it, or will */
	size_t maker;		    /* place of a device's change that made it, + 1; 0: none */
	struct known_write *writes; /* as they came to be known */
	size_t write_count;
	struct known_stay *stays;
	size_t stay_count;
};

/* What an admin gave a device, from this entry on. */
struct known_scope {
	uint32_t device;
	uint32_t parent; /* the number that this one goes on from; 0: none */
	uint64_t seq;
	struct region regions[KNOWN_REGIONS_MAX];
	size_t region_count;
};

/* An entry about a record, or about a device. */
struct known_mark {
	uint64_t what;
	uint64_t seq;
};

struct known_schema {
	uint32_t version;
	uint64_t seq;
};

/* One of the server's histories: the entries up to `cut` are those of its parent. */
struct known_epoch {
	uint32_t number;
	size_t parent; /* place of it in the list; of the first one its own */
	uint64_t cut;
};

struct oracle {
	struct known_change *changes;
	size_t change_count;
	struct known_name *names;
	size_t name_count;
	struct known_author *authors;
	size_t author_count;
	struct known_record *records;
	size_t record_count;
	struct known_scope *scopes; /* as the log has them */
	size_t scope_count;
	struct known_schema *schemas;
	size_t schema_count;
	struct known_epoch *epochs; /* by age */
	size_t epoch_count;
	size_t present;		   /* place of the one whose log it reads */
	struct known_mark *erased; /* records */
	size_t erased_count;
	struct known_mark *revoked; /* devices */
	size_t revoked_count;
	uint64_t *ever_erased; /* records, also by a log that is no more */
	size_t ever_erased_count;
	bool erasures_unsure; /* one failed, and may have got as far as the list beside the database
			       */
	bool unclaimed;	      /* something was ever seen so */
	struct arena texts;
	uint64_t head;	 /* of the log, as observed */
	bool unnoticed;	 /* it was set back … */
	uint64_t common; /* … to this entry, and nobody has said so */
	uint64_t conflicts;
};

/* An array with room for one more than `count`; it grows at every power of two. */
void *oracle_grown(void *array, size_t count, size_t size);

bool seen_has(const struct seen *seen, size_t write);
void seen_add(struct seen *seen, size_t write, struct view view);

/* ---- oracle.c ---- */

/* What the log calls so, made if nobody wrote of it yet; valid until the next call. */
struct known_record *oracle_record(struct oracle *oracle, uint64_t id);
/* One more with that id; its place. */
size_t oracle_record_new(struct oracle *oracle, uint64_t id);
/* NULL: nobody wrote of it. */
const struct known_record *oracle_record_find(const struct oracle *oracle, uint64_t id);
/* The change with that number in the log; NULL: there is none. */
struct known_change *oracle_change_find(const struct oracle *oracle, uint32_t stream, uint32_t n);
/* The change that was called so and frozen so; NULL: nobody made it. */
struct known_change *oracle_change_named(const struct oracle *oracle, uint32_t stream, uint32_t n,
					 uint64_t hash);
/* Only to tell whether the log has the bytes that were recorded: the beginning of the commitment to
 * them under that name. */
uint64_t oracle_hash(uint32_t stream, uint32_t n, const struct frozen *frozen);
uint64_t oracle_hash_of(const uint8_t commitment[HASH_SIZE]);
/* Is it in the log, neither merged nor erased? */
bool oracle_is_set_aside(const struct known_change *change);
/* On what the record hangs now; 0: nothing, or it is not sure. */
uint64_t oracle_parent(const struct known_record *record);
/* Takes over `seen`; valid until the next call. */
struct known_change *oracle_change_add(struct oracle *oracle, uint32_t stream,
				       const struct change *change, const struct frozen *frozen,
				       struct seen seen, size_t home);

/* ---- oracle_author.c ---- */

/* Copies what was frozen. */
void oracle_name_add(struct oracle *oracle, const struct known_name *name);
/* The name that the log's row is; NULL: nobody calls a change so. */
struct log_row;
const struct known_name *oracle_name_find(const struct oracle *oracle, const struct log_row *row);
/* Is it the viewer's own past, from before she was copied or after? */
bool oracle_same_author(const struct oracle *oracle, const struct known_change *viewer,
			const struct known_change *seen);
/* The installation of which it is a copy, or a copy of a copy. */
size_t oracle_author_root(const struct oracle *oracle, size_t author);
/* The installation's own change that it calls so; NULL: it has none. */
const struct known_change *oracle_own(const struct oracle *oracle, const struct history *history,
				      uint32_t stream, uint32_t n);

/* ---- oracle_merge.c ---- */

/* Up to which entry the present log is that of an epoch; 0: it does not come of it. */
uint64_t oracle_epoch_floor(const struct oracle *oracle, size_t epoch);
/* Up to which entry of the present log who saw something on such a screen must count as having
 * seen it. */
uint64_t oracle_floor(const struct oracle *oracle, struct view view);
/* What the record's field shows by the log so far; empty without a member. *unsure_out: a restored
 * server may show another of the members. */
struct value oracle_shown(const struct oracle *oracle, const struct known_record *record,
			  const struct record_type *type, int32_t tag, bool *unsure_out);

/* ---- oracle_place.c ---- */

/* A change of the record was merged as entry seq: where is it now? */
void oracle_place_learn(struct oracle *oracle, const struct change *change,
			const struct record_type *type, uint64_t seq);
/* An entry about a device's scope, from its note. False: it cannot be read. */
bool oracle_scope_learn(struct oracle *oracle, struct span note, uint64_t seq);
/* What must become of a device's change that is the next entry of the log. *unsure_out: it may be
 * out of scope, or not. */
enum quarantine_reason oracle_judge(const struct oracle *oracle, uint32_t device,
				    const struct change *change, const struct record_type *type,
				    bool *unsure_out);

/* ---- oracle_erase.c ---- */

/* Was the record erased, or made by a change that came late? */
bool oracle_is_erased(const struct oracle *oracle, uint64_t id);
/* Is the change about such a record, or would its record be below one? */
bool oracle_is_late(const struct oracle *oracle, const struct known_change *change,
		    const struct schema *schema);
/* An entry erases. MALFORMED: it names too much, or too little. */
enum status oracle_erasure_learn(struct oracle *oracle, const struct log_row *row,
				 const struct schema *schema, struct error *err);
/* An entry of an admin's: a revocation, perhaps. False: it cannot be read. */
bool oracle_admin_learn(struct oracle *oracle, const struct log_row *row);
/* The log is cut there: what was erased after it is there again. */
void oracle_erasures_forget(struct oracle *oracle, uint64_t cut);

#endif
