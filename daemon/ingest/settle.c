/* SPDX-License-Identifier: Apache-2.0 */
/* settle: a person decides what a field is; an ordinary change that covers what she saw. */
#include "daemon/ingest/workset.h"
#include "protocol/form.h"

/* Did anybody write what is being decided after the version that the person saw? */
static bool
written_after(const struct record *record, int32_t tag, uint64_t base)
{
	const struct record_field *field = record_field(record, tag);

	/* Archiving is decided against the whole record. */
	if (tag == TAG_ARCHIVED) {
		return record->version > base;
	}
	return field != NULL && field->version > base;
}

/* Only what hangs on nothing has a village of its own; and nobody sends it out of her own regions,
 * where she could not bring it back from. */
static enum status
check_village(const struct settlement *settlement, const struct record_type *type,
	      const struct change_field *village, struct error *err)
{
	const struct field *root = type_field(type, type->root);
	char text[REGION_TEXT_SIZE];

	if (village->tag != TAG_VILLAGE) {
		return STATUS_OK;
	}
	if (root != NULL) {
		return fail(err, STATUS_INVALID,
			    "field 'village' is that of '%.*s': settle it there",
			    NAME_ARGS(root->name));
	}
	if (village->value.form != VALUE_INTEGER) {
		return fail(err, STATUS_MISSING, "village");
	}
	if (settlement->scope != NULL && !regions_cover(settlement->scope, settlement->scope_count,
							(uint64_t)village->value.integer)) {
		return fail(err, STATUS_DENIED, "region %s is outside your own",
			    village_format((uint64_t)village->value.integer, text));
	}
	return STATUS_OK;
}

static enum status
settle_value(const struct settlement *settlement, const struct record_type *type,
	     const struct record *record, struct change_field *out, struct error *err)
{
	struct value present;
	enum status status;

	out->tag = type == NULL ? 0 : type_tag_named(type, settlement->field);
	if (out->tag == 0) {
		return fail(err, STATUS_NOT_FOUND, "field '%.*s'", NAME_ARGS(settlement->field));
	}
	present = record_shown(record, type, out->tag);
	status = value_from_text(type, out->tag, settlement->value,
				 present.form == VALUE_INTEGER ? present.integer : 0, &out->value,
				 err);
	if (status == STATUS_OK) {
		status = value_check(type, out->tag, out->value, err);
	}
	return status == STATUS_OK ? check_village(settlement, type, out, err) : status;
}

enum status
ingest_settle(struct ingest *ingest, const struct settlement *settlement, uint64_t *seq_out,
	      struct error *err)
{
	struct slot *slot;
	struct merge_context context;
	struct change_field field;
	uint64_t base;
	struct server_change own = {.stream = settlement->user, .user = settlement->user};
	enum status status = workset_find(ingest, settlement->record, settlement->scope,
					  settlement->scope_count, &slot, err);

	if (status == STATUS_OK) {
		status = workset_record(ingest, settlement->record, &slot, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	context = ingest_merge_context(ingest, slot->record.type);
	status = settle_value(settlement, context.type, &slot->record, &field, err);
	if (status == STATUS_OK) {
		status = ingest_check_reference(ingest, context.type, &field, settlement->scope,
						settlement->scope_count, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	base = settlement->base == 0 ? slot->record.version : settlement->base;
	if (base > slot->record.version) {
		return fail(err, STATUS_INVALID,
			    "base %llu is newer than the record's version %llu",
			    (unsigned long long)base, (unsigned long long)slot->record.version);
	}
	if (written_after(&slot->record, field.tag, base)) {
		return fail(err, STATUS_STALE, "field '%.*s' is now at version %llu",
			    NAME_ARGS(settlement->field), (unsigned long long)slot->record.version);
	}
	own.change.kind = CHANGE_SETTLEMENT;
	own.change.record = slot->id;
	own.change.type = slot->record.type;
	own.change.base.epoch = ingest->ledger.epoch;
	own.change.base.version = base;
	own.change.fields = &field;
	own.change.field_count = 1;
	return ingest_server_change(ingest, &own, seq_out, err);
}
