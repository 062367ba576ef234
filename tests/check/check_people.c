/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/check/check_people.h"

#include "protocol/cbor.h"

#include <stdlib.h>
#include <string.h>

enum {
	NOTE_ACTION = 1,
	NOTE_STREAM = 2,
	NOTE_NAME = 4,
	NOTE_SCOPE = 5,
	NOTE_HASH = 7,
	NOTE_ROLE = 13,
	NOTE_EXPIRES = 24,
	NOTE_PAIRS_MAX = 23,
};

void
check_people_free(struct check_people *people)
{
	for (size_t i = 0; i < people->count; i++) {
		void *own;

		memcpy(&own, &people->at[i].name.at, sizeof own);
		free(own);
	}
	free(people->at);
	*people = (struct check_people){.count = 0};
}

/* The first region; who has more is no person. */
static bool
read_scope(struct reader *in, struct check_person *out)
{
	struct span skipped;
	size_t regions;
	size_t two;

	if (!cbor_get_array(in, SIZE_MAX, &regions) || regions == 0) {
		return false;
	}
	if (!cbor_get_array(in, 2, &two) || two != 2 || !cbor_get_uint(in, &out->low) ||
	    !cbor_get_uint(in, &out->high)) {
		return false;
	}
	for (size_t i = 1; i < regions; i++) {
		if (!cbor_get_any(in, &skipped)) {
			return false;
		}
	}
	return true;
}

static bool
read_value(struct reader *in, uint32_t key, struct span *action, struct check_person *out)
{
	struct span bytes;

	switch (key) {
	case NOTE_ACTION:
		return cbor_get_text(in, action);
	case NOTE_STREAM:
		return cbor_get_u32(in, &out->number);
	case NOTE_NAME:
		return cbor_get_text(in, &out->name);
	case NOTE_SCOPE:
		return read_scope(in, out);
	case NOTE_ROLE:
		return cbor_get_uint(in, &out->role);
	case NOTE_EXPIRES:
		return cbor_get_uint(in, &out->expires_ms);
	case NOTE_HASH:
		if (!cbor_get_bytes(in, &bytes) || bytes.length != HASH_SIZE) {
			return false;
		}
		memcpy(out->hash, bytes.at, HASH_SIZE);
		return true;
	default:
		return cbor_get_any(in, &bytes);
	}
}

static bool
read_note(struct span note, struct span *action, struct check_person *out)
{
	struct reader in = reader_of(note);
	size_t pairs;

	if (!cbor_get_map(&in, NOTE_PAIRS_MAX, &pairs)) {
		return false;
	}
	for (size_t i = 0; i < pairs; i++) {
		uint32_t key;

		if (!cbor_get_u32(&in, &key) || !read_value(&in, key, action, out)) {
			return false;
		}
	}
	return in.left == 0;
}

static struct check_person *
find(const struct check_people *people, uint32_t number, bool is_token)
{
	for (size_t i = 0; i < people->count; i++) {
		if (people->at[i].number == number && people->at[i].is_token == is_token) {
			return &people->at[i];
		}
	}
	return NULL;
}

static enum status
add(struct check_people *people, const struct check_person *person, struct error *err)
{
	struct check_person *grown;
	uint8_t *name;

	if (find(people, person->number, person->is_token) != NULL) {
		return fail(err, STATUS_MALFORMED, "stream %u is made twice", person->number);
	}
	grown = realloc(people->at, (people->count + 1) * sizeof *grown);
	if (grown == NULL) {
		return fail(err, STATUS_MEMORY, "users and tokens");
	}
	people->at = grown;
	name = malloc(person->name.length + 1);
	if (name == NULL) {
		return fail(err, STATUS_MEMORY, "users and tokens");
	}
	if (person->name.length > 0) {
		memcpy(name, person->name.at, person->name.length);
	}
	grown[people->count] = *person;
	grown[people->count].name = span_of(name, person->name.length);
	people->count++;
	return STATUS_OK;
}

enum status
check_people_note(struct check_people *people, uint64_t seq, struct span note, struct error *err)
{
	struct check_person told = {.number = 0};
	struct check_person *person;
	struct span action = span_of_text("");
	bool token;
	bool ends;

	if (!read_note(note, &action, &told)) {
		return fail(err, STATUS_MALFORMED, "a note does not decode");
	}
	token = span_equal(action, span_of_text("token"));
	if (token || span_equal(action, span_of_text("user"))) {
		told.is_token = token;
		return add(people, &told, err);
	}
	token = span_equal(action, span_of_text("withdraw"));
	ends = token || span_equal(action, span_of_text("disable"));
	if (!ends && !span_equal(action, span_of_text("password"))) {
		return STATUS_OK;
	}
	person = find(people, told.number, token);
	if (person == NULL || person->ended != 0) {
		return fail(err, STATUS_MALFORMED, "stream %u is nobody who could be changed",
			    told.number);
	}
	person->ended = ends ? seq : 0;
	return STATUS_OK;
}

enum status
check_people_row(struct check_people *people, const struct check_person *row, struct error *err)
{
	const struct check_person *told = find(people, row->number, row->is_token);

	if (told == NULL || !span_equal(told->name, row->name) || told->role != row->role ||
	    told->low != row->low || told->high != row->high ||
	    told->expires_ms != row->expires_ms || told->ended != row->ended ||
	    memcmp(told->hash, row->hash, HASH_SIZE) != 0) {
		return fail(err, STATUS_MALFORMED, "%s %u is not what the log says",
			    row->is_token ? "token" : "user", row->number);
	}
	people->seen++;
	return STATUS_OK;
}
