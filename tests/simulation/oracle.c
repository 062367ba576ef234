/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/oracle_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
oracle_grown(void *array, size_t count, size_t size)
{
	if (count == 0 || (count & (count - 1)) == 0) {
		array = realloc(array, (count == 0 ? 1 : count * 2) * size);
	}
	if (array == NULL) {
		(void)fprintf(stderr, "simulation: out of memory\n");
		abort();
	}
	return array;
}

/* ---- sets ---- */

void
seen_free(struct seen *seen)
{
	free(seen->words);
	free(seen->views);
	*seen = (struct seen){.words = NULL};
}

bool
seen_has(const struct seen *seen, size_t write)
{
	return write / 64 < seen->count && (seen->words[write / 64] >> write % 64 & 1) != 0;
}

void
seen_add(struct seen *seen, size_t write, struct view view)
{
	while (seen->count <= write / 64) {
		seen->words = oracle_grown(seen->words, seen->count, sizeof seen->words[0]);
		seen->views = oracle_grown(seen->views, seen->count, 64 * sizeof seen->views[0]);
		seen->words[seen->count++] = 0;
	}
	/* Whoever saw it twice saw it on the later screen. */
	if (!seen_has(seen, write) || seen->views[write].first < view.first) {
		seen->views[write] = view;
	}
	seen->words[write / 64] |= UINT64_C(1) << write % 64;
}

struct seen
seen_copy(const struct seen *from)
{
	struct seen copy = {.words = NULL};

	for (size_t i = 0; from != NULL && i < from->count * 64; i++) {
		if (seen_has(from, i)) {
			seen_add(&copy, i, from->views[i]);
		}
	}
	return copy;
}

/* ---- what is known ---- */

struct oracle *
oracle_create(void)
{
	struct oracle *oracle = calloc(1, sizeof *oracle);

	if (oracle == NULL) {
		abort();
	}
	arena_init(&oracle->texts, (size_t)256 << 20);
	return oracle;
}

void
oracle_free(struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->change_count; i++) {
		seen_free(&oracle->changes[i].seen);
	}
	for (size_t i = 0; i < oracle->record_count; i++) {
		free(oracle->records[i].writes);
		free(oracle->records[i].stays);
	}
	free(oracle->records);
	free(oracle->changes);
	free(oracle->names);
	free(oracle->authors);
	free(oracle->scopes);
	free(oracle->schemas);
	free(oracle->epochs);
	free(oracle->erased);
	free(oracle->revoked);
	free(oracle->ever_erased);
	arena_finish(&oracle->texts);
	free(oracle);
}

static bool
record_is_logged(const struct oracle *oracle, const struct known_record *record)
{
	return record->maker != 0 && oracle->changes[record->maker - 1].seq != 0;
}

static struct known_record *
record_find(const struct oracle *oracle, uint64_t id)
{
	struct known_record *found = NULL;

	/* Of two copies' records the one that is in the log. */
	for (size_t i = 0; i < oracle->record_count; i++) {
		struct known_record *record = &oracle->records[i];

		if (record->id == id && (found == NULL || record_is_logged(oracle, record))) {
			found = record;
		}
	}
	return found;
}

const struct known_record *
oracle_record_find(const struct oracle *oracle, uint64_t id)
{
	return record_find(oracle, id);
}

struct known_record *
oracle_record(struct oracle *oracle, uint64_t id)
{
	struct known_record *record = record_find(oracle, id);

	if (record == NULL) {
		size_t made = oracle_record_new(oracle, id);

		record = &oracle->records[made];
	}
	return record;
}

size_t
oracle_record_new(struct oracle *oracle, uint64_t id)
{
	oracle->records =
		oracle_grown(oracle->records, oracle->record_count, sizeof oracle->records[0]);
	oracle->records[oracle->record_count] = (struct known_record){.id = id};
	return oracle->record_count++;
}

struct known_change *
oracle_change_find(const struct oracle *oracle, uint32_t stream, uint32_t n)
{
	for (size_t i = oracle->change_count; i > 0; i--) {
		struct known_change *change = &oracle->changes[i - 1];

		if (change->stream == stream && change->n == n && change->seq != 0) {
			return change;
		}
	}
	return NULL;
}

uint64_t
oracle_hash_of(const uint8_t commitment[HASH_SIZE])
{
	return get_le64(commitment);
}

uint64_t
oracle_hash(uint32_t stream, uint32_t n, const struct frozen *frozen)
{
	uint8_t commitment[HASH_SIZE];

	commitment_make(frozen->salt, stream, n, frozen->bytes, commitment);
	return oracle_hash_of(commitment);
}

