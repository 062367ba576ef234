/* SPDX-License-Identifier: Apache-2.0 */
/* adopt: the server does for a copy of an installation what it can do for itself no more - it finds
 * where the copy and the log part, and says what comes after under another number (docs/protocol.md
 * 14.4; decision 21). */
#include "daemon/ingest/adopt.h"

#include "daemon/ingest/family.h"
#include "daemon/ingest/note.h"
#include "daemon/ingest/push.h"

#include <string.h>

enum { AT_ONCE = 500 /* changes: syncs get their turn between such transactions */ };

struct adopting {
	struct ingest *ingest;
	const struct adopt_order *order;
	struct family family;
	/* As far as they have been followed: what is left to say under `device`'s number, of which
	 * its log has the first `same`. */
	struct device *device;
	struct said said;
	size_t same;
	struct adopt_count count;
};

static uint32_t
last_same(const struct adopting *adopting)
{
	return adopting->said.first_n - 1 + (uint32_t)adopting->same;
}

/* ---- where they part ---- */

/* How many of the first changes are the log's, of those that it can have. */
static enum status
compare(struct adopting *adopting, uint32_t acked_n, size_t *logged_out, struct error *err)
{
	struct ingest *ingest = adopting->ingest;
	const struct said *said = &adopting->said;
	struct logged_change *logged =
		ARENA_ARRAY(&ingest->work.arena, struct logged_change, LOGGED_RUN);
	size_t logged_count = acked_n < said->first_n ? 0 : acked_n - said->first_n + 1;
	size_t at = 0;
	bool same = true;
	enum status status = logged == NULL ? fail(err, STATUS_MEMORY, "the writer's batch")
					    : workset_flush(ingest, err);

	logged_count = logged_count < said->count ? logged_count : said->count;
	while (status == STATUS_OK && same && at < logged_count) {
		const size_t left = logged_count - at;
		const struct change_run run = {said->stream, said->first_n + (uint32_t)at,
					       left < LOGGED_RUN ? left : LOGGED_RUN};

		status = family_logged(ingest, &run, logged, err);
		for (size_t i = 0; i < run.count && status == STATUS_OK && same; i++) {
			same = memcmp(logged[i].commitment, said->changes[at].commitment,
				      HASH_SIZE) == 0;
			at += same;
		}
	}
	adopting->same = at;
	*logged_out = logged_count;
	return status;
}

/* Nothing differs. Do the log and the file part before it? Only the chain shows that: a server was
 * restored since. */
static enum status
parts_before(struct adopting *adopting, const struct parcel *first, bool *out, struct error *err)
{
	const struct stream *stream = &adopting->device->stream;
	uint8_t chain[HASH_SIZE];
	enum status status = family_chain(
		adopting->ingest,
		&(struct chain_place){stream->number, first->head.first_n - 1, stream->key}, chain,
		err);

	if (status == STATUS_OK) {
		parcel_chain(first, 0, first->change_count, chain);
	}
	*out = status == STATUS_OK && memcmp(chain, first->head.h_last, HASH_SIZE) != 0;
	return status;
}

/* As when it is delivered: what its bases say would be taken for what this log says. A checkpoint
 * that this server never signed is none. */
static enum status
check_witness(const struct adopting *adopting, const struct adoption *adoption, struct error *err)
{
	for (size_t i = 0; i < adoption->parcel_count; i++) {
		const struct parcel *parcel = &adoption->parcels[i];

		if (parcel->head.epoch == adopting->ingest->ledger.epoch && !parcel->witness_fits &&
		    (!parcel->head.shows || parcel->shown)) {
			return fail(err, STATUS_INVALID,
				    "device %u remembers a part of the log that is not here: was "
				    "the server set back? Deliver the file by `carry in`, which "
				    "proves it, then adopt it",
				    adopting->said.stream);
		}
	}
	return STATUS_OK;
}

/* Without the schema that it was made with nobody here knows which of its values are references,
 * and what the file says of its own new records would be said of others. */
static enum status
check_schemas(const struct adopting *adopting, struct error *err)
{
	struct catalogue *catalogue = adopting->ingest->options.catalogue;

	for (size_t i = 0; i < adopting->said.count; i++) {
		const struct parcel_change *change = &adopting->said.changes[i];
		const uint32_t version = change->change.schema_version;

		if (change->reason == QUARANTINE_NONE && version != 0 &&
		    catalogue_schema(catalogue, version) == NULL) {
			return fail(err, STATUS_INVALID,
				    "change %u was made with version %u of the schema, which this "
				    "server has not: load it first",
				    change->change.n, version);
		}
	}
	return STATUS_OK;
}

