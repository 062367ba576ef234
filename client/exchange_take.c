/* SPDX-License-Identifier: Apache-2.0 */
#include "client/exchange.h"

#include <string.h>

/* How long changes are kept after the server has them, for a server that loses its disk. */
#define KEEP_MS (INT64_C(40) * 24 * 3600 * 1000)

/* … and so many of the newest whatever a clock says: it may have been wrong once. Some 100 KB. */
enum { KEPT_LEAST = 512 };

static const struct cursor cursor_start = {0, 0, CURSOR_ID_END};

static bool
cursor_same(const struct cursor *a, const struct cursor *b)
{
	return a->complete == b->complete && a->key == b->key && a->id == b->id;
}

/* The changes from n on count as never sent. */
static enum status
send_again(struct taking *taking, uint32_t first_n, struct error *err)
{
	struct local_state *state = &taking->state;
	enum status status = STATUS_OK;

	if (first_n > state->acked_n) {
		return STATUS_OK;
	}
	if (first_n == 1) {
		chain_start(taking->device->secret + SIGN_SECRET_SIZE - SIGN_PUBLIC_SIZE,
			    state->device, state->chain);
	}
	status = local_changes_reopen(taking->device->local, first_n, state->chain, err);
	if (status == STATUS_NOT_FOUND) {
		return fail(err, STATUS_GAP, "n %u", first_n);
	}
	state->acked_n = first_n - 1;
	state->raised_n = state->raised_n < state->acked_n ? state->raised_n : state->acked_n;
	return status;
}

/* What bases of former epochs still say. */
static void
epochs_take(struct taking *taking)
{
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;
	size_t skipped =
		reply->epoch_count > LOCAL_EPOCHS_MAX ? reply->epoch_count - LOCAL_EPOCHS_MAX : 0;

	if (reply->epoch_count == 0 ||
	    reply->epochs[reply->epoch_count - 1].epoch != state->epoch) {
		return;
	}
	state->epoch_count = reply->epoch_count - skipped;
	memcpy(state->epochs, reply->epochs + skipped,
	       state->epoch_count * sizeof state->epochs[0]);
}

/* The server has begun a new history: the scope is taken anew, from its beginning, with the next
 * request; of this reply nothing else can be used, because its seqs are of another log. */
static enum status
epoch_begin(struct taking *taking, struct error *err)
{
	enum status status;

	taking->state.epoch = taking->reply->epoch;
	taking->state.cursor = cursor_start;
	taking->state.epoch_count = 0;
	taking->state.scope_version = 0;
	/* The next request tells whether this log contradicts, too. */
	taking->state.fork_n = 0;
	/* The seqs of what this log has as well may be another log's; records come whole, and their
	 * versions with them. */
	taking->state.raised_n = taking->state.acked_n;
	taking->again = true;
	epochs_take(taking);
	status = witness_lost(taking, err);
	if (status == STATUS_OK) {
		status = local_exceptions_doubt(taking->device->local, err);
	}
	return status != STATUS_OK || taking->reply->send_from == 0
		       ? status
		       : send_again(taking, taking->reply->send_from, err);
}

enum status
exchange_begin_anew(struct taking *taking, struct error *err)
{
	taking->state.cursor = cursor_start;
	taking->lacking = true;
	taking->again = true;
	return local_arrivals_begin(taking->device->local, err);
}

static enum status
scope_take(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;
	enum status status;

	/* With a scope its records begin anew, from the reply's place. Who took the one without the
	 * other would never be sent what is missing. */
	if (!taking->fits || !reply->has_scope || reply->scope_version <= state->scope_version) {
		return STATUS_OK;
	}
	state->scope_version = reply->scope_version;
	state->scope_count = reply->scope_count;
	if (reply->scope_count > 0) {
		memcpy(state->scope, reply->scope, reply->scope_count * sizeof state->scope[0]);
	}
	status = local_scope_apply(taking->device->local, state->scope, state->scope_count, err);
	/* Who has nothing yet has nothing to let go of after it, and a new epoch sweeps by itself.
	 */
	return status == STATUS_OK && state->cursor.complete != 0
		       ? local_arrivals_begin(taking->device->local, err)
		       : status;
}

