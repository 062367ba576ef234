/* SPDX-License-Identifier: Apache-2.0 */
#include "forge.h"

#include "client/device.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	ARENA_MAX = 64 * 1024 * 1024,
	PROGRAMME = 1,
	WHY_SIZE = 200,
	URL_SIZE = CODE_URL_MAX + 32,
	FAMILY = 1,
	FAMILY_HEAD = 2,
};

#define FORGE_TIME INT64_C(1795000000)

/* The forge itself must not stumble. */
static void
demand(bool holds, const char *what)
{
	if (!holds) {
		(void)fprintf(stderr, "forge: %s\n", what);
		exit(2);
	}
}

void
forge_init(struct forge *forge, uint8_t key)
{
	uint8_t seed[SEED32_SIZE];

	memset(forge, 0, sizeof *forge);
	demand(crypto_init(NULL) == STATUS_OK, "no randomness");
	memset(seed, key, sizeof seed);
	memset(forge->batch.seed, key, sizeof forge->batch.seed);
	sign_keypair(seed, forge->public_key, forge->secret);
	arena_init(&forge->arena, ARENA_MAX);
	/* Longer than any server takes. */
	buffer_init(&forge->parcel, 2 * PARCEL_REQUEST_MAX);
	buffer_init(&forge->plain, MESSAGE_REPLY_MAX);
}

void
forge_finish(struct forge *forge)
{
	buffer_finish(&forge->parcel);
	buffer_finish(&forge->plain);
	arena_finish(&forge->arena);
}

/* ---- HTTP ---- */

static int
keep_answer(void *sink, const void *bytes, size_t length)
{
	buffer_append(sink, bytes, length);
	return 0;
}

/* Appends the answer's body; the HTTP status, or 0. */
static int
post(struct forge *forge, const char *path, struct span bytes, struct buffer *out)
{
	char url[URL_SIZE];
	char why[WHY_SIZE] = "";
	int http = 0;
	uint64_t up = 0;
	uint64_t down = 0;

	(void)snprintf(url, sizeof url, "%s%s", forge->code.url, path);
	if (transport_http_post(NULL, url, (struct sambung_bytes){bytes.at, bytes.length},
				PARCEL_REPLY_MAX, keep_answer, out, &http, &up, &down, why,
				sizeof why) != 0) {
		return 0;
	}
	return http;
}

int
forge_connect(const struct forge *forge)
{
	const char *colon = strrchr(forge->code.url, ':');
	struct sockaddr_in address = {.sin_family = AF_INET};
	int connection = socket(AF_INET, SOCK_STREAM, 0);

	demand(colon != NULL, "the server's address has no port");
	address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	demand(connection >= 0 &&
		       connect(connection, (struct sockaddr *)&address, sizeof address) == 0,
	       "connecting");
	return connection;
}

void
forge_say(int connection, const char *path, struct span bytes, size_t length)
{
	struct buffer text;

	buffer_init(&text, 2 * PARCEL_REQUEST_MAX);
	buffer_printf(&text,
		      "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.sambung.parcel"
		      "\r\nContent-Length: %zu\r\n\r\n",
		      path, length);
	buffer_append_span(&text, bytes);
	demand(send(connection, text.at, text.length, MSG_NOSIGNAL) == (ssize_t)text.length,
	       "sending");
	buffer_finish(&text);
}

int
forge_hear(int connection)
{
	static const char version[] = "HTTP/1.1 ";
	char line[32] = "";

	if (recv(connection, line, sizeof line - 1, MSG_WAITALL) < (ssize_t)sizeof version ||
	    strncmp(line, version, sizeof version - 1) != 0) {
		return 0;
	}
	return (int)strtol(line + sizeof version - 1, NULL, 10);
}

static void
open_reply(struct forge *forge, struct span sealed)
{
	struct answer *answer = &forge->answer;
	struct buffer packed;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	answer->opened = parcel_open_reply(&forge->session, sealed, &packed, NULL) == STATUS_OK &&
			 reply_unpack(buffer_span(&packed), &forge->plain, &forge->arena,
				      &answer->reply, NULL) == STATUS_OK;
	buffer_finish(&packed);
}

