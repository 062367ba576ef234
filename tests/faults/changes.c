/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that are wrong, extreme or many, correctly sealed and signed. */
#include "parcels.h"

#include <string.h>

/* ---- one by one ---- */

/* What is in the request is acknowledged; its first change is set aside for this reason, the
 * honest one behind it is not. */
static void
set_aside(enum quarantine_reason reason, const char *where)
{
	uint32_t before = ani->acked_n;
	const struct reply *reply = &ani->answer.reply;

	add_family(ani, village);
	forge_head(ani);
	forge_seal(ani);
	(void)forge_send(ani);
	check(ani->answer.opened && reply->status == STATUS_OK && ani->acked_n == before + 2,
	      "a change that cannot be merged is acknowledged", where);
	check(reply->exception_count == 1 && reply->exceptions[0].n == before + 1 &&
		      reply->exceptions[0].kind == EXCEPTION_QUARANTINED &&
		      reply->exceptions[0].reason == (uint32_t)reason,
	      "a change that cannot be merged is set aside with its reason", where);
	quarantined++;
}

enum twist {
	TWIST_N,
	TWIST_KIND,
	TWIST_TYPE,
	TWIST_SCHEMA,
	TWIST_NO_SCHEMA,
	TWIST_VALUE,
	TWIST_INCOMPLETE,
	TWIST_VILLAGE,
	TWIST_NO_VILLAGE,
	TWIST_RECORD,
	TWIST_PARENT,
	TWIST_COUNT
};

static const struct {
	enum quarantine_reason reason;
	const char *what;
} twists[TWIST_COUNT] = {
	[TWIST_N] = {QUARANTINE_MALFORMED, "another n"},
	[TWIST_KIND] = {QUARANTINE_UNKNOWN_KIND, "an unknown kind"},
	[TWIST_TYPE] = {QUARANTINE_UNKNOWN_TYPE, "an unknown type"},
	[TWIST_SCHEMA] = {QUARANTINE_UNKNOWN_SCHEMA, "an unknown schema version"},
	[TWIST_NO_SCHEMA] = {QUARANTINE_UNKNOWN_SCHEMA, "schema version 0"},
	[TWIST_VALUE] = {QUARANTINE_INVALID, "a number for a name"},
	[TWIST_INCOMPLETE] = {QUARANTINE_INCOMPLETE, "no name"},
	[TWIST_VILLAGE] = {QUARANTINE_OUT_OF_SCOPE, "another village"},
	[TWIST_NO_VILLAGE] = {QUARANTINE_INVALID, "a village that is none"},
	[TWIST_RECORD] = {QUARANTINE_UNKNOWN_RECORD, "a record nobody knows"},
	[TWIST_PARENT] = {QUARANTINE_UNKNOWN_RECORD, "a family nobody knows"},
};

static void
twist_change(enum twist twist, struct change *change)
{
	enum { PERSON = 2, PERSON_FAMILY = 1, PERSON_NAME = 2, FAMILY_RT = 4 };

	change->n = twist == TWIST_N ? change->n + 5 : change->n;
	change->kind = twist == TWIST_KIND ? 9 : 0;
	change->type = twist == TWIST_TYPE ? 999 : change->type;
	change->schema_version = twist == TWIST_SCHEMA	    ? UINT32_MAX
				 : twist == TWIST_NO_SCHEMA ? 0
							    : change->schema_version;
	if (twist == TWIST_VALUE) {
		change->fields[0].value = value_integer(7);
	} else if (twist == TWIST_INCOMPLETE) {
		change->fields++;
		change->field_count = 1;
	} else if (twist == TWIST_VILLAGE) {
		change->fields[1].value = value_integer(other_village);
	} else if (twist == TWIST_NO_VILLAGE) {
		change->fields[1].value = value_integer(-1);
	} else if (twist == TWIST_RECORD) {
		change->record = id_make(77, 77);
		change->base = (struct base){ani->epoch, INT64_MAX};
	} else if (twist == TWIST_PARENT) {
		change->type = PERSON;
		change->fields[0] = (struct change_field){PERSON_FAMILY,
							  value_integer((int64_t)id_make(77, 77))};
		change->fields[1] =
			(struct change_field){PERSON_NAME, value_text(span_of_text("Anak Uji"))};
	}
}

void
twisted_changes(void)
{
	for (enum twist twist = 0; twist < TWIST_COUNT; twist++) {
		struct change_field fields[2];
		struct change change;

		forge_drop(ani);
		change = forge_family(ani, village, fields);
		twist_change(twist, &change);
		forge_add(ani, &change);
		set_aside(twists[twist].reason, twists[twist].what);
	}
	so("changes that cannot be merged are acknowledged and set aside, each with its reason");
}

