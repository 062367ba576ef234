/* SPDX-License-Identifier: Apache-2.0 */
#include "client/exchange.h"

/* The record learns the seq of an own change; it may have left the device. */
static enum status
record_acked(struct taking *taking, const struct local_change *change, uint64_t seq,
	     struct error *err)
{
	struct local *local = taking->device->local;
	struct local_place place;
	struct record record;
	enum status status =
		local_record(local, change->record, &taking->arena, &record, &place, err);

	if (status == STATUS_NOT_FOUND || exchange_shut_for_good(taking, status)) {
		return STATUS_OK;
	}
	if (status != STATUS_OK) {
		return status;
	}
	record_acknowledge(&record, taking->state.device, change->n, seq);
	return local_record_save(local, &record, &place, err);
}

static enum status
change_acked(struct taking *taking, uint32_t n, uint64_t seq, struct error *err)
{
	struct local_change change;
	enum status status;

	arena_reset(&taking->arena);
	status = local_change(taking->device->local, n, &taking->arena, &change, err);
	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && change.seq == seq)) {
		/* Known, and perhaps forgotten. */
		return STATUS_OK;
	}
	if (status != STATUS_OK) {
		return status;
	}
	taking->counted.acked += change.seq == 0;
	status = local_change_acked(taking->device->local, n, seq, err);
	/* A quarantined change has a seq, but the server's record has nothing of it: here it stays
	 * what nobody else has, until a record brings it, with the seq of its release. */
	return status == STATUS_OK && change.exception < EXCEPTION_QUARANTINED
		       ? record_acked(taking, &change, seq, err)
		       : status;
}

enum status
exchange_take_acks(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < reply->ack_count; i++) {
		const struct ack_run *run = &reply->acks[i];

		for (uint32_t k = 0; k < run->count && status == STATUS_OK; k++) {
			if (run->first_n + k <= taking->state.last_n) {
				status = change_acked(taking, run->first_n + k, run->seq + k, err);
			}
		}
	}
	return status;
}

/* Pending own changes go over the record again, in their order. */
struct pending {
	struct taking *taking;
	struct record *record;
};

static enum status
pending_merge(void *context, const struct local_change *kept, struct error *err)
{
	struct pending *pending = context;
	struct taking *taking = pending->taking;
	struct change change;
	const void *copy = arena_copy(&taking->arena, kept->bytes.at, kept->bytes.length);
	enum status status;

	if (copy == NULL) {
		return fail(err, STATUS_MEMORY, "n %u", kept->n);
	}
	status = change_decode(span_of(copy, kept->bytes.length), false, &taking->arena, &change,
			       err);
	if (status != STATUS_OK) {
		return fail(err, STATUS_STORAGE, "device.db: change, n %u", kept->n);
	}
	status = device_merge(taking->device, &taking->state, &change, pending->record,
			      &taking->arena, err);
	/* Too many rival values: it is not shown here, but kept and sent. */
	return status == STATUS_LIMIT ? STATUS_OK : status;
}

/* The server takes it to be here. */
static enum status
record_arrived(struct taking *taking, uint64_t id, struct error *err)
{
	struct local *local = taking->device->local;
	enum status status = STATUS_OK;

	if (taking->leaving) {
		status = local_leaving_drop(local, id, err);
	}
	return status == STATUS_OK && taking->arriving ? local_arrivals_add(local, id, err)
						       : status;
}

static enum status
record_take(struct taking *taking, struct span bytes, bool whole, struct error *err)
{
	struct local *local = taking->device->local;
	struct pending pending = {.taking = taking};
	struct reader in = reader_of(bytes);
	struct local_place place;
	struct record update;
	struct record record = {0};
	enum status status;

	arena_reset(&taking->arena);
	if (!record_decode(&in, &taking->arena, &update) || in.left != 0) {
		return fail(err, STATUS_MALFORMED, "record");
	}
	status = local_record(local, update.id, &taking->arena, &record, &place, err);
	if (status == STATUS_NOT_FOUND) {
		/* A late reply does not bring back what has left since. And what is not whole of a
		 * record that is not here must not pass for all of it. */
		if (!taking->fits || !whole) {
			taking->lacking = taking->lacking || taking->fits;
			return STATUS_OK;
		}
		record = (struct record){0};
	} else if (status != STATUS_OK) {
		return status;
	} else if (place.epoch != taking->state.epoch && !whole) {
		/* The rest of it has seqs of another log. */
		taking->lacking = taking->lacking || taking->fits;
		return STATUS_OK;
	} else if (place.epoch != taking->state.epoch) {
		record = (struct record){0};
	} else if (!taking->fits) {
		/* It may have moved since, which raises no version. */
		update.village = record.village;
	}
	if (!record_overlay(&record, &update, whole, &taking->arena)) {
		return fail(err, STATUS_LIMIT, "record");
	}
	pending.record = &record;
	status = local_changes_pending(local, record.id, pending_merge, &pending, err);
	if (status == STATUS_OK) {
		taking->counted.received++;
		status = device_record_save(taking->device, &taking->state, &record,
					    taking->state.epoch, err);
	}
	return status == STATUS_OK && taking->fits ? record_arrived(taking, record.id, err)
						   : status;
}

enum status
exchange_take_records(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	enum status status =
		local_passing(taking->device->local, &taking->leaving, &taking->arriving, err);

	/* It carries what is newer than where it starts from. From a place that this device has not
	 * reached, something would be missing in between; and beyond what its witness shows, it
	 * would be of a log that may be lost with nobody to tell. */
	if (!taking->fits && (reply->from.complete > taking->state.cursor.complete ||
			      reply->to.complete > taking->state.witness.size)) {
		return status;
	}
	for (size_t i = 0; i < reply->evicted_count && taking->fits && status == STATUS_OK; i++) {
		status = local_record_evict(taking->device->local, reply->evicted[i], err);
	}
	if (status == STATUS_OK) {
		status = exchange_take_erased(taking, err);
	}
	for (size_t i = 0; i < reply->record_count && status == STATUS_OK; i++) {
		status = record_take(taking, reply->records[i], reply->whole[i], err);
	}
	return status;
}

enum status
exchange_raise(struct taking *taking, struct error *err)
{
	struct local *local = taking->device->local;
	struct local_raises raises = {NULL, 0};
	struct arena list;
	enum status status;

	arena_init(&list, DEVICE_ARENA_MAX);
	status = local_raises(local, &taking->state, &list, &raises, err);
	for (size_t i = 0; i < raises.count && status == STATUS_OK; i++) {
		struct local_place place;
		struct record record;

		arena_reset(&taking->arena);
		status = local_record(local, raises.at[i].record, &taking->arena, &record, &place,
				      err);
		if (status == STATUS_OK) {
			record.version = raises.at[i].seq;
			status = local_record_save(local, &record, &place, err);
		}
	}
	arena_finish(&list);
	return status == STATUS_OK
		       ? local_raised(local, &taking->state, &taking->state.raised_n, err)
		       : status;
}
