/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/judge.h"

#include "protocol/form.h"

/* A store's failure, as opposed to a verdict. */
static bool
store_failed(enum status status)
{
	return status == STATUS_STORAGE || status == STATUS_FULL || status == STATUS_BUSY ||
	       status == STATUS_MEMORY;
}

/* A record that is not there: is its creation set aside, or has nobody ever heard of it? */
static enum status
judge_absent(struct ingest *ingest, uint64_t id, struct judgement *out, struct error *err)
{
	bool held = false;
	enum status status = workset_in_quarantine(ingest, id, &held, err);

	if (status == STATUS_OK) {
		out->reason = held ? QUARANTINE_JOINED : QUARANTINE_UNKNOWN_RECORD;
		out->awaits = id;
	}
	return status;
}

/* A form can have shown only the device's own changes, or those of the streams that it continues,
 * up to where they parted. */
static bool
own_is_credible(const struct ingest *ingest, const struct device *device,
		const struct change *change)
{
	struct merge_context context;

	if (change->own_stream == 0) {
		return true;
	}
	context = ingest_merge_context(ingest, change->type);
	return lineage_covers(&context, device->stream.number, 0, change->own_stream,
			      change->own_n);
}

static enum status
judge_identity(struct ingest *ingest, const struct device *device, const struct change *change,
	       struct judgement *out, struct error *err)
{
	bool creates = change->base.epoch == 0 &&
		       change->record == id_make(device->stream.number, change->n);
	/* Nobody but the device makes that record, and its changes up to here were judged: no need
	 * to look for it. */
	enum status status = creates ? workset_new(ingest, change->record, &out->slot, err)
				     : workset_record(ingest, change->record, &out->slot, err);

	if (status != STATUS_OK) {
		return status;
	}
	if ((out->slot->exists && out->slot->record.type != change->type) ||
	    !own_is_credible(ingest, device, change)) {
		out->reason = QUARANTINE_INVALID;
	} else if (!out->slot->exists && !creates) {
		/* An edit of a record that a fork or the queue's own earlier change made may still
		 * come. */
		return judge_absent(ingest, change->record, out, err);
	}
	return STATUS_OK;
}

/* References lead to records that are here, or at least not to one that is set aside. */
static enum status
judge_references(struct ingest *ingest, const struct record_type *type, const struct change *change,
		 struct judgement *out, struct error *err)
{
	for (size_t i = 0; i < change->field_count; i++) {
		const struct field *field = type_field(type, change->fields[i].tag);
		uint64_t id;
		struct slot *target;
		enum status status;

		if (field == NULL || field->type != FIELD_REFERENCE ||
		    change->fields[i].value.form != VALUE_INTEGER) {
			continue;
		}
		id = (uint64_t)change->fields[i].value.integer;
		status = workset_place(ingest, id, &target, err);
		if (status == STATUS_OK && target->exists && target->record.type != field->target) {
			out->reason = QUARANTINE_INVALID;
		}
		if (status == STATUS_OK && !target->exists) {
			struct judgement absent = {.reason = QUARANTINE_NONE};

			status = judge_absent(ingest, id, &absent, err);
			if (absent.reason == QUARANTINE_JOINED || field->tag == type->root) {
				out->reason = absent.reason;
				out->awaits = absent.awaits;
			}
		}
		if (status != STATUS_OK || out->reason != QUARANTINE_NONE) {
			return status;
		}
	}
	return STATUS_OK;
}

static enum quarantine_reason
judge_content(struct ingest *ingest, const struct change *change,
	      const struct record_type **type_out)
{
	const struct schema *schema =
		catalogue_schema(ingest->options.catalogue, change->schema_version);
	const struct record_type *type;
	enum status status;

	if (change->kind % 2 != 0) {
		return QUARANTINE_UNKNOWN_KIND;
	}
	if (change->schema_version == 0 || schema == NULL) {
		return QUARANTINE_UNKNOWN_SCHEMA;
	}
	type = schema_type(schema, change->type);
	if (type == NULL) {
		return QUARANTINE_UNKNOWN_TYPE;
	}
	*type_out = type;
	status = change_check(type, change, NULL);
	if (status == STATUS_OK) {
		return QUARANTINE_NONE;
	}
	return status == STATUS_MISSING ? QUARANTINE_INCOMPLETE : QUARANTINE_INVALID;
}

