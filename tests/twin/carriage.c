/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/twin/carriage.h"

#include "tests/testing.h"

#include <stdlib.h>

const char carriage_village[] = "6303072001";
const char carriage_head[] = "Sumiati Rahayu Ningsih";
const char carriage_child[] = "Wahyu Bagaskara Putra";

struct sambung *
carriage_phone(const struct carriage *all, size_t device)
{
	return all->world->devices[device].sambung;
}

struct carriage *
carriage_make(void)
{
	struct carriage *all = calloc(1, sizeof *all);
	struct sambung_edit *form;
	char family[16];

	assert_non_null(all);
	all->world = world_create(11, getenv("SAMBUNG_SCHEMA"));
	all->ani = world_enrol(all->world, "Ani", carriage_village);
	all->budi = world_enrol(all->world, "Budi", carriage_village);
	buffer_init(&all->file, CARRY_FILE_MAX);
	buffer_init(&all->answers, CARRY_REPLIES_MAX);
	assert_ok(sambung_edit_create(carriage_phone(all, all->ani), "family", &form, &all->err));
	assert_ok(sambung_edit_set(form, "head", carriage_head, &all->err));
	assert_ok(sambung_edit_set(form, "village", carriage_village, &all->err));
	assert_ok(sambung_edit_commit(form, family, NULL, &all->err));
	assert_ok(sambung_edit_create(carriage_phone(all, all->ani), "person", &form, &all->err));
	assert_ok(sambung_edit_set(form, "family", family, &all->err));
	assert_ok(sambung_edit_set(form, "name", carriage_child, &all->err));
	assert_ok(sambung_edit_commit(form, all->person, NULL, &all->err));
	return all;
}

void
carriage_free(struct carriage *all)
{
	buffer_finish(&all->file);
	buffer_finish(&all->answers);
	world_free(all->world);
	free(all);
}

void
carriage_visits(struct carriage *all, unsigned count, unsigned note_length)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char note[500] = "";

	for (unsigned i = 0; i < count; i++) {
		struct sambung_edit *form;

		for (unsigned k = 0; k < note_length; k++) {
			note[k] = letters[world_random(all->world, sizeof letters - 1)];
		}
		assert_ok(sambung_edit_create(carriage_phone(all, all->ani), "visit", &form,
					      &all->err));
		assert_ok(sambung_edit_set(form, "person", all->person, &all->err));
		assert_ok(sambung_edit_set(form, "weight", "8.4", &all->err));
		assert_ok(sambung_edit_set(form, "note", note, &all->err));
		assert_ok(sambung_edit_commit(form, NULL, NULL, &all->err));
	}
}

int
carriage_keep(void *context, struct sambung_bytes bytes)
{
	struct buffer *out = context;

	buffer_clear(out);
	buffer_append(out, bytes.at, bytes.length);
	return out->status != STATUS_OK;
}

struct sambung_carried
carriage_out(struct carriage *all)
{
	struct sambung_carried carried;

	assert_ok(sambung_carry_out(carriage_phone(all, all->ani), carriage_keep, &all->file,
				    &carried, &all->err));
	return carried;
}

struct sambung_bytes
carriage_bytes(const struct buffer *buffer)
{
	return (struct sambung_bytes){buffer->at, buffer->length};
}

int
carriage_deliver_with(struct carriage *all, const struct sambung_platform *platform,
		      struct sambung_bytes before, struct sambung_carried *out)
{
	struct buffer answers;
	struct sambung_delivery delivery = {.platform = platform,
					    .url = "http://twin",
					    .file = carriage_bytes(&all->file),
					    .answers = before,
					    .take = carriage_keep,
					    .context = &answers};
	int status;

	buffer_init(&answers, CARRY_REPLIES_MAX);
	status = sambung_carry_deliver(&delivery, out, &all->err);
	if (answers.length > 0) {
		buffer_clear(&all->answers);
		buffer_append_span(&all->answers, buffer_span(&answers));
	}
	buffer_finish(&answers);
	return status;
}

int
carriage_deliver(struct carriage *all)
{
	struct sambung_platform platform = world_platform(&all->world->devices[all->budi]);
	struct sambung_carried carried;

	return carriage_deliver_with(all, &platform, (struct sambung_bytes){NULL, 0}, &carried);
}

struct sambung_result
carriage_in(struct carriage *all)
{
	struct sambung_result result;

	assert_ok(sambung_carry_in(carriage_phone(all, all->ani), carriage_bytes(&all->answers),
				   &result, &all->err));
	return result;
}

uint32_t
carriage_queued(struct carriage *all)
{
	struct sambung_state state;

	assert_ok(sambung_state(carriage_phone(all, all->ani), &state, &all->err));
	return state.queued;
}

void
carriage_dump_server(struct carriage *all, struct buffer *out)
{
	world_dump_server(all->world, "family", carriage_village, out);
	world_dump_server(all->world, "person", carriage_village, out);
	world_dump_server(all->world, "visit", carriage_village, out);
}

static size_t
lines_of(const struct buffer *lines)
{
	size_t count = 0;

	for (size_t i = 0; i < lines->length; i++) {
		count += lines->at[i] == '\n';
	}
	return count;
}

void
carriage_assert_same(struct carriage *all, size_t count)
{
	struct buffer ours;
	struct buffer theirs;

	buffer_init(&ours, 1 << 24);
	buffer_init(&theirs, 1 << 24);
	world_dump_device(all->world, all->ani, "family", &ours);
	world_dump_device(all->world, all->ani, "person", &ours);
	world_dump_device(all->world, all->ani, "visit", &ours);
	carriage_dump_server(all, &theirs);
	assert_int_equal(lines_of(&theirs), count);
	assert_true(span_equal(buffer_span(&ours), buffer_span(&theirs)));
	buffer_finish(&theirs);
	buffer_finish(&ours);
}

void
carriage_assert_next_syncs(struct carriage *all)
{
	assert_int_equal(carriage_queued(all), 0);
	assert_int_equal(carriage_out(all).parcels, 1);
	assert_ok(carriage_deliver(all));
	assert_int_equal(carriage_in(all).synced, 1);
}

struct local_state
carriage_state(struct carriage *all)
{
	struct local_state state;

	assert_ok(local_state_load(carriage_phone(all, all->ani)->local, &state, NULL));
	return state;
}
