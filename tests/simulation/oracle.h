/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle: who had seen what, and what must come of it.
 *
 * It knows happens-before in a way that the product does not have: for each change the set of
 * writes (a write is one field of one change) that were on the screen when its form was opened. The
 * product says the same in two numbers, base and own, which the oracle never reads of a device's
 * change. From these sets and the order of the log it says, by the rules of docs/merging.md written
 * once more, which members each field has, whether it is in conflict, and what is shown.
 *
 * What was on a screen is read from the device: each member there was seen, and so was whatever its
 * author had seen of that field. A settlement has seen the whole record; of an import, which has no
 * screen, its base is believed.
 *
 * It also follows, from the log alone, which village every record was in and which villages every
 * device had, entry by entry, and says of each change of a device whether it must be merged or set
 * aside, and why.
 *
 * A restored server has forgotten the end of its log (oracle_restore). What its device still has is
 * made again; what nobody has is lost. A screen that was of the forgotten end is believed only up
 * to where the copy ends: of what it showed beyond, each may count as seen or not, which can flag a
 * conflict too many, never one too few.
 */
#ifndef SAMBUNG_TESTS_SIMULATION_ORACLE_H
#define SAMBUNG_TESTS_SIMULATION_ORACLE_H

#include "daemon/store/store.h"
#include "protocol/schema.h"

struct oracle;

/* Which of the server's histories a screen may have been of: places in the list of epochs. */
struct view {
	size_t first;
	size_t last;
	/* The base cannot say that it was seen (docs/protocol.md, 14.6); of a whole screen: where
	 * it is newer than the record's version. */
	bool unclaimed;
};

/* A set of writes of one record, and on which screen each was seen. */
struct seen {
	uint64_t *words;
	struct view *views; /* 64 a word */
	size_t count;	    /* of words */
};
void seen_free(struct seen *seen);
struct seen seen_copy(const struct seen *from);

/*
 * What one installation made, whatever numbers it had: the author of a change is an installation
 * with its own past, and a copy of it is another one with the same past.
 */
struct history {
	size_t author;	 /* the oracle's name for it */
	uint32_t number; /* under which it speaks now */
	uint32_t offset; /* so many of its changes are those of its former numbers */
	uint32_t count;	 /* of all its changes */
	size_t *changes; /* places in the oracle's list */
};
void history_free(struct history *history);

struct oracle *oracle_create(void);
void oracle_free(struct oracle *oracle);

/* A new installation without a past, or a copy of one. Freed with history_free. */
struct history oracle_author(struct oracle *oracle);
struct history oracle_author_copy(struct oracle *oracle, const struct history *of);
/* Are they copies of one installation? */
bool oracle_same_family(const struct oracle *oracle, const struct history *a,
			const struct history *b);
/* Which record an id means to this installation: a copy may call its own what another calls
 * something else. */
size_t oracle_record_place(struct oracle *oracle, const struct history *history, uint64_t id);

/* What its screen with this record shows: returns a new set in *out. False: it shows a change that
 * nobody made (`why` says which). */
bool oracle_screen(struct oracle *oracle, const struct history *history, const struct record *shown,
		   struct view view, struct seen *out, struct error *why);
/* Does its screen with this record still show what its own change at `place` (from 1) wrote, or
 * what somebody wrote who had seen that? */
bool oracle_shows(struct oracle *oracle, const struct history *history, const struct record *shown,
		  uint32_t place, struct error *why);
/* A change as it was frozen: its canonical bytes, and what its commitment is salted with. Two
 * copies of an installation may make the same bytes under the same number, each with a salt of its
 * own. */
struct frozen {
	struct span bytes;
	uint8_t salt[SALT_SIZE];
};

/* It made this change, and its form had shown `seen` (which is copied; NULL: a new record). */
void oracle_change(struct oracle *oracle, struct history *history, const struct change *change,
		   const struct frozen *frozen, const struct seen *seen);
/* Under its new number it says again what it made; a record that it made has another id now.
 * MALFORMED: it says something else. */
enum status oracle_change_again(struct oracle *oracle, const struct history *history,
				const struct change *change, const struct frozen *frozen,
				struct error *err);

/* Reads what the log has more than before. MALFORMED: a change that nobody made, or another than
 * was made, or merged or set aside against the rules, or the log is shorter than it was. `schema`:
 * the newest. */
enum status oracle_observe(struct oracle *oracle, struct store *store, const struct schema *schema,
			   struct error *err);
/* The server is as it was in that epoch after that entry: the next observation reads anew what the
 * log of then had beyond what the present one shares with it. */
