/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/verify/verify_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static void
count_and_tell(void *context, const struct finding *finding)
{
	struct verifying *verifying = context;

	verifying->findings++;
	verifying->options->finder.found(verifying->options->finder.context, finding);
}

/* ---- one entry ---- */

static void
check_entry(struct verifying *verifying, const struct log_row *row)
{
	const struct finder *finder = &verifying->finder;
	const struct entry *entry = &row->entry;
	const bool erased = verify_may_lack(verifying, entry);

	if (entry->seq != verifying->frontier.size + 1) {
		finding_tell(finder, "log", "seq", entry->seq, "the entry before it is missing");
	}
	if (entry->received_ms < verifying->received_ms) {
		finding_tell(finder, "log", "received_ms", entry->seq, "goes back");
	}
	/* All of a commit was received at one time. */
	if (entry->received_ms > verifying->received_ms && verifying->frontier.size > 0 &&
	    !verify_was_signed(verifying)) {
		finding_tell(finder, "checkpoint", "size", verifying->frontier.size,
			     "a commit ended here, and nothing signed says so");
	}
	verifying->received_ms = entry->received_ms;
	if (row->payload.at == NULL && !erased) {
		finding_tell(finder, "log", "payload", entry->seq,
			     "it is missing, and no later entry erased its record");
	}
	if (row->payload.at != NULL && erased) {
		finding_tell(finder, "log", "payload", entry->seq,
			     "it was erased, and is there again");
	}
}

static enum status
replay_row(struct verifying *verifying, const struct log_row *row, struct error *err)
{
	uint64_t village = 0;
	enum status status = STATUS_OK;

	if (verifying->replay == NULL) {
		status = replay_open(&(struct replay_options){.again = verifying->again,
							      .source = verifying->store,
							      .finder = verifying->finder,
							      .erased = verify_erased,
							      .context = verifying},
				     row, &verifying->replay, err);
	}
	if (status == STATUS_OK) {
		status = replay_entry(verifying->replay, row, &village, err);
	}
	if (status == STATUS_OK) {
		status = verify_span_entry(verifying, &row->entry, village, err);
	}
	if (status == STATUS_OK && verify_is_boundary(verifying)) {
		status = replay_commit(verifying->replay, err);
	}
	return status;
}

static enum status
take_entry(void *context, const struct log_row *row, struct error *err)
{
	struct verifying *verifying = context;
	uint8_t leaf[HASH_SIZE];
	enum status status;

	check_entry(verifying, row);
	verify_told_entry(verifying, row);
	entry_leaf(&row->entry, leaf);
	frontier_append(&verifying->frontier, leaf);
	status = replay_row(verifying, row, err);
	if (status == STATUS_OK) {
		verify_signed(verifying);
	}
	return status == STATUS_OK
		       ? STATUS_OK
		       : fail_context(err, "entry %llu", (unsigned long long)row->entry.seq);
}

/* ---- all of it ---- */

/* From here on nothing can be made again: the log itself is told, and what depends on it is not. */
static enum status
give_up(struct verifying *verifying, enum status status, const struct error *err)
{
	finding_tell(&verifying->finder, "log", "seq", verifying->frontier.size,
		     "what follows could not be read: %s: %s", status_name(status), err->detail);
	return STATUS_OK;
}

static bool
is_lost(void *context, uint64_t record)
{
	return replay_lost(((const struct verifying *)context)->replay, record);
}

static bool
is_missing(void *context, uint64_t record)
{
	return verify_erased(context, record) || is_lost(context, record);
}

static enum status
compare(struct verifying *verifying, struct error *err)
{
	const struct missing missing = {.context = verifying,
					.record = is_missing,
					.lost = is_lost,
					.entry = verify_erased_entry,
					.some = replay_lost_count(verifying->replay) > 0};
	enum status status = verify_spans_end(verifying, err);

	if (status == STATUS_OK) {
		status = replay_end(verifying->replay, err);
	}
	if (status == STATUS_OK) {
		status = store_compare(verifying->store, verifying->again, &missing,
				       &verifying->finder, err);
	}
	if (status == STATUS_OK) {
		status = store_typed_compare(verifying->store, verifying->again, &missing,
					     &verifying->finder, err);
	}
	if (status == STATUS_OK) {
		status = verify_told_end(verifying, err);
	}
	if (status == STATUS_OK) {
		verify_tail(verifying);
	}
	verifying->whole = status == STATUS_OK;
	return status;
}