/* The device itself: all that is its own is left to `carry in`. */
static enum status
part_from_device(struct adopting *adopting, const struct adoption *adoption, struct error *err)
{
	const uint32_t number = adopting->said.stream;
	struct stream_slot *slot;
	size_t logged = 0;
	bool before = false;
	uint32_t acked_n;
	enum status status = workset_stream(adopting->ingest, number, &slot, err);

	if (status != STATUS_OK) {
		return status;
	}
	acked_n = slot->stream.acked_n;
	if (adopting->said.first_n > acked_n + 1) {
		/* A phone's file begins behind what was acknowledged: that the log has lost. */
		adopting->count.missing = adopting->said.first_n - 1 - acked_n;
		return STATUS_OK;
	}
	status = compare(adopting, acked_n, &logged, err);
	if (status != STATUS_OK || adopting->same < logged) {
		return status;
	}
	if (adopting->same == adopting->said.count) {
		return fail(err, STATUS_INVALID,
			    "nothing to adopt: all that is in the file is in the log under device "
			    "%u",
			    number);
	}
	status = parts_before(adopting, adoption->first, &before, err);
	if (status == STATUS_OK && !before) {
		return fail(err, STATUS_INVALID,
			    "nothing to adopt: the file goes on where the log of device %u ends; "
			    "deliver it with `carry in`",
			    number);
	}
	return status;
}

/* ---- the number ---- */

/* Of a new number, or that more of the file follows under one that is there. */
static enum status
log_adoption(struct adopting *adopting, struct device *heir, bool begins, uint32_t count,
	     struct error *err)
{
	const struct stream *stream = &heir->stream;
	struct note note = {
		.action = "adopt",
		.stream = stream->number,
		.reason = adopting->order->reason,
		.count = count,
	};

	if (!begins) {
		return ingest_note(adopting->ingest, ENTRY_ADMIN, adopting->order->user, &note,
				   NULL, err);
	}
	note.name = stream->name;
	note.scope = heir->scope;
	note.scope_count = heir->scope_count;
	note.continued = stream->parent;
	note.common_n = stream->parent_n;
	return ingest_note(adopting->ingest, ENTRY_SCOPE, adopting->order->user, &note,
			   &heir->scope_version, err);
}

/* A number of which no phone has the key; cadre and scope as the copy's are now. The others of the
 * family stay what they are: whoever adopts has not heard of another phone. */
static enum status
number_create(struct adopting *adopting, struct device *heir, struct error *err)
{
	const struct device *parent = adopting->device;

	if (adopting->family.count >= FAMILY_MAX) {
		return fail(err, STATUS_INVALID,
			    "device %u has %d numbers already, after as many forks: revoke it, and "
			    "enrol its phone anew",
			    parent->stream.number, FAMILY_MAX);
	}
	*heir = (struct device){
		.stream = {.kind = STREAM_DEVICE,
			   .name = parent->stream.name,
			   .parent = parent->stream.number,
			   .parent_n = last_same(adopting)},
		.state = parent->state == DEVICE_REVOKED ? DEVICE_REVOKED : DEVICE_FORMER,
		.scope = parent->scope,
		.scope_count = parent->scope_count,
	};
	return ingest_stream_add(adopting->ingest, &heir->stream, err);
}

static enum status
number_begin(struct adopting *adopting, struct device *heir, uint32_t count, struct error *err)
{
	struct ingest *ingest = adopting->ingest;
	enum status status = log_adoption(adopting, heir, true, count, err);

	if (status == STATUS_OK) {
		status = store_device_put(ingest->options.store, heir, err);
	}
	return status == STATUS_OK ? family_remember(ingest, &heir->stream, err) : status;
}

/* ---- into the log ---- */

/* The next `count` changes, as a request of the heir would bring them. */
static enum status
push_some(struct adopting *adopting, const struct device *heir, size_t count, struct error *err)
{
	const struct said *said = &adopting->said;
	struct stream_slot *slot;
	struct parcel parcel;
	enum status status = workset_stream(adopting->ingest, said->stream, &slot, err);

	if (status != STATUS_OK) {
		return status;
	}
	parcel_init(&parcel);
	parcel.device = *heir;
	parcel.head.device = said->stream;
	parcel.head.first_n = said->first_n + (uint32_t)adopting->same;
	parcel.head.count = (uint32_t)count;
	parcel.changes = &said->changes[adopting->same];
	parcel.change_count = count;
	memcpy(parcel.head.h_last, slot->stream.chain, HASH_SIZE);
	parcel_chain(&parcel, 0, count, parcel.head.h_last);
	status = push_new(adopting->ingest, &parcel, 0, slot, true, err);
	adopting->count.adopted = parcel.report.acked;
	adopting->count.quarantined = parcel.report.quarantined;
	parcel_finish(&parcel);
	return status;
}

