/* SPDX-License-Identifier: Apache-2.0 */
/* What a reply says of single changes that are not simply merged. */
#include "client/exchange.h"
#include "protocol/id.h"

static bool
shows_change(const struct record *record, uint32_t stream, uint32_t n)
{
	for (size_t i = 0; i < record->dot_count; i++) {
		if (record->dots[i].stream == stream && record->dots[i].n == n) {
			return true;
		}
	}
	return false;
}

/* What a closed edit said is still in the record, where no page takes it away, since it seems to
 * wait. As the oldest of all it gives way to the record that comes whole, with all of the scope;
 * and if that does not come, because without the edit it is elsewhere, it goes. */
static enum status
closed_edit_take(struct taking *taking, const struct local_change *change, struct error *err)
{
	struct local *local = taking->device->local;
	struct local_place place;
	struct record record;
	enum status status =
		local_record(local, change->record, &taking->arena, &record, &place, err);

	if (status == STATUS_NOT_FOUND || exchange_shut_for_good(taking, status) ||
	    (status == STATUS_OK && !shows_change(&record, taking->state.device, change->n))) {
		return STATUS_OK;
	}
	if (status != STATUS_OK) {
		return status;
	}
	record_acknowledge(&record, taking->state.device, change->n, 1);
	status = exchange_begin_anew(taking, err);
	return status == STATUS_OK ? local_record_save(local, &record, &place, err) : status;
}

/* The admin has closed it, and nobody else will ever see the record that it made. */
static enum status
closed_take(struct taking *taking, uint32_t n, struct error *err)
{
	struct local_change change;
	enum status status;

	arena_reset(&taking->arena);
	status = local_change(taking->device->local, n, &taking->arena, &change, err);
	if (status != STATUS_OK) {
		return status;
	}
	return change.record == id_make(taking->state.device, n)
		       ? local_record_evict(taking->device->local, change.record, err)
		       : closed_edit_take(taking, &change, err);
}

/* What it said is destroyed. If its record stays, it is shown as others have it. */
static enum status
erased_take(struct taking *taking, uint32_t n, struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_change change;
	enum status status;

	arena_reset(&taking->arena);
	status = local_change(taking->device->local, n, &taking->arena, &change, err);
	for (size_t i = 0; i < reply->erased_count && status == STATUS_OK; i++) {
		if (reply->erased[i] == change.record) {
			return STATUS_OK;
		}
	}
	if (status == STATUS_OK && change.record != id_make(taking->state.device, n)) {
		return closed_edit_take(taking, &change, err);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* News of a number's change that was settled since may be of a copy's, which has the answers to the
 * files of before; this one's own of that n is what nobody has yet. */
static enum status
exception_is_ours(struct taking *taking, const struct exception *exception, bool *out,
		  struct error *err)
{
	const struct reply *reply = taking->reply;
	struct local_change change;
	enum status status;

	*out = exception->kind <= EXCEPTION_QUARANTINED;
	for (size_t i = 0; i < reply->ack_count && !*out; i++) {
		*out = exception->n - reply->acks[i].first_n < reply->acks[i].count;
	}
	if (*out) {
		return STATUS_OK;
	}
	arena_reset(&taking->arena);
	status = local_change(taking->device->local, exception->n, &taking->arena, &change, err);
	*out = status == STATUS_OK && change.seq != 0;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
exchange_take_exceptions(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < reply->exception_count && status == STATUS_OK; i++) {
		const struct exception *exception = &reply->exceptions[i];
		bool first = i == 0 || reply->exceptions[i - 1].n != exception->n;
		bool news = false;
		bool ours;

		status = exception_is_ours(taking, exception, &ours, err);
		if (status != STATUS_OK || !ours) {
			continue;
		}
		taking->counted.conflicts += first && exception->kind == EXCEPTION_CONFLICT;
		taking->counted.quarantined += first && exception->kind == EXCEPTION_QUARANTINED;
		status = local_change_exception(taking->device->local, exception, &news, err);
		if (status == STATUS_OK && news && exception->kind == EXCEPTION_CLOSED) {
			status = closed_take(taking, exception->n, err);
		}
		if (status == STATUS_OK && exception->kind == EXCEPTION_ERASED) {
			taking->counted.erased += news;
			status = news ? erased_take(taking, exception->n, err) : STATUS_OK;
			if (status == STATUS_OK) {
				status = exchange_destroy_change(taking, exception->n, err);
			}
		}
	}
	return status;
}
