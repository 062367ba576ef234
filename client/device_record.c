/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "protocol/fork.h"

struct merge_context
device_merge_context(const struct sambung *device, const struct local_state *state, uint32_t type,
		     struct epoch *epoch_out)
{
	struct merge_context context = {
		.type = device->schema == NULL ? NULL : schema_type(device->schema, type),
		.epochs = state->epochs,
		.epoch_count = state->epoch_count,
		.lineages = (const void *)device->lineages.at,
		.lineage_count = device->lineages.length / sizeof context.lineages[0]};

	if (state->epoch_count == 0) {
		*epoch_out = (struct epoch){.epoch = state->epoch};
		context.epochs = epoch_out;
		context.epoch_count = 1;
	}
	return context;
}

uint64_t
device_id_now(const struct local_state *state, uint64_t id)
{
	for (size_t i = 0; i < state->lineage_count; i++) {
		const struct fork fork = fork_of(&state->lineage[i]);

		id = fork_id(&fork, id);
	}
	return id;
}

static const struct record_type *
type_of(const struct sambung *device, const struct record *record)
{
	return device->schema == NULL ? NULL : schema_type(device->schema, record->type);
}

uint64_t
device_parent(const struct sambung *device, const struct record *record)
{
	const struct record_type *type = type_of(device, record);
	struct value value;

	if (type == NULL || type->root == 0) {
		return 0;
	}
	value = record_shown(record, type, type->root);
	return value.form == VALUE_INTEGER && value.integer > 0 ? (uint64_t)value.integer : 0;
}

/* Where the record is now: with its parent, or in the village that it names itself. A parent that
 * is not here leaves it where it was. */
static enum status
record_move(struct sambung *device, struct record *record, struct arena *arena, struct error *err)
{
	uint64_t parent_id = device_parent(device, record);
	struct record parent;
	struct value village;
	enum status status;

	if (parent_id == 0) {
		village = record_shown(record, type_of(device, record), TAG_VILLAGE);
		if (village.form == VALUE_INTEGER && village.integer > 0) {
			record->village = (uint64_t)village.integer;
		}
		return STATUS_OK;
	}
	status = local_record(device->local, parent_id, arena, &parent, NULL, err);
	if (status == STATUS_OK) {
		record->village = parent.village;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
device_merge(struct sambung *device, const struct local_state *state, const struct change *change,
	     struct record *record, struct arena *arena, struct error *err)
{
	const struct record_type *type;
	struct merge_context context;
	struct epoch epoch;
	bool moves = record->id == 0;
	enum status status;

	context = device_merge_context(device, state, change->type, &epoch);
	status = merge_change(record, state->device, change, 0, &context, arena, err);
	if (status != STATUS_OK) {
		return status;
	}
	type = type_of(device, record);
	moves = moves || change_field(change, TAG_VILLAGE) != NULL ||
		(type != NULL && type->root != 0 && change_field(change, type->root) != NULL);
	return moves ? record_move(device, record, arena, err) : STATUS_OK;
}

/* What hangs below a record is where the record is. The server says so too, record by record, but
 * not of what only this device has yet. */
static enum status
below_move(struct local *local, const struct record *above, struct error *err)
{
	struct arena arena;
	uint64_t id = 0;
	enum status status = local_record_astray(local, above->id, above->village, &id, err);

	arena_init(&arena, DEVICE_ARENA_MAX);
	while (status == STATUS_OK && id != 0) {
		struct local_place place;
		struct record record;

		arena_reset(&arena);
		status = local_record(local, id, &arena, &record, &place, err);
		if (status == STATUS_OK) {
			record.village = above->village;
			status = local_record_save(local, &record, &place, err);
		}
		if (status == STATUS_OK) {
			status = local_record_astray(local, above->id, above->village, &id, err);
		}
	}
	arena_finish(&arena);
	return status;
}

enum status
device_record_save(struct sambung *device, const struct local_state *state,
		   const struct record *record, uint32_t epoch_number, struct error *err)
{
	struct epoch epoch;
	struct merge_context context = device_merge_context(device, state, record->type, &epoch);
	struct local_place place = {.epoch = epoch_number,
				    .parent = device_parent(device, record),
				    .conflicts = record_conflicts(record, &context)};

	enum status status = local_record_save(device->local, record, &place, err);

	return status == STATUS_OK ? below_move(device->local, record, err) : status;
}