/* The rest of what is said under the heir's number, or the first part of it. */
static enum status
adopt_rest(struct adopting *adopting, struct device *heir, bool begins, struct error *err)
{
	const size_t left = adopting->said.count - adopting->same;
	const size_t count = left < AT_ONCE ? left : AT_ONCE;
	enum status status = STATUS_OK;

	adopting->count.number = heir->stream.number;
	adopting->count.before += (uint32_t)adopting->same;
	adopting->count.more = count < left;
	if (count == 0) {
		return STATUS_OK;
	}
	status = begins ? number_begin(adopting, heir, (uint32_t)count, err)
			: log_adoption(adopting, heir, false, (uint32_t)count, err);
	return status == STATUS_OK ? push_some(adopting, heir, count, err) : status;
}

/* `said` becomes what the heir says of it. */
static enum status
say_as(struct adopting *adopting, const struct device *heir, struct error *err)
{
	const struct fork fork = {adopting->said.stream, heir->stream.parent_n,
				  heir->stream.number};
	enum status status =
		adopt_again(adopting->ingest, &adopting->said, &fork, &adopting->said, err);

	adopting->same = 0;
	return status;
}

/* Somebody went on from there: does what it said agree with the file, as far as both go? */
static enum status
follow(struct adopting *adopting, struct device *heir, bool *agrees_out, struct error *err)
{
	struct stream_slot *slot;
	size_t logged = 0;
	enum status status = say_as(adopting, heir, err);

	if (status == STATUS_OK) {
		status = workset_stream(adopting->ingest, heir->stream.number, &slot, err);
	}
	if (status == STATUS_OK) {
		status = compare(adopting, slot->stream.acked_n, &logged, err);
	}
	*agrees_out = adopting->same == logged;
	return status;
}

/* A phone that lives has perhaps sent more again than is in its file, to a restored server, and
 * went on from an earlier place. It has if what both say is the same. */
static enum status
find_earlier(struct adopting *adopting, struct device **out, struct error *err)
{
	const struct family *family = &adopting->family;
	enum status status = STATUS_OK;

	*out = NULL;
	for (size_t i = 0; i < family->count && status == STATUS_OK && *out == NULL; i++) {
		struct device *heir = &family->devices[i];
		struct adopting trial = *adopting;
		bool agrees = false;

		if (heir->stream.parent != adopting->said.stream ||
		    heir->stream.parent_n + 1 >= adopting->said.first_n) {
			continue;
		}
		status = follow(&trial, heir, &agrees, err);
		if (status == STATUS_OK && agrees && trial.same > 0) {
			*adopting = trial;
			*out = heir;
		}
	}
	return status;
}

static enum status
adopt_anew(struct adopting *adopting, struct error *err)
{
	struct device heir;
	struct device *earlier;
	enum status status = find_earlier(adopting, &earlier, err);

	if (status == STATUS_OK && earlier != NULL) {
		return adopt_rest(adopting, earlier, false, err);
	}
	if (status == STATUS_OK) {
		status = number_create(adopting, &heir, err);
	}
	if (status == STATUS_OK) {
		status = say_as(adopting, &heir, err);
	}
	return status == STATUS_OK ? adopt_rest(adopting, &heir, true, err) : status;
}

static enum status
adopt(struct adopting *adopting, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < FAMILY_MAX && status == STATUS_OK; i++) {
		struct device *known =
			family_heir(&adopting->family, adopting->said.stream, last_same(adopting));
		bool agrees = false;

		if (known == NULL) {
			break;
		}
		status = follow(adopting, known, &agrees, err);
		if (status == STATUS_OK && agrees) {
			return adopt_rest(adopting, known, false, err);
		}
		/* Another copy, which parted from this one there. */
		adopting->count.before += (uint32_t)adopting->same;
		adopting->device = known;
	}
	return status == STATUS_OK ? adopt_anew(adopting, err) : status;
}

enum status
ingest_adopt(struct ingest *ingest, const struct adoption *adoption,
	     const struct adopt_order *order, struct adopt_count *out, struct error *err)
{
	struct adopting adopting = {.ingest = ingest,
				    .order = order,
				    .said = adoption->said,
				    .count = {.device = adoption->said.stream}};
	enum status status = STATUS_OK;

	if (order->reason.length == 0 || order->reason.length > QUARANTINE_REASON_MAX) {
		return fail(err, STATUS_INVALID, "a reason has 1 to %d bytes",
			    QUARANTINE_REASON_MAX);
	}
	status = family_load(ingest, adopting.said.stream, &adopting.family, err);
	if (status != STATUS_OK) {
		return status;
	}
	adopting.device = family_member(&adopting.family, adopting.said.stream);
	if (adopting.device == NULL) {
		return fail(err, STATUS_INVALID, "there is no device %u", adopting.said.stream);
	}
	status = check_witness(&adopting, adoption, err);
	if (status == STATUS_OK) {
		status = check_schemas(&adopting, err);
	}
	if (status == STATUS_OK) {
		status = part_from_device(&adopting, adoption, err);
	}
	if (status == STATUS_OK) {
		status = adopt(&adopting, err);
	}
	if (status == STATUS_OK) {
		*out = adopting.count;
	}
	return status;
}
