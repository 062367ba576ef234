/* SPDX-License-Identifier: Apache-2.0 */
#include "forged_device.h"

#include "protocol/enrolment.h"

#include <stdlib.h>

enum { ARENA_MAX = 64 * 1024 * 1024, PROGRAMME = 1 };

/* ---- making and ending ---- */

struct forged *
forged_another(struct world *world, uint8_t key)
{
	struct forged *forged = calloc(1, sizeof *forged);
	uint8_t seed[SEED32_SIZE];

	assert_non_null(forged);
	forged->world = world;
	forged->room = FORGED_PLENTY;
	memset(seed, key, sizeof seed);
	memset(forged->batch.seed, key, sizeof forged->batch.seed);
	sign_keypair(seed, forged->public_key, forged->secret);
	arena_init(&forged->arena, ARENA_MAX);
	buffer_init(&forged->parcel, PARCEL_REQUEST_MAX);
	buffer_init(&forged->plain, MESSAGE_REPLY_MAX);
	return forged;
}

void
forged_finish(struct forged *forged)
{
	buffer_finish(&forged->parcel);
	buffer_finish(&forged->plain);
	arena_finish(&forged->arena);
	free(forged);
}

int
forged_open_new(void **state)
{
	*state = forged_another(world_create(1, getenv("SAMBUNG_SCHEMA")), 1);
	return 0;
}

int
forged_open(void **state)
{
	(void)forged_open_new(state);
	forged_code(*state, "Ani", VILLAGE_A);
	assert_ok(forged_enrol(*state));
	return 0;
}

int
forged_close(void **state)
{
	struct forged *forged = *state;
	struct world *world = forged->world;

	forged_finish(forged);
	world_free(world);
	return 0;
}

/* ---- enrolment ---- */

void
forged_code(struct forged *forged, const char *cadre, const char *village)
{
	struct ingest *ingest = forged->world->ingest;
	struct region region;
	struct code_order order = {
		.cadre = span_of_text(cadre), .scope = &region, .scope_count = 1};
	char text[CODE_TEXT_MAX];
	int64_t expires;
	struct error err;

	assert_ok(region_parse(village, &region, &err));
	assert_ok(ingest_begin(ingest, &err));
	assert_ok(ingest_code_make(ingest, &order, text, &expires, &err));
	assert_ok(ingest_commit(ingest, &err));
	assert_ok(enrolment_code_parse(text, &forged->code, &err));
}

static void
parcel_seal(struct forged *forged, enum parcel_kind kind, const struct buffer *head,
	    const struct buffer *body)
{
	struct parcel_sender sender = {.server_key_id = forged->world->keys.box.id};
	uint8_t random[32] = {0};

	put_le64(random, world_random(forged->world, UINT64_MAX));
	memcpy(sender.secret, forged->secret, sizeof sender.secret);
	memcpy(sender.server_key, forged->world->keys.box.public_key, sizeof sender.server_key);
	assert_ok(head->status);
	assert_ok(body->status);
	buffer_clear(&forged->parcel);
	assert_ok(parcel_seal_request(kind, &sender, random, forged->r, buffer_span(head),
				      buffer_span(body), &forged->parcel, &forged->session,
				      &forged->err));
}

static void
enrolled_take(struct forged *forged)
{
	struct certificate card;

	assert_ok(certificate_read(forged->enrolled.certificate, forged->enrolled.log_key,
				   &forged->arena, &card, &forged->err));
	assert_memory_equal(card.device_key, forged->public_key, SIGN_PUBLIC_SIZE);
	forged->device = card.device;
	forged->epoch = forged->enrolled.epoch;
	forged->scope_version = forged->enrolled.scope_version;
	forged->cursor = (struct cursor){0, 0, CURSOR_ID_END};
	forged->acked_n = 0;
	chain_start(forged->public_key, forged->device, forged->chain);
}