/* Whole CBOR maps, so that the body can be cut; none of them the bytes of a change. */
void
malformed_changes(void)
{
	static const struct {
		const char *bytes;
		size_t length;
	} maps[] = {
		{"\xa0", 1},					      /* nothing in it */
		{"\xa1\x01\xf6", 3},				      /* null for n */
		{"\xa1\x18\x63\x01", 4},			      /* an unknown key */
		{"\xa1\x61\x61\x61\x62", 5},			      /* texts */
		{"\xa1\x01\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 11}, /* -2^63 for n */
	};

	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
		forge_drop(ani);
		forge_add_bytes(ani, maps[i].bytes, maps[i].length);
		set_aside(QUARANTINE_MALFORMED, "a map that is no change");
	}
	so("maps that are no changes are acknowledged and set aside");
}

/* An honest change with its n in a longer form than the shortest: the body cannot be cut. */
void
change_that_is_not_canonical(void)
{
	struct change_field fields[2];
	struct buffer bytes;
	struct buffer longer;
	struct change change;
	size_t small;

	forge_drop(ani);
	change = forge_family(ani, village, fields);
	change.type = 5;
	buffer_init(&bytes, CHANGE_BYTES_MAX);
	buffer_init(&longer, CHANGE_BYTES_MAX);
	change_encode(&change, &bytes);
	/* Key 4 and the type 5 stand somewhere as 04 05; 04 18 05 says the same. */
	small = 0;
	while (small + 1 < bytes.length && !(bytes.at[small] == 4 && bytes.at[small + 1] == 5)) {
		small++;
	}
	buffer_append(&longer, bytes.at, small + 1);
	buffer_append_byte(&longer, 0x18);
	buffer_append(&longer, bytes.at + small + 1, bytes.length - small - 1);
	forge_add_bytes(ani, longer.at, longer.length);
	forge_head(ani);
	forge_seal(ani);
	sealed_answer(STATUS_MALFORMED, "a number in a longer form is malformed", "canonical");
	buffer_finish(&longer);
	buffer_finish(&bytes);
	goes_on("canonical");
	so("a change that is not canonical is refused under seal");
}

static void
count_quarantined(void)
{
	const struct reply *reply = &ani->answer.reply;

	for (size_t i = 0; i < reply->exception_count; i++) {
		quarantined += reply->exceptions[i].kind == EXCEPTION_QUARANTINED;
	}
}

/* Numbers of a change at their bounds: merged or set aside, but acknowledged. */
void
extreme_changes(void)
{
	for (unsigned i = 0; i < 8; i++) {
		struct change_field fields[2];
		struct change change;
		uint32_t before = ani->acked_n;

		forge_drop(ani);
		change = forge_family(ani, village, fields);
		change.time = i == 0 ? CHANGE_TIME_MAX : i == 1 ? -CHANGE_TIME_MAX : change.time;
		change.quality = i == 2 ? UINT32_MAX : 0;
		change.scope_version = i == 3 ? INT64_MAX : change.scope_version;
		change.own_stream = i == 4 ? CHANGE_STREAM_MAX : 0;
		change.own_n = i == 4 ? CHANGE_N_MAX : i == 5 ? 0 : change.own_n;
		change.was_stream = i == 6 ? CHANGE_STREAM_MAX : 0;
		change.was_n = i == 6 ? CHANGE_N_MAX : 0;
		if (i == 7) {
			change.base = (struct base){UINT32_MAX, INT64_MAX};
		}
		forge_add(ani, &change);
		forge_head(ani);
		forge_seal(ani);
		(void)forge_send(ani);
		check(ani->answer.opened && ani->answer.reply.status == STATUS_OK &&
			      ani->acked_n == before + 1,
		      "a change with numbers at their bounds is acknowledged", "bounds");
		count_quarantined();
	}
	so("changes with numbers at their bounds are acknowledged");
}

/* ---- as much as a parcel can hold ---- */

