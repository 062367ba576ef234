/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "protocol/fork.h"
#include "protocol/form.h"
#include "protocol/id.h"

#include <stdlib.h>
#include <string.h>

enum { EDIT_ARENA_MAX = 16 * 1024 * 1024 };

/* A form. The schema may be replaced by a sync while it is open, so it keeps the type's tag. */
struct sambung_edit {
	struct sambung *device; /* borrowed */
	struct arena arena;	/* the record shown, and texts that were entered */
	uint32_t type;
	uint32_t number;     /* of the device, by which id, own and references are meant */
	uint64_t id;	     /* 0: a new record */
	struct record shown; /* as the form shows it; empty for a new record */
	struct base base;
	uint32_t own_stream; /* 0: the device itself */
	uint32_t own;
	uint32_t last_n; /* own changes when it was opened: the highest `own` there is */
	struct change_field fields[CHANGE_FIELDS_MAX]; /* in the order of a change */
	size_t field_count;
};

static const struct record_type *
edit_type(const struct sambung_edit *edit)
{
	return edit->device->schema == NULL ? NULL : schema_type(edit->device->schema, edit->type);
}

static struct sambung_edit *
edit_new(struct sambung *device, struct error *err)
{
	struct sambung_edit *edit = calloc(1, sizeof *edit);

	if (edit == NULL) {
		(void)fail(err, STATUS_MEMORY, "%s", "");
		return NULL;
	}
	edit->device = device;
	arena_init(&edit->arena, EDIT_ARENA_MAX);
	return edit;
}

void
sambung_edit_cancel(struct sambung_edit *edit)
{
	if (edit != NULL) {
		arena_finish(&edit->arena);
		free(edit);
	}
}

/* The installation may have gone on under another number while the form was open: what was said
 * under the former one is said as the present one says it. */
static void
edit_follow(struct sambung_edit *edit, const struct local_state *state)
{
	for (size_t i = 0; i < state->lineage_count; i++) {
		const struct fork fork = fork_of(&state->lineage[i]);

		if (edit->number != fork.stream) {
			continue;
		}
		edit->number = fork.heir;
		edit->last_n = edit->last_n > fork.n ? edit->last_n - fork.n : 0;
		edit->id = fork_id(&fork, edit->id);
		fork_own(&fork, &edit->own_stream, &edit->own);
		fork_fields(&fork, edit_type(edit), edit->fields, edit->field_count);
	}
}

