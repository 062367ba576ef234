/* SPDX-License-Identifier: Apache-2.0 */
/* What was erased by law, and who was revoked: by the log, and what must follow of it. */
#include "protocol/cbor.h"
#include "protocol/id.h"
#include "tests/simulation/oracle_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
	NOTE_KEYS_MAX = 32,
	NOTE_ACTION = 1,
	NOTE_STREAM = 2,
	NOTE_RECORDS = 20,
	NOTE_ENTRIES = 21,
	NAMED_MAX = 4096,
	TEXT_LEAST = 12, /* shorter ones may stand anywhere by chance */
};

/* ---- what is known ---- */

static bool
has_mark(const struct known_mark *marks, size_t count, uint64_t what)
{
	for (size_t i = 0; i < count; i++) {
		if (marks[i].what == what) {
			return true;
		}
	}
	return false;
}

bool
oracle_is_erased(const struct oracle *oracle, uint64_t id)
{
	const struct known_change *made;

	if (has_mark(oracle->erased, oracle->erased_count, id)) {
		return true;
	}
	made = oracle->erased_count == 0 ? NULL
					 : oracle_change_find(oracle, id_stream(id), id_n(id));
	return made != NULL && made->erased_by == made->seq && oracle->records[made->home].id == id;
}

bool
oracle_record_erased(struct oracle *oracle, const struct history *history, uint64_t id)
{
	size_t place = oracle_record_place(oracle, history, id);

	return oracle_is_erased(oracle, oracle->records[place].id);
}

bool
oracle_record_was_erased(struct oracle *oracle, const struct history *history, uint64_t id)
{
	const struct known_record *record =
		&oracle->records[oracle_record_place(oracle, history, id)];

	return oracle_is_erased(oracle, record->id) ||
	       (record->maker != 0 && oracle->changes[record->maker - 1].ever_erased);
}

bool
oracle_change_erased(const struct oracle *oracle, const struct history *history, uint32_t place)
{
	return oracle->changes[history->changes[place - 1]].erased_by != 0;
}

bool
oracle_erased_any(const struct oracle *oracle)
{
	return oracle->erased_count > 0;
}

void
oracle_erasure_failed(struct oracle *oracle)
{
	oracle->erasures_unsure = true;
}

bool
oracle_is_revoked(const struct oracle *oracle, uint32_t number)
{
	return has_mark(oracle->revoked, oracle->revoked_count, number);
}

/* Does it say that its record is below one of these? */
static bool
hangs_on(const struct oracle *oracle, const struct known_change *change,
	 const struct schema *schema, bool (*erased)(const void *context, uint64_t id),
	 const void *context)
{
	const struct record_type *type = schema_type(schema, change->type);
	const struct known_record *record = &oracle->records[change->home];
	size_t place = (size_t)(change - oracle->changes);

	for (size_t i = 0; type != NULL && type->root != 0 && i < record->write_count; i++) {
		const struct known_write *write = &record->writes[i];

		if (write->change == place && write->tag == type->root &&
		    write->value.form == VALUE_INTEGER &&
		    erased(context, (uint64_t)write->value.integer)) {
			return true;
		}
	}
	return false;
}

static bool
erased_by_now(const void *context, uint64_t id)
{
	return oracle_is_erased(context, id);
}

bool
oracle_is_late(const struct oracle *oracle, const struct known_change *change,
	       const struct schema *schema)
{
	return oracle->erased_count > 0 &&
	       (oracle_is_erased(oracle, oracle->records[change->home].id) ||
		hangs_on(oracle, change, schema, erased_by_now, oracle));
}

/* ---- an erasure ---- */

/* What an entry names. */
struct named {
	const struct oracle *oracle;
	const struct schema *schema;
	uint64_t seq;
	uint64_t root; /* that was asked for; 0: a server that came back does it again */
	uint64_t records[NAMED_MAX];
	size_t record_count;
	uint64_t entries[NAMED_MAX];
	size_t entry_count;
};

static bool
read_numbers(struct reader *in, uint64_t *out, size_t *count_out)
{
	if (!cbor_get_array(in, NAMED_MAX, count_out)) {
		return false;
	}
	for (size_t i = 0; i < *count_out; i++) {
		if (!cbor_get_uint(in, &out[i])) {
			return false;
		}
	}
	return true;
}