const struct answer *
forge_post(struct forge *forge, const char *path, struct span bytes)
{
	struct answer *answer = &forge->answer;
	struct buffer body;

	memset(answer, 0, sizeof *answer);
	buffer_init(&body, PARCEL_REPLY_MAX);
	answer->http = post(forge, path, bytes, &body);
	if (answer->http == 200) {
		open_reply(forge, buffer_span(&body));
	} else {
		(void)snprintf(answer->text, sizeof answer->text, "%.*s", (int)body.length,
			       body.at == NULL ? "" : (const char *)body.at);
	}
	buffer_finish(&body);
	return answer;
}

/* ---- sealing ---- */

void
forge_seal_raw(struct forge *forge, enum parcel_kind kind, const struct span *head,
	       const struct span *body)
{
	struct parcel_sender sender = {.server_key_id = forge->code.server_key_id};
	struct request_body honest = {.changes = forge->changes,
				      .change_count = forge->change_count,
				      .batches = &forge->batch,
				      .batch_count = forge->change_count > 0};
	struct buffer head_bytes;
	struct buffer body_bytes;
	uint8_t random[32];

	crypto_random(random, sizeof random);
	memcpy(sender.secret, forge->secret, sizeof sender.secret);
	memcpy(sender.server_key, forge->code.server_key, sizeof sender.server_key);
	buffer_init(&head_bytes, 4096);
	buffer_init(&body_bytes, 2 * PARCEL_REQUEST_MAX);
	request_head_encode(&forge->head, &head_bytes);
	forge->batch.last_n = forge->head.first_n + (uint32_t)forge->change_count - 1;
	demand(body != NULL || request_body_pack(&honest, &body_bytes, NULL) == STATUS_OK,
	       "packing a body");
	buffer_clear(&forge->parcel);
	demand(parcel_seal_request(kind, &sender, random, forge->r,
				   head == NULL ? buffer_span(&head_bytes) : *head,
				   body == NULL ? buffer_span(&body_bytes) : *body, &forge->parcel,
				   &forge->session, NULL) == STATUS_OK,
	       "sealing a parcel");
	buffer_finish(&body_bytes);
	buffer_finish(&head_bytes);
}

void
forge_seal(struct forge *forge)
{
	forge_seal_raw(forge, PARCEL_SYNC, NULL, NULL);
}

/* The chain up to change n, which is in the request. */
static void
chain_go_on(struct forge *forge, uint8_t chain[HASH_SIZE], uint32_t n)
{
	for (uint32_t at = forge->acked_n + 1; at <= n; at++) {
		uint8_t salt[SALT_SIZE];
		uint8_t commitment[HASH_SIZE];

		commitment_salt(forge->batch.seed, at, salt);
		commitment_make(salt, forge->device, at, forge->changes[at - forge->acked_n - 1],
				commitment);
		chain_advance(chain, at, commitment);
	}
}

const struct answer *
forge_send(struct forge *forge)
{
	const struct answer *answer = forge_post(forge, "/v1/sync", buffer_span(&forge->parcel));
	uint32_t acked_n = answer->reply.acked_n;

	if (answer->opened && answer->reply.status == STATUS_OK && acked_n >= forge->acked_n &&
	    acked_n - forge->acked_n <= forge->change_count) {
		forge->r = answer->reply.r_seen > forge->r ? answer->reply.r_seen : forge->r;
		chain_go_on(forge, forge->chain, acked_n);
		forge->acked_n = acked_n;
		forge_drop(forge);
	}
	return answer;
}

/* ---- enrolment ---- */

