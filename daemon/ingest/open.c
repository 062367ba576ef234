/* SPDX-License-Identifier: Apache-2.0 */
/* open: the part of a sync that any thread can do - open, verify, inflate, split, decode, commit
 * to. */
#include "daemon/ingest/ingest.h"
#include "daemon/ledger/ledger.h"

#include <string.h>

enum { PARCEL_ARENA_LIMIT = 16 * 1024 * 1024 };

void
parcel_init(struct parcel *parcel)
{
	memset(parcel, 0, sizeof *parcel);
	arena_init(&parcel->arena, PARCEL_ARENA_LIMIT);
	buffer_init(&parcel->plain, PARCEL_REQUEST_MAX);
	buffer_init(&parcel->body, MESSAGE_BODY_MAX);
}

void
parcel_finish(struct parcel *parcel)
{
	arena_finish(&parcel->arena);
	buffer_finish(&parcel->plain);
	buffer_finish(&parcel->body);
}

void
parcel_unwritten(struct parcel *parcel)
{
	parcel->report.acked = 0;
	parcel->report.conflicts = 0;
	parcel->report.quarantined = 0;
}

/* The seed that covers change n; the caller has checked that the batches cover all changes. */
static const uint8_t *
seed_for(const struct request_body *body, uint32_t n)
{
	size_t i = 0;

	while (body->batches[i].last_n < n) {
		i++;
	}
	return body->batches[i].seed;
}

void
change_read(struct parcel_change *change, uint32_t stream, uint32_t n, const uint8_t *seed,
	    struct arena *arena)
{
	commitment_salt(seed, n, change->salt);
	commitment_make(change->salt, stream, n, change->bytes, change->commitment);
	/* The position tells n; a change that claims another one is kept, but not believed. */
	if (change_decode(change->bytes, false, arena, &change->change, NULL) != STATUS_OK ||
	    change->change.n != n || change->change.own_stream == stream) {
		change->reason = QUARANTINE_MALFORMED;
	}
}

static void
open_change(struct parcel *parcel, const struct request_body *body, size_t index)
{
	struct parcel_change *change = &parcel->changes[index];
	uint32_t n = parcel->head.first_n + (uint32_t)index;
	struct change_stub stub;

	change->bytes = body->changes[index];
	if (change_stub_decode(change->bytes, &stub) && stub.n == n) {
		memcpy(change->commitment, stub.commitment, HASH_SIZE);
		change->change.record = stub.record;
		change->reason = QUARANTINE_ERASED;
		return;
	}
	change_read(change, parcel->head.device, n, seed_for(body, n), &parcel->arena);
}