static enum status
streams_take(struct taking *taking, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < taking->reply->stream_count && status == STATUS_OK; i++) {
		status = local_stream_save(taking->device->local, &taking->reply->streams[i], err);
	}
	for (size_t i = 0; i < taking->reply->lineage_count && status == STATUS_OK; i++) {
		status =
			local_lineage_save(taking->device->local, &taking->reply->lineages[i], err);
	}
	return status == STATUS_OK && taking->reply->lineage_count > 0
		       ? device_lineages(taking->device, err)
		       : status;
}

static enum status
schema_take(struct taking *taking, struct error *err)
{
	const struct schema_chunk *chunk = &taking->reply->schema;
	enum status status = device_schema_take(taking->device, chunk, &taking->state, err);

	if (chunk->version != 0 && chunk->version != taking->state.schema_version) {
		taking->again = true;
	}
	if (status == STATUS_UNSUPPORTED) {
		/* Everything else of the reply is good, and the old forms still serve. */
		taking->old_program = chunk->version != 0;
		return STATUS_OK;
	}
	return status;
}

/* acked_n and the chain go on by one change, which the server has. */
static enum status
change_link(struct taking *taking, const struct local_batches *batches,
	    const struct local_change *change, struct error *err)
{
	struct local_state *state = &taking->state;
	enum status status = exchange_chain(state, batches, change, state->chain, err);

	if (status == STATUS_OK) {
		state->acked_n = change->n;
		if (state->acked_n >= state->fork_n) {
			state->fork_n = 0; /* the log contradicts no more */
		}
		status = local_change_link(taking->device->local, change->n, state->chain,
					   taking->reply->server_time_ms, err);
	}
	return status;
}

/* … by the changes from acked_n + 1 on whose seq is known, `at_once` of them at most. */
static enum status
changes_link_some(struct taking *taking, size_t at_once, bool *more_out, struct error *err)
{
	struct local_range range = {taking->state.acked_n + 1, at_once, CHANGE_BYTES_MAX};
	struct local_changes changes = {NULL, 0};
	struct local_batches batches;
	size_t linked = 0;
	enum status status;

	arena_reset(&taking->arena);
	status = local_changes(taking->device->local, range, &taking->arena, &changes, err);
	if (status == STATUS_OK) {
		status = local_batches(taking->device->local, range.first_n,
				       range.first_n + (uint32_t)at_once, &taking->arena, &batches,
				       err);
	}
	while (status == STATUS_OK && linked < changes.count &&
	       changes.at[linked].n == taking->state.acked_n + 1 && changes.at[linked].seq != 0) {
		status = change_link(taking, &batches, &changes.at[linked], err);
		linked++;
	}
	*more_out = linked > 0 && linked == changes.count;
	/* What is shut is linked once it opens. */
	return status == STATUS_LEASE_OVER ? STATUS_OK : status;
}

static enum status
changes_link(struct taking *taking, struct error *err)
{
	const size_t at_once = 256;
	bool more = true;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && more) {
		status = changes_link_some(taking, at_once, &more, err);
	}
	return status;
}

static void
counter_take(struct taking *taking)
{
	const struct asked *asked = taking->asked;
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;

	taking->counted.sent = asked->count;
	state->r = state->r > asked->r ? state->r : asked->r;
	state->r = state->r > reply->r_seen ? state->r : reply->r_seen;
}

/* Only of the newest answer: an older one may name an older key. */
static void
newer_key_take(struct taking *taking)
{
	const struct newer_key *newer = &taking->reply->newer_key;
	struct local_state *state = &taking->state;

	if (!taking->newest || !taking->reply->has_newer_key) {
		return;
	}
	state->server_key_id = newer->id;
	memcpy(state->server_key, newer->key, sizeof state->server_key);
	if (server_url_valid(newer->url)) {
		memset(state->url, 0, sizeof state->url);
		memcpy(state->url, newer->url.at, newer->url.length);
	}
}

static void
clock_take(struct taking *taking)
{
	struct local_state *state = &taking->state;
	struct sambung_platform *platform = &taking->device->platform;

	/* An answer that was long on its way tells an old time. */
	if (!taking->newest || taking->carried || taking->reply->server_time_ms <= 0 ||
	    taking->reply->server_time_ms > CHANGE_TIME_MAX * 1000) {
		return;
	}
	state->server_time_ms = taking->reply->server_time_ms;
	state->server_uptime_ms = platform->uptime_ms(platform->context);
	platform->boot_id(platform->context, state->server_boot);
}

