/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erase: a record and what hangs below it is destroyed by law.
 *
 * First all of it is gathered, then an entry (or several) names it, then it is destroyed, in one
 * transaction. What is refused is refused before anything is touched.
 */
#include "daemon/ingest/erase.h"

#include "daemon/ingest/note.h"

#include <stdlib.h>
#include <string.h>

/* Of one entry: 9 bytes each, and a payload has 64 KiB at most. */
enum { IDS_AT_ONCE = 4096, ENTRIES_MAX = 2048, DEVICE_MEMORY = 64 * 1024 };

const char *const erase_reasons[] = {"request", "consent", "mistake", "order", "expired", NULL};

static void
erasing_init(struct erasing *erasing)
{
	buffer_init(&erasing->ids, SIZE_MAX);
	buffer_init(&erasing->sorted, SIZE_MAX);
	buffer_init(&erasing->entries, SIZE_MAX);
	buffer_init(&erasing->villages, SIZE_MAX);
	buffer_init(&erasing->streams, SIZE_MAX);
}

static void
erasing_finish(struct erasing *erasing)
{
	buffer_finish(&erasing->ids);
	buffer_finish(&erasing->sorted);
	buffer_finish(&erasing->entries);
	buffer_finish(&erasing->villages);
	buffer_finish(&erasing->streams);
}

size_t
erasing_count(const struct erasing *erasing)
{
	return erasing->ids.length / sizeof(uint64_t);
}

uint64_t
erasing_id(const struct erasing *erasing, size_t index)
{
	return ((const uint64_t *)(const void *)erasing->ids.at)[index];
}

enum status
erasing_sort(struct erasing *erasing, struct error *err)
{
	struct buffer *sorted = &erasing->sorted;
	enum status status;

	buffer_clear(sorted);
	buffer_append_span(sorted, buffer_span(&erasing->ids));
	status = buffer_status(sorted, "what is to be erased", err);
	if (status == STATUS_OK) {
		sorted->length = sizeof(uint64_t) *
				 id_unique((void *)sorted->at, sorted->length / sizeof(uint64_t));
		buffer_clear(&erasing->ids);
		buffer_append_span(&erasing->ids, buffer_span(sorted));
		status = buffer_status(&erasing->ids, "what is to be erased", err);
	}
	return status;
}

bool
erasing_has(const struct erasing *erasing, uint64_t id)
{
	return id != 0 &&
	       id_among(id, (const void *)erasing->sorted.at, erasing->sorted.length / sizeof id);
}

/* ---- gathering ---- */

/* The record, where it is and was, and everything below it. */
static enum status
add_record(struct erasing *erasing, const struct slot *slot, struct error *err)
{
	const uint64_t village = slot->record.village;
	enum status status;

	buffer_append(&erasing->ids, &slot->id, sizeof slot->id);
	buffer_append(&erasing->villages, &village, sizeof village);
	status = store_villages_left(erasing->ingest->options.store, slot->id, &erasing->villages,
				     err);
	return status == STATUS_OK
		       ? ingest_below(erasing->ingest, slot->id, village, &erasing->ids, err)
		       : status;
}

/* A record that only stands in quarantine; *village_out 0: nobody knows where. */
static enum status
find_quarantined(struct ingest *ingest, uint64_t record, bool *found_out, uint64_t *village_out,
		 struct error *err)
{
	const struct quarantined *row;
	struct buffer rows;
	enum status status;

	buffer_init(&rows, SIZE_MAX);
	status = store_quarantine_kept(ingest->options.store, &rows, err);
	row = (const void *)rows.at;
	for (size_t i = 0; status == STATUS_OK && i < rows.length / sizeof *row; i++) {
		if (row[i].record == record && row[i].reason != QUARANTINE_ERASED) {
			*found_out = true;
			*village_out = row[i].village;
		}
	}
	buffer_finish(&rows);
	return status;
}

static bool
order_covers(const struct erase_order *order, uint64_t village)
{
	return order->scope == NULL || regions_cover(order->scope, order->scope_count, village);
}

