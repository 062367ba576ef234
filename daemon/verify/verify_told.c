/* SPDX-License-Identifier: Apache-2.0 */
/* Who wrote of what was erased, holds it, and so must have been told (erasure_device). */
#include "daemon/verify/verify_parts.h"

#include <stdlib.h>

/* `stream` wrote of what entry `by` erased. */
struct writer_of {
	uint64_t by;
	uint32_t stream;
};

static struct writer_of *
last_writer(const struct verifying *verifying)
{
	const size_t count = verifying->writers.length / sizeof(struct writer_of);

	return count == 0 ? NULL : (struct writer_of *)(void *)verifying->writers.at + count - 1;
}

void
verify_told_entry(struct verifying *verifying, const struct log_row *row)
{
	const struct entry *entry = &row->entry;
	const struct writer_of *last = last_writer(verifying);
	struct writer_of writer = {.stream = entry->stream};

	if (row->payload.at != NULL || entry->kind != ENTRY_CHANGE || entry->record == 0 ||
	    entry->reason == QUARANTINE_ERASED) {
		return;
	}
	/* What was erased by itself before its record was, had lost its writer by then. */
	writer.by = verify_erased_by(verifying, entry);
	if (writer.by != 0 &&
	    (last == NULL || last->by != writer.by || last->stream != writer.stream)) {
		buffer_append(&verifying->writers, &writer, sizeof writer);
	}
}

static int
compare_writers(const void *one, const void *other)
{
	const struct writer_of *a = one;
	const struct writer_of *b = other;

	if (a->by != b->by) {
		return a->by < b->by ? -1 : 1;
	}
	return (a->stream > b->stream) - (a->stream < b->stream);
}

static enum status
check_writer(struct verifying *verifying, const struct writer_of *writer, struct error *err)
{
	struct finding finding = {.table = "erasure_device", .column = "device"};
	bool told = true;
	enum status status =
		store_erasure_told(verifying->store, writer->by, writer->stream, &told, err);

	if (status == STATUS_OK && !told) {
		(void)snprintf(finding.row, sizeof finding.row, "%lu/%llu",
			       (unsigned long)writer->stream, (unsigned long long)writer->by);
		(void)snprintf(finding.what, sizeof finding.what,
			       "it wrote of what was erased, and is not among those to be told");
		verifying->finder.found(verifying->finder.context, &finding);
	}
	return status;
}

enum status
verify_told_end(struct verifying *verifying, struct error *err)
{
	struct writer_of *writers = (void *)verifying->writers.at;
	const size_t count = verifying->writers.length / sizeof *writers;
	enum status status = buffer_status(&verifying->writers, "who wrote what was erased", err);

	if (status == STATUS_OK && count > 0) {
		qsort(writers, count, sizeof *writers, compare_writers);
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (i == 0 || compare_writers(&writers[i - 1], &writers[i]) != 0) {
			status = check_writer(verifying, &writers[i], err);
		}
	}
	return status;
}
