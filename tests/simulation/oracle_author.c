/* SPDX-License-Identifier: Apache-2.0 */
/* Installations, their copies, and what each of them calls the changes that it made. */
#include "protocol/id.h"
#include "tests/simulation/oracle_parts.h"

#include <stdlib.h>
#include <string.h>

void
history_free(struct history *history)
{
	free(history->changes);
	*history = (struct history){.changes = NULL};
}

struct history
oracle_author(struct oracle *oracle)
{
	struct history history = {.author = oracle->author_count};

	oracle->authors =
		oracle_grown(oracle->authors, oracle->author_count, sizeof oracle->authors[0]);
	oracle->authors[oracle->author_count++] = (struct known_author){.parent = history.author};
	return history;
}

struct history
oracle_author_copy(struct oracle *oracle, const struct history *of)
{
	struct history history = oracle_author(oracle);

	oracle->authors[history.author] =
		(struct known_author){.parent = of->author, .copied = of->count};
	history.number = of->number;
	history.offset = of->offset;
	for (uint32_t i = 0; i < of->count; i++) {
		history.changes =
			oracle_grown(history.changes, history.count, sizeof history.changes[0]);
		history.changes[history.count++] = of->changes[i];
	}
	return history;
}

size_t
oracle_author_root(const struct oracle *oracle, size_t author)
{
	while (oracle->authors[author].parent != author) {
		author = oracle->authors[author].parent;
	}
	return author;
}

bool
oracle_same_author(const struct oracle *oracle, const struct known_change *viewer,
		   const struct known_change *seen)
{
	size_t author = viewer->author;
	uint32_t until = viewer->place;

	if (!viewer->of_device || !seen->of_device) {
		return !viewer->of_device && !seen->of_device && viewer->stream == seen->stream;
	}
	while (author != seen->author) {
		const struct known_author *copy = &oracle->authors[author];

		if (copy->parent == author) {
			return false;
		}
		until = copy->copied < until ? copy->copied : until;
		author = copy->parent;
	}
	return seen->place <= until;
}

bool
oracle_same_family(const struct oracle *oracle, const struct history *a, const struct history *b)
{
	return oracle_author_root(oracle, a->author) == oracle_author_root(oracle, b->author);
}

/* ---- names ---- */

void
oracle_name_add(struct oracle *oracle, const struct known_name *name)
{
	struct known_name *added;

	for (size_t i = 0; i < oracle->name_count; i++) {
		const struct known_name *known = &oracle->names[i];

		if (known->stream == name->stream && known->n == name->n &&
		    known->hash == name->hash && known->change == name->change) {
			return; /* another copy has said it so */
		}
	}
	oracle->names = oracle_grown(oracle->names, oracle->name_count, sizeof *added);
	added = &oracle->names[oracle->name_count++];
	*added = *name;
	if (name->frozen.bytes.length > 0) {
		added->frozen.bytes.at = arena_copy(&oracle->texts, name->frozen.bytes.at,
						    name->frozen.bytes.length);
		if (added->frozen.bytes.at == NULL) {
			abort();
		}
	}
}

static const struct known_name *
name_find(const struct oracle *oracle, uint32_t stream, uint32_t n, uint64_t hash)
{
	const struct known_name *found = NULL;

	for (size_t i = oracle->name_count; i > 0; i--) {
		const struct known_name *name = &oracle->names[i - 1];

		if (name->stream == stream && name->n == n && name->hash == hash &&
		    (found == NULL || (oracle->changes[found->change].lost &&
				       !oracle->changes[name->change].lost))) {
			found = name;
		}
	}
	return found;
}

const struct known_name *
oracle_name_find(const struct oracle *oracle, const struct log_row *row)
{
	const struct entry *entry = &row->entry;
	struct frozen frozen = {.bytes = row->payload};
	uint64_t hash = oracle_hash_of(entry->commitment);

	if (row->payload.at != NULL) {
		memcpy(frozen.salt, row->salt, sizeof frozen.salt);
		hash = oracle_hash(entry->stream, entry->n, &frozen);
	}
	return name_find(oracle, entry->stream, entry->n, hash);
}

struct known_change *
oracle_change_named(const struct oracle *oracle, uint32_t stream, uint32_t n, uint64_t hash)
{
	const struct known_name *name = name_find(oracle, stream, n, hash);

	return name == NULL ? NULL : &oracle->changes[name->change];
}

const struct known_change *
oracle_own(const struct oracle *oracle, const struct history *history, uint32_t stream, uint32_t n)
{
	if (history == NULL || stream == 0 || stream != history->number || n == 0 ||
	    n > history->count - history->offset) {
		return NULL;
	}
	return &oracle->changes[history->changes[history->offset + n - 1]];
}

size_t
oracle_record_place(struct oracle *oracle, const struct history *history, uint64_t id)
{
	const struct known_change *made = oracle_own(oracle, history, id_stream(id), id_n(id));
	const struct known_record *called;

	if (made != NULL && oracle->records[made->home].maker != 0 &&
	    &oracle->changes[oracle->records[made->home].maker - 1] == made) {
		return made->home;
	}
	called = oracle_record(oracle, id);
	return (size_t)(called - oracle->records);
}

/* ---- what is made ---- */

static void
history_add(struct history *history, size_t change)
{
	history->changes =
		oracle_grown(history->changes, history->count, sizeof history->changes[0]);
	history->changes[history->count++] = change;
}

/* A copy and what it is a copy of found the same change in their write-ahead logs, of which nobody
 * had been told that it is recorded: it was made before they parted. */