void oracle_restore(struct oracle *oracle, uint32_t epoch, uint64_t head);
/* The same, but nobody says so: the epoch goes on, until a phone shows what is lost. Then one
 * begins by itself, cut no later than after that entry. Not twice before that. */
void oracle_set_back(struct oracle *oracle, uint64_t head);
/* The entry; UINT64_MAX: there is nothing to notice. */
uint64_t oracle_unnoticed(const struct oracle *oracle);
/* Would the server, restored to there, still have all that this installation and its copies said,
 * and their numbers? Copies that are gone cannot say it again. */
bool oracle_copies_kept(const struct oracle *oracle, const struct history *history, uint32_t epoch,
			uint64_t head);
/* The server's present epoch. */
uint32_t oracle_epoch(const struct oracle *oracle);
/* The server's epochs so far, by age; the place of one in that list. False: none of them. */
bool oracle_epoch_place(const struct oracle *oracle, uint32_t epoch, size_t *place_out);
/* How many changes of the stream the log has. */
uint32_t oracle_logged(const struct oracle *oracle, uint32_t stream);
/* Was its own change at that place ever set aside? */
bool oracle_was_set_aside(const struct oracle *oracle, const struct history *history,
			  uint32_t place);
/* Did it make that record, by a change that is set aside? */
bool oracle_made_set_aside(const struct oracle *oracle, const struct history *history,
			   uint64_t record);
/* Is a change of its own set aside now to that record, or to what it hangs on, whose village it
 * then shows? */
bool oracle_sets_aside(const struct oracle *oracle, const struct history *history, uint64_t record);
/* A change of the record is merged. */
bool oracle_record_exists(const struct oracle *oracle, uint64_t id);
/* Was the record that the installation (NULL: the server) calls so erased, by the log as it is? */
bool oracle_record_erased(struct oracle *oracle, const struct history *history, uint64_t id);
/* The same, or in a log that is no more: a phone that heard of it has destroyed the record. */
bool oracle_record_was_erased(struct oracle *oracle, const struct history *history, uint64_t id);
/* May nothing be kept of its own change at that place? */
bool oracle_change_erased(const struct oracle *oracle, const struct history *history,
			  uint32_t place);
/* After a fork it was said again and destroyed at once, or before: only its commitment is left, and
 * the log must say that it was erased. MALFORMED: there is none. */
enum status oracle_stub_again(struct oracle *oracle, const struct history *history,
			      const struct change_stub *stub, struct error *err);
/* An admin was told that an erasure failed: it may still come. */
void oracle_erasure_failed(struct oracle *oracle);
bool oracle_erased_any(const struct oracle *oracle);
/* What was ever erased is erased in the log as it is, also after a restore. MALFORMED. */
enum status oracle_erasures_stand(const struct oracle *oracle, struct error *err);
/* Nothing that was erased stands in these bytes of the server: salts, payloads, and texts that
 * nobody else wrote. MALFORMED. */
enum status oracle_check_bytes(const struct oracle *oracle, struct span bytes, struct error *err);
/* Was the device revoked, by the log as it is? */
bool oracle_is_revoked(const struct oracle *oracle, uint32_t number);
/* How many are set aside; number and n of the i-th. */
size_t oracle_set_aside_count(const struct oracle *oracle);
void oracle_set_aside(const struct oracle *oracle, size_t i, uint32_t *stream_out, uint32_t *n_out);
/* The newest schema of the log. */
uint32_t oracle_schema_version(const struct oracle *oracle);
/* What the log says a device's villages are now; returns how many regions, at most `most`. */
size_t oracle_scope(const struct oracle *oracle, uint32_t device, struct region *out, size_t most);
/* The server's record against where it must be. MALFORMED. */
enum status oracle_check_place(const struct oracle *oracle, const struct stored_record *row,
			       struct error *err);
/* The server's record, merged and decoded, against what must be: members, conflicts, values shown.
 * MALFORMED tells the first difference. */
enum status oracle_check_record(struct oracle *oracle, const struct record *record,
				const struct record_type *type, unsigned conflicts,
				const struct merge_context *context, struct error *err);
/* Every change that the installation made is in the log. */
enum status oracle_check_logged(const struct oracle *oracle, const struct history *history,
				struct error *err);

struct oracle_counts {
	uint64_t records; /* with a merged change */
	uint64_t changes;
	uint64_t quarantined;
	uint64_t conflicts; /* fields with different members at rest, as checked */
	uint64_t lost;	    /* changes made at the server and forgotten by a restore */
	uint64_t erased;    /* changes of which nothing may be kept */
};
struct oracle_counts oracle_counts(const struct oracle *oracle);

#endif
