/* SPDX-License-Identifier: Apache-2.0 */
/* Where every record was and what every device had, entry by entry, and what must become of a
 * change (docs/protocol.md 14.5). */
#include "protocol/cbor.h"
#include "protocol/id.h"
#include "tests/simulation/oracle_parts.h"

enum { NOTE_KEYS_MAX = 32, NOTE_STREAM = 2, NOTE_SCOPE = 5, NOTE_PARENT = 15, DEEPEST = 4 };

/* ---- what devices have ---- */

static bool
read_regions(struct reader *in, struct known_scope *out)
{
	size_t count;
	size_t two;

	if (!cbor_get_array(in, KNOWN_REGIONS_MAX, &count)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!cbor_get_array(in, 2, &two) || two != 2 ||
		    !cbor_get_uint(in, &out->regions[i].low) ||
		    !cbor_get_uint(in, &out->regions[i].high)) {
			return false;
		}
	}
	out->region_count = count;
	return true;
}

static bool
read_scope(struct span note, struct known_scope *out)
{
	struct reader in = reader_of(note);
	struct span value;
	size_t pairs;
	uint64_t key;
	bool good = cbor_get_map(&in, NOTE_KEYS_MAX, &pairs);

	for (size_t i = 0; good && i < pairs; i++) {
		good = cbor_get_uint(&in, &key);
		if (good && key == NOTE_STREAM) {
			good = cbor_get_u32(&in, &out->device);
		} else if (good && key == NOTE_PARENT) {
			good = cbor_get_u32(&in, &out->parent);
		} else if (good && key == NOTE_SCOPE) {
			good = read_regions(&in, out);
		} else if (good) {
			good = cbor_get_any(&in, &value);
		}
	}
	return good && out->device != 0;
}

bool
oracle_scope_learn(struct oracle *oracle, struct span note, uint64_t seq)
{
	struct known_scope scope = {.seq = seq};

	if (!read_scope(note, &scope)) {
		return false;
	}
	oracle->scopes = oracle_grown(oracle->scopes, oracle->scope_count, sizeof scope);
	oracle->scopes[oracle->scope_count++] = scope;
	return true;
}

/* The number that this one goes on from; 0: none. */
static uint32_t
parent_of(const struct oracle *oracle, uint32_t device)
{
	for (size_t i = 0; i < oracle->scope_count; i++) {
		if (oracle->scopes[i].device == device && oracle->scopes[i].parent != 0) {
			return oracle->scopes[i].parent;
		}
	}
	return 0;
}

/* Is it the number, or one that it goes on from? */
static bool
goes_back_to(const struct oracle *oracle, uint32_t device, uint32_t number)
{
	while (device != 0 && device != number) {
		device = parent_of(oracle, device);
	}
	return device == number;
}

/* Before its first that of the number it goes on from. NULL: there was none yet. */
static const struct known_scope *
scope_at(const struct oracle *oracle, uint32_t device, uint64_t moment)
{
	uint32_t parent = parent_of(oracle, device);

	for (size_t i = oracle->scope_count; i > 0; i--) {
		const struct known_scope *scope = &oracle->scopes[i - 1];

		if (scope->device == device && scope->seq <= moment) {
			return scope;
		}
	}
	return parent == 0 ? NULL : scope_at(oracle, parent, moment);
}

size_t
oracle_scope(const struct oracle *oracle, uint32_t device, struct region *out, size_t most)
{
	const struct known_scope *scope = scope_at(oracle, device, oracle->head);
	size_t count = scope == NULL ? 0 : scope->region_count;

	for (size_t i = 0; i < count && i < most; i++) {
		out[i] = scope->regions[i];
	}
	return count;
}

/* ---- where records are ---- */

