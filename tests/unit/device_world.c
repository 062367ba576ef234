/* SPDX-License-Identifier: Apache-2.0 */
#include "device_world.h"

#include "tests/scratch.h"

#include <stdlib.h>
#include <unistd.h>

static int64_t
fake_wall_ms(void *context)
{
	return ((struct world *)context)->wall_ms;
}

static int64_t
fake_uptime_ms(void *context)
{
	return ((struct world *)context)->uptime_ms;
}

static void
fake_boot_id(void *context, uint8_t out[16])
{
	memset(out, ((struct world *)context)->boot, 16);
}

static int
fake_random(void *context, void *out, size_t length)
{
	struct world *w = context;
	uint8_t *bytes = out;

	for (size_t i = 0; i < length; i++) {
		w->random =
			w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		bytes[i] = (uint8_t)(w->random >> 56);
	}
	return 0;
}

/* Opens what the device sent. */
static void
parcel_read(struct world *w, enum parcel_kind kind, struct sambung_bytes parcel,
	    const uint8_t *device_key)
{
	struct error err;

	assert_ok(parcel_open_request(span_of(parcel.at, parcel.length), &w->key, 1, &w->plain,
				      &w->opened, &err));
	assert_true(parcel_signed_by(kind, &w->opened, device_key));
}

static void
schema_chunk_fill(const struct world *w, uint32_t offset, uint32_t length, struct schema_chunk *out)
{
	*out = (struct schema_chunk){.version = length == 0 ? 0 : w->sample.schema.version,
				     .size = (uint32_t)w->schema.length,
				     .offset = offset,
				     .bytes = span_of(w->schema.at + offset, length)};
	memcpy(out->hash, w->schema_hash, HASH_SIZE);
}

static int
enrol_answer(struct world *w, struct sambung_bytes parcel, struct buffer *reply)
{
	struct enrolment_request request;
	struct certificate certificate = {.device = WORLD_DEVICE,
					  .cadre = span_of_text("Siti"),
					  .scope = w->scope,
					  .scope_count = w->scope_count,
					  .issued = WORLD_TIME_MS / 1000};
	struct enrolment_reply answer = {.status = w->enrol_status,
					 .epoch = WORLD_EPOCH,
					 .server_time_ms = WORLD_TIME_MS,
					 .scope_version = 1};
	struct buffer issued;
	struct buffer packed;
	uint8_t nonce[12];
	struct error err;

	assert_ok(parcel_open_request(span_of(parcel.at, parcel.length), &w->key, 1, &w->plain,
				      &w->opened, &err));
	assert_true(enrolment_request_decode(w->opened.head, &request));
	assert_true(parcel_signed_by(PARCEL_ENROL, &w->opened, request.device_key));
	assert_memory_equal(request.secret, w->code.secret, CODE_SECRET_SIZE);
	memcpy(certificate.origin, "SMBG", ORIGIN_SIZE);
	memcpy(certificate.device_key, request.device_key, SIGN_PUBLIC_SIZE);
	memcpy(answer.log_key, w->log_public, SIGN_PUBLIC_SIZE);
	schema_chunk_fill(w, 0, w->schema_chunk, &answer.schema);
	buffer_init(&issued, 4096);
	buffer_init(&packed, 65536);
	certificate_issue(&certificate, w->log_secret, &issued);
	answer.certificate = buffer_span(&issued);
	assert_ok(enrolment_reply_pack(&answer, &packed, &err));
	(void)fake_random(w, nonce, sizeof nonce);
	assert_ok(parcel_seal_reply(&w->opened.session, nonce, buffer_span(&packed), reply, &err));
	buffer_finish(&packed);
	buffer_finish(&issued);
	return 200;
}

