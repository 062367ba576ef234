/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/merge_world.h"

#include "protocol/id.h"
#include "tests/unit/history.h"

#include <stdarg.h>

enum { SERVER_STREAM = 2, FIRST_STREAM = 7, ALL = 1000 };

const int32_t world_tags[] = {REVIEW, LATEST, MAX, MIN, ONCE, SET, TAG_ARCHIVED};
const size_t world_tag_count = sizeof world_tags / sizeof world_tags[0];

void
world_fail(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (world->error[0] != '\0') {
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(world->error, sizeof world->error, format, arguments);
	va_end(arguments);
}

bool
seen_has(const struct seen *seen, size_t made)
{
	return (seen->bits[made / 64] >> (made % 64) & 1) != 0;
}

void
seen_add(struct seen *seen, size_t made)
{
	seen->bits[made / 64] |= (uint64_t)1 << (made % 64);
}

static void
seen_join(struct seen *seen, const struct seen *other)
{
	for (size_t i = 0; i < MADE_MAX / 64; i++) {
		seen->bits[i] |= other->bits[i];
	}
}

/* All that these changes' authors had seen was seen, too. */
static struct seen
seen_closed(const struct world *world, const struct seen *seen)
{
	struct seen closed = *seen;

	for (size_t i = 0; i < world->made_count; i++) {
		if (seen_has(seen, i)) {
			seen_join(&closed, &world->made[i].seen);
		}
	}
	return closed;
}

static struct seen
seen_logged(const struct world *world)
{
	struct seen seen = {0};

	for (size_t i = 0; i < world->log_count; i++) {
		seen_add(&seen, world->log[i]);
	}
	return seen;
}

void
world_init(struct world *world, uint32_t device_count)
{
	memset(world, 0, sizeof *world);
	arena_init(&world->arena, (size_t)1 << 26);
	world->context.type = &history_type;
	world->context.epochs = history_epochs;
	world->context.epoch_count = 1;
	world->context.lineages = world->lineages;
	world->device_count = device_count;
	world->next_stream = FIRST_STREAM;
	for (uint32_t i = 0; i < device_count; i++) {
		/* Descending, so that a later device may be a lower stream. */
		world->devices[i].stream = FIRST_STREAM + device_count - 1 - i;
		world->next_stream++;
	}
}

void
world_finish(struct world *world)
{
	arena_finish(&world->arena);
}

/* The record after a way through its bytes, which must lead back to the same bytes. */
static struct record
through_bytes(struct world *world, const struct record *record, const struct record_filter *filter)
{
	struct buffer bytes;
	struct buffer again;
	struct reader in;
	struct record decoded = {0};

	buffer_init(&bytes, RECORD_BYTES_MAX);
	buffer_init(&again, RECORD_BYTES_MAX);
	record_encode(record, filter, &bytes);
	in = reader_of(buffer_span(&bytes));
	if (!record_decode(&in, &world->arena, &decoded) || in.left != 0) {
		world_fail(world, "a record does not decode");
	}
	record_encode(&decoded, NULL, &again);
	if (!span_equal(buffer_span(&bytes), buffer_span(&again))) {
		world_fail(world, "a decoded record has other bytes");
	}
	buffer_finish(&bytes);
	buffer_finish(&again);
	return decoded;
}

static void
server_merge(struct world *world, size_t index)
{
	struct made *made = &world->made[index];

	world->log[world->log_count++] = (uint16_t)index;
	made->seq = world->log_count;
	if (merge_change(&world->record, made->stream, &made->change, made->seq, &world->context,
			 &world->arena, NULL) != STATUS_OK) {
		world_fail(world, "a merge failed");
		return;
	}
	oracle_check(world);
	world->record = through_bytes(world, &world->record, NULL);
	oracle_check(world);
}

static void
device_merge(struct world *world, struct device *device, const struct made *made)
{
	if (merge_change(&device->record, made->stream, &made->change, 0, &world->context,
			 &world->arena, NULL) != STATUS_OK) {
		world_fail(world, "a merge on a device failed");
	}
	device->record = through_bytes(world, &device->record, NULL);
}

static int64_t
shown_mask(const struct record *record)
{
	return set_mask(record_shown(record, &history_type, SET));
}

static void
device_open(struct world *world, struct device *device, uint32_t slot)
{
	struct form *form = &device->forms[slot];

	form->open = true;
	form->base = (struct base){0};
	if (device->record.version != 0) {
		form->base = (struct base){.epoch = EPOCH, .version = device->record.version};
	}
	form->own_stream = 0;
	form->own_n = device->n;
	form->known = seen_closed(world, &device->known);
	form->mask = shown_mask(&device->record);
}

static void
server_open(struct world *world, uint32_t slot)
{
	struct form *form = &world->server_forms[slot];
	struct seen logged = seen_logged(world);

	form->open = true;
	form->base = (struct base){.epoch = EPOCH, .version = world->record.version};
	form->known = seen_closed(world, &logged);
	form->mask = shown_mask(&world->record);
}

/* What is in the form becomes fields of a change; a set says what it adds and removes. */
static void
fill_fields(struct made *made, const struct action *action, int64_t mask)
{
	made->change.fields = made->fields;
	for (size_t i = 0; i < action->field_count; i++) {
		struct change_field *field = &made->fields[made->change.field_count];
		int64_t wanted = action->fields[i].value;

		field->tag = action->fields[i].tag;
		field->value = value_integer(wanted);
		if (field->tag == SET) {
			field->value = value_pair(wanted & ~mask, mask & ~wanted);
		}
		if (action->fields[i].empty) {
			field->value = value_empty();
		}
		if (!value_equal(field->value, value_pair(0, 0))) {
			made->change.field_count++;
		}
	}
}

/* Closes the form; NULL if nothing was to be saved. */
static struct made *
form_save(struct world *world, struct form *form, const struct action *action)
{
	struct made *made = &world->made[world->made_count];

	if (!form->open || world->made_count == MADE_MAX) {
		return NULL;
	}
	form->open = false;
	memset(made, 0, sizeof *made);
	fill_fields(made, action, form->mask);
	if (made->change.field_count == 0) {
		return NULL;
	}
	made->change.record = id_make(FIRST_STREAM, 1);
	made->change.type = RECORD_TYPE;
	made->change.base = form->base;
	made->change.own_stream = form->own_stream;
	made->change.own_n = form->own_n;
	made->change.time = action->time;
	made->seen = form->known;
	world->made_count++;
	return made;
}

static void
device_save(struct world *world, struct device *device, const struct action *action)
{
	struct made *made = form_save(world, &device->forms[action->slot], action);
	size_t index = world->made_count - 1;

	if (made == NULL) {
		return;
	}
	made->stream = device->stream;
	made->change.n = ++device->n;
	made->change.has_own = true;
	device->kept[made->change.n - 1] = (uint16_t)index;
	seen_add(&device->known, index);
	device_merge(world, device, made);
}

static void
server_save(struct world *world, const struct action *action)
{
	struct form *form = &world->server_forms[action->slot];
	struct made *made = form_save(world, form, action);

	if (made != NULL) {
		made->stream = SERVER_STREAM;
		made->change.n = ++world->server_n;
		made->change.own_n = 0;
		server_merge(world, world->made_count - 1);
	}
}

static void
device_push(struct world *world, struct device *device, uint32_t count)
{
	uint32_t last = device->acked + count;

	for (uint32_t n = device->acked + 1; n <= device->n && n <= last; n++) {
		if (n > device->server_acked) {
			server_merge(world, device->kept[n - 1]);
			device->server_acked = n;
		}
	}
}

static void
device_acknowledge(struct world *world, struct device *device)
{
	for (; device->acked < device->server_acked; device->acked++) {
		uint64_t seq = world->made[device->kept[device->acked]].seq;

		record_acknowledge(&device->record, device->stream, device->acked + 1, seq);
	}
}

static void
device_merge_pending(struct world *world, struct device *device)
{
	for (uint32_t n = device->acked + 1; n <= device->n; n++) {
		device_merge(world, device, &world->made[device->kept[n - 1]]);
	}
}

static void
device_pull(struct world *world, struct device *device, const struct record_filter *filter)
{
	struct record update;
	struct seen logged = seen_logged(world);

	device->cursor = world->log_count;
	if (record_filter_count(&world->record, filter) == 0) {
		return;
	}
	update = through_bytes(world, &world->record, filter);
	if (!record_overlay(&device->record, &update, filter == NULL, &world->arena)) {
		world_fail(world, "an overlay failed");
	}
	seen_join(&device->known, &logged);
	device_merge_pending(world, device);
}

static void
device_sync(struct world *world, struct device *device, const struct action *action)
{
	struct record_filter filter = {device->cursor, device->stream, device->n};

	device_push(world, device, action->count);
	if (action->kind == ACTION_PUSH) {
		return;
	}
	device_acknowledge(world, device);
	if (action->kind == ACTION_SYNC) {
		device_pull(world, device, &filter);
	}
}

/* An own number of before the fork, as it is told after it. */
static void
own_rename(uint32_t *own_stream, uint32_t *own_n, uint32_t old_stream, uint32_t common)
{
	if (*own_stream == 0 && *own_n > common) {
		*own_n -= common;
	} else if (*own_stream == 0) {
		*own_stream = old_stream;
	}
}

/* A new number takes over behind the last change that the server has, and the state is taken anew.
 */
static void
device_fork(struct world *world, struct device *device)
{
	uint32_t old = device->stream;
	uint32_t common = device->server_acked;

	if (world->context.lineage_count == FORKS_MAX) {
		return;
	}
	device->stream = world->next_stream++;
	world->lineages[world->context.lineage_count++] =
		(struct lineage){.stream = device->stream, .parent = old, .n = common};
	for (uint32_t n = common + 1; n <= device->n; n++) {
		struct made *made = &world->made[device->kept[n - 1]];

		own_rename(&made->change.own_stream, &made->change.own_n, old, common);
		made->stream = device->stream;
		made->change.n = n - common;
		device->kept[n - common - 1] = device->kept[n - 1];
	}
	for (size_t i = 0; i < SLOTS; i++) {
		own_rename(&device->forms[i].own_stream, &device->forms[i].own_n, old, common);
	}
	device->n -= common;
	device->acked = 0;
	device->server_acked = 0;
	device->record = (struct record){0};
	device_pull(world, device, NULL);
	if (device->record.id == 0) {
		device_merge_pending(world, device);
	}
}

void
world_act(struct world *world, const struct action *action)
{
	struct device *device = &world->devices[action->device];

	if (world->error[0] != '\0') {
		return;
	}
	switch (action->kind) {
	case ACTION_OPEN:
		device_open(world, device, action->slot);
		break;
	case ACTION_SAVE:
		device_save(world, device, action);
		break;
	case ACTION_SYNC:
	case ACTION_PUSH:
	case ACTION_ACKNOWLEDGE:
		device_sync(world, device, action);
		break;
	case ACTION_SERVER_OPEN:
		server_open(world, action->slot);
		break;
	case ACTION_SERVER_SAVE:
		server_save(world, action);
		break;
	case ACTION_FORK:
		device_fork(world, device);
		break;
	case ACTION_KINDS:
		break;
	}
}

void
world_settle(struct world *world)
{
	struct action sync = {.kind = ACTION_SYNC, .count = ALL};
	char server[2000];
	char device[2000];

	for (int round = 0; round < 2; round++) {
		for (sync.device = 0; sync.device < world->device_count; sync.device++) {
			world_act(world, &sync);
		}
	}
	world_describe(world, &world->record, server, sizeof server);
	for (uint32_t i = 0; i < world->device_count && world->error[0] == '\0'; i++) {
		struct record *record = &world->devices[i].record;

		world_describe(world, record, device, sizeof device);
		if (strcmp(device, server) != 0) {
			world_fail(world, "at rest device %u has %s, the server %s",
				   world->devices[i].stream, device, server);
		}
		if (!value_equal(record_shown(record, &history_type, ONCE),
				 record_shown(&world->record, &history_type, ONCE))) {
			world_fail(world, "at rest device %u shows another once",
				   world->devices[i].stream);
		}
	}
}

/* Top members and the shown value of each field (but for once: the log decides that), and whether
 * the archive has rivals. */
void
world_describe(const struct world *world, const struct record *record, char *out, size_t size)
{
	struct buffer text;

	buffer_init(&text, size - 1);
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];
		struct value shown = record_shown(record, &history_type, field->tag);

		buffer_printf(&text, "%d:", field->tag);
		for (size_t k = 0; k < field->member_count; k++) {
			const struct dot *dot = &record->dots[field->members[k].dot];

			if (field->members[k].top) {
				buffer_printf(&text, " %u/%u", dot->stream, dot->n);
			}
		}
		if (field->tag != ONCE && shown.form == VALUE_INTEGER) {
			buffer_printf(&text, " = %lld", (long long)shown.integer);
		}
		buffer_printf(&text, "; ");
	}
	buffer_printf(&text, "archive %d", archive_in_conflict(record, &world->context));
	memcpy(out, text.at, text.length);
	out[text.length] = '\0';
	buffer_finish(&text);
}