static void
enrolled_take(struct forge *forge, struct span sealed)
{
	struct enrolment_reply reply;
	struct certificate card;
	struct buffer packed;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	demand(parcel_open_reply(&forge->session, sealed, &packed, NULL) == STATUS_OK &&
		       enrolment_reply_unpack(buffer_span(&packed), &forge->plain, &reply, NULL) ==
			       STATUS_OK &&
		       reply.status == STATUS_OK &&
		       certificate_read(reply.certificate, reply.log_key, &forge->arena, &card,
					NULL) == STATUS_OK,
	       "the code is not taken");
	demand(reply.certificate.length <= sizeof forge->card, "a certificate that is too long");
	memcpy(forge->card, reply.certificate.at, reply.certificate.length);
	forge->card_length = reply.certificate.length;
	forge->device = card.device;
	forge->epoch = reply.epoch;
	forge->scope_version = reply.scope_version;
	chain_start(forge->public_key, forge->device, forge->chain);
	buffer_finish(&packed);
}

void
forge_enrol(struct forge *forge, const char *code)
{
	struct enrolment_request request = {.programme = PROGRAMME, .room = FORGE_ROOM};
	struct buffer head;
	struct buffer sealed;
	struct span whole;
	struct span none = {NULL, 0};

	demand(enrolment_code_parse(code, &forge->code, NULL) == STATUS_OK, "that is no code");
	memcpy(request.code_id, forge->code.code_id, sizeof request.code_id);
	memcpy(request.secret, forge->code.secret, sizeof request.secret);
	memcpy(request.device_key, forge->public_key, sizeof request.device_key);
	buffer_init(&head, 1024);
	buffer_init(&sealed, PARCEL_REPLY_MAX);
	enrolment_request_encode(&request, &head);
	whole = buffer_span(&head);
	forge_seal_raw(forge, PARCEL_ENROL, &whole, &none);
	demand(post(forge, "/v1/enrol", buffer_span(&forge->parcel), &sealed) == 200,
	       "the enrolment is not answered");
	enrolled_take(forge, buffer_span(&sealed));
	buffer_finish(&sealed);
	buffer_finish(&head);
}

/* ---- changes ---- */

struct change
forge_family(struct forge *forge, int64_t village, struct change_field fields[2])
{
	uint32_t n = forge->acked_n + (uint32_t)forge->change_count + 1;

	fields[0] = (struct change_field){FAMILY_HEAD, value_text(span_of_text("Uji Coba"))};
	fields[1] = (struct change_field){TAG_VILLAGE, value_integer(village)};
	return (struct change){
		.n = n,
		.record = id_make(forge->device, n),
		.type = FAMILY,
		.schema_version = 1,
		.scope_version = forge->scope_version,
		.has_own = true,
		.own_n = n - 1,
		.time = FORGE_TIME,
		.fields = fields,
		.field_count = 2,
	};
}

void
forge_add_bytes(struct forge *forge, const void *bytes, size_t length)
{
	void *copy = arena_copy(&forge->arena, bytes, length);

	demand(copy != NULL && forge->change_count < FORGE_CHANGES_MAX, "too many changes");
	forge->changes[forge->change_count++] = span_of(copy, length);
}

void
forge_add(struct forge *forge, const struct change *change)
{
	struct buffer bytes;

	buffer_init(&bytes, 2 * CHANGE_BYTES_MAX);
	change_encode(change, &bytes);
	demand(bytes.status == STATUS_OK, "writing a change");
	forge_add_bytes(forge, bytes.at, bytes.length);
	buffer_finish(&bytes);
}

void
forge_drop(struct forge *forge)
{
	forge->change_count = 0;
}

void
forge_head(struct forge *forge)
{
	uint32_t n = forge->acked_n;

	forge->head = (struct request_head){
		.device = forge->device,
		.epoch = forge->epoch,
		.r = ++forge->r,
		.cursor = {0, 0, CURSOR_ID_END},
		.first_n = n + 1,
		.count = (uint32_t)forge->change_count,
		.known_n = n + (uint32_t)forge->change_count,
		.clock_wall = FORGE_TIME,
		.scope_version = forge->scope_version,
		.room = FORGE_ROOM,
		.programme = PROGRAMME,
	};
	memcpy(forge->head.h_last, forge->chain, HASH_SIZE);
	chain_go_on(forge, forge->head.h_last, forge->head.known_n);
}
