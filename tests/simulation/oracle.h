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
 */
#ifndef SAMBUNG_TESTS_SIMULATION_ORACLE_H
#define SAMBUNG_TESTS_SIMULATION_ORACLE_H

#include "daemon/store/store.h"

struct oracle;

/* A set of writes of one record. */
struct seen {
	uint64_t *words;
	size_t count; /* of words */
};
void seen_free(struct seen *seen);

struct oracle *oracle_create(void);
void oracle_free(struct oracle *oracle);

/* What a screen with this record shows: returns a new set in *out. False: it shows a change that
 * nobody made (`why` says which). */
bool oracle_screen(struct oracle *oracle, const struct record *shown, struct seen *out,
		   struct error *why);
/* Does a screen with this record still show what change (stream, n) wrote, or what somebody wrote
 * who had seen that? */
bool oracle_shows(struct oracle *oracle, const struct record *shown, uint32_t stream, uint32_t n,
		  struct error *why);
/* A device made this change (`bytes` are its canonical ones), and its form had shown `seen` (which
 * is copied; NULL: a new record). */
void oracle_change(struct oracle *oracle, uint32_t stream, const struct change *change,
		   struct span bytes, const struct seen *seen);

/* Reads what the log has more than before. MALFORMED: a change that nobody made, or another than
 * was made, or the log is shorter than it was. */
enum status oracle_observe(struct oracle *oracle, struct store *store, struct error *err);
/* The server's record, merged and decoded, against what must be: members, conflicts, values shown.
 * MALFORMED tells the first difference. */
enum status oracle_check_record(struct oracle *oracle, const struct record *record,
				const struct record_type *type, unsigned conflicts,
				const struct merge_context *context, struct error *err);
/* Every change that was made is in the log. */
enum status oracle_check_logged(const struct oracle *oracle, struct error *err);

struct oracle_counts {
	uint64_t records; /* with a merged change */
	uint64_t changes;
	uint64_t quarantined;
	uint64_t conflicts; /* fields with different members at rest, as checked */
};
struct oracle_counts oracle_counts(const struct oracle *oracle);

#endif