static bool
found_by_both(struct oracle *oracle, struct history *history, const struct change *change,
	      const struct frozen *frozen)
{
	struct known_change *known =
		oracle_change_named(oracle, history->number, change->n,
				    oracle_hash(history->number, change->n, frozen));
	struct known_author *authors = oracle->authors;
	size_t copy;

	if (known == NULL || !known->of_device) {
		return false;
	}
	copy = authors[known->author].parent == history->author ? known->author : history->author;
	if (authors[copy].copied < known->place) {
		authors[copy].copied = known->place;
	}
	known->author = authors[copy].parent;
	history_add(history, (size_t)(known - oracle->changes));
	return true;
}

static void
change_new(struct oracle *oracle, struct history *history, const struct change *change,
	   const struct frozen *frozen, const struct seen *seen)
{
	bool creates =
		change->base.epoch == 0 && change->record == id_make(history->number, change->n);
	size_t home = creates ? oracle_record_new(oracle, change->record)
			      : oracle_record_place(oracle, history, change->record);
	struct known_change *known =
		oracle_change_add(oracle, history->number, change, frozen, seen_copy(seen), home);

	known->of_device = true;
	known->author = history->author;
	known->place = history->count + 1;
	if (creates) {
		oracle->records[home].maker = oracle->change_count;
	}
	history_add(history, oracle->change_count - 1);
}

void
oracle_change(struct oracle *oracle, struct history *history, const struct change *change,
	      const struct frozen *frozen, const struct seen *seen)
{
	if (found_by_both(oracle, history, change, frozen)) {
		return;
	}
	change_new(oracle, history, change, frozen, seen);
}

/* Nothing of it is different, but for what its own records are called. */
static bool
fields_again(struct known_record *record, size_t change, const struct change *again)
{
	size_t count = 0;

	for (size_t i = 0; i < record->write_count; i++) {
		struct known_write *write = &record->writes[i];
		const struct change_field *field = change_field(again, write->tag);

		if (write->change != change) {
			continue;
		}
		if (field == NULL || field->value.form != write->value.form ||
		    (!value_equal(field->value, write->value) &&
		     field->value.form != VALUE_INTEGER)) {
			return false;
		}
		if (field->value.form == VALUE_INTEGER) {
			write->value = field->value;
		}
		count++;
	}
	return count == again->field_count;
}

enum status
oracle_change_again(struct oracle *oracle, const struct history *history,
		    const struct change *change, const struct frozen *frozen, struct error *err)
{
	const struct known_change *own = oracle_own(oracle, history, history->number, change->n);
	size_t place = own == NULL ? 0 : (size_t)(own - oracle->changes);
	struct known_record *record = own == NULL ? NULL : &oracle->records[own->home];

	if (own == NULL || own->kind != change->kind || own->time != change->time ||
	    change->was_stream != own->first_stream || change->was_n != own->first_n ||
	    memcmp(change->first_hash, own->first_hash, sizeof own->first_hash) != 0 ||
	    !fields_again(record, place, change)) {
		return fail(err, STATUS_MALFORMED, "change %u of number %u is not what was made",
			    change->n, history->number);
	}
	if (record->maker == place + 1) {
		record->id = change->record;
	}
	if (record->id != change->record) {
		return fail(err, STATUS_MALFORMED, "change %u of number %u is of another record",
			    change->n, history->number);
	}
	oracle_name_add(oracle,
			&(struct known_name){history->number, change->n,
					     oracle_hash(history->number, change->n, frozen), place,
					     *frozen});
	return STATUS_OK;
}

enum status
oracle_stub_again(struct oracle *oracle, const struct history *history,
		  const struct change_stub *stub, struct error *err)
{
	const struct known_change *own = oracle_own(oracle, history, history->number, stub->n);
	struct known_record *record = own == NULL ? NULL : &oracle->records[own->home];

	if (own == NULL) {
		return fail(err, STATUS_MALFORMED, "change %u of number %u was made by nobody",
			    stub->n, history->number);
	}
	if (record->maker == (size_t)(own - oracle->changes) + 1) {
		record->id = stub->record;
	}
	oracle_name_add(oracle, &(struct known_name){.stream = history->number,
						     .n = stub->n,
						     .hash = oracle_hash_of(stub->commitment),
						     .change = (size_t)(own - oracle->changes)});
	return STATUS_OK;
}

/* ---- what became of it ---- */

bool
oracle_was_set_aside(const struct oracle *oracle, const struct history *history, uint32_t place)
{
	return oracle->changes[history->changes[place - 1]].was_set_aside;
}

bool
oracle_made_set_aside(const struct oracle *oracle, const struct history *history, uint64_t id)
{
	for (uint32_t i = 0; i < history->count; i++) {
		size_t at = history->changes[i];
		const struct known_change *change = &oracle->changes[at];

		if (oracle->records[change->home].maker == at + 1 && oracle_is_set_aside(change) &&
		    oracle->records[change->home].id == id) {
			return true;
		}
	}
	return false;
}

bool
oracle_sets_aside(const struct oracle *oracle, const struct history *history, uint64_t id)
{
	const struct known_record *record = oracle_record_find(oracle, id);
	uint64_t parent = record == NULL ? 0 : oracle_parent(record);

	for (uint32_t i = 0; i < history->count; i++) {
		const struct known_change *change = &oracle->changes[history->changes[i]];

		if (oracle_is_set_aside(change) && oracle->records[change->home].id == id) {
			return true;
		}
	}
	/* A visit, its person, her family. */
	return parent != 0 && oracle_sets_aside(oracle, history, parent);
}

enum status
oracle_check_logged(const struct oracle *oracle, const struct history *history, struct error *err)
{
	for (uint32_t i = 0; i < history->count; i++) {
		const struct known_change *change = &oracle->changes[history->changes[i]];

		if (change->seq == 0) {
			return fail(err, STATUS_MALFORMED, "change (%u, %u) is not in the log",
				    change->stream, change->n);
		}
	}
	return STATUS_OK;
}
