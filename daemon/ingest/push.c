/* SPDX-License-Identifier: Apache-2.0 */
/* push: what a sync request brings - exactly once, in order, by an unbroken chain. */
#include "daemon/ingest/push.h"

#include "daemon/ingest/family.h"
#include "daemon/ingest/judge.h"

#include <stdlib.h>
#include <string.h>

/* ---- acknowledgements ---- */

static enum status
acknowledge(struct parcel *parcel, uint32_t n, uint64_t seq, struct error *err)
{
	struct ack_run *last = parcel->ack_count == 0 ? NULL : &parcel->acks[parcel->ack_count - 1];

	if (parcel->acks == NULL) {
		parcel->acks = ARENA_ARRAY(&parcel->arena, struct ack_run, parcel->change_count);
	}
	if (parcel->acks == NULL) {
		return fail(err, STATUS_MEMORY, "the parcel");
	}
	if (last != NULL && last->first_n + last->count == n && last->seq + last->count == seq) {
		last->count++;
		return STATUS_OK;
	}
	parcel->acks[parcel->ack_count].first_n = n;
	parcel->acks[parcel->ack_count].count = 1;
	parcel->acks[parcel->ack_count].seq = seq;
	parcel->ack_count++;
	return STATUS_OK;
}

static enum status
except(struct parcel *parcel, const struct exception *exception, struct error *err)
{
	if (parcel->exceptions == NULL) {
		parcel->exceptions =
			ARENA_ARRAY(&parcel->arena, struct exception, parcel->change_count);
	}
	if (parcel->exceptions == NULL) {
		return fail(err, STATUS_MEMORY, "the parcel");
	}
	parcel->exceptions[parcel->exception_count++] = *exception;
	parcel->report.conflicts += exception->kind == EXCEPTION_CONFLICT;
	parcel->report.quarantined += exception->kind == EXCEPTION_QUARANTINED;
	return STATUS_OK;
}

/* Its author shall destroy what it said. */
static enum status
except_erased(struct parcel *parcel, uint32_t n, struct error *err)
{
	const struct exception exception = {.n = n, .kind = EXCEPTION_ERASED};

	return except(parcel, &exception, err);
}

static bool
field_holds(const struct record *record, const struct record_field *field, uint32_t stream,
	    uint32_t n)
{
	for (size_t i = 0; i < field->member_count; i++) {
		const struct dot *dot = &record->dots[field->members[i].dot];

		if (dot->stream == stream && dot->n == n) {
			return true;
		}
	}
	return false;
}

/* Does one of the archives stand against this member? */
static bool
archive_rivals_any(const struct record *record, const struct merge_context *context,
		   const struct record_field *archived, const struct member *member)
{
	for (size_t i = 0; i < archived->member_count; i++) {
		if (archive_rivals(record, context, &archived->members[i], member)) {
			return true;
		}
	}
	return false;
}

/* Is this change one side of an archive against an edit? */
static bool
archive_touches(const struct record *record, const struct merge_context *context, uint32_t stream,
		uint32_t n)
{
	const struct record_field *archived = record_field(record, TAG_ARCHIVED);

	if (archived == NULL || !archive_in_conflict(record, context)) {
		return false;
	}
	if (field_holds(record, archived, stream, n)) {
		return true;
	}
	for (size_t f = 0; f < record->field_count; f++) {
		const struct record_field *field = &record->fields[f];

		for (size_t m = 0; m < field->member_count; m++) {
			const struct dot *dot = &record->dots[field->members[m].dot];

			if (field != archived && dot->stream == stream && dot->n == n &&
			    archive_rivals_any(record, context, archived, &field->members[m])) {
				return true;
			}
		}
	}
	return false;
}