static struct value
kept_value(struct oracle *oracle, struct value value)
{
	if (value.form == VALUE_TEXT) {
		void *copy = arena_copy(&oracle->texts, value.text.at, value.text.length);

		if (copy == NULL) {
			abort();
		}
		return value_text(span_of(copy, value.text.length));
	}
	return value;
}

struct known_change *
oracle_change_add(struct oracle *oracle, uint32_t stream, const struct change *change,
		  const struct frozen *frozen, struct seen seen, size_t home)
{
	struct known_record *record = &oracle->records[home];
	struct known_change *known;

	oracle->changes =
		oracle_grown(oracle->changes, oracle->change_count, sizeof oracle->changes[0]);
	known = &oracle->changes[oracle->change_count];
	*known = (struct known_change){.stream = stream,
				       .n = change->n,
				       .first_stream = stream,
				       .first_n = change->n,
				       .home = home,
				       .type = change->type,
				       .kind = change->kind,
				       .time = change->time,
				       .hash = oracle_hash(stream, change->n, frozen),
				       .seen = seen};
	for (size_t i = 0; i < change->field_count; i++) {
		record->writes =
			oracle_grown(record->writes, record->write_count, sizeof record->writes[0]);
		record->writes[record->write_count++] =
			(struct known_write){.change = oracle->change_count,
					     .tag = change->fields[i].tag,
					     .value = kept_value(oracle, change->fields[i].value)};
	}
	sha256(&frozen->bytes, 1, known->first_hash);
	oracle_name_add(oracle, &(struct known_name){stream, change->n, known->hash,
						     oracle->change_count, *frozen});
	oracle->change_count++;
	return known;
}

/* Was the change ever called so, by whoever looks or by the log? */
static bool
is_called(const struct oracle *oracle, const struct history *history, size_t change,
	  const struct dot *dot)
{
	const struct known_change *own = oracle_own(oracle, history, dot->stream, dot->n);

	if (own != NULL) {
		return own == &oracle->changes[change];
	}
	if (oracle->changes[change].stream == dot->stream && oracle->changes[change].n == dot->n) {
		return true;
	}
	for (size_t i = 0; i < oracle->name_count; i++) {
		if (oracle->names[i].change == change && oracle->names[i].stream == dot->stream &&
		    oracle->names[i].n == dot->n) {
			return true;
		}
	}
	return false;
}

/* The write of that field by that change; write_count: none. A restored server may give the number
 * of a settlement that is lost to another: that with this value, of that place in
 * the log, and the one that is not lost. */
static size_t
write_find(const struct oracle *oracle, const struct history *history,
	   const struct known_record *record, int32_t tag, const struct dot *dot,
	   struct value value)
{
	size_t found = record->write_count;
	int best = -1;

	for (size_t i = 0; i < record->write_count; i++) {
		const struct known_write *write = &record->writes[i];
		const struct known_change *change = &oracle->changes[write->change];
		int fits = 8 * value_equal(write->value, value) +
			   4 * (change->merge_seq == dot->seq) + 2 * (change->seq != 0) +
			   !change->lost;

		if (write->tag == tag && fits > best &&
		    is_called(oracle, history, write->change, dot)) {
			found = i;
			best = fits;
		}
	}
	return found;
}

/* What stood behind a member says nothing by itself once that is lost: then there is only the base
 * of whoever looked at the member, so both screens count. */
static struct view
views_join(struct view a, struct view b)
{
	return (struct view){a.first < b.first ? a.first : b.first,
			     a.last > b.last ? a.last : b.last, a.unclaimed || b.unclaimed};
}

/* A member on the screen, and what its author had seen of that field, on hers. */
static void
screen_add(const struct oracle *oracle, const struct known_record *record, size_t write,
	   struct view view, struct seen *seen)
{
	const struct seen *before = &oracle->changes[record->writes[write].change].seen;

	seen_add(seen, write, view);
	for (size_t i = 0; i < record->write_count; i++) {
		if (record->writes[i].tag == record->writes[write].tag && seen_has(before, i)) {
			seen_add(seen, i, views_join(before->views[i], view));
		}
	}
}

/* What was set aside is on no screen any more once a page has brought the field without it. It is
 * her own word all the same, and her next one counts as said on top of it: merging.md, section 8.
 */