static enum status
open_body(struct parcel *parcel, struct error *err)
{
	struct request_body body;
	const struct request_head *head = &parcel->head;
	enum status status;

	if (head->count == 0 && parcel->opened.body.length == 0) {
		return STATUS_OK;
	}
	status =
		request_body_unpack(parcel->opened.body, &parcel->body, &parcel->arena, &body, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (body.change_count != head->count ||
	    (head->count > 0 &&
	     (body.batch_count == 0 ||
	      body.batches[body.batch_count - 1].last_n < head->first_n + (head->count - 1)))) {
		return fail(err, STATUS_MALFORMED,
			    "head and body tell different numbers of changes");
	}
	parcel->changes = ARENA_ARRAY(&parcel->arena, struct parcel_change, head->count);
	if (parcel->changes == NULL) {
		return fail(err, STATUS_LIMIT, "the parcel");
	}
	parcel->change_count = head->count;
	parcel->batches = body.batches;
	for (size_t i = 0; i < parcel->change_count; i++) {
		open_change(parcel, &body, i);
	}
	return STATUS_OK;
}

bool
parcel_has_nothing(const struct parcel *parcel)
{
	const struct request_head *head = &parcel->head;

	return head->scope_version == 0 && head->witness_size == 0 && head->cursor.complete == 0 &&
	       head->cursor.key == 0;
}

/* Is it this server's own certificate, of this device, and was the server restored? Or shows the
 * device that it must have been (the writer looks, notice.c)? Or has it nothing yet of whatever log
 * it was enrolled in? Else FOREIGN. */
static enum status
check_certificate(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
		  struct certificate *out, struct error *err)
{
	const struct request_head *head = &parcel->head;
	struct span origin = {0};
	struct epoch *epochs;
	size_t epoch_count = 0;
	enum status status = STATUS_FOREIGN;

	if (head->certificate.length > 0 &&
	    certificate_read(head->certificate, keys->log_public, &parcel->arena, out, NULL) ==
		    STATUS_OK) {
		status = store_setting(reader, "origin", &parcel->arena, &origin, err);
	}
	if (status == STATUS_OK) {
		status = store_epochs(reader, &parcel->arena, &epochs, &epoch_count, err);
	}
	if (status == STATUS_FOREIGN ||
	    (status == STATUS_OK &&
	     (out->device != head->device ||
	      (epoch_count < 2 && !parcel->shown && !parcel_has_nothing(parcel)) ||
	      !span_equal(origin, span_of(out->origin, sizeof out->origin))))) {
		return fail(err, STATUS_FOREIGN, "device %u", head->device);
	}
	return status;
}

static enum status
open_stranger(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
	      struct error *err)
{
	struct certificate certificate = {.device = 0};
	enum status status = check_certificate(parcel, reader, keys, &certificate, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (key_is_none(certificate.device_key) ||
	    !parcel_signed_by(PARCEL_SYNC, &parcel->opened, certificate.device_key)) {
		return fail(err, STATUS_SIGNATURE, "device %u", parcel->head.device);
	}
	parcel->certificate = certificate;
	return STATUS_OK;
}

/* Whoever asks for a proof is answered by the tree: it may have been made anew below checkpoints
 * that were left as they were, and what it has up to a cut is the log of former epochs, too. */
static enum status
root_of_tree(struct store *reader, uint64_t size, uint8_t root_out[HASH_SIZE], bool *found_out,
	     struct error *err)
{
	uint64_t head = 0;
	enum status status = store_log_head(reader, &head, err);

	*found_out = status == STATUS_OK && size <= head;
	if (*found_out) {
		status = ledger_root_at(reader, size, root_out, err);
	}
	if (status == STATUS_MALFORMED) {
		*found_out = false;
		return STATUS_OK;
	}
	return status;
}

/* Every checkpoint that a device can have verified is kept. */
static enum status
check_witness(struct parcel *parcel, struct store *reader, struct error *err)
{
	const struct request_head *head = &parcel->head;
	uint8_t root[HASH_SIZE] = {0};
	bool found = false;
	enum status status = STATUS_OK;

	if (head->witness_size > 0 && (head->programme & PROGRAMME_PROVE) != 0) {
		status = root_of_tree(reader, head->witness_size, root, &found, err);
	} else if (head->witness_size > 0) {
		status = store_checkpoint_root(reader, head->epoch, head->witness_size, root,
					       &found, err);
	}
	parcel->witness_fits =
		head->witness_size == 0 ||
		(found && memcmp(root, head->witness_root, sizeof head->witness_root) == 0);
	return status;
}

/* Anybody can show anything: only what this server has signed counts. */
static enum status
check_shown(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
	    struct error *err)
{
	const struct checkpoint *shown = &parcel->head.shown;
	struct span origin;
	enum status status;

	if (!parcel->head.shows) {
		return STATUS_OK;
	}
	status = store_setting(reader, "origin", &parcel->arena, &origin, err);
	if (status == STATUS_OK) {
		parcel->shown = shown->epoch == parcel->head.epoch &&
				span_equal(origin, span_of(shown->origin, ORIGIN_SIZE)) &&
				checkpoint_verify(shown, keys->log_public);
	}
	return status;
}

/* A device may have been enrolled in a part of the log that is lost, and nobody else may know. */
static enum status
look_for_lost(struct parcel *parcel, struct store *reader, struct error *err)
{
	const struct request_head *head = &parcel->head;
	uint8_t root[HASH_SIZE];
	bool found = false;
	enum status status = STATUS_OK;

	if (head->witness_size == 0) {
		/* It may have nothing yet, and then its certificate is enough. */
		parcel->estranged = head->certificate.length == 0 && head->cursor.complete == 0 &&
				    head->cursor.key == 0;
		return STATUS_OK;
	}
	if (head->shows) {
		return STATUS_OK;
	}
	status = store_checkpoint_root(reader, head->epoch, head->witness_size, root, &found, err);
	parcel->estranged =
		status == STATUS_OK &&
		(!found || memcmp(root, head->witness_root, sizeof head->witness_root) != 0);
	return status;
}

static enum status
open_unknown(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
	     struct error *err)
{
	enum status status = check_shown(parcel, reader, keys, err);

	if (status == STATUS_OK) {
		status = open_stranger(parcel, reader, keys, err);
	}
	if (status == STATUS_FOREIGN) {
		struct error ignored;

		(void)look_for_lost(parcel, reader, &ignored);
	}
	return status;
}

static enum status
open_known(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
	   struct error *err)
{
	/* The number of a phone that never came for it: whatever says so, it signed nothing. */
	if (key_is_none(parcel->device.stream.key) ||
	    !parcel_signed_by(PARCEL_SYNC, &parcel->opened, parcel->device.stream.key)) {
		return fail(err, STATUS_SIGNATURE, "device %u", parcel->head.device);
	}
	return check_shown(parcel, reader, keys, err);
}

static enum status
open_device(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
	    struct error *err)
{
	enum status status = store_snapshot(reader, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_device(reader, parcel->head.device, &parcel->arena, &parcel->device, err);
	if (status == STATUS_NOT_FOUND) {
		status = open_unknown(parcel, reader, keys, err);
	} else if (status == STATUS_OK) {
		status = open_known(parcel, reader, keys, err);
	}
	/* Only now: a proof costs more than a look at a row. */
	if (status == STATUS_OK) {
		status = check_witness(parcel, reader, err);
	}
	store_snapshot_end(reader);
	return status;
}

static enum status
open_parcel(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
	    struct span request, struct error *err)
{
	enum status status = parcel_open_request(request, keys->alive, keys->alive_count,
						 &parcel->plain, &parcel->opened, err);

	if (status != STATUS_OK) {
		return status;
	}
	parcel->sealed_reply = true;
	if (!request_head_decode(parcel->opened.head, &parcel->head)) {
		return fail(err, STATUS_MALFORMED, "the parcel's head");
	}
	status = open_device(parcel, reader, keys, err);
	return status == STATUS_OK ? open_body(parcel, err) : status;
}

void
ingest_open(struct parcel *parcel, struct store *reader, const struct server_keys *keys,
	    struct span request)
{
	struct error err = {.status = STATUS_OK};

	parcel->request_bytes = request.length;
	parcel->keys = keys;
	parcel->status = open_parcel(parcel, reader, keys, request, &err);
	parcel->error = err;
	if (parcel->device.stream.number != 0 && parcel->status != STATUS_SIGNATURE) {
		parcel->report.stream = parcel->device.stream.number;
	}
	parcel->report.requests = 1;
	parcel->report.bytes_up = request.length;
	parcel->report.sent = parcel->status == STATUS_OK ? parcel->head.count : 0;
	parcel->report.result = parcel->status;
}