static bool
named_read(struct span note, struct named *out)
{
	struct reader in = reader_of(note);
	struct span value;
	size_t pairs;
	uint64_t key;
	bool good = cbor_get_map(&in, NOTE_KEYS_MAX, &pairs);

	for (size_t i = 0; good && i < pairs; i++) {
		good = cbor_get_uint(&in, &key);
		if (good && key == NOTE_RECORDS) {
			good = read_numbers(&in, out->records, &out->record_count);
		} else if (good && key == NOTE_ENTRIES) {
			good = read_numbers(&in, out->entries, &out->entry_count);
		} else if (good) {
			good = cbor_get_any(&in, &value);
		}
	}
	return good;
}

static bool
names(const uint64_t *numbers, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] == number) {
			return true;
		}
	}
	return false;
}

static bool
names_record(const void *context, uint64_t id)
{
	const struct named *named = context;

	return names(named->records, named->record_count, id);
}

uint64_t
oracle_parent(const struct known_record *record)
{
	const struct known_stay *stay =
		record->stay_count == 0 ? NULL : &record->stays[record->stay_count - 1];

	return stay == NULL || stay->unsure ? 0 : stay->parent;
}

static bool
is_unsure(const struct known_record *record)
{
	return record->stay_count > 0 && record->stays[record->stay_count - 1].unsure;
}

static enum status
wrong(const struct named *named, uint64_t id, const char *what, struct error *err)
{
	return fail(err, STATUS_MALFORMED, "entry %llu erases: %llx %s",
		    (unsigned long long)named->seq, (unsigned long long)id, what);
}

/* Everything below what is erased is. */
static enum status
check_below(const struct named *named, struct error *err)
{
	const struct oracle *oracle = named->oracle;

	for (size_t i = 0; i < oracle->record_count; i++) {
		const struct known_record *record = &oracle->records[i];
		uint64_t parent = oracle_parent(record);

		if (parent != 0 && names_record(named, parent) &&
		    oracle_record_exists(oracle, record->id) &&
		    oracle_record_find(oracle, record->id) == record &&
		    !names_record(named, record->id)) {
			return wrong(named, record->id, "is below it and stays", err);
		}
	}
	return STATUS_OK;
}

/* So is what was set aside and is about it. */
static enum status
check_set_aside(const struct named *named, struct error *err)
{
	const struct oracle *oracle = named->oracle;

	for (size_t i = 0; i < oracle->change_count; i++) {
		const struct known_change *change = &oracle->changes[i];
		uint64_t id = oracle->records[change->home].id;

		if (oracle_is_set_aside(change) && !names_record(named, id) &&
		    hangs_on(oracle, change, named->schema, names_record, named) &&
		    !names(named->entries, named->entry_count, change->seq)) {
			return wrong(named, id, "was set aside with a change about it that stays",
				     err);
		}
	}
	return STATUS_OK;
}

/* Was the record only to be made, below what is erased, or beside it: a change that lacks an
 * erased record goes with it? */
static bool
was_to_be_made(const struct named *named, uint64_t id)
{
	const struct known_change *made =
		oracle_change_find(named->oracle, id_stream(id), id_n(id));

	return made != NULL && oracle_is_set_aside(made);
}

/* Would only a late change make the record, also one that the log does not have: of an erasure that
 * does not commit the id is kept all the same? */
static bool
is_made_late(const struct named *named, const struct known_record *record)
{
	const struct oracle *oracle = named->oracle;

	return record != NULL && record->maker != 0 &&
	       oracle_is_late(oracle, &oracle->changes[record->maker - 1], named->schema);
}