static int
fake_post(void *context, const char *url, struct sambung_bytes body, size_t reply_limit,
	  int (*take)(void *sink, const void *bytes, size_t length), void *sink,
	  int *http_status_out, uint64_t *bytes_up_out, uint64_t *bytes_down_out, char *why,
	  size_t why_size)
{
	struct world *w = context;
	struct buffer reply;
	int http_status;
	int failed;

	w->posts++;
	buffer_init(&reply, reply_limit);
	if (strstr(url, "/v1/enrol") != NULL) {
		assert_string_equal(url, "http://server.example/v1/enrol");
		http_status = enrol_answer(w, body, &reply);
	} else {
		assert_string_equal(url, "http://server.example/v1/sync");
		parcel_read(w, PARCEL_SYNC, body,
			    w->device->secret + SIGN_SECRET_SIZE - SIGN_PUBLIC_SIZE);
		assert_true(request_head_decode(w->opened.head, &w->head));
		http_status = w->answer(w, &reply);
	}
	*bytes_up_out = body.length;
	*bytes_down_out = reply.length;
	*http_status_out = http_status;
	failed = http_status == 0 || w->answers_lost;
	if (failed) {
		(void)snprintf(why, why_size, "no route");
	} else {
		failed = take(sink, reply.at, reply.length);
	}
	buffer_finish(&reply);
	return failed;
}

static unsigned
fake_retry_after_s(void *context)
{
	return ((struct world *)context)->retry_after_s;
}

static int
fake_wait(void *context, uint32_t milliseconds)
{
	struct world *w = context;

	if (w->patient) {
		w->waited_ms += milliseconds;
		w->uptime_ms += milliseconds;
	}
	return !w->patient;
}

static void
device_open(struct world *w)
{
	const struct sambung_platform platform = {.context = w,
						  .wall_ms = fake_wall_ms,
						  .uptime_ms = fake_uptime_ms,
						  .boot_id = fake_boot_id,
						  .random = fake_random,
						  .post = fake_post,
						  .retry_after_s = fake_retry_after_s,
						  .wait = fake_wait};
	const struct sambung_options options = {
		.directory = w->folder, .platform = &platform, .key = w->unlock, .key_context = w};

	assert_ok(sambung_open(&options, &w->device, &w->err));
}

static void
server_make(struct world *w)
{
	struct error err;
	uint8_t seed[32];
	struct span cbor;

	assert_ok(crypto_init(&err));
	(void)fake_random(w, seed, sizeof seed);
	w->key.id = 3;
	box_keypair(seed, w->key.public_key, w->key.secret);
	(void)fake_random(w, seed, sizeof seed);
	sign_keypair(seed, w->log_public, w->log_secret);
	w->code.server_key_id = w->key.id;
	memcpy(w->code.server_key, w->key.public_key, sizeof w->code.server_key);
	(void)fake_random(w, w->code.secret, sizeof w->code.secret);
	(void)fake_random(w, w->code.code_id, sizeof w->code.code_id);
	(void)snprintf(w->code.url, sizeof w->code.url, "http://server.example/");
	assert_non_null(enrolment_code_format(&w->code, w->code_text));
	sample_fill(&w->sample);
	buffer_init(&w->schema, 65536);
	schema_encode(&w->sample.schema, &w->schema);
	assert_ok(buffer_status(&w->schema, "sample", &err));
	cbor = buffer_span(&w->schema);
	sha256(&cbor, 1, w->schema_hash);
	w->schema_chunk = (uint32_t)w->schema.length;
	w->scope[0] = (struct region){VILLAGE_A, VILLAGE_A};
	w->scope_count = 1;
}

int
world_open_new(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_true(scratch_folder(w->folder, sizeof w->folder, "device"));
	w->wall_ms = WORLD_TIME_MS;
	w->uptime_ms = 1000;
	w->boot = 1;
	w->random = 1;
	buffer_init(&w->plain, 1024 * 1024);
	buffer_init(&w->inflated, MESSAGE_BODY_MAX);
	arena_init(&w->arena, 16 * 1024 * 1024);
	server_make(w);
	device_open(w);
	*state = w;
	return 0;
}

