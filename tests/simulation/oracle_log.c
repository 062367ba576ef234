/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says, entry by entry, and what a restore takes of it. */
#include "protocol/cbor.h"
#include "tests/simulation/oracle_parts.h"

#include <string.h>

enum {
	NOTE_KEYS_MAX = 32,
	NOTE_VERSION = 6,
	NOTE_EPOCH = 10,
	NOTE_PARENT = 11,
	NOTE_CUT = 12,
	NOTE_STREAM = 2,
	NOTE_N = 17,
	NOTE_ENTRY = 18
};

struct observing {
	struct oracle *oracle;
	struct store *store;
	const struct schema *schema;
	struct arena arena;
};

/* ---- changes ---- */

/* The row's change. What was erased in the same step as it was logged is as its author froze it. */
static enum status
row_change(struct observing *observing, const struct log_row *row, bool of_server,
	   struct change *out, struct error *err)
{
	const struct known_name *name = oracle_name_find(observing->oracle, row);
	struct span bytes = row->payload;

	if (bytes.at == NULL && name != NULL) {
		bytes = name->frozen.bytes;
	}
	return bytes.at == NULL ? fail(err, STATUS_MALFORMED, "entry %llu has lost what it said",
				       (unsigned long long)row->entry.seq)
				: change_decode(bytes, of_server, &observing->arena, out, err);
}

/* A change made at the server has seen what was merged before it, as far as its base goes. */
static enum status
observe_server_change(struct observing *observing, const struct log_row *row, struct error *err)
{
	struct oracle *oracle = observing->oracle;
	struct view view = {.first = oracle->present, .last = oracle->present};
	struct frozen frozen = {.bytes = row->payload};
	struct seen seen = {.words = NULL};
	const struct known_record *record;
	struct change change;
	enum status status = row_change(observing, row, true, &change, err);

	if (status != STATUS_OK) {
		return status;
	}
	record = oracle_record(oracle, change.record);
	memcpy(frozen.salt, row->salt, sizeof frozen.salt);
	for (size_t i = 0; i < record->write_count; i++) {
		const struct known_change *before = &oracle->changes[record->writes[i].change];
		bool all = change.kind == CHANGE_SETTLEMENT;

		if (before->merged && (all || before->merge_seq <= change.base.version)) {
			seen_add(&seen, i, view);
		}
	}
	(void)oracle_change_add(oracle, row->entry.stream, &change, &frozen, seen,
				(size_t)(record - oracle->records));
	return STATUS_OK;
}

/* What must become of it, and whether out of scope or not is all the same. */
static enum status
judge(struct observing *observing, const struct log_row *row, const struct known_change *known,
      enum quarantine_reason *must_out, bool *unsure_out, struct error *err)
{
	struct oracle *oracle = observing->oracle;
	const struct known_name *name = oracle_name_find(oracle, row);
	bool is_stub = name != NULL && name->frozen.bytes.length == 0;
	struct change change;
	enum status status;

	*unsure_out = false;
	*must_out = QUARANTINE_ERASED;
	if (oracle_is_late(oracle, known, observing->schema) ||
	    /* Its author knows that it was erased; what that hung on may be gone. */
	    ((known->ever_erased || is_stub) && row->entry.reason == QUARANTINE_ERASED)) {
		return STATUS_OK;
	}
	status = row_change(observing, row, false, &change, err);
	if (status == STATUS_OK) {
		*must_out = oracle_judge(oracle, row->entry.stream, &change,
					 schema_type(observing->schema, change.type), unsure_out);
	}
	return status;
}

static enum status
observe_verdict(struct observing *observing, const struct log_row *row,
		const struct known_change *known, struct error *err)
{
	const struct entry *entry = &row->entry;
	bool revoked = oracle_is_revoked(observing->oracle, entry->stream);
	uint32_t within = revoked ? QUARANTINE_REVOKED : QUARANTINE_NONE;
	enum quarantine_reason must;
	bool unsure;
	bool settled;
	enum status status = judge(observing, row, known, &must, &unsure, err);

	if (status != STATUS_OK) {
		return status;
	}
	settled = entry->reason == (uint32_t)must ||
		  (unsure && (entry->reason == within || entry->reason == QUARANTINE_OUT_OF_SCOPE));
	if (settled && entry->reason == QUARANTINE_ERASED && row->payload.at != NULL) {
		return fail(err, STATUS_MALFORMED, "entry %llu came late and keeps what it said",
			    (unsigned long long)entry->seq);
	}
	if (settled && (entry->verdict == VERDICT_MERGED) == (entry->reason == QUARANTINE_NONE)) {
		return STATUS_OK;
	}
	return fail(err, STATUS_MALFORMED,
		    "entry %llu: change (%u, %u) of record %llx has reason %u, where %u is right",
		    (unsigned long long)entry->seq, entry->stream, entry->n,
		    (unsigned long long)entry->record, entry->reason, (unsigned)must);
}