/* The first field in which this change now stands against another: the author is told. */
static enum status
except_conflict(struct ingest *ingest, struct parcel *parcel, const struct change *change,
		const struct record *record, struct error *err)
{
	struct merge_context context = ingest_merge_context(ingest, record->type);
	struct exception exception = {.n = change->n, .kind = EXCEPTION_CONFLICT};

	for (size_t i = 0; i < change->field_count; i++) {
		const struct record_field *field = record_field(record, change->fields[i].tag);
		enum policy policy = type_policy(context.type, change->fields[i].tag);

		if (field != NULL && (policy == POLICY_REVIEW || policy == POLICY_ONCE) &&
		    field_in_conflict(field, policy) &&
		    field_holds(record, field, parcel->head.device, change->n)) {
			exception.tag = field->tag;
			return except(parcel, &exception, err);
		}
	}
	if (archive_touches(record, &context, parcel->head.device, change->n)) {
		exception.tag = TAG_ARCHIVED;
		return except(parcel, &exception, err);
	}
	return STATUS_OK;
}

/* ---- what was logged before ---- */

/* It may have been released or closed since; what is in no list yet is of this transaction. */
static enum status
repeat_quarantined(struct ingest *ingest, struct parcel *parcel, const struct logged_change *logged,
		   struct error *err)
{
	struct exception exception = {
		.n = logged->n, .kind = EXCEPTION_QUARANTINED, .reason = logged->reason};
	struct quarantined row = {.settled = 0};
	enum status status;

	if (logged->reason == QUARANTINE_ERASED) {
		return except_erased(parcel, logged->n, err);
	}
	status = store_quarantine_find(ingest->options.store, parcel->head.device, logged->n, &row,
				       err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		return status;
	}
	if (row.reason == QUARANTINE_ERASED) {
		return except_erased(parcel, logged->n, err);
	}
	if (row.settled != 0) {
		exception.kind = row.released ? EXCEPTION_RELEASED : EXCEPTION_CLOSED;
		exception.reason = 0;
	}
	return except(parcel, &exception, err);
}

