/* SPDX-License-Identifier: Apache-2.0 */
#include "client/exchange.h"
#include "protocol/fork.h"

#include <string.h>

static const uint8_t *
public_part(const uint8_t secret[SIGN_SECRET_SIZE])
{
	return &secret[SIGN_SECRET_SIZE - SIGN_PUBLIC_SIZE];
}

/* The key that the installation has behind the fork. */
static void
continuing_key(const struct sambung *device, const struct local_state *state,
	       uint8_t public_out[SIGN_PUBLIC_SIZE])
{
	uint8_t secret[SIGN_SECRET_SIZE];

	memcpy(secret, device->secret, sizeof secret);
	key_fork(secret, state->device, state->fork_n - 1);
	memcpy(public_out, public_part(secret), SIGN_PUBLIC_SIZE);
	crypto_wipe(secret, sizeof secret);
}

void
exchange_continue(const struct sambung *device, const struct local_state *state,
		  struct request_head *head)
{
	if (state->fork_n == 0) {
		return;
	}
	head->continues = true;
	head->continuing_n = state->fork_n - 1;
	continuing_key(device, state, head->continuing_key);
	/* For the certificate; there are no records. */
	head->room = head->room > DEVICE_ROOM ? head->room : DEVICE_ROOM;
}

/* ---- told ---- */

/* Where the log parts from what this device says. */
static enum status
place_take(struct taking *taking, struct error *err)
{
	struct local_state *state = &taking->state;
	uint32_t first_n = taking->reply->send_from;

	if (state->fork_n != 0 && !taking->asked->continues) {
		/* It is known, and being asked about. */
		return STATUS_OK;
	}
	if (taking->asked->continues || first_n <= state->acked_n ||
	    state->lineage_count == LOCAL_LINEAGE_MAX) {
		return fail(err, STATUS_FORK, "%u", state->device);
	}
	/* Only what the request had can have been compared. */
	if (first_n - 1 > taking->asked->through_n) {
		first_n = taking->asked->through_n + 1;
	}
	if (first_n <= state->acked_n) {
		first_n = state->acked_n + 1;
	}
	state->fork_n = first_n - 1 > state->last_n ? state->last_n + 1 : first_n;
	return STATUS_OK;
}

/* ---- answered ---- */

static bool
number_is_new(const struct local_state *state, uint32_t number)
{
	for (size_t i = 0; i < state->lineage_count; i++) {
		if (state->lineage[i].parent == number) {
			return false;
		}
	}
	return number != 0 && number != state->device;
}

static enum status
certificate_take(const struct taking *taking, struct arena *arena, struct certificate *out,
		 struct error *err)
{
	const struct local_state *state = &taking->state;
	uint8_t key[SIGN_PUBLIC_SIZE];
	enum status status =
		certificate_read(taking->reply->certificate, state->log_key, arena, out, err);

	if (status != STATUS_OK) {
		return status;
	}
	continuing_key(taking->device, state, key);
	if (memcmp(out->origin, state->origin, ORIGIN_SIZE) != 0 ||
	    memcmp(out->device_key, key, SIGN_PUBLIC_SIZE) != 0 || out->parent != state->device ||
	    out->parent_n != state->fork_n - 1 || !number_is_new(state, out->device) ||
	    out->cadre.length >= sizeof state->cadre || out->scope_count > LOCAL_SCOPE_MAX ||
	    taking->reply->certified_scope_version == 0) {
		return fail(err, STATUS_MALFORMED, "certificate");
	}
	return STATUS_OK;
}

/* The former number is one of the streams that records speak of, and the heir has seen what it did.
 */
static enum status
former_keep(const struct taking *taking, const struct fork *fork, struct error *err)
{
	struct local *local = taking->device->local;
	const struct stream_name former = {.number = fork->stream,
					   .kind = STREAM_DEVICE,
					   .name = span_of_text(taking->state.cadre)};
	const struct lineage lineage = {.stream = fork->heir, .parent = fork->stream, .n = fork->n};
	enum status status = local_stream_save(local, &former, err);

	if (status == STATUS_OK) {
		status = local_lineage_save(local, &lineage, err);
	}
	return status == STATUS_OK ? device_lineages(taking->device, err) : status;
}