/* What became of the changes that were sent. */
static enum status
changes_take(struct taking *taking, struct error *err)
{
	enum status status = exchange_take_exceptions(taking, err);

	if (status == STATUS_OK) {
		status = exchange_take_acks(taking, err);
	}
	if (status == STATUS_OK && taking->reply->ack_count > 0) {
		status = local_leaving_sweep(taking->device->local, err);
	}
	return status == STATUS_OK ? changes_link(taking, err) : status;
}

static enum status
content_take(struct taking *taking, struct error *err)
{
	enum status status = changes_take(taking, err);

	if (status == STATUS_OK) {
		status = witness_take(taking, err);
	}
	if (status == STATUS_OK) {
		status = exchange_take_receipt(taking, err);
	}
	if (status == STATUS_OK) {
		status = streams_take(taking, err);
	}
	if (status == STATUS_OK) {
		status = scope_take(taking, err);
	}
	if (status == STATUS_OK) {
		status = schema_take(taking, err);
	}
	if (status == STATUS_OK) {
		status = exchange_take_records(taking, err);
	}
	return status;
}

static enum status
cursor_take(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;
	bool from_start = state->cursor.complete == 0;
	uint64_t acked_seq = 0;
	enum status status = STATUS_OK;

	/* After a gap the server has looked at no record. */
	if (!taking->fits || reply->status != STATUS_OK) {
		return STATUS_OK;
	}
	if (taking->lacking) {
		return exchange_begin_anew(taking, err);
	}
	if (reply->to.complete < reply->from.complete && taking->doubted) {
		/* It was set back and does not know. What is recorded here goes on to it. */
		return STATUS_OK;
	}
	if (reply->to.complete < reply->from.complete) {
		return fail(err, STATUS_MALFORMED, "cursor: %llu < %llu",
			    (unsigned long long)reply->to.complete,
			    (unsigned long long)reply->from.complete);
	}
	state->cursor = reply->to;
	if (reply->more) {
		return STATUS_OK;
	}
	if (from_start || taking->arriving) {
		status = local_acked_seq(taking->device->local, state->raised_n, &acked_seq, err);
	}
	/* At its end goes what has not come, so the loop goes on: after an answer that was
	 * overtaken, for it cannot have brought what a later one acknowledges; and after a restore,
	 * since from the start records come whole, and so must those of which changes wait. */
	if (acked_seq > reply->to.complete ||
	    (from_start && state->epoch_count > 0 && state->acked_n < state->last_n)) {
		state->cursor = (struct cursor){reply->from.complete, reply->to.key, CURSOR_ID_END};
		taking->again = true;
		return status;
	}
	if (from_start && status == STATUS_OK) {
		status = local_records_sweep(taking->device->local, state->epoch, err);
	}
	if (status == STATUS_OK && taking->arriving) {
		status = local_arrivals_end(taking->device->local, err);
	}
	return status == STATUS_OK ? exchange_raise(taking, err) : status;
}

static enum status
gap_take(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;

	if (!taking->newest || reply->send_from == 0) {
		return STATUS_OK;
	}
	if (reply->status == STATUS_GAP && taking->state.fork_n != 0) {
		/* The log lacks what was common: the server was restored meanwhile. */
		taking->state.fork_n = 0;
		taking->again = true;
		return send_again(taking, reply->send_from, err);
	}
	/* A file whose first parcels were answered elsewhere: what lacks here is on its way. */
	if (taking->carried && reply->send_from > taking->state.acked_n + 1) {
		return STATUS_OK;
	}
	if (reply->status == STATUS_GAP && reply->send_from > taking->state.acked_n + 1) {
		return fail(err, STATUS_GAP, "n %u > %u", reply->send_from,
			    taking->state.acked_n + 1);
	}
	taking->again = true;
	return send_again(taking, reply->send_from, err);
}

/* "Synced": the last change acknowledged, and the whole scope received. */
static enum status
end_take(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;
	enum status status;

	if (reply->status != STATUS_OK || reply->more || state->acked_n < state->last_n ||
	    reply->r_seen != 0 || !taking->fits) {
		taking->again = true;
	}
	if (taking->again) {
		return STATUS_OK;
	}
	taking->counted.synced = true;
	if (!taking->carried || reply->server_time_ms > state->last_sync_ms) {
		state->last_sync_ms = reply->server_time_ms;
	}
	status = local_changes_forget(taking->device->local, reply->server_time_ms - KEEP_MS,
				      KEPT_LEAST, err);
	if (status == STATUS_OK && taking->leaving) {
		status = local_leaving_settle(taking->device->local, state->scope,
					      state->scope_count, err);
		/* Of those that stay everything has come by now. */
		status = status == STATUS_OK ? exchange_raise(taking, err) : status;
	}
	return status == STATUS_OK ? witness_after(taking, err) : status;
}