enum status
forged_enrol(struct forged *forged)
{
	struct enrolment_request request = {.programme = PROGRAMME, .room = forged->room};
	struct buffer head;
	struct buffer none;
	struct buffer sealed;
	struct buffer packed;
	enum status status;

	memcpy(request.code_id, forged->code.code_id, sizeof request.code_id);
	memcpy(request.secret, forged->code.secret, sizeof request.secret);
	memcpy(request.device_key, forged->public_key, sizeof request.device_key);
	buffer_init(&head, 1024);
	buffer_init(&none, 1);
	buffer_init(&sealed, PARCEL_REPLY_MAX);
	buffer_init(&packed, PARCEL_REPLY_MAX);
	enrolment_request_encode(&request, &head);
	parcel_seal(forged, PARCEL_ENROL, &head, &none);
	assert_ok(ingest_begin(forged->world->ingest, &forged->err));
	status = ingest_enrol(forged->world->ingest, buffer_span(&forged->parcel), &sealed,
			      &forged->err);
	assert_ok(ingest_commit(forged->world->ingest, NULL));
	if (status == STATUS_OK) {
		assert_ok(parcel_open_reply(&forged->session, buffer_span(&sealed), &packed, NULL));
		assert_ok(enrolment_reply_unpack(buffer_span(&packed), &forged->plain,
						 &forged->enrolled, &forged->err));
		status = forged->enrolled.status;
		forged->reply_bytes = sealed.length;
	}
	if (status == STATUS_OK) {
		enrolled_take(forged);
	}
	buffer_finish(&packed);
	buffer_finish(&sealed);
	buffer_finish(&none);
	buffer_finish(&head);
	return status;
}

/* ---- changes ---- */

struct change
forged_change(const struct forged *forged, uint32_t type, uint64_t record,
	      struct change_field *fields, size_t field_count)
{
	uint32_t n = forged->acked_n + (uint32_t)forged->change_count + 1;

	return (struct change){
		.n = n,
		.kind = CHANGE_EDIT,
		.record = record == 0 ? id_make(forged->device, n) : record,
		.type = type,
		.schema_version = 1,
		.scope_version = forged->scope_version,
		.has_own = true,
		.own_n = n - 1,
		.time = FORGED_TIME,
		.fields = fields,
		.field_count = field_count,
	};
}

void
forged_add_bytes(struct forged *forged, const void *bytes, size_t length)
{
	void *copy = arena_copy(&forged->arena, bytes, length);

	assert_non_null(copy);
	assert_true(forged->change_count < FORGED_CHANGES_MAX);
	forged->changes[forged->change_count++] = span_of(copy, length);
}

void
forged_add(struct forged *forged, const struct change *change)
{
	struct buffer bytes;

	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_encode(change, &bytes);
	assert_ok(bytes.status);
	forged_add_bytes(forged, bytes.at, bytes.length);
	buffer_finish(&bytes);
}

void
forged_drop(struct forged *forged)
{
	forged->change_count = 0;
}

void
forged_forget(struct forged *forged)
{
	forged->acked_n = 0;
	chain_start(forged->public_key, forged->device, forged->chain);
}

uint64_t
forged_family(struct forged *forged, int64_t village)
{
	struct change_field fields[] = {
		{FAMILY_HEAD, value_text(span_of_text("Uji Coba"))},
		{TAG_VILLAGE, value_integer(village)},
	};
	struct change change = forged_change(forged, FAMILY, 0, fields, 2);

	forged_add(forged, &change);
	return change.record;
}

uint64_t
forged_person(struct forged *forged, uint64_t family)
{
	struct change_field fields[] = {
		{PERSON_FAMILY, value_integer((int64_t)family)},
		{PERSON_NAME, value_text(span_of_text("Anak Uji"))},
	};
	struct change change = forged_change(forged, PERSON, 0, fields, 2);

	forged_add(forged, &change);
	return change.record;
}

void
forged_edit(struct forged *forged, uint64_t record, uint32_t type, int32_t tag, struct value value,
	    uint64_t base, uint32_t own)
{
	struct change_field field = {tag, value};
	struct change change = forged_change(forged, type, record, &field, 1);

	change.base = (struct base){.epoch = forged->epoch, .version = base};
	change.own_n = own;
	forged_add(forged, &change);
}

/* ---- syncs ---- */

void
forged_head(struct forged *forged)
{
	uint8_t salt[SALT_SIZE];
	uint8_t commitment[HASH_SIZE];
	uint32_t n = forged->acked_n;

	forged->head = (struct request_head){
		.device = forged->device,
		.epoch = forged->epoch,
		.r = ++forged->r,
		.cursor = forged->cursor,
		.first_n = n + 1,
		.count = (uint32_t)forged->change_count,
		.known_n = n + (uint32_t)forged->change_count,
		.clock_wall = forged->world->now_ms / 1000,
		.scope_version = forged->scope_version,
		.schema_version = 1,
		.room = forged->room,
		.programme = PROGRAMME,
	};
	memcpy(forged->head.schema_hash, catalogue_schema(forged->world->catalogue, 1)->hash,
	       sizeof forged->head.schema_hash);
	memcpy(forged->head.h_last, forged->chain, HASH_SIZE);
	for (size_t i = 0; i < forged->change_count; i++) {
		n++;
		commitment_salt(forged->batch.seed, n, salt);
		commitment_make(salt, forged->device, n, forged->changes[i], commitment);
		chain_advance(forged->head.h_last, n, commitment);
	}
}