/* Refuses, or puts the record and what is below it into `erasing`. */
static enum status
add_root(struct erasing *erasing, const struct erase_order *order, struct error *err)
{
	struct ingest *ingest = erasing->ingest;
	struct slot *slot;
	bool found = false;
	bool erased = false;
	uint64_t village = 0;
	char id[ID_TEXT_SIZE];
	enum status status =
		workset_find(ingest, order->record, order->scope, order->scope_count, &slot, err);

	if (status == STATUS_OK) {
		return add_record(erasing, slot, err);
	}
	if (status == STATUS_NOT_FOUND) {
		status = find_quarantined(ingest, order->record, &found, &village, err);
	}
	if (status == STATUS_OK && found && order_covers(order, village)) {
		status = workset_place(ingest, order->record, &slot, err);
		if (status == STATUS_OK && !slot->exists) {
			buffer_append(&erasing->ids, &order->record, sizeof order->record);
			return STATUS_OK;
		}
	}
	if (status == STATUS_OK && order->scope == NULL) {
		status = ingest_is_erased(ingest, order->record, &erased, err);
	}
	if (status == STATUS_OK && erased) {
		return fail(err, STATUS_EXISTS, "it was erased before");
	}
	return status == STATUS_OK
		       ? fail(err, STATUS_NOT_FOUND, "record %s", id_format(order->record, id))
		       : status;
}

/* ---- the devices ---- */

struct telling {
	struct erasing *erasing;
	uint64_t seq;
	bool seen; /* the device that is looked at had one of the villages */
};

static enum status
look_at_scope(void *context, const struct scope_period *period, struct error *err)
{
	struct telling *telling = context;
	const struct buffer *villages = &telling->erasing->villages;

	(void)err;
	for (size_t i = 0; i < villages->length / sizeof(uint64_t) && !telling->seen; i++) {
		telling->seen = regions_cover(period->regions, period->region_count,
					      ((const uint64_t *)(const void *)villages->at)[i]);
	}
	return STATUS_OK;
}

/* Did it write of these records, under this number or one that it continues? */
static bool
has_written(const struct erasing *erasing, uint32_t device)
{
	const uint32_t *streams = (const void *)erasing->streams.at;
	const struct lineage *lineages = (const void *)erasing->ingest->lineages.at;
	const size_t lineage_count = erasing->ingest->lineages.length / sizeof *lineages;
	uint32_t number = device;

	for (size_t depth = 0; number != 0 && depth <= FAMILY_MAX; depth++) {
		uint32_t parent = 0;

		for (size_t i = 0; i < erasing->streams.length / sizeof *streams; i++) {
			if (streams[i] == number) {
				return true;
			}
		}
		for (size_t i = 0; i < lineage_count; i++) {
			parent = lineages[i].stream == number ? lineages[i].parent : parent;
		}
		number = parent;
	}
	return false;
}

/* The installation of a former number goes on under another, a number without a key has none; one
 * that said that it had destroyed everything holds nothing, and will not be back to say so again.
 */
static enum status
tell_device(void *context, const struct device *device, struct error *err)
{
	struct telling *telling = context;
	struct erasing *erasing = telling->erasing;
	struct store *store = erasing->ingest->options.store;
	enum status status;

	if (device->state == DEVICE_FORMER || device->destroyed_ms != 0 ||
	    key_is_none(device->stream.key)) {
		return STATUS_OK;
	}
	telling->seen = has_written(erasing, device->stream.number);
	if (!telling->seen) {
		status = store_scopes_read(store, device->stream.number, 0, look_at_scope, telling,
					   err);
		if (status != STATUS_OK || !telling->seen) {
			return status;
		}
	}
	erasing->devices++;
	return store_erasure_device_add(store, device->stream.number, telling->seq, err);
}

static enum status
tell_devices(struct erasing *erasing, uint64_t seq, struct error *err)
{
	struct telling telling = {.erasing = erasing, .seq = seq};

	erasing->devices = 0;
	erasing->ingest->erasure_waits = true;
	return store_devices_read(erasing->ingest->options.store, NULL, tell_device, &telling, err);
}

/* ---- destroying ---- */

/* The entry that erases ids from `from` up to `end`; the last one also what is of other records. */
static enum status
append_entry(struct erasing *erasing, size_t from, size_t end, uint64_t *seq_out, struct error *err)
{
	const bool last = end == erasing_count(erasing);
	struct note note = {
		.action = "erase",
		.reason = span_of_text(erasing->reason),
		.records = (const uint64_t *)(const void *)erasing->ids.at + from,
		.record_count = end - from,
		.entries = (const uint64_t *)(const void *)erasing->entries.at,
		.entry_count = last ? erasing->entries.length / sizeof(uint64_t) : 0,
		.record = erasing->root,
	};
	struct erasure erasure = {.record = erasing->root,
				  .asked_ms = ingest_now_ms(erasing->ingest)};
	enum status status = ingest_note(erasing->ingest, ENTRY_ERASURE, erasing->user, &note,
					 &erasure.seq, err);

	if (status == STATUS_OK) {
		status = store_erasure_add(erasing->ingest->options.store, &erasure, err);
	}
	*seq_out = erasure.seq;
	return status;
}