enum status
exchange_take(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;
	enum status status;

	counter_take(taking);
	taking->device->repeated = reply->r_seen != 0;
	newer_key_take(taking);
	clock_take(taking);
	if (reply->epoch != 0 && reply->epoch != state->epoch) {
		taking->again = true;
		/* The answer to a request of a former epoch is of no use any more. */
		return taking->asked->epoch == state->epoch ? epoch_begin(taking, err) : STATUS_OK;
	}
	if (taking->asked->epoch != state->epoch) {
		/* Its cursor was one of another log. */
		taking->again = true;
		return changes_take(taking, err);
	}
	/* A loop of pages for another scope may have come to the same place. */
	taking->fits = cursor_same(&reply->from, &state->cursor) &&
		       taking->asked->scope_version == state->scope_version;
	epochs_take(taking);
	status = content_take(taking, err);
	if (status == STATUS_OK) {
		status = gap_take(taking, err);
	}
	if (status == STATUS_OK) {
		status = cursor_take(taking, err);
	}
	return status == STATUS_OK ? end_take(taking, err) : status;
}

enum status
exchange_take_held(struct taking *taking, struct error *err)
{
	const struct local_state *state = &taking->state;
	const uint32_t before = state->acked_n;
	enum status status;

	counter_take(taking);
	/* The seqs of another epoch are of another log. */
	status = taking->reply->epoch == state->epoch ? changes_take(taking, err) : STATUS_OK;
	/* Where it got to counts; by files, where nothing is asked again, the status is told. */
	taking->again =
		state->acked_n > before && (state->acked_n < state->last_n || !taking->carried);
	return status;
}

bool
exchange_shut_for_good(const struct taking *taking, enum status status)
{
	return status == STATUS_LEASE_OVER && taking->reply->status == STATUS_REVOKED;
}

/* A restored server lacks what was shut, and no share will ever open it: the queue ends here. */
static bool
queue_is_shut(struct taking *taking)
{
	const struct local_range range = {taking->state.acked_n + 1, MESSAGE_CHANGES_MAX,
					  LOCAL_CHANGES_BYTES_MAX};
	struct local *local = taking->device->local;
	struct local_batches batches;
	struct local_changes changes;
	enum status status;

	arena_reset(&taking->arena);
	status = local_changes(local, range, &taking->arena, &changes, NULL);
	if (status == STATUS_OK) {
		status = local_batches(local, range.first_n, taking->state.last_n, &taking->arena,
				       &batches, NULL);
	}
	return status == STATUS_LEASE_OVER;
}

enum status
exchange_take_revoked(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;
	enum status status;

	if (reply->epoch != 0 && reply->epoch != state->epoch &&
	    taking->asked->epoch == state->epoch) {
		/* The queue goes to the new log, or it would never be acknowledged. */
		counter_take(taking);
		return epoch_begin(taking, err);
	}
	status = exchange_take_held(taking, err);
	if (status == STATUS_OK && state->fork_n == 0 &&
	    (state->acked_n == state->last_n || queue_is_shut(taking))) {
		state->destroyed_ms = reply->server_time_ms > 0 ? reply->server_time_ms : 1;
		taking->again = true;
	}
	return status;
}

bool
exchange_is_stranger(const struct local_state *state)
{
	return state->scope_version == 0;
}

enum status
exchange_take_stranger(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_state *state = &taking->state;

	/* It was enrolled in a part of the log that is lost, and has nothing yet: its certificate
	 * is enough. */
	if (reply->show_witness && taking->newest && !taking->carried && state->witness.size == 0 &&
	    cursor_same(&state->cursor, &cursor_start) && !exchange_is_stranger(state)) {
		state->scope_version = 0;
		taking->again = true;
		return STATUS_OK;
	}
	if (reply->epoch == 0 || reply->epoch == taking->state.epoch ||
	    taking->asked->epoch != taking->state.epoch) {
		return witness_show(taking) ? STATUS_OK
					    : fail(err, STATUS_FOREIGN, "%u", taking->state.device);
	}
	return exchange_take(taking, err);
}
