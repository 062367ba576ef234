/* SPDX-License-Identifier: Apache-2.0 */
#include "client/exchange.h"

#include <stdlib.h>
#include <string.h>

enum {
	PLAIN_BUDGET = 128 * 1024, /* of the changes in a request before packing, */
	PLAIN_PER_PACKED = 8,	   /* … and as a multiple of what they may have after it */
	REQUEST_ARENA_MAX = 2 * 1024 * 1024,
	HEAD_MAX = 20 * 1024, /* with the certificate of the largest scope */
};

void
exchange_free(struct exchange *exchange)
{
	if (exchange != NULL) {
		buffer_finish(&exchange->parcel);
		crypto_wipe(exchange, sizeof *exchange);
		free(exchange);
	}
}

void
exchange_excuse(struct exchange *exchange)
{
	if (exchange != NULL) {
		exchange->awaited = false;
	}
}

int64_t
exchange_uptime(struct sambung *device)
{
	return device->platform.uptime_ms(device->platform.context);
}

uint64_t
exchange_highest_r(const struct sambung *device, const struct local_state *state)
{
	const struct exchange *exchange = device->exchange;

	if (exchange == NULL || exchange->device != state->device || exchange->r < state->r) {
		return state->r;
	}
	return exchange->r;
}

enum status
exchange_get(struct sambung *device, struct exchange **out, struct error *err)
{
	if (device->exchange == NULL) {
		device->exchange = calloc(1, sizeof *device->exchange);
		if (device->exchange == NULL) {
			return fail(err, STATUS_MEMORY, "%s", "");
		}
		buffer_init(&device->exchange->parcel, PARCEL_REQUEST_MAX);
		device->exchange->size = PACE_START;
	}
	*out = device->exchange;
	return STATUS_OK;
}

enum status
exchange_commitment(const struct local_state *state, const struct local_batches *batches,
		    const struct local_change *change, uint8_t commitment_out[HASH_SIZE],
		    struct error *err)
{
	uint8_t salt[SALT_SIZE];
	struct change_stub stub;
	size_t i = 0;

	if (change->bytes.length == 0) {
		return fail(err, STATUS_LEASE_OVER, "%s", "");
	}
	if (change_stub_decode(change->bytes, &stub)) {
		memcpy(commitment_out, stub.commitment, HASH_SIZE);
		return STATUS_OK;
	}
	while (i < batches->count && batches->at[i].last_n < change->n) {
		i++;
	}
	if (i == batches->count) {
		return fail(err, STATUS_STORAGE, "device.db: batch, n %u", change->n);
	}
	commitment_salt(batches->at[i].seed, change->n, salt);
	commitment_make(salt, state->device, change->n, change->bytes, commitment_out);
	return STATUS_OK;
}

enum status
exchange_chain(const struct local_state *state, const struct local_batches *batches,
	       const struct local_change *change, uint8_t chain[HASH_SIZE], struct error *err)
{
	uint8_t commitment[HASH_SIZE];
	enum status status = exchange_commitment(state, batches, change, commitment, err);

	if (status == STATUS_OK) {
		chain_advance(chain, change->n, commitment);
	}
	return status;
}

/* ---- the request ---- */

void
exchange_asking_init(struct asking *asking, struct sambung *device)
{
	*asking = (struct asking){.device = device, .size = PACE_START};
	arena_init(&asking->arena, REQUEST_ARENA_MAX);
	buffer_init(&asking->head, HEAD_MAX);
	buffer_init(&asking->body, PARCEL_REQUEST_MAX);
}

void
exchange_asking_finish(struct asking *asking)
{
	buffer_finish(&asking->body);
	buffer_finish(&asking->head);
	arena_finish(&asking->arena);
}

static enum status
changes_check(const struct asking *asking, struct error *err)
{
	for (size_t i = 0; i < asking->changes.count; i++) {
		if (asking->changes.at[i].n != asking->state.acked_n + 1 + i) {
			return fail(err, STATUS_STORAGE, "device.db: change, n %u",
				    asking->state.acked_n + 1 + (uint32_t)i);
		}
	}
	return STATUS_OK;
}

