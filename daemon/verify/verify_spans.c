/* SPDX-License-Identifier: Apache-2.0 */
/* Each change of the log stands in one run, and each run leads to changes that are there. */
#include "daemon/verify/verify_parts.h"

static void
tell(struct verifying *verifying, const char *column, const char *what)
{
	const struct log_span *span = &verifying->span;
	struct finding finding = {.table = "log_run", .column = column};

	(void)snprintf(finding.row, sizeof finding.row, "%lu/%lu", (unsigned long)span->stream,
		       (unsigned long)span->n);
	(void)snprintf(finding.what, sizeof finding.what, "%s", what);
	verifying->finder.found(verifying->finder.context, &finding);
}

static enum status
next_span(struct verifying *verifying, struct error *err)
{
	enum status status =
		store_spans_next(verifying->spans, &verifying->span, &verifying->has_span, err);

	verifying->span_village = 0;
	verifying->span_unknown = false;
	if (status == STATUS_OK && verifying->has_span &&
	    (verifying->span.seq < verifying->spanned_until || verifying->span.count == 0 ||
	     verifying->span.count > INT32_MAX)) {
		tell(verifying, "seq", "it is not a part of the log of its own");
	}
	return status;
}

enum status
verify_spans_begin(struct verifying *verifying, struct error *err)
{
	enum status status = store_spans_open(verifying->store, &verifying->spans, err);

	verifying->spanned_until = 1; /* the first entry */
	return status == STATUS_OK ? next_span(verifying, err) : status;
}

static enum status
end_span(struct verifying *verifying, struct error *err)
{
	/* Where the erased ones of its changes were, the others tell, if any does. */
	if (verifying->span.village != verifying->span_village &&
	    (verifying->span_village != 0 || !verifying->span_unknown)) {
		tell(verifying, "village", "is not what the log says");
	}
	return next_span(verifying, err);
}

/* The change is the next of the run under way. */
static void
check_change(struct verifying *verifying, const struct entry *entry, uint64_t village)
{
	const struct log_span *span = &verifying->span;

	if (span->stream != entry->stream) {
		tell(verifying, "stream", "is not what the log says");
	} else if (span->n + (entry->seq - span->seq) != entry->n) {
		tell(verifying, "n", "is not what the log says");
	}
	if (village == REPLAY_UNKNOWN) {
		verifying->span_unknown = true;
		return;
	}
	if (village != 0 && verifying->span_village != 0 && verifying->span_village != village) {
		tell(verifying, "village", "its changes are of two villages");
	}
	verifying->span_village = village != 0 ? village : verifying->span_village;
}

enum status
verify_span_entry(struct verifying *verifying, const struct entry *entry, uint64_t village,
		  struct error *err)
{
	const struct log_span *span = &verifying->span;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && verifying->has_span &&
	       (span->count == 0 || span->seq + span->count <= entry->seq)) {
		status = end_span(verifying, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!verifying->has_span || span->seq > entry->seq) {
		if (entry->kind == ENTRY_CHANGE) {
			finding_tell(&verifying->finder, "log_run", "seq", entry->seq,
				     "this entry of the log stands in no run");
		}
		return STATUS_OK;
	}
	verifying->spanned_until = entry->seq + 1;
	if (entry->kind != ENTRY_CHANGE) {
		tell(verifying, "count", "it leads to what is no change");
		return STATUS_OK;
	}
	check_change(verifying, entry, village);
	return STATUS_OK;
}

enum status
verify_spans_end(struct verifying *verifying, struct error *err)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && verifying->has_span) {
		if (verifying->span.seq + verifying->span.count > verifying->frontier.size + 1) {
			tell(verifying, "count", "it leads beyond the log");
		}
		status = end_span(verifying, err);
	}
	return status;
}