/* What the log has, but nobody told this copy: it seems to wait, and no page would take it away if
 * it was set aside. As the oldest of all it gives way to the records that come whole. */
static enum status
common_settle(struct taking *taking, const struct fork *fork, struct error *err)
{
	struct local *local = taking->device->local;
	enum status status = STATUS_OK;

	for (uint32_t n = taking->state.acked_n + 1; n <= fork->n && status == STATUS_OK; n++) {
		struct local_change change;
		struct local_place place;
		struct record record;

		arena_reset(&taking->arena);
		status = local_change(local, n, &taking->arena, &change, err);
		if (status == STATUS_OK && change.seq != 0) {
			continue;
		}
		if (status == STATUS_OK) {
			status = local_record(local, change.record, &taking->arena, &record, &place,
					      err);
		}
		if (status == STATUS_OK) {
			record_acknowledge(&record, fork->stream, n, 1);
			status = local_record_save(local, &record, &place, err);
		} else if (status == STATUS_NOT_FOUND) {
			status = STATUS_OK;
		}
	}
	return status;
}

/* What the installation is from now on. */
static void
number_take(struct taking *taking, const struct fork *fork, const struct certificate *certificate)
{
	struct local_state *state = &taking->state;

	state->lineage[state->lineage_count++] =
		(struct lineage){.stream = fork->heir, .parent = fork->stream, .n = fork->n};
	state->device = fork->heir;
	state->fork_n = 0;
	memset(state->cadre, 0, sizeof state->cadre);
	memcpy(state->cadre, certificate->cadre.at, certificate->cadre.length);
	state->r = 0;
	state->cursor = (struct cursor){0, 0, CURSOR_ID_END};
	state->last_n -= fork->n;
	state->acked_n = 0;
	state->raised_n = 0;
	chain_start(certificate->device_key, fork->heir, state->chain);
	state->scope_version = taking->reply->certified_scope_version;
	state->scope_count = certificate->scope_count;
	if (certificate->scope_count > 0) {
		memcpy(state->scope, certificate->scope,
		       certificate->scope_count * sizeof state->scope[0]);
	}
}