/* Fields cost a byte or two in a parcel and more in memory. */
void
parcel_full_of_fields(void)
{
	static struct change_field fields[CHANGE_FIELDS_MAX];
	uint32_t before = ani->acked_n;
	size_t plain = 0;

	forge_drop(ani);
	for (int32_t tag = 0; tag < CHANGE_FIELDS_MAX; tag++) {
		fields[tag] = (struct change_field){tag + 1, value_empty()};
	}
	while (ani->change_count < 4000 && plain < MESSAGE_BODY_MAX - 4096) {
		struct change_field few[2];
		struct change change = forge_family(ani, village, few);

		change.fields = fields;
		change.field_count = CHANGE_FIELDS_MAX;
		forge_add(ani, &change);
		plain += ani->changes[ani->change_count - 1].length;
	}
	forge_head(ani);
	forge_seal(ani);
	(void)forge_send(ani);
	check(ani->answer.opened && ani->answer.reply.status == STATUS_OK &&
		      ani->acked_n > before + 1000,
	      "a parcel full of fields is acknowledged", "fields");
	count_quarantined();
	goes_on("fields");
	so("a parcel full of fields is acknowledged");
}

/* Sends what is in the request, and again what the server leaves over. */
static void
send_all(const char *where)
{
	struct span *changes = ani->changes;
	size_t left = ani->change_count;

	for (unsigned request = 0; left > 0; request++) {
		uint32_t before = ani->acked_n;
		size_t taken;

		forge_head(ani);
		forge_seal(ani);
		(void)forge_send(ani);
		taken = ani->acked_n - before;
		check(ani->answer.opened && ani->answer.reply.status == STATUS_OK && taken > 0 &&
			      taken <= left && request < 100,
		      "however much a parcel brings, the server gets on with it", where);
		count_quarantined();
		left -= taken;
		memmove(changes, changes + taken, left * sizeof changes[0]);
		ani->change_count = left;
	}
	goes_on(where);
}

/* Thousands of changes of one record that each rival all others in all of these fields. */
static void
parcel_full_of_rivals(struct change_field *fields, size_t field_count, unsigned count,
		      const char *where)
{
	struct change_field few[2];
	struct change family;

	forge_drop(ani);
	family = forge_family(ani, village, few);
	forge_add(ani, &family);
	send_all(where);
	while (ani->change_count < count) {
		struct change change = forge_family(ani, village, few);

		change.record = family.record;
		change.own_n = 0;
		change.base = (struct base){ani->epoch, 0};
		change.fields = fields;
		change.field_count = field_count;
		forge_add(ani, &change);
	}
	send_all(where);
}

/* They take little room in a parcel and much in memory. */
void
rivals_that_fill_memory(void)
{
	struct change_field fields[20];

	for (int32_t tag = 0; tag < 20; tag++) {
		fields[tag] = (struct change_field){tag + 1, value_empty()};
	}
	fields[1].value = value_text(span_of_text("Uji"));
	parcel_full_of_rivals(fields, 20, 1400, "rivals");
	so("a parcel that takes much memory to merge is acknowledged, piece by piece");
}

/* The record grows with each, and its texts do not pack well. */
void
record_that_outgrows_everything(void)
{
	enum { UNKNOWN = 60000, BYTES = 6000, ROUNDS = 6, CHANGES = 40 };
	struct change_field few[2];
	struct change family;

	forge_drop(ani);
	family = forge_family(ani, village, few);
	forge_add(ani, &family);
	send_all("growth");
	for (unsigned round = 0; round < ROUNDS; round++) {
		while (ani->change_count < CHANGES) {
			struct change_field field = {UNKNOWN, value_empty()};
			struct change change = forge_family(ani, village, few);
			struct buffer text;
			uint8_t random[BYTES];

			buffer_init(&text, 2 * BYTES);
			crypto_random(random, sizeof random);
			base64url_encode(span_of(random, sizeof random), &text);
			field.value = value_text(buffer_span(&text));
			change.record = family.record;
			change.own_n = 0;
			change.base = (struct base){ani->epoch, 0};
			change.fields = &field;
			change.field_count = 1;
			forge_add(ani, &change);
			buffer_finish(&text);
		}
		send_all("growth");
	}
	so("a record that outgrows its limits is kept as it was, and the rest set aside");
}

/* Pages until all is there. */
void
pulls_all(struct forge *forge)
{
	struct cursor cursor = {0, 0, CURSOR_ID_END};
	bool more = true;

	for (unsigned request = 0; more; request++) {
		const struct answer *answer;

		forge_drop(forge);
		forge_head(forge);
		forge->head.cursor = cursor;
		forge->head.room = 64 * 1024;
		forge_seal(forge);
		answer = forge_send(forge);
		if (!answer->opened || answer->reply.status != STATUS_OK || request > 1000) {
			ani->answer = *answer;
			check(false, "another device receives all of it", "pull");
		}
		cursor = answer->reply.to;
		more = answer->reply.more;
		arena_reset(&forge->arena);
	}
	so("another device receives all of it");
}