int
world_open(void **state)
{
	struct world *w;

	(void)world_open_new(state);
	w = *state;
	assert_ok(sambung_enrol(w->device, w->code_text, &w->err));
	w->posts = 0;
	return 0;
}

int
world_close(void **state)
{
	static const char *const names[] = {"device.db", "device.db-wal", "device.db-shm",
					    "device.key", "device.key.part"};
	struct world *w = *state;
	char path[2 * WORLD_PATH_SIZE];

	sambung_close(w->device);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(w->folder);
	world_lines_clear(w);
	buffer_finish(&w->schema);
	buffer_finish(&w->inflated);
	buffer_finish(&w->plain);
	arena_finish(&w->arena);
	free(w);
	return 0;
}

void
world_reopen(struct world *w)
{
	sambung_close(w->device);
	w->device = NULL;
	device_open(w);
}

struct local_state
world_state(struct world *w)
{
	struct local_state state;
	struct error err;

	assert_ok(local_state_load(w->device->local, &state, &err));
	return state;
}

uint64_t
world_record(struct world *w, const char *type, const char *const *pairs)
{
	struct sambung_edit *edit;
	char text[ID_TEXT_SIZE];
	struct error err;
	uint64_t id;

	assert_ok(sambung_edit_create(w->device, type, &edit, &w->err));
	for (size_t i = 0; pairs[i] != NULL; i += 2) {
		if (sambung_edit_set(edit, pairs[i], pairs[i + 1], &w->err) != 0) {
			print_error("%s\n", w->err.detail);
			_fail(__FILE__, __LINE__);
		}
	}
	if (sambung_edit_commit(edit, text, NULL, &w->err) != 0) {
		print_error("%s\n", w->err.detail);
		_fail(__FILE__, __LINE__);
	}
	assert_ok(id_parse(text, &id, &err));
	return id;
}

uint32_t
world_edit(struct world *w, uint64_t id, const char *field, const char *text)
{
	struct sambung_edit *edit;
	char id_text[ID_TEXT_SIZE];
	uint32_t n;

	assert_ok(sambung_edit_begin(w->device, id_format(id, id_text), &edit, &w->err));
	assert_ok(sambung_edit_set(edit, field, text, &w->err));
	assert_ok(sambung_edit_commit(edit, NULL, &n, &w->err));
	return n;
}

struct change
world_change(struct world *w, uint32_t n)
{
	struct local_change kept;
	struct change change;
	struct error err;

	assert_ok(local_change(w->device->local, n, &w->arena, &kept, &err));
	assert_ok(change_decode(kept.bytes, false, &w->arena, &change, &err));
	return change;
}

void
world_request(struct world *w)
{
	struct sambung_bytes request;
	struct error err;

	assert_ok(sambung_exchange_request(w->device, &request, &w->err));
	parcel_read(w, PARCEL_SYNC, request,
		    w->device->secret + SIGN_SECRET_SIZE - SIGN_PUBLIC_SIZE);
	assert_true(request_head_decode(w->opened.head, &w->head));
	assert_ok(request_body_unpack(w->opened.body, &w->inflated, &w->arena, &w->body, &err));
	assert_int_equal(w->body.change_count, w->head.count);
	/* What a test makes of them outlives the next request. */
	for (size_t i = 0; i < w->body.change_count; i++) {
		struct span *change = &w->body.changes[i];

		change->at = arena_copy(&w->arena, change->at, change->length);
		assert_non_null(change->at);
	}
}

struct reply
world_reply(const struct world *w)
{
	return (struct reply){.status = STATUS_OK,
			      .epoch = WORLD_EPOCH,
			      .server_time_ms = WORLD_TIME_MS,
			      .from = w->head.cursor,
			      .to = w->head.cursor};
}

