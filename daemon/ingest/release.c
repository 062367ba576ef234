/* SPDX-License-Identifier: Apache-2.0 */
/* release: what was set aside is merged after all, because an admin says so or because the record
 * that it lacked has come; or it is closed. */
#include "daemon/ingest/release.h"

#include "daemon/ingest/note.h"
#include "daemon/ingest/reassign.h"

enum { FOLLOWERS_MAX = 1000 };

enum status
release_read(struct ingest *ingest, const struct quarantined *row, struct parcel_change *out,
	     struct error *err)
{
	struct arena *arena = &ingest->work.arena;
	struct log_row logged;
	enum status status = store_log_entry(ingest->options.store, row->seq, arena, &logged, err);

	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct parcel_change){.bytes = logged.payload};
	if (logged.payload.at == NULL) {
		out->reason = QUARANTINE_ERASED;
		return STATUS_OK;
	}
	if (change_decode(logged.payload, false, arena, &out->change, NULL) != STATUS_OK ||
	    out->change.n != row->n || out->change.own_stream == row->stream) {
		out->reason = QUARANTINE_MALFORMED;
		return STATUS_OK;
	}
	/* Or it would hide what was merged while it lay here. */
	change_bound_base(&out->change, row->seq);
	return STATUS_OK;
}

bool
release_allowed(const struct releasing *releasing, const struct judgement *judgement)
{
	const struct quarantine_order *order = releasing->order;
	const struct slot *slot = judgement->slot;

	if (order == NULL || order->scope == NULL) {
		return true;
	}
	return regions_cover(order->scope, order->scope_count, judgement->outcome.village) &&
	       (!slot->exists ||
		regions_cover(order->scope, order->scope_count, slot->record.village));
}

enum status
release_judge(struct ingest *ingest, const struct quarantined *row, bool pardoned,
	      struct judgement *out, struct error *err)
{
	struct parcel_change change;
	struct device device;
	enum status status = release_read(ingest, row, &change, err);

	change.pardoned = pardoned;
	if (status == STATUS_OK) {
		status = store_device(ingest->options.store, row->stream, &ingest->work.arena,
				      &device, err);
	}
	return status == STATUS_OK
		       ? judge_change(ingest, &device, &change,
				      ingest->head + ingest->work.row_count + 1, out, err)
		       : status;
}

static enum status
judge_row(struct releasing *releasing, const struct quarantined *row, struct judgement *out,
	  struct error *err)
{
	const struct quarantine_order *order = releasing->order;

	return release_judge(releasing->ingest, row, order != NULL && order->device == row->stream,
			     out, err);
}

static enum status
append_entry(struct releasing *releasing, const struct quarantined *row, uint64_t *seq_out,
	     struct error *err)
{
	const struct note note = {
		.action = "release",
		.stream = row->stream,
		.n = row->n,
		.entry = row->seq,
		.record = row->record,
	};
	const uint32_t user = releasing->order == NULL ? 0 : releasing->order->user;

	return ingest_note(releasing->ingest, ENTRY_RELEASE, user, &note, seq_out, err);
}

enum status
release_merge(struct ingest *ingest, const struct quarantined *row, struct judgement *judgement,
	      uint64_t seq, struct error *err)
{
	struct slot *slot = judgement->slot;
	struct quarantined settled = *row;
	enum status status;

	/* The log has the change elsewhere than at the record's version: the state is kept. */
	judgement->outcome.of_device = false;
	status = ingest_merge(ingest, slot, &judgement->outcome, seq, err);
	/* As after a move the record goes to everybody whole: its author must not be taken to have
	 * it as it is now. */
	slot->row.moved = seq;
	if (status == STATUS_OK && judgement->left != 0) {
		status = store_move_append(ingest->options.store, seq, slot->id, judgement->left,
					   err);
	}
	settled.settled = seq;
	settled.released = true;
	settled.awaits = 0;
	return status == STATUS_OK ? store_quarantine_put(ingest->options.store, &settled, err)
				   : status;
}

/* Logs that it is, and merges what was judged fit. */
static enum status
release_row(struct releasing *releasing, const struct quarantined *row, struct judgement *judgement,
	    struct error *err)
{
	struct slot *slot = judgement->slot;
	const bool creates = !slot->exists;
	uint64_t seq = 0;
	enum status status = append_entry(releasing, row, &seq, err);