static enum status
destroy_some(struct erasing *erasing, size_t from, size_t end, uint64_t seq, struct error *err)
{
	struct ingest *ingest = erasing->ingest;
	enum status status = STATUS_OK;

	for (size_t i = from; i < end && status == STATUS_OK; i++) {
		const uint64_t id = erasing_id(erasing, i);

		status = store_record_erase(ingest->options.store, ingest->schema, id, seq,
					    &erasing->streams, err);
		if (status == STATUS_OK) {
			status = workset_forget(ingest, id, err);
		}
	}
	return status;
}

static enum status
destroy_entries(struct erasing *erasing, uint64_t seq, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < erasing->entries.length / sizeof(uint64_t) && status == STATUS_OK;
	     i++) {
		status = store_entry_erase(erasing->ingest->options.store,
					   ((const uint64_t *)(const void *)erasing->entries.at)[i],
					   seq, err);
	}
	return status;
}

/* Without them outside of the database a backup would bring everything back: then nothing is
 * erased. */
static enum status
keep_ids(const struct erasing *erasing, struct error *err)
{
	const struct ingest_options *options = &erasing->ingest->options;

	return options->erased_keep == NULL
		       ? STATUS_OK
		       : options->erased_keep(options->directory,
					      (const uint64_t *)(const void *)erasing->ids.at,
					      erasing_count(erasing),
					      ingest_now_ms(erasing->ingest), err);
}

/* From here on nothing may be refused: the log says so by then. */
static enum status
destroy(struct erasing *erasing, struct error *err)
{
	const size_t count = erasing_count(erasing);
	uint64_t first_seq = 0;
	enum status status = keep_ids(erasing, err);

	for (size_t from = 0; from < count && status == STATUS_OK; from += IDS_AT_ONCE) {
		const size_t end = count - from > IDS_AT_ONCE ? from + IDS_AT_ONCE : count;

		status = append_entry(erasing, from, end, &erasing->last_seq, err);
		first_seq = first_seq == 0 ? erasing->last_seq : first_seq;
		if (status == STATUS_OK) {
			status = destroy_some(erasing, from, end, erasing->last_seq, err);
		}
		if (status == STATUS_OK) {
			status = buffer_status(&erasing->streams, "who wrote it", err);
		}
	}
	if (status == STATUS_OK) {
		status = destroy_entries(erasing, erasing->last_seq, err);
	}
	if (status == STATUS_OK) {
		status = store_imports_erase(erasing->ingest->options.store, first_seq, err);
	}
	for (uint64_t seq = first_seq; seq <= erasing->last_seq && status == STATUS_OK; seq++) {
		status = tell_devices(erasing, seq, err);
	}
	erasing->ingest->erases = true;
	erasing->ingest->work.wrote = true;
	return status != STATUS_OK && status_http(status) < 500
		       ? fail(err, STATUS_INTERNAL, "erasing")
		       : status;
}

/* The one that was asked for goes to the end: whoever is through with the last entry, is with all.
 */
static void
put_root_last(struct erasing *erasing)
{
	uint64_t *ids = (void *)erasing->ids.at;
	const size_t count = erasing_count(erasing);

	for (size_t i = 0; i + 1 < count; i++) {
		if (ids[i] == erasing->root) {
			ids[i] = ids[count - 1];
			ids[count - 1] = erasing->root;
		}
	}
}

static enum status
check_size(const struct erasing *erasing, struct error *err)
{
	return erasing->entries.length / sizeof(uint64_t) > ENTRIES_MAX
		       ? fail(err, STATUS_LIMIT, "more than %d changes in quarantine speak of it",
			      ENTRIES_MAX)
		       : STATUS_OK;
}

/* ---- asked for ---- */

static const char *
reason_named(struct span word)
{
	for (size_t i = 0; erase_reasons[i] != NULL; i++) {
		if (span_equal(word, span_of_text(erase_reasons[i]))) {
			return erase_reasons[i];
		}
	}
	return NULL;
}

enum status
ingest_erase(struct ingest *ingest, const struct erase_order *order, struct erase_count *out,
	     struct error *err)
{
	struct erasing erasing = {.ingest = ingest,
				  .reason = reason_named(order->reason),
				  .root = order->record,
				  .user = order->user};
	enum status status;

	if (erasing.reason == NULL) {
		return fail(err, STATUS_INVALID,
			    "the reason is one of: request, consent, mistake, order, expired");
	}
	erasing_init(&erasing);
	status = workset_flush(ingest, err);
	if (status == STATUS_OK) {
		status = add_root(&erasing, order, err);
	}
	if (status == STATUS_OK) {
		status = erasing_add_quarantine(&erasing, err);
	}
	if (status == STATUS_OK) {
		status = check_size(&erasing, err);
	}
	if (status == STATUS_OK) {
		put_root_last(&erasing);
		status = destroy(&erasing, err);
	}
	if (status == STATUS_OK) {
		*out = (struct erase_count){erasing.last_seq, erasing_count(&erasing),
					    erasing.devices};
	}
	erasing_finish(&erasing);
	return status;
}