/* The server's side of one exchange: as world_post does it, but with nothing in between. */
static void
server_answer(struct forged *forged, struct buffer *sealed)
{
	struct world *world = forged->world;
	struct parcel *parcel = calloc(1, sizeof *parcel);

	assert_non_null(parcel);
	parcel_init(parcel);
	ingest_open(parcel, world->reader, &world->keys, buffer_span(&forged->parcel));
	assert_ok(ingest_notice(world->ingest, parcel, &forged->err));
	assert_ok(ingest_begin(world->ingest, &forged->err));
	assert_ok(ingest_parcel(world->ingest, parcel, &forged->err));
	assert_ok(ingest_commit(world->ingest, &forged->err));
	assert_true(parcel->sealed_reply);
	assert_ok(ingest_reply(parcel, world->reader, world->catalogue, &world->platform, sealed,
			       &forged->err));
	assert_ok(ingest_session(world->ingest, &parcel->report, &forged->err));
	parcel_finish(parcel);
	free(parcel);
}

enum status
forged_send_again(struct forged *forged)
{
	struct buffer sealed;
	struct buffer packed;

	buffer_init(&sealed, PARCEL_REPLY_MAX);
	buffer_init(&packed, PARCEL_REPLY_MAX);
	server_answer(forged, &sealed);
	forged->reply_bytes = sealed.length;
	assert_ok(parcel_open_reply(&forged->session, buffer_span(&sealed), &packed, &forged->err));
	assert_ok(reply_unpack(buffer_span(&packed), &forged->plain, &forged->arena, &forged->reply,
			       &forged->err));
	buffer_finish(&packed);
	buffer_finish(&sealed);
	return forged->reply.status;
}

void
forged_seal(struct forged *forged)
{
	struct request_body body = {.changes = forged->changes,
				    .change_count = forged->change_count,
				    .batches = &forged->batch,
				    .batch_count = forged->change_count > 0};
	struct buffer head;
	struct buffer packed;

	buffer_init(&head, 1024);
	buffer_init(&packed, PARCEL_REQUEST_MAX);
	forged->batch.last_n = forged->head.first_n + (uint32_t)forged->change_count - 1;
	request_head_encode(&forged->head, &head);
	assert_ok(request_body_pack(&body, &packed, &forged->err));
	parcel_seal(forged, PARCEL_SYNC, &head, &packed);
	buffer_finish(&packed);
	buffer_finish(&head);
}

enum status
forged_send(struct forged *forged)
{
	enum status status;

	forged_seal(forged);
	status = forged_send_again(forged);
	if (status == STATUS_OK) {
		memcpy(forged->chain, forged->head.h_last, HASH_SIZE);
		forged->acked_n = forged->reply.acked_n;
		forged->cursor = forged->reply.to;
		forged_drop(forged);
	}
	return status;
}

enum status
forged_sync(struct forged *forged)
{
	forged_head(forged);
	return forged_send(forged);
}

/* ---- looking ---- */

bool
forged_record(struct forged *forged, uint64_t id, struct record *out)
{
	for (size_t i = 0; i < forged->reply.record_count; i++) {
		struct reader in = reader_of(forged->reply.records[i]);

		assert_true(record_decode(&in, &forged->arena, out));
		if (out->id == id) {
			return true;
		}
	}
	return false;
}

bool
forged_evicted(const struct forged *forged, uint64_t id)
{
	for (size_t i = 0; i < forged->reply.evicted_count; i++) {
		if (forged->reply.evicted[i] == id) {
			return true;
		}
	}
	return false;
}

struct record
forged_stored(struct forged *forged, uint64_t id)
{
	struct stored_record row;
	const struct schema *schema = catalogue_schema(forged->world->catalogue, 0);
	struct record record;

	assert_ok(store_records_load(forged->world->store, &id, 1, &forged->arena, &row,
				     &forged->err));
	assert_int_equal(row.id, id);
	assert_ok(stored_record_decode(&row, schema_type(schema, row.type), &forged->arena, &record,
				       &forged->err));
	return record;
}

struct span
forged_stored_text(struct forged *forged, uint64_t id, int32_t tag)
{
	struct record record = forged_stored(forged, id);
	const struct schema *schema = catalogue_schema(forged->world->catalogue, 0);
	struct value shown = record_shown(&record, schema_type(schema, record.type), tag);

	return shown.form == VALUE_TEXT ? shown.text : span_of(NULL, 0);
}
