/* SPDX-License-Identifier: Apache-2.0 */
/* fork: two copies of an installation make different changes under one number, and the one that is
 * told so asks to go on under another (docs/protocol.md, "Fork"). */
#include "daemon/ingest/family.h"
#include "daemon/ingest/note.h"
#include "daemon/ingest/push.h"

#include <string.h>

enum { HEIR_CERTIFICATE_MAX = 16 * 1024 };

/* ---- two histories ---- */

/* The n of the first change that is not the log's; 0: all are. */
static uint32_t
first_difference(const struct parcel *parcel, const struct logged_change *logged, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(logged[i].commitment, parcel->changes[i].commitment, HASH_SIZE) != 0) {
			return logged[i].n;
		}
	}
	return 0;
}

/* Does the signed chain head fit what is logged plus what the parcel brings? */
static bool
chain_fits(const struct parcel *parcel, const struct stream *stream, size_t logged)
{
	uint8_t chain[HASH_SIZE];
	uint32_t last_n = parcel->head.first_n + parcel->head.count - 1;

	if (last_n < stream->acked_n) {
		return true; /* an old parcel: its changes were compared one by one */
	}
	memcpy(chain, stream->chain, HASH_SIZE);
	parcel_chain(parcel, logged, parcel->change_count, chain);
	return memcmp(chain, parcel->head.h_last, HASH_SIZE) == 0;
}

/* Another history at the device than the log has. A request of another epoch is none to tell it by:
 * what it says of acknowledgements is about another log. It only learns the epoch, and its next
 * request tells. */
static void
forked(const struct ingest *ingest, struct parcel *parcel, uint32_t first_n)
{
	bool former = parcel->head.epoch != ingest->ledger.epoch;

	parcel->status = former ? STATUS_OK : STATUS_FORK;
	parcel->send_from = former ? 0 : first_n;
}

/* May a fresh head tell of fewer changes than were acknowledged? */
static bool
knows_too_little(const struct ingest *ingest, const struct parcel *parcel,
		 const struct stream *stream)
{
	return parcel->fresh && parcel->head.epoch == ingest->ledger.epoch &&
	       parcel->head.known_n < stream->acked_n;
}

/* A copy that knows too little may have changed any of what it has not sent yet: only when all is
 * here it is told that what comes after is missing. */
bool
fork_shown(const struct ingest *ingest, struct parcel *parcel, const struct stream *stream,
	   const struct logged_change *logged, size_t count)
{
	const struct request_head *head = &parcel->head;
	const uint32_t last_n = head->first_n + head->count - 1;
	const bool behind = knows_too_little(ingest, parcel, stream);
	uint32_t part_n = first_difference(parcel, logged, count);

	if (part_n == 0 && behind && head->known_n == last_n) {
		part_n = last_n + 1;
	}
	parcel->unsure = behind && part_n == 0;
	if (part_n == 0 && chain_fits(parcel, stream, count)) {
		return false;
	}
	forked(ingest, parcel, part_n);
	return true;
}

/* ---- asking ---- */

/* The number's certificate, issued anew, and the scope that it speaks of. */
static enum status
heir_tell(struct ingest *ingest, struct parcel *parcel, const struct device *heir,
	  struct error *err)
{
	struct certificate card = {
		.device = heir->stream.number,
		.cadre = heir->stream.name,
		.scope = heir->scope,
		.scope_count = heir->scope_count,
		.parent = heir->stream.parent,
		.parent_n = heir->stream.parent_n,
	};
	struct buffer bytes;
	enum status status;

	memcpy(card.device_key, heir->stream.key, sizeof card.device_key);
	buffer_init(&bytes, HEIR_CERTIFICATE_MAX);
	ingest_certify(ingest, &card, &bytes);
	status = buffer_status(&bytes, "a certificate", err);
	if (status == STATUS_OK) {
		parcel->continued =
			span_of(arena_copy(&parcel->arena, bytes.at, bytes.length), bytes.length);
		parcel->continued_scope = heir->scope_version;
		if (parcel->continued.at == NULL) {
			status = fail(err, STATUS_MEMORY, "the parcel");
		}
	}
	buffer_finish(&bytes);
	return status;
}

static enum status
heir_log(struct ingest *ingest, struct device *heir, struct error *err)
{
	struct note note = {
		.action = "continue",
		.stream = heir->stream.number,
		.key = span_of(heir->stream.key, sizeof heir->stream.key),
		.name = heir->stream.name,
		.scope = heir->scope,
		.scope_count = heir->scope_count,
		.continued = heir->stream.parent,
		.common_n = heir->stream.parent_n,
	};

	return ingest_note(ingest, ENTRY_SCOPE, 0, &note, &heir->scope_version, err);
}

/* The number has its stream, and is the device's from now on: its parent's scope, as it is now. All
 * others of the family are former from now on. */
