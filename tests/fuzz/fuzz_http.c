/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people and programs ask the daemon for, past the HTTP library: paths, parameters, bodies, in
 * the real handlers over a real database. What a request writes is taken back after it.
 *
 * An input: a letter for who asks (a admin, s supervisor of one village, other: nobody), the
 * method, the path with its query, a newline, the content type, a newline, the body.
 */
#include "daemon/ctl/shipped.h"
#include "daemon/http/routes.h"
#include "fuzz.h"
#include "protocol/enrolment.h"
#include "protocol/parcel.h"

#include <unistd.h>

enum { MEMORY = 64 * 1024 * 1024, TURNS = 4, PIECE = 4096, ANSWER_MAX = 4 * 1024 * 1024 };

static const char admin_token[] = "sbt_admin_of_the_fuzzer";
static const char families[] = "a POST /v1/import/family\ntext/csv\n"
			       "key,village,head,address\nF1,6303072001,Budi,Jl. Satu\n"
			       "F2,6401012001,Ani,Jl. Dua\n";

static struct {
	char folder[FUZZ_PATH_SIZE];
	char database[FUZZ_PATH_SIZE + 8];
	char keyfile[FUZZ_PATH_SIZE + 8];
	char supervisor[16 + TOKEN_TEXT_SIZE]; /* how she says who she is */
	struct server_keys keys;
	struct store *store;
	struct catalogue *catalogue;
	struct ingest *ingest;
	struct service service;
} world;

/* ---- the world ---- */

static int64_t
fixed_ms(void *context)
{
	(void)context;
	return INT64_C(1795305600000);
}

/* The same in each run, so that an input finds the same ids again. */
static void
even_random(void *context, void *out, size_t length)
{
	static uint32_t state = 1;
	uint8_t *at = out;

	(void)context;
	for (size_t i = 0; i < length; i++) {
		state = state * 1664525 + 1013904223;
		at[i] = (uint8_t)(state >> 24);
	}
}

static const struct platform platform = {.now_ms = fixed_ms, .random = even_random};

static void
remove_folder(void)
{
	static const char *const names[] = {"db", "db-wal", "db-shm", "key", "erased"};
	char path[FUZZ_PATH_SIZE + 8];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", world.folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(world.folder);
}

static void
found_server(void)
{
	static const uint8_t secret[KEYS_SECRET_SIZE] = {1};
	const struct server_birth birth = {
		.name = span_of_text("A test"),
		.url = span_of_text("http://127.0.0.1:8420"),
		.schema_json = span_of(shipped_schema, shipped_schema_length),
	};
	struct ingest_options options = {.keys = &world.keys, .platform = platform};
	struct token_order order = {.name = span_of_text("Bu"), .role = ROLE_SUPERVISOR};
	char token[TOKEN_TEXT_SIZE];

	PROPERTY(keys_create(world.keyfile, secret, &world.keys, NULL) == STATUS_OK);
	PROPERTY(ingest_found_server(world.database, &world.keys, &platform, &birth,
				     span_of_text(admin_token), NULL) == STATUS_OK);
	PROPERTY(store_open(world.database, STORE_WRITER, &world.store, NULL) == STATUS_OK);
	PROPERTY(catalogue_create(world.store, &world.catalogue, NULL) == STATUS_OK);
	options.store = world.store;
	options.catalogue = world.catalogue;
	PROPERTY(ingest_create(&options, &world.ingest, NULL) == STATUS_OK);
	order.scope = (struct region){6303072001, 6303072001};
	PROPERTY(ingest_begin(world.ingest, NULL) == STATUS_OK);
	PROPERTY(ingest_token_add(world.ingest, &order, token, NULL) == STATUS_OK);
	PROPERTY(ingest_commit(world.ingest, NULL) == STATUS_OK);
	(void)snprintf(world.supervisor, sizeof world.supervisor, "bearer %s", token);
}