void
oracle_place_learn(struct oracle *oracle, const struct change *change,
		   const struct record_type *type, uint64_t seq)
{
	struct known_record *record = oracle_record(oracle, change->record);
	struct known_stay stay = {.seq = seq};
	bool unsure = false;
	struct value parent = {.form = VALUE_EMPTY};
	struct value village;

	if (record->stay_count > 0 && change_field(change, TAG_VILLAGE) == NULL &&
	    (type->root == 0 || change_field(change, type->root) == NULL)) {
		return;
	}
	if (type->root != 0) {
		parent = oracle_shown(oracle, record, type, type->root, &unsure);
		stay.unsure = unsure;
	}
	if (parent.form == VALUE_INTEGER) {
		stay.parent = (uint64_t)parent.integer;
	} else {
		village = oracle_shown(oracle, record, type, TAG_VILLAGE, &unsure);
		stay.unsure = stay.unsure || unsure;
		stay.village = village.form == VALUE_INTEGER ? (uint64_t)village.integer : 0;
	}
	record->stays = oracle_grown(record->stays, record->stay_count, sizeof stay);
	record->stays[record->stay_count++] = stay;
}

static const struct known_stay *
stay_at(const struct known_record *record, uint64_t moment)
{
	size_t i = record->stay_count;

	while (i > 1 && record->stays[i - 1].seq > moment) {
		i--;
	}
	return i == 0 ? NULL : &record->stays[i - 1];
}

struct place {
	uint64_t village; /* 0: there is no such record */
	bool unsure;
};

/*
 * Where a record was. Before it was made, it was where it began; but for whoever made it, where its
 * family was by then: there she met it.
 */
static struct place
place_at(const struct oracle *oracle, uint64_t id, uint64_t moment, uint32_t device)
{
	struct place place = {.village = 0};

	for (int depth = 0; depth < DEEPEST; depth++) {
		const struct known_record *record = oracle_record_find(oracle, id);
		const struct known_stay *stay;

		if (record == NULL || record->stay_count == 0) {
			return place;
		}
		if (!goes_back_to(oracle, device, id_stream(id)) && record->stays[0].seq > moment) {
			moment = record->stays[0].seq;
		}
		stay = stay_at(record, moment);
		place.unsure = place.unsure || stay->unsure;
		if (stay->parent == 0) {
			place.village = stay->village;
			return place;
		}
		id = stay->parent;
	}
	return place;
}

enum status
oracle_check_place(const struct oracle *oracle, const struct stored_record *row, struct error *err)
{
	const struct known_record *record = oracle_record_find(oracle, row->id);
	struct place place = place_at(oracle, row->id, oracle->head, 0);
	const struct known_stay *stay = record == NULL ? NULL : stay_at(record, oracle->head);

	if (stay == NULL ||
	    (!place.unsure && (place.village != row->village || stay->parent != row->parent))) {
		return fail(err, STATUS_MALFORMED, "record %llx is in %llu, and belongs in %llu",
			    (unsigned long long)row->id, (unsigned long long)row->village,
			    (unsigned long long)place.village);
	}
	return STATUS_OK;
}

/* ---- what must become of a change ---- */

static bool
schema_is_known(const struct oracle *oracle, uint32_t version)
{
	for (size_t i = 0; i < oracle->schema_count; i++) {
		if (oracle->schemas[i].version == version) {
			return true;
		}
	}
	return false;
}

/* Of a record that is not there: its creation was set aside, or nobody here has heard of it. */
static enum quarantine_reason
judge_absent(const struct oracle *oracle, uint64_t id)
{
	const struct known_change *made = oracle_change_find(oracle, id_stream(id), id_n(id));

	return made != NULL && oracle_is_set_aside(made) ? QUARANTINE_JOINED
							 : QUARANTINE_UNKNOWN_RECORD;
}

static enum quarantine_reason
judge_references(const struct oracle *oracle, const struct change *change,
		 const struct record_type *type)
{
	for (size_t i = 0; i < change->field_count; i++) {
		const struct field *field = type_field(type, change->fields[i].tag);
		struct value value = change->fields[i].value;
		enum quarantine_reason reason;

		if (field == NULL || field->type != FIELD_REFERENCE ||
		    value.form != VALUE_INTEGER ||
		    oracle_record_exists(oracle, (uint64_t)value.integer)) {
			continue;
		}
		reason = judge_absent(oracle, (uint64_t)value.integer);
		if (reason == QUARANTINE_JOINED || field->tag == type->root) {
			return reason;
		}
	}
	return QUARANTINE_NONE;
}