static enum status
heir_begin(struct ingest *ingest, struct family *family, struct device *heir, struct error *err)
{
	enum status status = heir_log(ingest, heir, err);

	if (status == STATUS_OK) {
		status = store_device_put(ingest->options.store, heir, err);
	}
	if (status == STATUS_OK && ingest->erases) {
		/* The copy may be of before an erasure. */
		status = store_erasure_device_all(ingest->options.store, heir->stream.number, err);
		ingest->erasure_waits = true;
	}
	return status == STATUS_OK ? family_become(ingest, family, DEVICE_FORMER, 0, err) : status;
}

static enum status
heir_create(struct ingest *ingest, const struct parcel *parcel, struct family *family,
	    struct device *heir, struct error *err)
{
	const struct device *parent = &parcel->device;
	enum status status;

	*heir = (struct device){
		.stream = {.kind = STREAM_DEVICE,
			   .name = parent->stream.name,
			   .parent = parent->stream.number,
			   .parent_n = parcel->head.continuing_n},
		.state = DEVICE_ACTIVE,
		.scope = parent->scope,
		.scope_count = parent->scope_count,
	};
	memcpy(heir->stream.key, parcel->head.continuing_key, sizeof heir->stream.key);
	status = ingest_stream_add(ingest, &heir->stream, err);
	if (status == STATUS_OK) {
		status = heir_begin(ingest, family, heir, err);
	}
	return status == STATUS_OK ? family_remember(ingest, &heir->stream, err) : status;
}

/* What it recorded was adopted from its file, under a number of its own: that is its number. Should
 * it be another copy with the same place, its first request shows that, and it gets one more. */
static enum status
heir_claim(struct ingest *ingest, const struct parcel *parcel, struct family *family,
	   struct device *heir, struct error *err)
{
	enum status status = family_claim(ingest, heir, parcel->head.continuing_key, err);

	heir->state = DEVICE_ACTIVE;
	heir->scope = parcel->device.scope;
	heir->scope_count = parcel->device.scope_count;
	return status == STATUS_OK ? heir_begin(ingest, family, heir, err) : status;
}

/* Somebody has that key: is it the number that was asked for before? */
static enum status
tell_again(struct ingest *ingest, struct parcel *parcel, uint32_t number, struct error *err)
{
	struct device heir;
	enum status status =
		store_device(ingest->options.store, number, &parcel->arena, &heir, err);

	if (status != STATUS_OK || heir.stream.parent != parcel->head.device ||
	    heir.stream.parent_n != parcel->head.continuing_n) {
		return status;
	}
	return heir_tell(ingest, parcel, &heir, err);
}

/* FORK without a certificate where no number can be given. */
static enum status
give_number(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	struct family family;
	struct device heir;
	struct device *adopted;
	uint32_t number;
	enum status status;

	parcel->status = STATUS_FORK;
	if (key_is_none(parcel->head.continuing_key)) {
		return STATUS_OK;
	}
	status = store_stream_keyed(ingest->options.store, parcel->head.continuing_key, &number,
				    err);
	if (status != STATUS_OK || number != 0) {
		return status == STATUS_OK ? tell_again(ingest, parcel, number, err) : status;
	}
	if (parcel->device.state == DEVICE_HELD) {
		parcel->status = STATUS_HELD;
		return STATUS_OK;
	}
	status = family_load(ingest, parcel->head.device, &family, err);
	if (status != STATUS_OK) {
		return status;
	}
	adopted = family_heir(&family, parcel->head.device, parcel->head.continuing_n);
	if (adopted != NULL && key_is_none(adopted->stream.key)) {
		heir = *adopted;
		status = heir_claim(ingest, parcel, &family, &heir, err);
	} else if (family.count < FAMILY_MAX) {
		status = heir_create(ingest, parcel, &family, &heir, err);
	} else {
		return STATUS_OK;
	}
	return status == STATUS_OK ? heir_tell(ingest, parcel, &heir, err) : status;
}

enum status
ingest_continue(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	struct stream_slot *slot;
	enum status status;

	if (parcel->device.state == DEVICE_REVOKED) {
		parcel->status = STATUS_REVOKED;
		return STATUS_OK;
	}
	status = workset_stream(ingest, parcel->head.device, &slot, err);
	if (status != STATUS_OK) {
		return status;
	}
	parcel->acked_n = slot->stream.acked_n;
	if (parcel->head.epoch != ingest->ledger.epoch) {
		/* It was told so of another log: a number given now would make the phone former. */
		return STATUS_OK;
	}
	if (parcel->head.continuing_n > slot->stream.acked_n) {
		parcel->status = STATUS_GAP;
		parcel->send_from = slot->stream.acked_n + 1;
		return STATUS_OK;
	}
	return give_number(ingest, parcel, err);
}