/* One phone, so that there is a device to ask for. */
static void
enrol_phone(void)
{
	static const uint8_t seed[SEED32_SIZE] = {2};
	struct region village = {6303072001, 6303072001};
	struct code_order order = {
		.cadre = span_of_text("Siti"), .scope = &village, .scope_count = 1};
	struct enrolment_request request = {.programme = 1, .room = 64 * 1024};
	struct parcel_sender sender = {.server_key_id = world.keys.box.id};
	struct parcel_session session;
	struct enrolment_code code;
	char text[CODE_TEXT_MAX];
	struct buffer head;
	struct buffer parcel;
	struct buffer reply;
	int64_t expires_ms;

	buffer_init(&head, 1024);
	buffer_init(&parcel, PARCEL_REQUEST_MAX);
	buffer_init(&reply, PARCEL_REPLY_MAX);
	PROPERTY(ingest_begin(world.ingest, NULL) == STATUS_OK);
	PROPERTY(ingest_code_make(world.ingest, &order, text, &expires_ms, NULL) == STATUS_OK);
	PROPERTY(enrolment_code_parse(text, &code, NULL) == STATUS_OK);
	memcpy(request.code_id, code.code_id, sizeof request.code_id);
	memcpy(request.secret, code.secret, sizeof request.secret);
	sign_keypair(seed, request.device_key, sender.secret);
	memcpy(sender.server_key, code.server_key, sizeof sender.server_key);
	enrolment_request_encode(&request, &head);
	PROPERTY(parcel_seal_request(PARCEL_ENROL, &sender, seed, 0, buffer_span(&head),
				     span_of(NULL, 0), &parcel, &session, NULL) == STATUS_OK);
	PROPERTY(ingest_enrol(world.ingest, buffer_span(&parcel), &reply, NULL) == STATUS_OK);
	PROPERTY(ingest_commit(world.ingest, NULL) == STATUS_OK);
	buffer_finish(&reply);
	buffer_finish(&parcel);
	buffer_finish(&head);
}

/* ---- one request ---- */

struct request {
	struct call_head head;
	char *line; /* method, path and query, taken apart in place */
	char *content_type;
	char *query; /* NULL: none */
	struct span body;
};

/* Takes `text` apart up to the byte; returns what follows, NULL if the byte is not there. */
static char *
cut(char *text, char byte)
{
	char *end = text == NULL ? NULL : strchr(text, byte);

	if (end == NULL) {
		return NULL;
	}
	*end = '\0';
	return end + 1;
}

static bool
request_read(char *text, struct span all, struct request *out)
{
	char *content_type = cut(text, '\n');
	char *body = cut(content_type, '\n');
	char *path = body == NULL || text[0] == '\0' || text[1] != ' ' ? NULL : cut(text + 2, ' ');

	if (path == NULL || path[0] != '/') {
		return false;
	}
	memset(out, 0, sizeof *out);
	out->body = span_of(all.at + (body - text), all.length - (size_t)(body - text));
	out->query = cut(path, '?');
	out->head =
		(struct call_head){.method = text + 2,
				   .path = path,
				   .content_type = content_type[0] == '\0' ? NULL : content_type,
				   .reason = content_type,   /* any text will do */
				   .address = {.own = true}, /* whose failures do not count */
				   .has_length = true,
				   .length = out->body.length};
	if (text[0] == 'a') {
		out->head.authorization = "Bearer sbt_admin_of_the_fuzzer";
	} else if (text[0] == 's') {
		out->head.authorization = world.supervisor;
	}
	/* New schemas stay in memory, whatever becomes of the transaction; fuzz_schema_json reads
	 * them. */
	return strcmp(path, "/v1/schema") != 0 || strcmp(text + 2, "POST") != 0;
}