static void
own_words_add(const struct oracle *oracle, const struct history *history,
	      const struct known_record *record, struct view view, struct seen *seen)
{
	for (size_t i = 0; i < record->write_count; i++) {
		size_t change = record->writes[i].change;

		for (uint32_t k = 0; oracle->changes[change].was_set_aside && k < history->count;
		     k++) {
			if (history->changes[k] == change) {
				seen_add(seen, i, view);
			}
		}
	}
}

bool
oracle_screen(struct oracle *oracle, const struct history *history, const struct record *shown,
	      struct view view, struct seen *out, struct error *why)
{
	size_t home = oracle_record_place(oracle, history, shown->id);
	const struct known_record *record = &oracle->records[home];
	const bool waits = view.unclaimed;
	struct seen seen = {.words = NULL};

	for (size_t f = 0; f < shown->field_count; f++) {
		const struct record_field *field = &shown->fields[f];

		for (size_t m = 0; m < field->member_count; m++) {
			const struct dot *dot = &shown->dots[field->members[m].dot];
			size_t write = write_find(oracle, history, record, field->tag, dot,
						  field->members[m].value);

			if (write == record->write_count) {
				(void)fail(
					why, STATUS_MALFORMED,
					"a screen shows change (%u, %u) of field %d, which nobody made",
					dot->stream, dot->n, (int)field->tag);
				seen_free(&seen);
				return false;
			}
			view.unclaimed = waits && dot->stream != history->number &&
					 dot->seq > shown->version;
			oracle->unclaimed = oracle->unclaimed || view.unclaimed;
			screen_add(oracle, record, write, view, &seen);
		}
	}
	view.unclaimed = false;
	own_words_add(oracle, history, record, view, &seen);
	*out = seen;
	return true;
}

bool
oracle_shows(struct oracle *oracle, const struct history *history, const struct record *shown,
	     uint32_t place, struct error *why)
{
	size_t change = history->changes[place - 1];
	size_t home = oracle_record_place(oracle, history, shown->id);
	const struct known_record *record = &oracle->records[home];
	struct seen seen;
	bool good = oracle_screen(oracle, history, shown, (struct view){.first = 0}, &seen, why);

	if (!good) {
		return false;
	}
	for (size_t i = 0; i < record->write_count && good; i++) {
		if (record->writes[i].change == change && !seen_has(&seen, i)) {
			good = false;
			(void)fail(why, STATUS_MALFORMED,
				   "change %u of field %d, not acknowledged yet, is on no screen",
				   place - history->offset, (int)record->writes[i].tag);
		}
	}
	seen_free(&seen);
	return good;
}

/* ---- at rest ---- */

static bool
record_is_merged(const struct oracle *oracle, const struct known_record *record)
{
	for (size_t i = 0; record != NULL && i < record->write_count; i++) {
		if (oracle->changes[record->writes[i].change].merged) {
			return true;
		}
	}
	return false;
}

bool
oracle_record_exists(const struct oracle *oracle, uint64_t id)
{
	return record_is_merged(oracle, record_find(oracle, id));
}

bool
oracle_is_set_aside(const struct known_change *change)
{
	return change->seq != 0 && !change->merged && change->erased_by == 0;
}

size_t
oracle_set_aside_count(const struct oracle *oracle)
{
	size_t count = 0;

	for (size_t i = 0; i < oracle->change_count; i++) {
		count += oracle_is_set_aside(&oracle->changes[i]);
	}
	return count;
}

void
oracle_set_aside(const struct oracle *oracle, size_t i, uint32_t *stream_out, uint32_t *n_out)
{
	for (size_t c = 0; c < oracle->change_count; c++) {
		const struct known_change *change = &oracle->changes[c];

		if (oracle_is_set_aside(change) && i-- == 0) {
			*stream_out = change->stream;
			*n_out = change->n;
			return;
		}
	}
}

uint32_t
oracle_logged(const struct oracle *oracle, uint32_t stream)
{
	uint32_t count = 0;

	for (size_t i = 0; i < oracle->change_count; i++) {
		const struct known_change *change = &oracle->changes[i];

		count += change->stream == stream && change->seq != 0;
	}
	return count;
}

struct oracle_counts
oracle_counts(const struct oracle *oracle)
{
	struct oracle_counts counts = {.changes = oracle->change_count,
				       .quarantined = oracle_set_aside_count(oracle),
				       .conflicts = oracle->conflicts};

	for (size_t i = 0; i < oracle->change_count; i++) {
		counts.lost += oracle->changes[i].lost;
		counts.erased += oracle->changes[i].erased_by != 0;
	}
	for (size_t i = 0; i < oracle->record_count; i++) {
		counts.records += record_is_merged(oracle, &oracle->records[i]);
	}
	return counts;
}