/* Where its record is from now on. */
static enum status
observe_place(struct observing *observing, const struct log_row *row, bool of_server, uint64_t seq,
	      struct error *err)
{
	struct change change;
	enum status status = row_change(observing, row, of_server, &change, err);

	if (status == STATUS_OK) {
		oracle_place_learn(observing->oracle, &change,
				   schema_type(observing->schema, change.type), seq);
	}
	return status;
}

static enum status
observe_known(struct observing *observing, const struct log_row *row, struct error *err)
{
	const struct entry *entry = &row->entry;
	struct oracle *oracle = observing->oracle;
	const struct known_name *name = oracle_name_find(oracle, row);
	struct known_change *known = name == NULL ? NULL : &oracle->changes[name->change];
	enum status status = STATUS_OK;

	if (known == NULL || known->seq != 0) {
		return fail(err, STATUS_MALFORMED, "entry %llu: change (%u, %u) %s",
			    (unsigned long long)entry->seq, entry->stream, entry->n,
			    known == NULL ? "was made by nobody" : "is in the log twice");
	}
	if (oracle->records[known->home].id != entry->record) {
		return fail(err, STATUS_MALFORMED, "entry %llu: change (%u, %u) of another record",
			    (unsigned long long)entry->seq, entry->stream, entry->n);
	}
	if (known->of_device) {
		status = observe_verdict(observing, row, known, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	known->stream = entry->stream;
	known->n = entry->n;
	known->seq = entry->seq;
	known->merge_seq = entry->seq;
	known->merged = entry->verdict == VERDICT_MERGED;
	known->was_set_aside = known->was_set_aside || !known->merged;
	if (entry->reason == QUARANTINE_ERASED) {
		known->erased_by = entry->seq;
		known->was_merged = false;
		known->ever_erased = true;
	}
	return known->merged ? observe_place(observing, row, !known->of_device, entry->seq, err)
			     : STATUS_OK;
}

static enum status
observe_change(struct observing *observing, const struct log_row *row, struct error *err)
{
	struct oracle *oracle = observing->oracle;
	const struct known_name *name = oracle_name_find(oracle, row);
	struct stream stream;
	enum status status =
		store_stream(observing->store, row->entry.stream, &observing->arena, &stream, err);

	if (status == STATUS_OK && stream.kind != STREAM_DEVICE) {
		if (name == NULL) {
			status = observe_server_change(observing, row, err);
		} else {
			/* A later copy than the one before may have what that lacked. */
			oracle->changes[name->change].lost = false;
		}
	}
	return status == STATUS_OK ? observe_known(observing, row, err) : status;
}

/* ---- notes ---- */

/* The number under a key of a note; 0: it is not there. */
static uint64_t
note_number(struct span note, uint64_t wanted)
{
	struct reader in = reader_of(note);
	size_t pairs;
	uint64_t key;
	uint64_t number = 0;
	struct span value;

	if (!cbor_get_map(&in, NOTE_KEYS_MAX, &pairs)) {
		return 0;
	}
	for (size_t i = 0; i < pairs && cbor_get_uint(&in, &key); i++) {
		if (key == wanted) {
			return cbor_get_uint(&in, &number) ? number : 0;
		}
		if (!cbor_get_any(&in, &value)) {
			return 0;
		}
	}
	return 0;
}

/* An erasure further on has taken what the release says: that it was of something set aside can
 * still be seen. */
static bool
released_something(const struct oracle *oracle, uint64_t record)
{
	for (size_t i = 0; i < oracle->change_count; i++) {
		const struct known_change *change = &oracle->changes[i];

		if (oracle->records[change->home].id == record && oracle_is_set_aside(change)) {
			return true;
		}
	}
	return false;
}

/* What was set aside is merged here, as what it is. */
static enum status
observe_release(struct observing *observing, const struct log_row *row, struct error *err)
{
	uint64_t seq = row->entry.seq;
	struct known_change *known = oracle_change_find(
		observing->oracle, (uint32_t)note_number(row->payload, NOTE_STREAM),
		(uint32_t)note_number(row->payload, NOTE_N));
	struct log_row made;
	enum status status = STATUS_OK;

	if (row->payload.at == NULL && released_something(observing->oracle, row->entry.record)) {
		return STATUS_OK;
	}
	if (known == NULL || known->merged || known->seq != note_number(row->payload, NOTE_ENTRY)) {
		return fail(err, STATUS_MALFORMED, "entry %llu releases what was not set aside",
			    (unsigned long long)seq);
	}
	status = store_log_entry(observing->store, known->seq, &observing->arena, &made, err);
	if (status != STATUS_OK) {
		return status;
	}
	known->merged = true;
	known->merge_seq = seq;
	return observe_place(observing, &made, false, seq, err);
}

/* Who restores a server knows all that it shares with the lost log. Who only sees that something is
 * lost may think that it is more. */
static bool
cut_is_right(const struct oracle *oracle, uint64_t cut, uint64_t seq)
{
	return cut == seq - 1 ? !oracle->unnoticed || cut <= oracle->common
			      : oracle->unnoticed && cut < seq && cut <= oracle->common;
}

static bool
observe_epoch(struct oracle *oracle, struct span note, uint64_t seq)
{
	uint32_t parent = (uint32_t)note_number(note, NOTE_PARENT);
	struct known_epoch epoch = {.number = (uint32_t)note_number(note, NOTE_EPOCH),
				    .cut = note_number(note, NOTE_CUT)};

	if (oracle_epoch_place(oracle, epoch.number, &oracle->present)) {
		/* Read before, in a log that was given up and is back. */
		return oracle->epochs[oracle->present].cut == epoch.cut;
	}
	if (oracle->epoch_count > 0 && (!oracle_epoch_place(oracle, parent, &epoch.parent) ||
					!cut_is_right(oracle, epoch.cut, seq))) {
		return false;
	}
	oracle->unnoticed = false;
	oracle->epochs = oracle_grown(oracle->epochs, oracle->epoch_count, sizeof epoch);
	oracle->present = oracle->epoch_count;
	oracle->epochs[oracle->epoch_count++] = epoch;
	return epoch.number != 0;
}

static bool
observe_schema(struct oracle *oracle, struct span note, uint64_t seq)
{
	struct known_schema schema = {.version = (uint32_t)note_number(note, NOTE_VERSION),
				      .seq = seq};

	oracle->schemas = oracle_grown(oracle->schemas, oracle->schema_count, sizeof schema);
	oracle->schemas[oracle->schema_count++] = schema;
	return schema.version != 0;
}

static enum status
observe_note(struct observing *observing, const struct log_row *row, struct error *err)
{
	struct oracle *oracle = observing->oracle;
	uint64_t seq = row->entry.seq;
	bool good = true;

	if (row->entry.kind == ENTRY_RELEASE) {
		return observe_release(observing, row, err);
	}
	if (row->entry.kind == ENTRY_ERASURE) {
		return oracle_erasure_learn(oracle, row, observing->schema, err);
	}
	if (row->entry.kind == ENTRY_ADMIN) {
		good = oracle_admin_learn(oracle, row);
	} else if (row->entry.kind == ENTRY_SCOPE) {
		good = oracle_scope_learn(oracle, row->payload, seq);
	} else if (row->entry.kind == ENTRY_SCHEMA) {
		good = observe_schema(oracle, row->payload, seq);
	} else if (row->entry.kind == ENTRY_EPOCH) {
		good = observe_epoch(oracle, row->payload, seq);
	}
	return good ? STATUS_OK
		    : fail(err, STATUS_MALFORMED, "entry %llu: its note makes no sense",
			   (unsigned long long)seq);
}

/* ---- the log ---- */

static enum status
observe_row(void *context, const struct log_row *row, struct error *err)
{
	struct observing *observing = context;
	enum status status;

	if (row->entry.seq != observing->oracle->head + 1) {
		return fail(err, STATUS_MALFORMED, "entry %llu follows %llu",
			    (unsigned long long)row->entry.seq,
			    (unsigned long long)observing->oracle->head);
	}
	status = row->entry.kind == ENTRY_CHANGE ? observe_change(observing, row, err)
						 : observe_note(observing, row, err);
	if (status == STATUS_OK) {
		observing->oracle->head = row->entry.seq;
	}
	return status;
}

enum status
oracle_observe(struct oracle *oracle, struct store *store, const struct schema *schema,
	       struct error *err)
{
	struct observing observing = {.oracle = oracle, .store = store, .schema = schema};
	struct log_filter filter = {.since = oracle->head, .limit = SIZE_MAX >> 1};
	uint64_t head;
	enum status status = store_log_head(store, &head, err);

	if (status == STATUS_OK && head < oracle->head) {
		return fail(err, STATUS_MALFORMED, "the log had %llu entries and has %llu",
			    (unsigned long long)oracle->head, (unsigned long long)head);
	}
	if (status != STATUS_OK || head == oracle->head) {
		return status;
	}
	arena_init(&observing.arena, (size_t)64 << 20);
	status = store_log_read(store, &filter, observe_row, &observing, err);
	arena_finish(&observing.arena);
	return status;
}

uint32_t
oracle_epoch(const struct oracle *oracle)
{
	return oracle->epochs[oracle->present].number;
}

bool
oracle_epoch_place(const struct oracle *oracle, uint32_t epoch, size_t *place_out)
{
	for (size_t i = 0; i < oracle->epoch_count; i++) {
		if (oracle->epochs[i].number == epoch) {
			*place_out = i;
			return true;
		}
	}
	return false;
}

uint32_t
oracle_schema_version(const struct oracle *oracle)
{
	uint32_t newest = 0;

	for (size_t i = 0; i < oracle->schema_count; i++) {
		newest = oracle->schemas[i].version > newest ? oracle->schemas[i].version : newest;
	}
	return newest;
}

/* ---- a restore ---- */

/* What a device made comes back; what was made at the server is gone. */
static void
changes_forget(struct oracle *oracle, uint64_t cut)
{
	for (size_t i = 0; i < oracle->change_count; i++) {
		struct known_change *change = &oracle->changes[i];

		if (change->seq > cut) {
			change->lost = !change->of_device;
			change->merged = false;
			change->seq = 0;
		} else if (change->merged && change->merge_seq > cut) {
			change->merged = false; /* its release is forgotten */
		}
	}
}

/* How much of the present log that of an epoch has up to an entry of its own. */
static uint64_t
shared_until(const struct oracle *oracle, size_t epoch, uint64_t head)
{
	uint64_t shared = oracle_epoch_floor(oracle, epoch);

	return head < shared ? head : shared;
}

bool
oracle_copies_kept(const struct oracle *oracle, const struct history *history, uint32_t epoch,
		   uint64_t head)
{
	size_t place = oracle->present;
	uint64_t cut;

	(void)oracle_epoch_place(oracle, epoch, &place);
	cut = shared_until(oracle, place, head);
	for (size_t i = 0; i < oracle->change_count; i++) {
		const struct known_change *change = &oracle->changes[i];

		if (change->of_device && change->seq > cut &&
		    oracle_author_root(oracle, change->author) ==
			    oracle_author_root(oracle, history->author)) {
			return false;
		}
	}
	for (size_t i = 0; i < oracle->scope_count; i++) {
		if (oracle->scopes[i].parent != 0 && oracle->scopes[i].seq > cut) {
			return false;
		}
	}
	return true;
}

void
oracle_restore(struct oracle *oracle, uint32_t epoch, uint64_t head)
{
	size_t place = oracle->present;
	uint64_t cut;

	(void)oracle_epoch_place(oracle, epoch, &place);
	cut = shared_until(oracle, place, head);
	oracle->present = place;
	oracle_erasures_forget(oracle, cut);
	changes_forget(oracle, cut);
	for (size_t i = 0; i < oracle->record_count; i++) {
		struct known_record *record = &oracle->records[i];

		while (record->stay_count > 0 && record->stays[record->stay_count - 1].seq > cut) {
			record->stay_count--;
		}
	}
	while (oracle->scope_count > 0 && oracle->scopes[oracle->scope_count - 1].seq > cut) {
		oracle->scope_count--;
	}
	while (oracle->schema_count > 0 && oracle->schemas[oracle->schema_count - 1].seq > cut) {
		oracle->schema_count--;
	}
	oracle->head = cut;
}

void
oracle_set_back(struct oracle *oracle, uint64_t head)
{
	oracle_restore(oracle, oracle_epoch(oracle), head);
	oracle->unnoticed = true;
	oracle->common = head;
}

uint64_t
oracle_unnoticed(const struct oracle *oracle)
{
	return oracle->unnoticed ? oracle->common : UINT64_MAX;
}
