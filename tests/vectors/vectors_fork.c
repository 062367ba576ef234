/* SPDX-License-Identifier: Apache-2.0 */
/* What an installation that goes on after a fork makes and is told. */
#include "protocol/enrolment.h"
#include "protocol/fork.h"
#include "tests/vectors/vectors_example.h"

#include <string.h>

enum { HEIR = 0x13579bdf, COMMON_N = 5 };

static void
heir_seed(uint8_t seed_out[SEED32_SIZE])
{
	struct example_keys keys;

	example_keys(&keys);
	fork_key(keys.device_secret, EXAMPLE_DEVICE, COMMON_N, seed_out);
}

void
vector_fork_key(struct vector *vector)
{
	struct example_keys keys;
	uint8_t seed[SEED32_SIZE];

	vector->comment = "seed of the key after a fork, from that of the key before";
	example_keys(&keys);
	heir_seed(seed);
	vector_bytes(vector, "seed", span_of(keys.device_secret, SEED32_SIZE));
	vector_number(vector, "stream", EXAMPLE_DEVICE);
	vector_number(vector, "n", COMMON_N);
	buffer_append(&vector->bytes, seed, sizeof seed);
}

void
vector_fork_seed(struct vector *vector)
{
	uint8_t before[SEED_SIZE];
	uint8_t after[SEED_SIZE];

	vector->comment = "seed of a batch whose changes are made again after a fork";
	example_seed(before);
	fork_batch_seed(before, HEIR, after);
	vector_bytes(vector, "seed", span_of(before, sizeof before));
	vector_number(vector, "stream", HEIR);
	buffer_append(&vector->bytes, after, sizeof after);
}

static void
heir_certificate(struct certificate *card, struct buffer *out)
{
	uint8_t seed[SEED32_SIZE];
	uint8_t secret[SIGN_SECRET_SIZE];
	struct example_keys keys;

	heir_seed(seed);
	sign_keypair(seed, card->device_key, secret);
	example_keys(&keys);
	example_count_up(0x01, card->origin, ORIGIN_SIZE);
	certificate_issue(card, keys.log_secret, out);
}

static struct certificate
heir_card(struct region scope[2])
{
	scope[0] = (struct region){6303072001, 6303072001};
	scope[1] = (struct region){6303080000, 6303089999};
	return (struct certificate){
		.device = HEIR,
		.cadre = span_of_text("Aminah"),
		.scope = scope,
		.scope_count = 2,
		.issued = EXAMPLE_TIME + 60,
		.parent = EXAMPLE_DEVICE,
		.parent_n = COMMON_N,
	};
}

void
vector_certificate_after_fork(struct vector *vector)
{
	struct region scope[2];
	struct certificate card = heir_card(scope);
	struct certificate read;
	struct example_keys keys;
	struct arena arena;

	vector->comment = "certificate of a number that continues another after a fork";
	example_keys(&keys);
	heir_certificate(&card, &vector->bytes);
	vector_bytes(vector, "log_seed", span_of(keys.log_secret, SEED32_SIZE));
	vector_bytes(vector, "log_key", span_of(keys.log_public, SIGN_PUBLIC_SIZE));
	vector_bytes(vector, "origin", span_of(card.origin, sizeof card.origin));
	vector_number(vector, "device", card.device);
	vector_bytes(vector, "device_key", span_of(card.device_key, sizeof card.device_key));
	vector_text(vector, "cadre", "Aminah");
	vector_number(vector, "scope_0_low", (int64_t)scope[0].low);
	vector_number(vector, "scope_0_high", (int64_t)scope[0].high);
	vector_number(vector, "scope_1_low", (int64_t)scope[1].low);
	vector_number(vector, "scope_1_high", (int64_t)scope[1].high);
	vector_number(vector, "issued", card.issued);
	vector_number(vector, "parent", card.parent);
	vector_number(vector, "parent_n", card.parent_n);
	arena_init(&arena, 4096);
	vector_require(vector,
		       certificate_read(buffer_span(&vector->bytes), keys.log_public, &arena, &read,
					NULL) == STATUS_OK &&
			       read.parent == card.parent && read.parent_n == card.parent_n,
		       "the certificate is not read");
	arena_finish(&arena);
}

static void
pack(struct vector *vector, const struct reply *reply)
{
	struct buffer packed;

	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
}

void
vector_reply_fork(struct vector *vector)
{
	struct region scope[2];
	struct certificate card = heir_card(scope);
	struct reply reply = {
		.status = STATUS_FORK,
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {0, 0, CURSOR_ID_END},
		.to = {0, 0, CURSOR_ID_END},
		.acked_n = 7,
		.certified_scope_version = 88,
	};
	struct buffer certificate;

	vector->comment = "reply to an installation that asked to go on after a fork";
	buffer_init(&certificate, 4096);
	heir_certificate(&card, &certificate);
	reply.certificate = buffer_span(&certificate);
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_number(vector, "acked_n", reply.acked_n);
	vector_bytes(vector, "certificate", reply.certificate);
	vector_number(vector, "scope_version", (int64_t)reply.certified_scope_version);
	pack(vector, &reply);
	buffer_finish(&certificate);
}

void
vector_reply_lineages(struct vector *vector)
{
	struct lineage lineages[] = {{EXAMPLE_DEVICE, 0x2468ace0, 40}, {HEIR, EXAMPLE_DEVICE, 0}};
	struct reply reply = {
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {12, 12, CURSOR_ID_END},
		.to = {17, 17, CURSOR_ID_END},
		.lineages = lineages,
		.lineage_count = 2,
	};

	vector->comment = "reply that tells which stream continues which, up to which change";
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_number(vector, "from", (int64_t)reply.from.complete);
	vector_number(vector, "to", (int64_t)reply.to.complete);
	vector_number(vector, "stream_0", lineages[0].stream);
	vector_number(vector, "parent_0", lineages[0].parent);
	vector_number(vector, "n_0", lineages[0].n);
	vector_number(vector, "stream_1", lineages[1].stream);
	vector_number(vector, "parent_1", lineages[1].parent);
	vector_number(vector, "n_1", lineages[1].n);
	pack(vector, &reply);
}