/* ---- made late ---- */

/* Records that only changes of the parcel would have made, from its change `from` on. */
static void
add_late(struct erasing *erasing, const struct parcel *parcel, size_t from)
{
	const uint32_t first_n = parcel->head.first_n;

	for (size_t i = 0; i < parcel->exception_count; i++) {
		const struct exception *exception = &parcel->exceptions[i];
		const uint64_t id = id_make(parcel->head.device, exception->n);

		if (exception->kind == EXCEPTION_ERASED && exception->n >= first_n + from &&
		    parcel->changes[exception->n - first_n].change.record == id) {
			buffer_append(&erasing->ids, &id, sizeof id);
		}
	}
}

static enum status
erase_late(struct erasing *erasing, struct error *err)
{
	enum status status = workset_flush(erasing->ingest, err);

	if (status == STATUS_OK) {
		status = erasing_add_quarantine(erasing, err);
	}
	if (status == STATUS_OK) {
		status = check_size(erasing, err);
	}
	/* Mostly nobody else has said anything of them. */
	return status == STATUS_OK && erasing->streams.length > 0 ? destroy(erasing, err) : status;
}

enum status
ingest_erase_late(struct ingest *ingest, const struct parcel *parcel, size_t from,
		  struct error *err)
{
	struct erasing erasing = {.ingest = ingest, .reason = "late"};
	enum status status;

	if (!ingest->erases) {
		return STATUS_OK;
	}
	erasing_init(&erasing);
	add_late(&erasing, parcel, from);
	status = buffer_status(&erasing.ids, "what came late", err);
	if (status == STATUS_OK && erasing.ids.length > 0) {
		status = erase_late(&erasing, err);
	}
	erasing_finish(&erasing);
	return status;
}

/* ---- again, after a restore ---- */

/* One id that this database does not know to be erased. */
static enum status
add_again(struct erasing *erasing, uint64_t id, struct error *err)
{
	struct slot *slot;
	bool erased = false;
	enum status status = ingest_is_erased(erasing->ingest, id, &erased, err);

	if (status != STATUS_OK || erased) {
		return status;
	}
	status = workset_place(erasing->ingest, id, &slot, err);
	if (status != STATUS_OK || slot->exists) {
		return status == STATUS_OK ? add_record(erasing, slot, err) : status;
	}
	buffer_append(&erasing->ids, &id, sizeof id);
	return STATUS_OK;
}

enum status
ingest_erase_again(struct ingest *ingest, const uint64_t *ids, size_t count, size_t *count_out,
		   struct error *err)
{
	struct erasing erasing = {.ingest = ingest, .reason = "restore"};
	enum status status = workset_flush(ingest, err);

	/* The file may be of a server that has not erased anything in this history yet. */
	ingest->erases = true;
	erasing_init(&erasing);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = add_again(&erasing, ids[i], err);
	}
	if (status == STATUS_OK) {
		status = erasing_add_quarantine(&erasing, err);
	}
	if (status == STATUS_OK && erasing_count(&erasing) > 0) {
		status = check_size(&erasing, err);
	}
	if (status == STATUS_OK && erasing_count(&erasing) > 0) {
		status = destroy(&erasing, err);
	}
	if (status == STATUS_OK) {
		*count_out = erasing_count(&erasing);
	}
	erasing_finish(&erasing);
	return status;
}

/* ---- what others ask ---- */

enum status
ingest_is_erased(struct ingest *ingest, uint64_t id, bool *out, struct error *err)
{
	uint64_t seq = 0;
	enum status status = STATUS_OK;

	if (ingest->erases && id <= INT64_MAX) {
		status = store_erased_by(ingest->options.store, id, &seq, err);
	}
	*out = seq != 0;
	return status;
}

enum status
ingest_erasure_ack(struct ingest *ingest, const struct parcel *parcel, struct error *err)
{
	const struct request_head *head = &parcel->head;
	bool news = false;
	enum status status;

	/* A place in another log says nothing. */
	if (!ingest->erasure_waits || !parcel->fresh || parcel->astray ||
	    head->epoch != ingest->ledger.epoch || head->cursor.complete == 0) {
		return STATUS_OK;
	}
	status = store_erasure_ack(ingest->options.store, head->device, head->cursor.complete,
				   ingest_clock_ms(ingest), &news, err);
	if (status == STATUS_OK && news) {
		ingest->work.wrote = true;
	}
	return status;
}