/* Nothing else is. */
static enum status
check_nothing_else(const struct named *named, struct error *err)
{
	const struct oracle *oracle = named->oracle;

	for (size_t i = 0; i < named->record_count && !oracle->erasures_unsure; i++) {
		uint64_t id = named->records[i];
		const struct known_record *record = oracle_record_find(oracle, id);

		if (id == named->root ||
		    (record != NULL &&
		     (is_unsure(record) || names_record(named, oracle_parent(record)))) ||
		    was_to_be_made(named, id) ||
		    (named->root == 0 &&
		     (names(oracle->ever_erased, oracle->ever_erased_count, id) ||
		      oracle_is_erased(oracle, id) || is_made_late(named, record)))) {
			continue;
		}
		return wrong(named, id, "is not below it and goes", err);
	}
	for (size_t i = 0; i < oracle->change_count; i++) {
		const struct known_change *change = &oracle->changes[i];

		if (names(named->entries, named->entry_count, change->seq) && change->seq != 0 &&
		    !oracle_is_set_aside(change)) {
			return wrong(named, oracle->records[change->home].id, "was not set aside",
				     err);
		}
	}
	return STATUS_OK;
}

static void
mark_add(struct known_mark **marks, size_t *count, uint64_t what, uint64_t seq)
{
	*marks = oracle_grown(*marks, *count, sizeof **marks);
	(*marks)[(*count)++] = (struct known_mark){what, seq};
}

static void
named_erase(struct oracle *oracle, const struct named *named)
{
	for (size_t i = 0; i < oracle->change_count; i++) {
		struct known_change *change = &oracle->changes[i];

		if (change->seq == 0 || change->erased_by != 0 ||
		    (!names_record(named, oracle->records[change->home].id) &&
		     !names(named->entries, named->entry_count, change->seq))) {
			continue;
		}
		change->erased_by = named->seq;
		change->was_merged = change->merged;
		change->ever_erased = true;
		change->merged = false;
	}
	for (size_t i = 0; i < named->record_count; i++) {
		mark_add(&oracle->erased, &oracle->erased_count, named->records[i], named->seq);
		if (names(oracle->ever_erased, oracle->ever_erased_count, named->records[i])) {
			continue;
		}
		oracle->ever_erased = oracle_grown(oracle->ever_erased, oracle->ever_erased_count,
						   sizeof oracle->ever_erased[0]);
		oracle->ever_erased[oracle->ever_erased_count++] = named->records[i];
	}
}

enum status
oracle_erasure_learn(struct oracle *oracle, const struct log_row *row, const struct schema *schema,
		     struct error *err)
{
	struct named *named = calloc(1, sizeof *named);
	enum status status = STATUS_OK;

	if (named == NULL) {
		abort();
	}
	named->oracle = oracle;
	named->schema = schema;
	named->seq = row->entry.seq;
	named->root = row->entry.record;
	if (!named_read(row->payload, named) || named->record_count == 0 ||
	    (named->root != 0 && !names_record(named, named->root))) {
		status = wrong(named, named->root, "is not named", err);
	}
	if (status == STATUS_OK) {
		status = check_below(named, err);
	}
	if (status == STATUS_OK) {
		status = check_set_aside(named, err);
	}
	if (status == STATUS_OK) {
		status = check_nothing_else(named, err);
	}
	if (status == STATUS_OK) {
		named_erase(oracle, named);
	}
	free(named);
	return status;
}

enum status
oracle_erasures_stand(const struct oracle *oracle, struct error *err)
{
	for (size_t i = 0; i < oracle->ever_erased_count; i++) {
		if (!has_mark(oracle->erased, oracle->erased_count, oracle->ever_erased[i])) {
			return fail(err, STATUS_MALFORMED, "record %llx was erased and is back",
				    (unsigned long long)oracle->ever_erased[i]);
		}
	}
	return STATUS_OK;
}

/* ---- a revocation ---- */

bool
oracle_admin_learn(struct oracle *oracle, const struct log_row *row)
{
	struct reader in = reader_of(row->payload);
	struct span action = span_of_text("");
	struct span value;
	uint32_t number = 0;
	size_t pairs;
	uint64_t key;
	bool good = cbor_get_map(&in, NOTE_KEYS_MAX, &pairs);

	for (size_t i = 0; good && i < pairs; i++) {
		good = cbor_get_uint(&in, &key);
		if (good && key == NOTE_ACTION) {
			good = cbor_get_text(&in, &action);
		} else if (good && key == NOTE_STREAM) {
			good = cbor_get_u32(&in, &number);
		} else if (good) {
			good = cbor_get_any(&in, &value);
		}
	}
	if (good && span_equal(action, span_of_text("revoke"))) {
		mark_add(&oracle->revoked, &oracle->revoked_count, number, row->entry.seq);
	}
	return good;
}