/* Packs the changes that are left in `asking`. */
static enum status
body_pack(struct asking *asking, struct error *err)
{
	struct request_body body = {.change_count = asking->changes.count};
	uint32_t last_n = asking->state.acked_n + (uint32_t)asking->changes.count;
	enum status status = STATUS_OK;

	body.changes = ARENA_ARRAY(&asking->arena, struct span, asking->changes.count);
	if (body.changes == NULL) {
		return fail(err, STATUS_MEMORY, "%s", "");
	}
	for (size_t i = 0; i < asking->changes.count; i++) {
		body.changes[i] = asking->changes.at[i].bytes;
	}
	if (asking->changes.count > 0) {
		status = local_batches(asking->device->local, asking->state.acked_n + 1, last_n,
				       &asking->arena, &asking->batches, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	body.batches = asking->batches.at;
	body.batch_count = asking->batches.count;
	buffer_clear(&asking->body);
	return request_body_pack(&body, &asking->body, err);
}

/* As many changes as fit the size once packed, but one at least. */
static enum status
body_make(struct asking *asking, struct error *err)
{
	/* What the log contradicts must not reach it. */
	const uint32_t waiting =
		asking->state.fork_n != 0 ? 0 : asking->state.last_n - asking->state.acked_n;
	struct local_range range = {.first_n = asking->state.acked_n + 1,
				    .count = waiting < MESSAGE_CHANGES_MAX ? waiting
									   : MESSAGE_CHANGES_MAX,
				    .bytes = (size_t)asking->size * PLAIN_PER_PACKED};
	enum status status = STATUS_OK;

	range.bytes = range.bytes < PLAIN_BUDGET ? range.bytes : PLAIN_BUDGET;
	if (waiting > 0) {
		status = local_changes(asking->device->local, range, &asking->arena,
				       &asking->changes, err);
	}
	if (status == STATUS_OK) {
		status = changes_check(asking, err);
	}
	if (status == STATUS_OK) {
		status = body_pack(asking, err);
	}
	while (status == STATUS_OK && asking->changes.count > 1 &&
	       asking->body.length > asking->size) {
		size_t fewer = asking->changes.count * asking->size / asking->body.length;

		asking->changes.count = fewer == 0			? 1
					: fewer < asking->changes.count ? fewer
									: fewer - 1;
		status = body_pack(asking, err);
	}
	if (status == STATUS_LEASE_OVER) {
		/* A restored server asks again for what was shut: the share first. */
		asking->changes.count = 0;
		asking->batches.count = 0;
		status = body_pack(asking, err);
	}
	return status;
}

static enum status
schema_held(struct asking *asking, uint32_t *held_out, struct error *err)
{
	struct local_schema_part part;
	enum status status = local_schema_part(asking->device->local, &asking->arena, &part, err);

	if (status == STATUS_OK) {
		*held_out = (uint32_t)part.bytes.length;
	}
	return status;
}

static enum status
head_make(struct asking *asking, uint64_t r, struct error *err)
{
	const struct local_state *state = &asking->state;
	enum clock_quality quality;
	int64_t wall = device_wall_ms(asking->device) / 1000;
	int64_t estimated = device_time(asking->device, state, &quality);
	struct request_head head = {.device = state->device,
				    .epoch = state->epoch,
				    .r = r,
				    .cursor = state->cursor,
				    .first_n = state->acked_n + 1,
				    .count = (uint32_t)asking->changes.count,
				    .known_n = state->last_n,
				    .clock_wall = wall,
				    .clock_shift = estimated - wall,
				    .clock_quality = (uint32_t)quality,
				    .scope_version = state->scope_version,
				    .schema_version = state->schema_version,
				    .room = asking->room,
				    .programme =
					    DEVICE_PROGRAMME |
					    (state->destroyed_ms != 0 ? PROGRAMME_DESTROYED : 0)};
	bool more_wait = asking->changes.count < state->last_n - state->acked_n;
	enum status status = schema_held(asking, &head.schema_held, err);

	if (status == STATUS_OK && (exchange_is_stranger(state) || asking->device->lease.lacking ||
				    witness_is_asked_for(asking->device))) {
		status = local_certificate(asking->device->local, &asking->arena, &head.certificate,
					   err);
		status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	/* A file is for who sees no answer for long: it brings one always. */
	if (!more_wait && (asking->room != 0 || asking->device->receipt == RECEIPT_WANTED)) {
		head.programme |= PROGRAMME_RECEIPT;
	}
	if (head.room == 0) {
		head.room = pace_room(asking->size, asking->body.length, more_wait);
	}
	exchange_continue(asking->device, state, &head);
	memcpy(asking->h_last, state->chain, HASH_SIZE);
	memcpy(head.schema_hash, state->schema_hash, sizeof head.schema_hash);
	if (status == STATUS_OK) {
		status = witness_ask(asking, &head, err);
	}
	for (size_t i = 0; i < asking->changes.count && status == STATUS_OK; i++) {
		status = exchange_chain(state, &asking->batches, &asking->changes.at[i],
					asking->h_last, err);
	}
	memcpy(head.h_last, asking->h_last, HASH_SIZE);
	request_head_encode(&head, &asking->head);
	return status == STATUS_OK ? buffer_status(&asking->head, "", err) : status;
}

enum status
exchange_ask(struct asking *asking, uint64_t r, struct error *err)
{
	enum status status = body_make(asking, err);

	return status == STATUS_OK ? head_make(asking, r, err) : status;
}

enum status
exchange_seal(const struct asking *asking, uint64_t r, struct buffer *out, struct asked *asked_out,
	      struct error *err)
{
	struct parcel_sender sender = {.server_key_id = asking->state.server_key_id};
	struct asked asked = {.made = true,
			      .device = asking->state.device,
			      .continues = asking->state.fork_n != 0,
			      .destroyed = asking->state.destroyed_ms != 0,
			      .shut = asking->device->lease.lacking,
			      .r = r,
			      .epoch = asking->state.epoch,
			      .scope_version = asking->state.scope_version,
			      .count = (uint32_t)asking->changes.count,
			      .through_n = asking->state.acked_n + (uint32_t)asking->changes.count,
			      .witness_size = asking->state.witness.epoch == asking->state.epoch
						      ? asking->state.witness.size
						      : 0,
			      .from = asking->from,
			      .shows = asking->shows};
	uint8_t random[32];
	enum status status;

	if (!asking->device->keyed) {
		return fail(err, STATUS_STORAGE, "device.key");
	}
	status = device_random(asking->device, random, sizeof random, err);
	memcpy(sender.secret, asking->device->secret, sizeof sender.secret);
	memcpy(sender.server_key, asking->state.server_key, sizeof sender.server_key);
	if (status == STATUS_OK) {
		status = parcel_seal_request(PARCEL_SYNC, &sender, random, r,
					     buffer_span(&asking->head), buffer_span(&asking->body),
					     out, &asked.session, err);
	}
	crypto_wipe(random, sizeof random);
	crypto_wipe(&sender, sizeof sender);
	if (status == STATUS_OK) {
		*asked_out = asked;
	}
	return status;
}

static enum status
request_seal(const struct asking *asking, uint64_t r, struct exchange *exchange, struct error *err)
{
	struct asked asked;
	enum status status;

	buffer_clear(&exchange->parcel);
	status = exchange_seal(asking, r, &exchange->parcel, &asked, err);
	if (status == STATUS_OK) {
		exchange->r = r;
		exchange->device = asking->state.device;
		exchange->awaited = true;
		exchange->asked_ms = exchange_uptime(asking->device);
		memmove(&exchange->asked[1], &exchange->asked[0],
			sizeof exchange->asked - sizeof exchange->asked[0]);
		exchange->asked[0] = asked;
	}
	return status;
}

/* Changes leave only once their batch is closed and r is on the disk: a change recorded after that
 * must not share their seed. A request without changes leaves no trace; should its answer be lost
 * with the process, the server notices the same r and the next exchange takes one more turn. */
static enum status
request_prepare(struct asking *asking, uint64_t r, struct error *err)
{
	enum status status = exchange_ask(asking, r, err);

	if (status == STATUS_OK && asking->changes.count > 0) {
		asking->state.r = r;
		status = local_batches_close(asking->device->local, err);
	}
	if (status == STATUS_OK && asking->changes.count > 0) {
		status = local_state_save(asking->device->local, &asking->state, err);
	}
	return status;
}

static enum status
request_make(struct asking *asking, struct exchange *exchange, struct error *err)
{
	struct local *local = asking->device->local;
	enum status status = device_enrolled(asking->device, &asking->state, err);
	bool writes = status == STATUS_OK && asking->state.acked_n < asking->state.last_n;
	uint64_t r = 0;

	if (status == STATUS_DESTROYED) {
		status = exchange_ask_destroyed(asking, err);
	}
	if (writes) {
		status = local_begin(local, err);
		writes = status == STATUS_OK;
		status = writes ? device_enrolled(asking->device, &asking->state, err) : status;
	}
	if (status == STATUS_OK) {
		r = exchange_highest_r(asking->device, &asking->state) + 1;
		status = request_prepare(asking, r, err);
	}
	if (writes && status == STATUS_OK) {
		status = local_commit(local, err);
	} else if (writes) {
		local_rollback(local);
	}
	return status == STATUS_OK ? request_seal(asking, r, exchange, err) : status;
}

int
sambung_exchange_request(struct sambung *device, struct sambung_bytes *out,
			 struct sambung_error *err)
{
	struct asking asking;
	struct exchange *exchange;
	struct error inner = {0};
	enum status status = exchange_get(device, &exchange, &inner);

	exchange_asking_init(&asking, device);
	if (status == STATUS_OK) {
		if (exchange->awaited) {
			exchange->size = pace_next(exchange->size, &(struct pace_seen){0});
			exchange->awaited = false;
		}
		asking.size = exchange->size;
		status = request_make(&asking, exchange, &inner);
	}
	exchange_asking_finish(&asking);
	if (status != STATUS_OK) {
		return device_fail(err, &inner);
	}
	*out = (struct sambung_bytes){exchange->parcel.at, exchange->parcel.length};
	return 0;
}