/* The device's scopes from the newest back, until a record was in one while it held. */
struct scope_search {
	struct store *store;
	struct stay_query stay; /* of the record, from the change's scope version to now */
	uint64_t found;		/* the village; 0: not found yet */
};

static enum status
search_period(void *context, const struct scope_period *period, struct error *err)
{
	struct scope_search *search = context;
	struct stay_query stay = search->stay;

	if (search->found != 0) {
		return STATUS_OK;
	}
	stay.since = period->version > stay.since ? period->version : stay.since;
	stay.until = period->until;
	stay.regions = period->regions;
	stay.region_count = period->region_count;
	return store_stay_find(search->store, &stay, &search->found, err);
}

/* A new record where its device does not look: the village from which the device's phone lets it
 * go, one that the phone looks at if there is any. */
static enum status
find_left(struct ingest *ingest, const struct device *device, const struct scope_search *search,
	  uint64_t *left_out, struct error *err)
{
	struct stay_query stay = search->stay;
	enum status status;

	stay.village = 0;
	stay.regions = device->scope;
	stay.region_count = device->scope_count;
	status = store_stay_find(ingest->options.store, &stay, left_out, err);
	if (status == STATUS_OK && *left_out == 0 && search->found != search->stay.village) {
		*left_out = search->found;
	}
	return status;
}

/*
 * A change belongs to the device's scope if its record was there, as the scope was then, at some
 * moment from the change's scope version to now: a cadre's work counts although the family moved
 * away, or the village was given to another, before she synced. For a record that is there its
 * village *before* the change decides, or anybody could take any family home by changing its
 * village; for a new one the village it comes to, and where that family was.
 */
static enum status
judge_scope(struct ingest *ingest, const struct device *device, const struct change *change,
	    struct judgement *out, struct error *err)
{
	bool exists = out->slot->exists;
	uint64_t village = exists ? out->slot->record.village : out->outcome.village;
	struct scope_search search = {
		.store = ingest->options.store,
		.stay = {.record = exists ? out->slot->id : out->outcome.parent,
			 .since = change->scope_version,
			 .until = STORE_NOW,
			 .village = village},
	};
	enum status status;

	if (regions_cover(device->scope, device->scope_count, village)) {
		return STATUS_OK;
	}
	status = store_scopes_read(ingest->options.store, device->stream.number,
				   change->scope_version, search_period, &search, err);
	if (status == STATUS_OK && search.found == 0) {
		out->reason = QUARANTINE_OUT_OF_SCOPE;
	} else if (status == STATUS_OK && !exists) {
		status = find_left(ingest, device, &search, &out->left, err);
	}
	return status;
}

/* Is it a record that only a change would have made which came late, and of which nothing was kept?
 */
static enum status
made_late(struct ingest *ingest, uint64_t id, bool *out, struct error *err)
{
	const struct change_run run = {id_stream(id), id_n(id), 1};
	const struct workset *work = &ingest->work;
	struct logged_change logged;
	struct slot *slot;
	size_t found = 0;
	enum status status = workset_place(ingest, id, &slot, err);

	if (status != STATUS_OK || slot->exists) {
		return status;
	}
	status = store_logged_changes(ingest->options.store, &run, &logged, &found, err);
	*out = found == 1 && logged.reason == QUARANTINE_ERASED;
	for (size_t i = 0; i < work->row_count && !*out; i++) {
		const struct entry *entry = &work->rows[i].entry;

		*out = entry->kind == ENTRY_CHANGE && entry->stream == run.stream &&
		       entry->n == run.first_n && entry->reason == QUARANTINE_ERASED;
	}
	return status;
}

static enum status
is_gone(struct ingest *ingest, uint64_t id, bool *out, struct error *err)
{
	enum status status = ingest_is_erased(ingest, id, out, err);

	return status == STATUS_OK && !*out && id <= INT64_MAX ? made_late(ingest, id, out, err)
							       : status;
}

/* A change to an erased record, or of what would be below one. Of a type that nobody knows here any
 * number may be the reference. */