	if (status == STATUS_OK) {
		status = release_merge(releasing->ingest, row, judgement, seq, err);
	}
	releasing->released++;
	if (creates) {
		buffer_append(&releasing->arrived, &slot->id, sizeof slot->id);
	}
	return status == STATUS_OK
		       ? buffer_status(&releasing->arrived, "what a release brings", err)
		       : status;
}

/* One that lacked a record which is here now. What keeps it out beyond that is noted. */
static enum status
release_follower(struct releasing *releasing, const struct quarantined *row, struct error *err)
{
	struct quarantined still = *row;
	struct judgement judgement;
	enum status status = judge_row(releasing, row, &judgement, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (judgement.reason == QUARANTINE_NONE) {
		return release_allowed(releasing, &judgement)
			       ? release_row(releasing, row, &judgement, err)
			       : STATUS_OK;
	}
	still.reason = judgement.reason;
	still.awaits = judgement.awaits;
	return store_quarantine_put(releasing->ingest->options.store, &still, err);
}

enum status
release_awaiting(struct ingest *ingest, uint64_t id, struct buffer *out, struct error *err)
{
	/* First what is only in memory yet; all of it only if somebody waits. */
	enum status status = workset_flush_quarantine(ingest, err);

	if (status == STATUS_OK) {
		status = store_quarantine_awaiting(ingest->options.store, id, FOLLOWERS_MAX, out,
						   err);
	}
	return status == STATUS_OK && out->length > 0 ? workset_flush(ingest, err) : status;
}

bool
release_crowded(const struct releasing *releasing)
{
	return releasing->released > FOLLOWERS_MAX || workset_crowded(&releasing->ingest->work);
}

/* What lacked the record `id`. */
static enum status
release_followers_of(struct releasing *releasing, uint64_t id, struct error *err)
{
	struct buffer rows;
	enum status status;

	buffer_init(&rows, SIZE_MAX);
	status = release_awaiting(releasing->ingest, id, &rows, err);
	for (size_t i = 0; i < rows.length / sizeof(struct quarantined) && status == STATUS_OK;
	     i++) {
		if (release_crowded(releasing)) {
			break;
		}
		status = release_follower(
			releasing, &((const struct quarantined *)(const void *)rows.at)[i], err);
	}
	buffer_finish(&rows);
	return status;
}

/* A follower may create a record, which others lack. */
enum status
release_followers(struct releasing *releasing, struct error *err)
{
	bool some = false;
	enum status status = workset_awaits(releasing->ingest, &some, err);

	for (size_t at = 0; some && at < releasing->arrived.length && status == STATUS_OK;
	     at += sizeof(uint64_t)) {
		uint64_t id =
			((const uint64_t *)(const void *)releasing->arrived.at)[at / sizeof id];

		status = release_followers_of(releasing, id, err);
	}
	/* The change that brought them is in the log by now: no refusal may undo it. */
	if (status != STATUS_OK && status_http(status) < 500) {
		return fail(err, STATUS_INTERNAL, "merging what follows from quarantine");
	}
	return status;
}

/* ---- because it lacks nothing any more ---- */

enum status
ingest_release_awaiting(struct ingest *ingest, const struct parcel *parcel, size_t from, size_t end,
			struct error *err)
{
	struct releasing releasing = {.ingest = ingest};
	bool some = false;
	enum status status = from < end ? workset_awaits(ingest, &some, err) : STATUS_OK;

	if (status != STATUS_OK || !some) {
		return status;
	}
	buffer_init(&releasing.arrived, SIZE_MAX);
	for (size_t i = from; i < end; i++) {
		const struct parcel_change *change = &parcel->changes[i];
		const uint64_t id =
			id_make(parcel->head.device, parcel->head.first_n + (uint32_t)i);

		if (change->reason == QUARANTINE_NONE && change->change.record == id) {
			buffer_append(&releasing.arrived, &id, sizeof id);
		}
	}
	status = buffer_status(&releasing.arrived, "what a parcel brings", err);
	if (status == STATUS_OK) {
		status = release_followers(&releasing, err);
	}
	buffer_finish(&releasing.arrived);
	return status;
}

/* ---- because an admin says so ---- */

enum status
release_not_there(const struct quarantine_order *order, struct error *err)
{
	return fail(err, STATUS_NOT_FOUND, "change %u of device %u in quarantine", order->n,
		    order->device);
}

bool
release_sees(const struct quarantine_order *order, const struct quarantined *row)
{
	return order->scope == NULL ||
	       regions_cover(order->scope, order->scope_count, row->village);
}

enum status
release_find(struct ingest *ingest, const struct quarantine_order *order, struct quarantined *out,
	     struct error *err)
{
	enum status status = workset_flush(ingest, err);

	if (status == STATUS_OK) {
		status = store_quarantine_find(ingest->options.store, order->device, order->n, out,
					       err);
	}
	return status == STATUS_NOT_FOUND ? release_not_there(order, err) : status;
}

enum status
release_refuse(uint32_t reason, struct error *err)
{
	return fail(err, STATUS_SET_ASIDE, "%s. %s", quarantine_why(reason),
		    quarantine_next(reason));
}

enum status
release_check_open(struct ingest *ingest, const struct quarantine_order *order,
		   const struct quarantined *row, struct error *err)
{
	bool given = false;
	enum status status = reassign_given(ingest, row, &given, err);

	if (status == STATUS_OK && row->released) {
		return fail(err, STATUS_EXISTS, "change %u of device %u was released", order->n,
			    order->device);
	}
	if (status == STATUS_OK && given) {
		return fail(err, STATUS_EXISTS,
			    "change %u of device %u was given to another record", order->n,
			    order->device);
	}
	return status;
}

/* Nothing is touched yet when it is refused. */
static enum status
release_asked(struct releasing *releasing, struct error *err)
{
	const struct quarantine_order *order = releasing->order;
	struct judgement judgement = {.reason = QUARANTINE_NONE};
	struct quarantined row;
	enum status status = release_find(releasing->ingest, order, &row, err);

	if (status == STATUS_OK) {
		status = judge_row(releasing, &row, &judgement, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!release_sees(order, &row) &&
	    (judgement.reason != QUARANTINE_NONE || !release_allowed(releasing, &judgement))) {
		return release_not_there(order, err);
	}
	status = release_check_open(releasing->ingest, order, &row, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (judgement.reason != QUARANTINE_NONE) {
		return release_refuse(judgement.reason, err);
	}
	if (!release_allowed(releasing, &judgement)) {
		return release_not_there(order, err);
	}
	status = release_row(releasing, &row, &judgement, err);
	if (status == STATUS_OK && row.awaits != 0) {
		/* Its record has come, but brought back as many as go at once: now the next. */
		buffer_append(&releasing->arrived, &row.awaits, sizeof row.awaits);
		status = buffer_status(&releasing->arrived, "what a release brings", err);
	}
	return status == STATUS_OK ? release_followers(releasing, err) : status;
}

enum status
ingest_release(struct ingest *ingest, const struct quarantine_order *order, uint64_t *count_out,
	       struct error *err)
{
	struct releasing releasing = {.ingest = ingest, .order = order};
	enum status status;

	buffer_init(&releasing.arrived, SIZE_MAX);
	status = release_asked(&releasing, err);
	buffer_finish(&releasing.arrived);
	if (status == STATUS_OK) {
		*count_out = releasing.released;
	}
	return status;
}

enum status
ingest_quarantine_close(struct ingest *ingest, const struct quarantine_order *order,
			struct error *err)
{
	struct note note = {
		.action = "close", .stream = order->device, .n = order->n, .reason = order->reason};
	struct quarantined row;
	enum status status;

	if (order->reason.length == 0 || order->reason.length > QUARANTINE_REASON_MAX) {
		return fail(err, STATUS_INVALID, "a reason has 1 to %d bytes",
			    QUARANTINE_REASON_MAX);
	}
	status = release_find(ingest, order, &row, err);
	if (status == STATUS_OK && !release_sees(order, &row)) {
		return release_not_there(order, err);
	}
	if (status == STATUS_OK) {
		status = release_check_open(ingest, order, &row, err);
	}
	if (status == STATUS_OK && row.settled != 0) {
		return fail(err, STATUS_EXISTS, "change %u of device %u was closed", order->n,
			    order->device);
	}
	if (status != STATUS_OK) {
		return status;
	}
	note.entry = row.seq;
	note.record = row.record;
	status = ingest_note(ingest, ENTRY_ADMIN, order->user, &note, &row.settled, err);
	return status == STATUS_OK ? store_quarantine_put(ingest->options.store, &row, err)
				   : status;
}