/* ---- a restore ---- */

static size_t
marks_until(const struct known_mark *marks, size_t count, uint64_t cut)
{
	while (count > 0 && marks[count - 1].seq > cut) {
		count--;
	}
	return count;
}

void
oracle_erasures_forget(struct oracle *oracle, uint64_t cut)
{
	oracle->erased_count = marks_until(oracle->erased, oracle->erased_count, cut);
	oracle->revoked_count = marks_until(oracle->revoked, oracle->revoked_count, cut);
	for (size_t i = 0; i < oracle->change_count; i++) {
		struct known_change *change = &oracle->changes[i];

		if (change->erased_by > cut) {
			change->erased_by = 0;
			change->merged = change->was_merged;
		}
	}
}

/* ---- nothing of it is left ---- */

static bool
holds(struct span bytes, struct span part)
{
	const uint8_t *at = part.length == 0 ? NULL : bytes.at;
	const uint8_t *end = bytes.at + bytes.length;

	while (at != NULL && (size_t)(end - at) >= part.length) {
		at = memchr(at, part.at[0], (size_t)(end - at) - part.length + 1);
		if (at != NULL && memcmp(at, part.at, part.length) == 0) {
			return true;
		}
		at = at == NULL ? NULL : at + 1;
	}
	return false;
}

/* Did somebody write these words, or more with them, in what was not erased? */
static bool
others_wrote(const struct oracle *oracle, struct span text)
{
	for (size_t r = 0; r < oracle->record_count; r++) {
		const struct known_record *record = &oracle->records[r];

		for (size_t w = 0; w < record->write_count; w++) {
			const struct known_write *write = &record->writes[w];

			if (write->value.form == VALUE_TEXT &&
			    oracle->changes[write->change].erased_by == 0 &&
			    holds(write->value.text, text)) {
				return true;
			}
		}
	}
	return false;
}

/* Two copies that parted within a batch salt what they make under one n alike. */
static bool
others_salted(const struct oracle *oracle, const struct known_name *name)
{
	for (size_t i = 0; i < oracle->name_count; i++) {
		const struct known_name *other = &oracle->names[i];

		if (oracle->changes[other->change].erased_by == 0 &&
		    memcmp(other->frozen.salt, name->frozen.salt, SALT_SIZE) == 0) {
			return true;
		}
	}
	return false;
}

static enum status
left(const struct oracle *oracle, size_t change, const char *what, struct error *err)
{
	return fail(err, STATUS_MALFORMED,
		    "the server has the %s of change (%u, %u), erased by %llu", what,
		    oracle->changes[change].stream, oracle->changes[change].n,
		    (unsigned long long)oracle->changes[change].erased_by);
}

enum status
oracle_check_bytes(const struct oracle *oracle, struct span bytes, struct error *err)
{
	for (size_t i = 0; i < oracle->name_count; i++) {
		const struct known_name *name = &oracle->names[i];

		if (oracle->changes[name->change].erased_by == 0 ||
		    name->frozen.bytes.length == 0) {
			continue;
		}
		if (holds(bytes, span_of(name->frozen.salt, SALT_SIZE)) &&
		    !others_salted(oracle, name)) {
			return left(oracle, name->change, "salt", err);
		}
		if (holds(bytes, name->frozen.bytes)) {
			return left(oracle, name->change, "payload", err);
		}
	}
	for (size_t r = 0; r < oracle->record_count; r++) {
		const struct known_record *record = &oracle->records[r];

		for (size_t w = 0; w < record->write_count; w++) {
			const struct known_write *write = &record->writes[w];

			if (write->value.form == VALUE_TEXT &&
			    write->value.text.length >= TEXT_LEAST &&
			    oracle->changes[write->change].erased_by != 0 &&
			    holds(bytes, write->value.text) &&
			    !others_wrote(oracle, write->value.text)) {
				return left(oracle, write->change, "words", err);
			}
		}
	}
	return STATUS_OK;
}