static enum status
repeat_logged(struct ingest *ingest, struct parcel *parcel, const struct parcel_change *change,
	      const struct logged_change *logged, struct error *err)
{
	struct slot *slot;
	bool erased = false;
	enum status status = acknowledge(parcel, logged->n, logged->seq, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (logged->verdict == VERDICT_QUARANTINED) {
		return repeat_quarantined(ingest, parcel, logged, err);
	}
	status = workset_place(ingest, change->change.record, &slot, err);
	if (status == STATUS_OK && !slot->exists) {
		status = ingest_is_erased(ingest, change->change.record, &erased, err);
		return status == STATUS_OK && erased ? except_erased(parcel, logged->n, err)
						     : status;
	}
	if (status != STATUS_OK || slot->row.one_change) {
		return status;
	}
	status = workset_record(ingest, change->change.record, &slot, err);
	return status == STATUS_OK
		       ? except_conflict(ingest, parcel, &change->change, &slot->record, err)
		       : status;
}

/* Goes on behind the `found` changes that the store has with those of this transaction: the same
 * parcel may stand twice among those that waited. */
static size_t
find_in_workset(const struct workset *work, const struct change_run *run,
		struct logged_change *logged, size_t found)
{
	for (size_t i = 0; i < work->row_count && found < run->count; i++) {
		const struct entry *entry = &work->rows[i].entry;

		if (entry->kind != ENTRY_CHANGE || entry->stream != run->stream ||
		    entry->n != run->first_n + found) {
			continue;
		}
		logged[found] = (struct logged_change){
			.n = entry->n,
			.seq = entry->seq,
			.verdict = entry->verdict,
			.reason = entry->reason,
		};
		memcpy(logged[found].commitment, entry->commitment, HASH_SIZE);
		found++;
	}
	return found;
}

/* What the log has of the parcel's first `count` changes, which were acknowledged. */
static enum status
find_logged(struct ingest *ingest, struct parcel *parcel, size_t count, struct logged_change **out,
	    struct error *err)
{
	struct logged_change *logged = ARENA_ARRAY(&parcel->arena, struct logged_change, count);
	struct change_run run = {parcel->head.device, parcel->head.first_n, count};
	size_t found = 0;
	enum status status;

	if (logged == NULL) {
		return fail(err, STATUS_MEMORY, "the parcel");
	}
	status = store_logged_changes(ingest->options.store, &run, logged, &found, err);
	found = find_in_workset(&ingest->work, &run, logged, found);
	if (status == STATUS_OK && found != count) {
		status = fail(err, STATUS_STORAGE,
			      "the log lacks changes of device %u that were acknowledged",
			      parcel->head.device);
	}
	*out = logged;
	return status;
}

/* ---- what is new ---- */

static struct entry
change_entry(const struct parcel *parcel, const struct parcel_change *change, uint32_t n,
	     const struct judgement *judgement)
{
	bool decoded = change->reason == QUARANTINE_NONE || change->reason == QUARANTINE_ERASED;
	struct entry entry = {
		.kind = ENTRY_CHANGE,
		.session = parcel->session,
		.stream = parcel->head.device,
		.n = n,
		.time = decoded ? change->change.time : 0,
		.record = decoded ? change->change.record : 0,
		.verdict =
			judgement->reason == QUARANTINE_NONE ? VERDICT_MERGED : VERDICT_QUARANTINED,
		.reason = judgement->reason,
		.schema_version = decoded ? change->change.schema_version : 0,
	};

	memcpy(entry.commitment, change->commitment, HASH_SIZE);
	return entry;
}

static enum status
set_aside(struct ingest *ingest, struct parcel *parcel, const struct entry *entry,
	  const struct judgement *judgement, struct error *err)
{
	struct quarantined row = {
		.seq = entry->seq,
		.stream = entry->stream,
		.n = entry->n,
		.record = entry->record,
		.village = judgement->outcome.village,
		.reason = entry->reason,
		.awaits = judgement->awaits,
	};
	struct exception exception = {
		.n = entry->n, .kind = EXCEPTION_QUARANTINED, .reason = entry->reason};
	enum status status = workset_quarantine(ingest, &row, err);

	return status == STATUS_OK ? except(parcel, &exception, err) : status;
}

/* Its place in the log is kept, and nothing of what it said. As with one that was closed, its
 * author is told until it is known to have heard: this answer may go elsewhere. */
static enum status
push_erased(struct ingest *ingest, struct parcel *parcel, struct entry *entry, struct error *err)
{
	static const uint8_t no_salt[SALT_SIZE];
	enum status status = workset_append(ingest, entry, no_salt, span_of(NULL, 0), err);

	if (status == STATUS_OK) {
		status = workset_late(ingest, entry, err);
	}
	if (status == STATUS_OK) {
		status = acknowledge(parcel, entry->n, entry->seq, err);
	}
	return status == STATUS_OK ? except_erased(parcel, entry->n, err) : status;
}

static enum status
push_change(struct ingest *ingest, struct parcel *parcel, size_t index, struct error *err)
{
	const struct parcel_change *change = &parcel->changes[index];
	uint64_t seq = ingest->head + ingest->work.row_count + 1;
	struct judgement judgement;
	struct entry entry;
	void *payload = arena_copy(&ingest->work.arena, change->bytes.at, change->bytes.length);
	enum status status;

	if (payload == NULL) {
		return fail(err, STATUS_MEMORY, "the working set");
	}
	status = judge_change(ingest, &parcel->device, change, seq, &judgement, err);
	if (status != STATUS_OK) {
		return status;
	}
	entry = change_entry(parcel, change, parcel->head.first_n + (uint32_t)index, &judgement);
	if (judgement.reason == QUARANTINE_ERASED) {
		return push_erased(ingest, parcel, &entry, err);
	}
	status = workset_append(ingest, &entry, change->salt,
				span_of(payload, change->bytes.length), err);
	if (status == STATUS_OK) {
		status = acknowledge(parcel, entry.n, entry.seq, err);
	}
	if (status == STATUS_OK && judgement.reason != QUARANTINE_NONE) {
		return set_aside(ingest, parcel, &entry, &judgement, err);
	}
	if (status == STATUS_OK) {
		status = ingest_merge(ingest, judgement.slot, &judgement.outcome, seq, err);
	}
	if (status == STATUS_OK && judgement.left != 0) {
		/* Recorded where the family was: the author's phone lets it go like the family. */
		status = store_move_append(ingest->options.store, seq, judgement.slot->id,
					   judgement.left, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (judgement.slot->row.one_change) {
		/* It has no rival. */
		ingest->work.rows[ingest->work.row_count - 1].village =
			judgement.slot->record.village;
		return STATUS_OK;
	}
	return except_conflict(ingest, parcel, &change->change, &judgement.slot->record, err);
}

void
parcel_chain(const struct parcel *parcel, size_t from, size_t end, uint8_t chain[HASH_SIZE])
{
	for (size_t i = from; i < end; i++) {
		chain_advance(chain, parcel->head.first_n + (uint32_t)i,
			      parcel->changes[i].commitment);
	}
}

/* The stream goes on by the changes from `from` up to `end`. */
static void
stream_goes_on(struct stream_slot *slot, const struct parcel *parcel, size_t from, size_t end)
{
	if (from == end) {
		return;
	}
	slot->stream.acked_n = parcel->head.first_n + (uint32_t)end - 1;
	slot->dirty = true;
	if (end == parcel->change_count) {
		/* chain_fits has been there. */
		memcpy(slot->stream.chain, parcel->head.h_last, HASH_SIZE);
		return;
	}
	parcel_chain(parcel, from, end, slot->stream.chain);
}

enum status
push_new(struct ingest *ingest, struct parcel *parcel, size_t from, struct stream_slot *slot,
	 bool whole, struct error *err)
{
	size_t end = from;
	enum status status;

	while (end < parcel->change_count && (whole || !workset_crowded(&ingest->work))) {
		status = push_change(ingest, parcel, end, err);
		if (status != STATUS_OK) {
			return status;
		}
		end++;
	}
	if (end == from && from < parcel->change_count) {
		/* The device sends again what is not acknowledged. */
		parcel->status = STATUS_BUSY;
	}
	stream_goes_on(slot, parcel, from, end);
	parcel->report.acked += (uint32_t)(end - from);
	status = ingest_erase_late(ingest, parcel, from, err);
	return status == STATUS_OK ? ingest_release_awaiting(ingest, parcel, from, end, err)
				   : status;
}

/* What the request brings, from the log's end or before it: `logged` of it is there already. */
static enum status
push_from(struct ingest *ingest, struct parcel *parcel, size_t logged, struct stream_slot *slot,
	  struct error *err)
{
	struct logged_change *found = NULL;
	enum status status =
		logged == 0 ? STATUS_OK : find_logged(ingest, parcel, logged, &found, err);

	if (status != STATUS_OK || fork_shown(ingest, parcel, &slot->stream, found, logged)) {
		return status;
	}
	parcel->at_end = parcel->head.first_n + parcel->head.count > slot->stream.acked_n;
	for (size_t i = 0; i < logged && status == STATUS_OK; i++) {
		status = repeat_logged(ingest, parcel, &parcel->changes[i], &found[i], err);
	}
	return status == STATUS_OK ? push_new(ingest, parcel, logged, slot, false, err) : status;
}

static enum status
push_changes(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	struct stream_slot *slot;
	size_t logged = 0;
	enum status status = workset_stream(ingest, parcel->head.device, &slot, err);

	if (status != STATUS_OK) {
		return status;
	}
	parcel->acked_n = slot->stream.acked_n;
	if (parcel->head.first_n > slot->stream.acked_n + 1) {
		parcel->send_from = slot->stream.acked_n + 1;
		parcel->status = STATUS_GAP;
		return STATUS_OK;
	}
	logged = slot->stream.acked_n + 1 - parcel->head.first_n;
	if (logged > parcel->change_count) {
		logged = parcel->change_count;
	}
	status = push_from(ingest, parcel, logged, slot, err);
	parcel->acked_n = slot->stream.acked_n;
	return status;
}

/* The device as it is now; one that shows its certificate is taken in again first. */
static enum status
find_device(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	enum status status = store_device(ingest->options.store, parcel->head.device,
					  &parcel->arena, &parcel->device, err);

	if (status == STATUS_OK && parcel->certificate.device != 0 &&
	    memcmp(parcel->device.stream.key, parcel->certificate.device_key, SIGN_PUBLIC_SIZE) !=
		    0) {
		/* Somebody else came with that number since it was opened. */
		parcel->status = STATUS_FOREIGN;
	}
	if (status != STATUS_NOT_FOUND) {
		return status;
	}
	/* What it showed is in the log. */
	if (ingest->epoch_count < 2 && !parcel_has_nothing(parcel)) {
		parcel->status = STATUS_FOREIGN;
		return STATUS_OK;
	}
	status = ingest_readmit(ingest, &parcel->certificate, err);
	if (status == STATUS_EXISTS) {
		parcel->status = STATUS_FOREIGN;
		return STATUS_OK;
	}
	parcel->report.stream = parcel->head.device;
	return status == STATUS_OK ? store_device(ingest->options.store, parcel->head.device,
						  &parcel->arena, &parcel->device, err)
				   : status;
}

/* What was merged is answered by what the device is. */
static enum status
answer_state(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	enum status status = STATUS_OK;

	/* By its chain it is the copy that was forked from, or one that is as far. What it has just
	 * made shows that as well, whatever it says of its counter. */
	if (parcel->device.state == DEVICE_FORMER && parcel->at_end &&
	    (parcel->fresh || parcel->report.acked > 0)) {
		status = family_hold(ingest, parcel, err);
	}
	if (status == STATUS_OK && parcel->device.state == DEVICE_REVOKED) {
		parcel->status = STATUS_REVOKED;
	} else if (status == STATUS_OK && parcel->device.state == DEVICE_HELD) {
		parcel->status = STATUS_HELD;
	}
	return status;
}

/* A device that names a checkpoint which this log has not, or with another root, may have lived in
 * a history that is lost here. What its bases say would be taken for what this log says, a conflict
 * too few: so it shows the checkpoint first. One that shows what this server never signed is
 * damaged or lies: that is no reason to leave its work on it. */
static bool
must_show(const struct ingest *ingest, const struct parcel *parcel)
{
	const struct request_head *head = &parcel->head;

	return head->epoch == ingest->ledger.epoch && !parcel->witness_fits && !head->shows &&
	       (head->programme & PROGRAMME_DESTROYED) == 0;
}

enum status
ingest_parcel(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	enum status status;

	parcel->session = ++ingest->session;
	parcel->report.id = parcel->session;
	parcel->report.time_ms = ingest_now_ms(ingest);
	if (parcel->status != STATUS_OK) {
		return STATUS_OK;
	}
	/* What was read when it was opened may be old by now: scope, state and counter count as
	 * they are. */
	status = find_device(ingest, parcel, err);
	if (status == STATUS_OK && parcel->status == STATUS_OK) {
		status = contact_check(ingest, parcel, err);
	}
	if (status == STATUS_OK && parcel->status == STATUS_OK && must_show(ingest, parcel)) {
		parcel->withheld = true;
		parcel->acked_n = parcel->device.stream.acked_n;
		parcel->report.result = STATUS_OK;
		return STATUS_OK;
	}
	if (status == STATUS_OK && parcel->status == STATUS_OK &&
	    (parcel->head.programme & PROGRAMME_DESTROYED) != 0) {
		status = family_destroyed(ingest, parcel, err);
	}
	if (status == STATUS_OK && parcel->status == STATUS_OK) {
		status = parcel->head.continues ? ingest_continue(ingest, parcel, err)
						: push_changes(ingest, parcel, err);
	}
	if (status == STATUS_OK && parcel->status == STATUS_OK) {
		status = ingest_erasure_ack(ingest, parcel, err);
	}
	if (status == STATUS_OK && parcel->status == STATUS_OK) {
		status = answer_state(ingest, parcel, err);
	}
	parcel->report.result = parcel->status;
	return status;
}

enum status
ingest_session(struct ingest *ingest, const struct sync_session *session, struct error *err)
{
	if (ingest->sessions == NULL) {
		ingest->sessions = calloc(INGEST_WAITING_MAX, sizeof ingest->sessions[0]);
	}
	if (ingest->sessions == NULL) {
		return fail(err, STATUS_MEMORY, "the list of sessions");
	}
	if (ingest->session_count == INGEST_WAITING_MAX) {
		enum status status = ingest_flush(ingest, err);

		if (status != STATUS_OK) {
			return status;
		}
	}
	ingest->sessions[ingest->session_count++] = *session;
	return STATUS_OK;
}