static void
run_write(struct call *call, bool keep)
{
	enum status status;

	do {
		call->again = false;
		PROPERTY(ingest_begin(world.ingest, NULL) == STATUS_OK);
		status = call->route->write(call, world.ingest, &call->error);
		if (keep && status == STATUS_OK) {
			PROPERTY(ingest_commit(world.ingest, NULL) == STATUS_OK);
		} else {
			ingest_rollback(world.ingest);
		}
	} while (status == STATUS_OK && call->again);
	call->failed = status != STATUS_OK;
}

static void
check_answer(struct call *call)
{
	static char piece[PIECE];
	struct answer answer;
	size_t length = 0;
	long got = 0;

	call_answer(call, &answer);
	PROPERTY(answer.http == 200 || (answer.http >= 400 && answer.http < 500));
	if (!answer.streamed) {
		PROPERTY(utf8_valid(span_of(answer.text, answer.length)) ||
			 answer.media == MEDIA_BYTES || answer.media == MEDIA_PARCEL);
		return;
	}
	while (length < ANSWER_MAX && (got = call_read(call, piece, sizeof piece)) > 0) {
		length += (size_t)got;
	}
	PROPERTY(got >= 0);
}

/* What goes into the log when somebody reads, where text is text. */
static void
check_words(const struct call *call)
{
	PROPERTY(utf8_valid(span_of_text(call->argument)));
	for (size_t i = 0; i < CALL_PARAMETERS_MAX; i++) {
		PROPERTY(utf8_valid(span_of_text(call->parameters[i])));
	}
}

static void
run_request(const struct request *request, bool keep)
{
	struct call *call = call_create(&world.service, &request->head);
	char *pair = request->query;

	PROPERTY(call != NULL);
	while (pair != NULL) {
		char *next = cut(pair, '&');
		char *value = cut(pair, '=');

		call_parameter(call, pair, value == NULL ? "" : value);
		pair = next;
	}
	call_admit(call, &request->head, 60);
	PROPERTY(call_take_body(call, request->body.at, request->body.length) || call->failed);
	call_open(call);
	if (!call->failed) {
		check_words(call);
	}
	if (!call->failed && call->route->write != NULL) {
		run_write(call, keep);
	}
	/* A backup takes other threads. */
	if (call->failed || call->route->work == NULL) {
		check_answer(call);
	}
	call_release(call);
}

/* The parcel routes have fuzz_parcel, and tests of hostile parcels. What finishes erasures takes
 * another thread, and nothing of what is asked. */
static bool
wanted(const struct request *request)
{
	return strcmp(request->head.path, "/v1/sync") != 0 &&
	       strcmp(request->head.path, "/v1/enrol") != 0 &&
	       strcmp(request->head.path, "/v1/erasures/finish") != 0;
}

static void
run_input(struct span input, bool keep)
{
	struct request request;
	char *text = fuzz_text(input);

	if (request_read(text, input, &request) && wanted(&request)) {
		run_request(&request, keep);
	}
	free(text);
}

static void
world_make(void)
{
	fuzz_scratch(world.folder);
	PROPERTY(mkdtemp(world.folder) != NULL);
	(void)atexit(remove_folder);
	(void)snprintf(world.database, sizeof world.database, "%s/db", world.folder);
	(void)snprintf(world.keyfile, sizeof world.keyfile, "%s/key", world.folder);
	PROPERTY(crypto_init(NULL) == STATUS_OK);
	store_process_start();
	found_server();
	PROPERTY(service_init(&world.service, MEMORY, TURNS, NULL) == STATUS_OK);
	world.service.directory = world.folder;
	world.service.catalogue = world.catalogue;
	world.service.keys = &world.keys;
	world.service.platform = platform;
	PROPERTY(readers_create(world.database, 2, 2, &world.service.readers, NULL) == STATUS_OK);
	/* There is no writer that could note when a token served. */
	world.service.noting = true;
	run_input(span_of_text(families), true);
	enrol_phone();
}

FUZZ(data, size)
{
	static bool made;

	if (!made) {
		world_make();
		made = true;
	}
	run_input(span_of(data, size), false);
	return 0;
}