static enum status
edit_create(struct sambung_edit *edit, const char *type_name, struct error *err)
{
	struct local_state state;
	struct span name = span_of_text(type_name);
	const struct record_type *type;
	enum status status = device_enrolled(edit->device, &state, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (edit->device->lease.lacking) {
		return fail(err, STATUS_LEASE_OVER, "%s", "");
	}
	if (edit->device->schema == NULL) {
		return fail(err, STATUS_NO_FORMS, "%s", "");
	}
	type = schema_type_named(edit->device->schema, name);
	if (type == NULL || type->retired != 0) {
		return fail(err, STATUS_UNKNOWN_TYPE, "%.*s", NAME_ARGS(name));
	}
	edit->type = type->tag;
	edit->number = state.device;
	return STATUS_OK;
}

int
sambung_edit_create(struct sambung *device, const char *type, struct sambung_edit **out,
		    struct sambung_error *err)
{
	struct error inner = {0};
	struct sambung_edit *edit = edit_new(device, &inner);

	if (edit == NULL || edit_create(edit, type, &inner) != STATUS_OK) {
		sambung_edit_cancel(edit);
		return device_fail(err, &inner);
	}
	*out = edit;
	return 0;
}

static enum status
edit_record(struct sambung_edit *edit, const struct local_state *state, struct local_place *place,
	    struct error *err)
{
	struct local *local = edit->device->local;
	enum status status = local_record(local, edit->id, &edit->arena, &edit->shown, place, err);

	if (status == STATUS_NOT_FOUND) {
		edit->id = device_id_now(state, edit->id);
		status = local_record(local, edit->id, &edit->arena, &edit->shown, place, err);
	}
	return status;
}

static enum status
edit_open(struct sambung_edit *edit, const char *id, struct error *err)
{
	struct local_state state;
	struct local_place place;
	enum status status = id_parse(id, &edit->id, err);

	/* The state before the record: should another process add a change in between, the form
	 * shows one that `own` does not cover, which flags a conflict too many, never hides one. */
	if (status == STATUS_OK) {
		status = device_enrolled(edit->device, &state, err);
	}
	if (status == STATUS_OK) {
		status = edit_record(edit, &state, &place, err);
		if (status == STATUS_NOT_FOUND) {
			status = fail(err, STATUS_NOT_FOUND, "%.*s", ID_TEXT_SIZE, id);
		}
	}
	if (status != STATUS_OK) {
		return status;
	}
	edit->type = edit->shown.type;
	edit->base = (struct base){.epoch = place.epoch, .version = edit->shown.version};
	edit->number = state.device;
	edit->own = state.last_n;
	edit->last_n = state.last_n;
	return edit_type(edit) != NULL ? STATUS_OK
				       : fail(err, STATUS_UNSUPPORTED, "%.*s", ID_TEXT_SIZE, id);
}

int
sambung_edit_begin(struct sambung *device, const char *id, struct sambung_edit **out,
		   struct sambung_error *err)
{
	struct error inner = {0};
	struct sambung_edit *edit = edit_new(device, &inner);

	if (edit == NULL || edit_open(edit, id, &inner) != STATUS_OK) {
		sambung_edit_cancel(edit);
		return device_fail(err, &inner);
	}
	*out = edit;
	return 0;
}

int
sambung_edit_seen(struct sambung_edit *edit, uint64_t base, uint32_t own, struct sambung_error *err)
{
	struct error inner = {0};

	if (edit->id == 0) {
		(void)fail(&inner, STATUS_INVALID, "base");
	} else if (base > edit->shown.version) {
		(void)fail(&inner, STATUS_NEWER_THAN_HELD, "base %llu > %llu",
			   (unsigned long long)base, (unsigned long long)edit->shown.version);
	} else if (own > edit->last_n) {
		(void)fail(&inner, STATUS_NEWER_THAN_HELD, "own %u > %u", own, edit->last_n);
	} else {
		edit->base.version = base;
		edit->own_stream = 0;
		edit->own = own;
		return 0;
	}
	return device_fail(err, &inner);
}

/* ---- fields ---- */

/* The fields of a change that is being put together, in their order. */
struct fields {
	struct change_field *at; /* room for CHANGE_FIELDS_MAX */
	size_t count;
};

static size_t
fields_place(const struct fields *fields, int32_t tag)
{
	size_t place = 0;

	while (place < fields->count && tag_compare(fields->at[place].tag, tag) < 0) {
		place++;
	}
	return place;
}

static bool
fields_hold(const struct fields *fields, int32_t tag)
{
	size_t place = fields_place(fields, tag);

	return place < fields->count && fields->at[place].tag == tag;
}

static enum status
fields_put(struct fields *fields, int32_t tag, struct value value, struct error *err)
{
	size_t place = fields_place(fields, tag);

	if (!fields_hold(fields, tag)) {
		if (fields->count == CHANGE_FIELDS_MAX) {
			return fail(err, STATUS_LIMIT, "> %d", CHANGE_FIELDS_MAX);
		}
		memmove(&fields->at[place + 1], &fields->at[place],
			(fields->count - place) * sizeof fields->at[0]);
		fields->count++;
	}
	fields->at[place] = (struct change_field){.tag = tag, .value = value};
	return STATUS_OK;
}

static void
fields_drop(struct fields *fields, int32_t tag)
{
	size_t place = fields_place(fields, tag);

	if (fields_hold(fields, tag)) {
		fields->count--;
		memmove(&fields->at[place], &fields->at[place + 1],
			(fields->count - place) * sizeof fields->at[0]);
	}
}

/* A reference to an id that the record had before a fork leads to what that is called now. */
static enum status
reference_follow(struct sambung_edit *edit, const struct local_state *state, int32_t tag,
		 struct value *value, struct error *err)
{
	uint64_t id = (uint64_t)value->integer;
	struct record there;
	struct arena arena;
	enum status status;

	if (!type_is_reference(edit_type(edit), tag) || value->form != VALUE_INTEGER ||
	    device_id_now(state, id) == id) {
		return STATUS_OK;
	}
	arena_init(&arena, DEVICE_ARENA_MAX);
	status = local_record(edit->device->local, id, &arena, &there, NULL, err);
	arena_finish(&arena);
	if (status == STATUS_NOT_FOUND) {
		value->integer = (int64_t)device_id_now(state, id);
		return STATUS_OK;
	}
	return status;
}

/* The record that a root reference leads to must be here: it gives the village. */
static enum status
root_check(struct sambung_edit *edit, const struct field *field, struct value value,
	   struct error *err)
{
	struct record parent;
	struct arena arena;
	char id[ID_TEXT_SIZE];
	enum status status;

	if (value.form != VALUE_INTEGER) {
		return STATUS_OK;
	}
	arena_init(&arena, DEVICE_ARENA_MAX);
	status = local_record(edit->device->local, (uint64_t)value.integer, &arena, &parent, NULL,
			      err);
	if (status == STATUS_NOT_FOUND) {
		status = fail(err, STATUS_NOT_FOUND, "%.*s: %s", NAME_ARGS(field->name),
			      id_format((uint64_t)value.integer, id));
	} else if (status == STATUS_OK && parent.type != field->target) {
		status = fail(err, STATUS_OTHER_TYPE, "%.*s: %s", NAME_ARGS(field->name),
			      id_format((uint64_t)value.integer, id));
	}
	arena_finish(&arena);
	return status;
}

/* Nothing is said about a field by leaving it empty in a new record, or a set as it was. */
static bool
says_nothing(const struct sambung_edit *edit, enum policy policy, struct value value)
{
	if (policy == POLICY_SET && value.form == VALUE_PAIR) {
		return value.pair.first == 0 && value.pair.second == 0;
	}
	return edit->id == 0 && value.form == VALUE_EMPTY;
}

static enum status
edit_set(struct sambung_edit *edit, const char *name, const char *text, struct error *err)
{
	const struct record_type *type = edit_type(edit);
	struct fields fields = {edit->fields, edit->field_count};
	struct span entered = {NULL, strlen(text)};
	const struct field *field;
	struct local_state state;
	struct value shown;
	struct value value;
	int32_t tag;
	enum status status = local_state_load(edit->device->local, &state, err);

	if (status != STATUS_OK) {
		return status;
	}
	/* What is entered now is meant by the number that the screens show now. */
	edit_follow(edit, &state);
	tag = type == NULL ? 0 : type_tag_named(type, span_of_text(name));
	if (tag == 0) {
		return fail(err, STATUS_UNKNOWN_FIELD, "%.*s", NAME_ARGS(span_of_text(name)));
	}
	entered.at = arena_copy(&edit->arena, text, entered.length);
	if (entered.at == NULL) {
		return fail(err, STATUS_LIMIT, "%.*s", NAME_ARGS(span_of_text(name)));
	}
	shown = record_shown(&edit->shown, type, tag);
	status = value_from_text(type, tag, entered,
				 shown.form == VALUE_INTEGER ? shown.integer : 0, &value, err);
	field = type_field(type, tag);
	if (status == STATUS_OK) {
		status = reference_follow(edit, &state, tag, &value, err);
	}
	if (status == STATUS_OK && field != NULL && tag == type->root) {
		status = root_check(edit, field, value, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (says_nothing(edit, type_policy(type, tag), value)) {
		fields_drop(&fields, tag);
	} else {
		status = fields_put(&fields, tag, value, err);
	}
	edit->field_count = fields.count;
	return status;
}

int
sambung_edit_set(struct sambung_edit *edit, const char *field, const char *text,
		 struct sambung_error *err)
{
	struct error inner = {0};

	if (edit_set(edit, field, text, &inner) != STATUS_OK) {
		return device_fail(err, &inner);
	}
	return 0;
}

/* ---- commit ---- */

static enum status
village_default(const struct local_state *state, struct fields *fields, struct error *err)
{
	if (state->scope_count != 1 || state->scope[0].low != state->scope[0].high) {
		/* There are several: it must be told which. */
		return fail(err, STATUS_MISSING, "village");
	}
	return fields_put(fields, TAG_VILLAGE, value_integer((int64_t)state->scope[0].low), err);
}

/* What a new record has without being told: a village, unless it hangs on another record, and the
 * day. */
static enum status
defaults_fill(struct sambung_edit *edit, const struct local_state *state,
	      const struct record_type *type, struct fields *fields, struct error *err)
{
	const struct field *date = type_field_named(type, span_of_text("date"));
	enum status status = STATUS_OK;

	if (date != NULL && date->type == FIELD_DATE && date->required &&
	    !fields_hold(fields, date->tag)) {
		status = fields_put(fields, date->tag,
				    value_integer(device_today(edit->device, state)), err);
	}
	if (status == STATUS_OK && !fields_hold(fields, TAG_VILLAGE) &&
	    (type->root == 0 || !fields_hold(fields, type->root))) {
		status = village_default(state, fields, err);
	}
	return status;
}

static enum status
change_make(struct sambung_edit *edit, const struct local_state *state, struct arena *arena,
	    struct change *out, struct error *err)
{
	const struct record_type *type = edit_type(edit);
	struct fields fields = {ARENA_ARRAY(arena, struct change_field, CHANGE_FIELDS_MAX),
				edit->field_count};
	enum clock_quality quality;
	struct change change = {.n = state->last_n + 1, .kind = CHANGE_EDIT, .type = edit->type};
	enum status status = STATUS_OK;

	if (fields.at == NULL) {
		return fail(err, STATUS_MEMORY, "%s", "");
	}
	if (type == NULL) {
		return fail(err, STATUS_UNSUPPORTED, "#%u", edit->type);
	}
	if (state->last_n >= CHANGE_N_MAX) {
		return fail(err, STATUS_LIMIT, "n %u", state->last_n);
	}
	memcpy(fields.at, edit->fields, edit->field_count * sizeof fields.at[0]);
	if (edit->id == 0) {
		status = defaults_fill(edit, state, type, &fields, err);
	} else if (fields.count == 0) {
		status = fail(err, STATUS_NOTHING_CHANGED, "%s", "");
	}
	change.record = edit->id != 0 ? edit->id : id_make(state->device, change.n);
	change.schema_version = state->schema_version;
	/* While pages of a new scope run, what is here is still of the one before. */
	change.scope_version = state->cursor.complete < state->scope_version
				       ? state->cursor.complete
				       : state->scope_version;
	change.base = edit->base;
	change.has_own = true;
	change.own_stream = edit->id != 0 ? edit->own_stream : 0;
	change.own_n = edit->id != 0 ? edit->own : state->last_n;
	change.time = device_time(edit->device, state, &quality);
	change.quality = (uint32_t)quality;
	change.fields = fields.at;
	change.field_count = fields.count;
	if (status == STATUS_OK) {
		status = change_check(type, &change, err);
	}
	if (status == STATUS_OK) {
		*out = change;
	}
	return status;
}

/* Where this device does not look, a new record stays only until the server has it, and has said
 * where that is. */
static enum status
new_record_leaves(struct sambung_edit *edit, const struct local_state *state,
		  const struct record *record, struct error *err)
{
	struct local *local = edit->device->local;
	bool leaves = false;
	enum status status =
		local_leaving(local, device_parent(edit->device, record), &leaves, err);

	if (status == STATUS_OK &&
	    (leaves || !regions_cover(state->scope, state->scope_count, record->village))) {
		status = local_leaving_add(local, record->id, err);
	}
	return status;
}

/* The record as it is now, not as the form showed it: both are in what the merge makes of it. */
static enum status
record_apply(struct sambung_edit *edit, const struct local_state *state,
	     const struct change *change, struct arena *arena, struct error *err)
{
	struct record record = {0};
	struct local_place place = {.epoch = state->epoch};
	enum status status = STATUS_OK;

	if (edit->id != 0) {
		status = local_record(edit->device->local, edit->id, arena, &record, &place, err);
	}
	if (status == STATUS_NOT_FOUND) {
		/* It left the device while the form was open. The change is kept and sent. */
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = device_merge(edit->device, state, change, &record, arena, err);
	}
	if (status == STATUS_OK) {
		status = device_record_save(edit->device, state, &record, place.epoch, err);
	}
	if (status == STATUS_OK && edit->id == 0) {
		status = new_record_leaves(edit, state, &record, err);
	}
	return status;
}

static enum status
change_store(struct sambung_edit *edit, const struct local_state *state,
	     const struct change *change, struct arena *arena, struct error *err)
{
	struct local *local = edit->device->local;
	uint8_t seed[SEED_SIZE];
	struct buffer bytes;
	enum status status = device_random(edit->device, seed, sizeof seed, err);

	buffer_init(&bytes, CHANGE_BYTES_MAX - FORK_GROWTH_MAX);
	change_encode(change, &bytes);
	if (status == STATUS_OK) {
		status = buffer_status(&bytes, "", err);
	}
	if (status == STATUS_OK) {
		status = local_batch_open(local, change->n, seed, err);
	}
	if (status == STATUS_OK) {
		status = local_change_add(local, change->n, change->record, buffer_span(&bytes),
					  err);
	}
	if (status == STATUS_OK) {
		status = record_apply(edit, state, change, arena, err);
	}
	buffer_finish(&bytes);
	crypto_wipe(seed, sizeof seed);
	return status;
}

static enum status
edit_commit(struct sambung_edit *edit, struct change *change_out, struct error *err)
{
	struct local *local = edit->device->local;
	struct local_state state;
	struct arena arena;
	enum status status = local_begin(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	arena_init(&arena, DEVICE_ARENA_MAX);
	status = device_enrolled(edit->device, &state, err);
	if (status == STATUS_OK) {
		edit_follow(edit, &state);
		status = change_make(edit, &state, &arena, change_out, err);
	}
	if (status == STATUS_OK) {
		status = change_store(edit, &state, change_out, &arena, err);
	}
	if (status == STATUS_OK) {
		status = local_commit(local, err);
	} else {
		local_rollback(local);
	}
	arena_finish(&arena);
	return status;
}

int
sambung_edit_commit(struct sambung_edit *edit, char *id_out, uint32_t *n_out,
		    struct sambung_error *err)
{
	struct error inner = {0};
	struct change change;

	if (edit_commit(edit, &change, &inner) != STATUS_OK) {
		return device_fail(err, &inner);
	}
	if (id_out != NULL) {
		(void)id_format(change.record, id_out);
	}
	if (n_out != NULL) {
		*n_out = change.n;
	}
	sambung_edit_cancel(edit);
	return 0;
}