/* What the record says of changes after the fork is the heir's; they wait again. */
static enum status
record_again(struct taking *taking, const struct fork *fork, uint64_t id, struct error *err)
{
	struct local *local = taking->device->local;
	const struct record_type *type;
	struct local_place place;
	struct record record;
	bool touched;
	enum status status = local_record(local, id, &taking->arena, &record, &place, err);

	if (status != STATUS_OK) {
		/* It has left, or came to its new id with an earlier change. */
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	type = taking->device->schema == NULL ? NULL
					      : schema_type(taking->device->schema, record.type);
	status = fork_record(fork, type, &record, &taking->arena, &touched, err);
	if (status != STATUS_OK || !touched) {
		return status;
	}
	status = device_record_save(taking->device, &taking->state, &record, place.epoch, err);
	return status == STATUS_OK && record.id != id ? local_record_drop(local, id, err) : status;
}

static enum status
change_again(struct taking *taking, const struct fork *fork, const struct local_change *kept,
	     struct buffer *bytes, struct error *err)
{
	const struct schema *schema = taking->device->schema;
	struct local_change again = {.n = kept->n - fork->n, .record = fork_id(fork, kept->record)};
	struct change_stub stub;
	struct change change;
	enum status status;

	if (change_stub_decode(kept->bytes, &stub)) {
		stub.n = again.n;
		stub.record = again.record;
		change_stub_encode(&stub, bytes);
		again.bytes = buffer_span(bytes);
		return local_change_again(taking->device->local, kept->n, &again, err);
	}
	status = change_decode(kept->bytes, false, &taking->arena, &change, err);
	if (status == STATUS_OK) {
		status = fork_change(fork, schema == NULL ? NULL : schema_type(schema, change.type),
				     kept->bytes, &taking->arena, bytes, err);
	}
	if (status == STATUS_MALFORMED) {
		return fail(err, STATUS_STORAGE, "device.db: change, n %u", kept->n);
	}
	if (status != STATUS_OK) {
		return status;
	}
	again.bytes = buffer_span(bytes);
	status = local_change_again(taking->device->local, kept->n, &again, err);
	return status == STATUS_OK ? record_again(taking, fork, kept->record, err) : status;
}

/* From the first on, so that each finds its new place free. */
static enum status
changes_again(struct taking *taking, const struct fork *fork, uint32_t last_n, struct error *err)
{
	struct local_change kept;
	struct buffer bytes;
	enum status status = STATUS_OK;

	buffer_init(&bytes, CHANGE_BYTES_MAX);
	for (uint32_t n = fork->n + 1; n <= last_n && status == STATUS_OK; n++) {
		arena_reset(&taking->arena);
		buffer_clear(&bytes);
		status = local_change(taking->device->local, n, &taking->arena, &kept, err);
		if (status == STATUS_NOT_FOUND) {
			status = fail(err, STATUS_STORAGE, "device.db: change, n %u", n);
		}
		if (status == STATUS_OK) {
			status = change_again(taking, fork, &kept, &bytes, err);
		}
	}
	buffer_finish(&bytes);
	return status;
}

/* The scope is pulled anew, whole; what it does not bring goes after its last page. */
static enum status
scope_begin(struct taking *taking, struct error *err)
{
	struct local *local = taking->device->local;
	enum status status = local_leaving_sweep(local, err);

	if (status == STATUS_OK) {
		status = local_scope_apply(local, taking->state.scope, taking->state.scope_count,
					   err);
	}
	return status == STATUS_OK ? local_arrivals_begin(local, err) : status;
}

static enum status
number_follow(struct taking *taking, const struct certificate *certificate, struct error *err)
{
	struct local *local = taking->device->local;
	struct local_state *state = &taking->state;
	const struct fork fork = {
		.stream = state->device, .n = state->fork_n - 1, .heir = certificate->device};
	const uint32_t last_n = state->last_n;
	enum status status = lease_part(taking->device, err);

	if (status == STATUS_OK) {
		status = former_keep(taking, &fork, err);
	}
	if (status == STATUS_OK) {
		status = common_settle(taking, &fork, err);
	}
	if (status == STATUS_OK) {
		status = local_fork_begin(local, &fork, state->lineage_count + 1, last_n, err);
	}
	if (status == STATUS_OK) {
		number_take(taking, &fork, certificate);
		status = changes_again(taking, &fork, last_n, err);
	}
	if (status == STATUS_OK) {
		status = scope_begin(taking, err);
	}
	if (status == STATUS_OK) {
		status = local_certificate_save(local, taking->reply->certificate, err);
	}
	if (status == STATUS_OK) {
		taking->counted.continues_as = fork.heir;
	}
	return status;
}

static enum status
number_answered(struct taking *taking, struct error *err)
{
	struct certificate certificate;
	struct arena arena;
	enum status status;

	arena_init(&arena, DEVICE_ROOM);
	status = certificate_take(taking, &arena, &certificate, err);
	if (status == STATUS_OK) {
		status = number_follow(taking, &certificate, err);
	}
	arena_finish(&arena);
	return status;
}

enum status
exchange_take_fork(struct taking *taking, struct error *err)
{
	struct local_state *state = &taking->state;
	const struct reply *reply = taking->reply;

	state->r = state->r > taking->asked->r ? state->r : taking->asked->r;
	state->r = state->r > reply->r_seen ? state->r : reply->r_seen;
	taking->again = true;
	if ((reply->epoch != 0 && reply->epoch != state->epoch) ||
	    taking->asked->epoch != state->epoch) {
		/* Of another log: the next request tells of this one. */
		state->fork_n = 0;
		return STATUS_OK;
	}
	if (reply->certificate.length == 0) {
		return place_take(taking, err);
	}
	/* Nobody asks any more if the log went back meanwhile. And what is shut opens only with the
	 * share of the number that it has: the answer to the next request has both. */
	return state->fork_n == 0 || taking->device->lease.lacking ? STATUS_OK
								   : number_answered(taking, err);
}