static enum status
read_log(struct verifying *verifying, struct error *err)
{
	const struct log_filter all = {.limit = SIZE_MAX};
	enum status status = verify_erased_read(verifying, err);

	if (status == STATUS_OK) {
		status = store_log_read(verifying->store, &all, take_entry, verifying, err);
	}
	if (status == STATUS_OK && verifying->replay == NULL) {
		status = fail(err, STATUS_MALFORMED, "the log is empty");
	}
	if (status == STATUS_OK) {
		status = compare(verifying, err);
	}
	return status == STATUS_OK ? STATUS_OK : give_up(verifying, status, err);
}

static enum status
look(struct verifying *verifying, struct error *err)
{
	enum status status = store_tables_check(verifying->store, &verifying->finder, err);

	if (status == STATUS_OK) {
		status = store_pages_check(verifying->store, &verifying->finder, err);
	}
	if (status == STATUS_OK) {
		status = store_shapes_check(verifying->store, &verifying->finder, err);
	}
	if (status == STATUS_OK) {
		status = store_checkpoints_read(verifying->store, &verifying->checkpoints, err);
	}
	if (status == STATUS_OK) {
		status = verify_spans_begin(verifying, err);
	}
	if (status == STATUS_OK) {
		status = read_log(verifying, err);
	}
	return status == STATUS_OK
		       ? store_objects_compare(verifying->store, verifying->again, verifying->whole,
					       &verifying->finder, err)
		       : status;
}

/* ---- the two databases ---- */

static enum status
open_scratch(struct verifying *verifying, struct error *err)
{
	char folder[PATH_SIZE];
	char path[PATH_SIZE];
	int length = snprintf(folder, sizeof folder, "%s/sambung-verify-XXXXXX",
			      verifying->options->scratch);
	enum status status;

	if (length < 0 || (size_t)length >= sizeof folder - sizeof "/copy.db") {
		return fail(err, STATUS_LIMIT, "the path of the scratch folder");
	}
	if (mkdtemp(folder) == NULL) {
		return fail(err, STATUS_STORAGE, "no folder can be made in %s",
			    verifying->options->scratch);
	}
	(void)snprintf(path, sizeof path, "%.4000s/copy.db", folder);
	status = store_scratch(path, &verifying->again, err);
	(void)rmdir(folder);
	return status;
}

static enum status
run(struct verifying *verifying, struct error *err)
{
	enum status status =
		store_open(verifying->options->database, STORE_READER, &verifying->store, err);

	if (status == STATUS_OK) {
		status = open_scratch(verifying, err);
	}
	if (status == STATUS_OK) {
		status = store_snapshot(verifying->store, err);
	}
	if (status == STATUS_OK) {
		status = look(verifying, err);
		store_spans_close(verifying->spans);
		store_snapshot_end(verifying->store);
	}
	return status;
}

static void
tell_result(const struct verifying *verifying, struct verified *out)
{
	*out = (struct verified){
		.entries = verifying->frontier.size,
		.checkpoints = verifying->checkpoints.length / sizeof(struct kept_checkpoint),
		.findings = verifying->findings,
		.lost = verifying->replay == NULL ? 0 : replay_lost_count(verifying->replay),
	};
	if (out->checkpoints > 0) {
		const struct kept_checkpoint *all = (const void *)verifying->checkpoints.at;

		out->newest = all[out->checkpoints - 1].checkpoint;
	}
	frontier_root(&verifying->frontier, out->root);
}

enum status
verify_database(const struct verify_options *options, struct verified *out, struct error *err)
{
	struct verifying verifying = {.options = options};
	enum status status;

	verifying.finder = (struct finder){count_and_tell, &verifying};
	frontier_init(&verifying.frontier);
	buffer_init(&verifying.checkpoints, SIZE_MAX);
	buffer_init(&verifying.erased, SIZE_MAX);
	buffer_init(&verifying.writers, SIZE_MAX);
	status = run(&verifying, err);
	if (status == STATUS_OK) {
		tell_result(&verifying, out);
	}
	replay_close(verifying.replay);
	store_close(verifying.again);
	store_close(verifying.store);
	buffer_finish(&verifying.checkpoints);
	buffer_finish(&verifying.erased);
	buffer_finish(&verifying.writers);
	return status;
}