/* The record whose places count: its own, or of a new one that of what it hangs on. */
struct whereabouts {
	uint64_t record;  /* 0: it hangs on nothing, and is … */
	uint64_t village; /* … here */
};

static struct whereabouts
whereabouts_of(const struct oracle *oracle, const struct change *change,
	       const struct record_type *type)
{
	const struct change_field *root = change_field(change, type->root);
	const struct change_field *village = change_field(change, TAG_VILLAGE);

	if (oracle_record_exists(oracle, change->record)) {
		return (struct whereabouts){.record = change->record};
	}
	if (type->root != 0 && root != NULL && root->value.form == VALUE_INTEGER) {
		return (struct whereabouts){.record = (uint64_t)root->value.integer};
	}
	return (struct whereabouts){.village =
					    village == NULL || village->value.form != VALUE_INTEGER
						    ? 0
						    : (uint64_t)village->value.integer};
}

/*
 * A record whose family had moved before it was merged counts as having been where its author met
 * it (the server keeps one such village), for her own later changes; after a restore for those of
 * others as well, who had it from her before.
 */
static bool
was_met_elsewhere(const struct oracle *oracle, uint32_t device, uint64_t record, uint64_t moment,
		  const struct known_scope *scope)
{
	const struct known_record *known = oracle_record_find(oracle, record);
	bool met = oracle->epoch_count > 1 || goes_back_to(oracle, device, id_stream(record));
	uint64_t merged = known == NULL || known->stay_count == 0 ? 0 : known->stays[0].seq;

	for (uint64_t before = 0; met && moment < merged && before < merged; before++) {
		struct place place = place_at(oracle, record, before, id_stream(record));

		if (regions_cover(scope->regions, scope->region_count, place.village)) {
			return true;
		}
	}
	return false;
}

/* Was it in the device's scope at that moment, for sure or perhaps? */
static bool
in_scope_at(const struct oracle *oracle, uint32_t device, const struct whereabouts *where,
	    uint64_t moment, bool *unsure_out)
{
	const struct known_scope *scope = scope_at(oracle, device, moment);
	struct place place = {.village = where->village};

	*unsure_out = false;
	if (scope == NULL) {
		return false;
	}
	if (where->record != 0) {
		place = place_at(oracle, where->record, moment, device);
	}
	if (regions_cover(scope->regions, scope->region_count, place.village)) {
		*unsure_out = place.unsure;
		return true;
	}
	*unsure_out =
		place.unsure || was_met_elsewhere(oracle, device, where->record, moment, scope);
	return false;
}

static enum quarantine_reason
judge_scope(const struct oracle *oracle, uint32_t device, const struct change *change,
	    const struct whereabouts *where, bool *unsure_out)
{
	/* The present counts, whatever log the scope version is of. */
	uint64_t moment =
		change->scope_version < oracle->head ? change->scope_version : oracle->head;

	*unsure_out = false;
	for (; moment <= oracle->head; moment++) {
		bool unsure;
		bool in_scope = in_scope_at(oracle, device, where, moment, &unsure);

		if (in_scope && !unsure) {
			*unsure_out = false;
			return QUARANTINE_NONE;
		}
		*unsure_out = *unsure_out || unsure;
	}
	return QUARANTINE_OUT_OF_SCOPE;
}

enum quarantine_reason
oracle_judge(const struct oracle *oracle, uint32_t device, const struct change *change,
	     const struct record_type *type, bool *unsure_out)
{
	bool creates = change->base.epoch == 0 && change->record == id_make(device, change->n);
	struct whereabouts where;
	enum quarantine_reason reason;

	*unsure_out = false;
	if (!schema_is_known(oracle, change->schema_version)) {
		return QUARANTINE_UNKNOWN_SCHEMA;
	}
	if (!creates && !oracle_record_exists(oracle, change->record)) {
		return judge_absent(oracle, change->record);
	}
	reason = judge_references(oracle, change, type);
	if (reason != QUARANTINE_NONE) {
		return reason;
	}
	where = whereabouts_of(oracle, change, type);
	reason = judge_scope(oracle, device, change, &where, unsure_out);
	return reason == QUARANTINE_NONE && oracle_is_revoked(oracle, device) ? QUARANTINE_REVOKED
									      : reason;
}