int
world_answer_to(struct world *w, const struct parcel_session *session, const struct reply *reply)
{
	struct buffer packed;
	struct buffer sealed;
	uint8_t nonce[12];
	struct error err;
	int failed;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	buffer_init(&sealed, PARCEL_REPLY_MAX);
	(void)fake_random(w, nonce, sizeof nonce);
	assert_ok(reply_pack(reply, &packed, &err));
	assert_ok(parcel_seal_reply(session, nonce, buffer_span(&packed), &sealed, &err));
	failed = sambung_exchange_reply(w->device, (struct sambung_bytes){sealed.at, sealed.length},
					&w->again, &w->result, &w->err);
	buffer_finish(&sealed);
	buffer_finish(&packed);
	return failed;
}

int
world_answer(struct world *w, const struct reply *reply)
{
	return world_answer_to(w, &w->opened.session, reply);
}

static struct merge_context
server_context(const struct world *w, uint32_t type, struct epoch *epoch)
{
	*epoch = (struct epoch){.epoch = WORLD_EPOCH};
	return (struct merge_context){
		.type = schema_type(&w->sample.schema, type), .epochs = epoch, .epoch_count = 1};
}

void
world_merge(struct world *w, struct record *record, uint64_t first_seq)
{
	for (size_t i = 0; i < w->body.change_count; i++) {
		struct merge_context context;
		struct epoch epoch;
		struct change change;
		struct error err;

		assert_ok(change_decode(w->body.changes[i], false, &w->arena, &change, &err));
		context = server_context(w, change.type, &epoch);
		assert_ok(merge_change(record, WORLD_DEVICE, &change, first_seq + i, &context,
				       &w->arena, &err));
	}
	record->village = VILLAGE_A;
}

void
world_other(struct world *w, struct record *record, uint64_t id, uint32_t type, int32_t tag,
	    struct value value, uint64_t seq, uint64_t base)
{
	struct change_field *field = ARENA_NEW(&w->arena, struct change_field);
	struct change change = {.n = (uint32_t)seq,
				.record = id,
				.type = type,
				.has_own = true,
				.own_n = (uint32_t)seq - 1,
				.time = WORLD_TIME_MS / 1000 + (int64_t)seq,
				.field_count = 1};
	struct epoch epoch;
	struct merge_context context = server_context(w, type, &epoch);
	struct error err;

	assert_non_null(field);
	*field = (struct change_field){.tag = tag, .value = value};
	change.fields = field;
	if (record->id != 0) {
		change.base = (struct base){WORLD_EPOCH, base};
	}
	assert_ok(merge_change(record, WORLD_OTHER, &change, seq, &context, &w->arena, &err));
	record->village = VILLAGE_A;
}

struct span
world_encode(struct world *w, const struct record *record)
{
	struct buffer bytes;
	struct span out;

	buffer_init(&bytes, RECORD_BYTES_MAX);
	record_encode(record, NULL, &bytes);
	assert_int_equal(bytes.status, STATUS_OK);
	out = span_of(arena_copy(&w->arena, bytes.at, bytes.length), bytes.length);
	assert_non_null(out.at);
	buffer_finish(&bytes);
	return out;
}

int
world_line(void *context, const char *line, size_t length)
{
	struct world *w = context;
	char *copy = malloc(length + 1);

	assert_non_null(copy);
	assert_true(w->line_count < WORLD_LINES_MAX);
	memcpy(copy, line, length);
	copy[length] = '\0';
	w->lines[w->line_count++] = copy;
	return 0;
}

void
world_lines_clear(struct world *w)
{
	while (w->line_count > 0) {
		free(w->lines[--w->line_count]);
	}
}

const char *
world_show(struct world *w, uint64_t id)
{
	char text[ID_TEXT_SIZE];

	world_lines_clear(w);
	assert_ok(sambung_record(w->device, id_format(id, text), world_line, w, &w->err));
	return w->lines[0];
}