static enum status
judge_erased(struct ingest *ingest, const struct change *change, struct judgement *out,
	     struct error *err)
{
	const struct merge_context context = ingest_merge_context(ingest, change->type);
	const int32_t root = context.type == NULL ? 0 : context.type->root;
	bool erased = false;
	enum status status = is_gone(ingest, change->record, &erased, err);

	for (size_t i = 0; i < change->field_count && !erased && status == STATUS_OK; i++) {
		const struct change_field *field = &change->fields[i];

		if (field->value.form == VALUE_INTEGER && field->value.integer > 0 &&
		    (context.type == NULL || (root != 0 && field->tag == root))) {
			status = is_gone(ingest, (uint64_t)field->value.integer, &erased, err);
		}
	}
	if (status == STATUS_OK && erased) {
		out->reason = QUARANTINE_ERASED;
	}
	return status;
}

/* Merges into a copy, and looks where that would be. */
static enum status
judge_merged(struct ingest *ingest, uint32_t stream, const struct change *change, uint64_t seq,
	     struct judgement *out, struct error *err)
{
	struct merge_context context = ingest_merge_context(ingest, change->type);
	enum status status;

	out->outcome.merged = out->slot->record;
	out->outcome.of_device = true;
	status = merge_change(&out->outcome.merged, stream, change, seq, &context,
			      &ingest->work.arena, err);
	if (status == STATUS_LIMIT) {
		out->reason = QUARANTINE_TOO_MANY;
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = ingest_place(ingest, &out->outcome, err);
	}
	if (status == STATUS_NOT_FOUND) {
		out->reason = QUARANTINE_UNKNOWN_RECORD;
		return STATUS_OK;
	}
	/* Without a village nobody would ever see it again. */
	if (status == STATUS_INVALID || (status == STATUS_OK && out->outcome.village == 0)) {
		out->reason = QUARANTINE_INVALID;
		return STATUS_OK;
	}
	return status;
}

/* Is there nothing but the store that may fail here? */
static enum status
judged(enum status status, struct error *err)
{
	return store_failed(status) || status == STATUS_OK
		       ? status
		       : fail(err, STATUS_INTERNAL, "judging a change");
}

enum status
judge_change(struct ingest *ingest, const struct device *device, const struct parcel_change *change,
	     uint64_t seq, struct judgement *out, struct error *err)
{
	const struct record_type *type = NULL;
	struct judgement judgement = {.reason = change->reason};
	enum status status = STATUS_OK;

	if (judgement.reason == QUARANTINE_NONE && ingest->erases) {
		status = judge_erased(ingest, &change->change, &judgement, err);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		judgement.reason = judge_content(ingest, &change->change, &type);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		status = judge_identity(ingest, device, &change->change, &judgement, err);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		status = judge_references(ingest, type, &change->change, &judgement, err);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		status = judge_merged(ingest, device->stream.number, &change->change, seq,
				      &judgement, err);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		status = judge_scope(ingest, device, &change->change, &judgement, err);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE &&
	    device->state == DEVICE_REVOKED) {
		judgement.reason = QUARANTINE_REVOKED;
	}
	if (change->pardoned && (judgement.reason == QUARANTINE_OUT_OF_SCOPE ||
				 judgement.reason == QUARANTINE_REVOKED)) {
		judgement.reason = QUARANTINE_NONE;
	}
	if (status == STATUS_OK) {
		*out = judgement;
	}
	return judged(status, err);
}

enum status
judge_said_again(struct ingest *ingest, uint32_t stream, const struct change *change, uint64_t seq,
		 struct judgement *out, struct error *err)
{
	const struct record_type *type = NULL;
	struct judgement judgement = {.reason = QUARANTINE_NONE};
	enum status status = workset_record(ingest, change->record, &judgement.slot, err);

	if (status == STATUS_OK && ingest->erases) {
		status = judge_erased(ingest, change, &judgement, err);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		judgement.reason = judge_content(ingest, change, &type);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		status = judge_references(ingest, type, change, &judgement, err);
	}
	if (status == STATUS_OK && judgement.reason == QUARANTINE_NONE) {
		status = judge_merged(ingest, stream, change, seq, &judgement, err);
	}
	if (status == STATUS_OK) {
		*out = judgement;
	}
	return judged(status, err);
}
