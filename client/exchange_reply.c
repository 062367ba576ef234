/* SPDX-License-Identifier: Apache-2.0 */
/* A reply is opened, unpacked and taken in one transaction. */
#include "client/exchange.h"

enum { REPLY_ARENA_MAX = 8 * 1024 * 1024 };

/* Opens the seal with the session of the request that it answers. */
static enum status
reply_open(const struct exchange *exchange, struct span sealed, struct buffer *packed,
	   const struct asked **asked_out, struct error *err)
{
	enum status status = STATUS_SIGNATURE;

	for (size_t i = 0; i < EXCHANGE_REQUESTS && status == STATUS_SIGNATURE; i++) {
		if (!exchange->asked[i].made) {
			break;
		}
		buffer_clear(packed);
		status = parcel_open_reply(&exchange->asked[i].session, sealed, packed, err);
		*asked_out = &exchange->asked[i];
	}
	if (!exchange->asked[0].made) {
		return fail(err, STATUS_INVALID, "reply");
	}
	return status;
}

static enum status
reply_refused(const struct reply *reply, const struct local_state *state, struct error *err)
{
	return fail(err, reply->status, "%u", state->device);
}

static enum status
reply_use(struct taking *taking, struct error *err)
{
	enum status status;

	if (taking->asked->device != taking->state.device) {
		/* It speaks of the changes of a former number. */
		taking->again = true;
		return STATUS_OK;
	}
	status = lease_take(taking, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (taking->device->lease.lacking && !taking->asked->shut && !taking->carried &&
	    taking->reply->status != STATUS_REVOKED) {
		/* The lease ended amid the exchange: what opens the records was not asked for. */
		taking->again = true;
		return STATUS_OK;
	}
	switch ((int)taking->reply->status) {
	case STATUS_OK:
	case STATUS_GAP:
		return exchange_take(taking, err);
	case STATUS_FORK:
		return exchange_take_fork(taking, err);
	case STATUS_HELD:
		return exchange_take_held(taking, err);
	case STATUS_FOREIGN:
		return exchange_take_stranger(taking, err);
	case STATUS_REVOKED:
		return exchange_take_revoked(taking, err);
	default:
		return reply_refused(taking->reply, &taking->state, err);
	}
}

/* Ends the transaction with all that the reply has changed. */
static enum status
reply_keep(struct taking *taking, struct error *err)
{
	struct local *local = taking->device->local;
	bool moments = false;
	enum status status = local_only_moments(local, &taking->state, &moments, err);

	if (status == STATUS_OK && moments) {
		local_rollback(local);
		return local_moments_save(local, &taking->state, err);
	}
	if (status == STATUS_OK) {
		status = local_state_save(local, &taking->state, err);
	}
	return status == STATUS_OK ? local_commit(local, err) : status;
}

static enum status
reply_take(struct taking *taking, struct error *err)
{
	struct local *local = taking->device->local;
	enum status status = local_begin(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	/* The answer may let a lease run on that has just come to its end, and tells the time, too.
	 */
	status = device_load(taking->device, &taking->state, err);
	if (status == STATUS_DESTROYED) {
		local_rollback(local);
		return exchange_take_destroyed(taking, err);
	}
	if (status == STATUS_OK) {
		status = reply_use(taking, err);
	}
	if (status == STATUS_OK) {
		status = reply_keep(taking, err);
	}
	if (status != STATUS_OK) {
		local_rollback(local);
		(void)lease_open(taking->device, NULL);
	}
	if (status == STATUS_OK && taking->state.destroyed_ms != 0) {
		return device_destroy(taking->device, false, err);
	}
	if (status == STATUS_OK && taking->erased) {
		status = local_wal_empty(local, err);
	}
	if (status == STATUS_OK && !taking->again &&
	    (taking->reply->status == STATUS_REVOKED || taking->reply->status == STATUS_HELD)) {
		return reply_refused(taking->reply, &taking->state, err);
	}
	if (status == STATUS_OK && taking->old_program) {
		return fail(err, STATUS_UNSUPPORTED, "schema v%u", taking->reply->schema.version);
	}
	return status;
}

enum status
exchange_take_packed(struct taking *taking, struct span packed, struct error *err)
{
	struct buffer plain;
	struct arena arena;
	struct reply reply;
	enum status status;

	buffer_init(&plain, MESSAGE_REPLY_MAX);
	arena_init(&arena, REPLY_ARENA_MAX);
	status = reply_unpack(packed, &plain, &arena, &reply, err);
	if (status == STATUS_OK) {
		taking->reply = &reply;
		status = reply_take(taking, err);
		taking->reply = NULL;
	}
	arena_finish(&arena);
	buffer_finish(&plain);
	return status;
}

/* What the newest answer tells of the link. */
static void
exchange_measure(struct taking *taking, size_t length)
{
	struct exchange *exchange = taking->device->exchange;
	struct pace_seen seen = {.arrived = true, .bytes = exchange->parcel.length + length};

	taking->newest = taking->asked == &exchange->asked[0];
	if (taking->newest && exchange->awaited) {
		seen.ms = exchange_uptime(taking->device) - exchange->asked_ms;
		exchange->size = pace_next(exchange->size, &seen);
		exchange->awaited = false;
	}
}

static enum status
reply_unseal_and_take(struct taking *taking, struct span sealed, struct error *err)
{
	const struct exchange *exchange = taking->device->exchange;
	struct buffer packed;
	enum status status;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	status = reply_open(exchange, sealed, &packed, &taking->asked, err);
	if (status == STATUS_OK) {
		exchange_measure(taking, sealed.length);
		status = exchange_take_packed(taking, buffer_span(&packed), err);
	}
	buffer_finish(&packed);
	return status;
}

void
exchange_count(struct sambung_result *so_far, const struct sambung_result *counted)
{
	so_far->sent += counted->sent;
	so_far->acked += counted->acked;
	so_far->received += counted->received;
	so_far->conflicts += counted->conflicts;
	so_far->quarantined += counted->quarantined;
	so_far->erased += counted->erased;
	if (counted->continues_as != 0) {
		so_far->continues_as = counted->continues_as;
	}
	so_far->synced = counted->synced;
}

int
sambung_exchange_reply(struct sambung *device, struct sambung_bytes reply, int *again_out,
		       struct sambung_result *so_far, struct sambung_error *err)
{
	struct taking taking = {.device = device};
	struct exchange *exchange;
	struct error inner = {0};
	enum status status = exchange_get(device, &exchange, &inner);

	arena_init(&taking.arena, DEVICE_ARENA_MAX);
	if (status == STATUS_OK) {
		status = reply_unseal_and_take(&taking, span_of(reply.at, reply.length), &inner);
	}
	arena_finish(&taking.arena);
	if (status != STATUS_OK) {
		return device_fail(err, &inner);
	}
	if (so_far != NULL) {
		exchange_count(so_far, &taking.counted);
	}
	*again_out = taking.again;
	return 0;
}
