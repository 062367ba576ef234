/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice: a server that was set back with its whole folder learns it from a phone.
 *
 * What a device names in its head fits this log, or it is asked to show the checkpoint whole. One
 * that this server signed in its present epoch and that its log does not contain proves that a part
 * of the log is lost, whoever shows it, and however often; so nothing else is asked of the device.
 *
 * The cut must lie in what both histories have, or a base of the lost one would cover entries of
 * this one: a conflict too few. Two places do, and the greater one is taken:
 *  - the first checkpoint of the present epoch: its number was drawn with that entry, so each
 *    history of that epoch begins with it;
 *  - the largest checkpoint that the device itself ever named and that fits. An installation has
 *    lived in one history only. As it has been in the lost one beyond the place where they part,
 *    whatever fits both is of before. After the set-back it cannot have named one of this log's
 *    end: its witness only grows, a reply that asks for it brings no other, and so what it names
 *    next is what it shows here. A request of before that comes again names less, not more.
 * The second fails where a device shows what another was shown, which it says itself, and where a
 * number speaks for two: copies of an installation, of which the numbers that went on show some,
 * and a witness that is not smaller than the lost checkpoint the others that matter. What is left
 * stands in docs/decisions/0019.
 */
#include "daemon/ingest/workset.h"

#include <string.h>

/* The checkpoint may be one that the log has, without a row that says so. */
static enum status
log_contains(const struct ingest *ingest, const struct checkpoint *shown, bool *out,
	     struct error *err)
{
	uint8_t root[HASH_SIZE];
	enum status status;

	if (shown->size > ingest->head) {
		*out = false;
		return STATUS_OK;
	}
	status = ledger_root_at(ingest->options.store, shown->size, root, err);
	if (status == STATUS_MALFORMED) {
		return fail(err, STATUS_STORAGE, "the log cannot be read up to entry %llu",
			    (unsigned long long)shown->size);
	}
	if (status == STATUS_OK) {
		*out = memcmp(root, shown->root, HASH_SIZE) == 0;
	}
	return status;
}

/* Are there copies of it, or is it one? */
static bool
has_family(const struct ingest *ingest, uint32_t device)
{
	const struct lineage *lineages = (const void *)ingest->lineages.at;
	const size_t count = ingest->lineages.length / sizeof *lineages;

	for (size_t i = 0; i < count; i++) {
		if (lineages[i].stream == device || lineages[i].parent == device) {
			return true;
		}
	}
	return false;
}

static enum status
find_cut(struct ingest *ingest, const struct request_head *head, uint64_t *out, struct error *err)
{
	uint64_t first = 0;
	uint64_t witness = 0;
	enum status status =
		store_checkpoint_first(ingest->options.store, ingest->ledger.epoch, &first, err);

	if (status == STATUS_OK) {
		status = contact_witness(ingest, head->device, &witness, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if ((head->programme & PROGRAMME_HEARSAY) != 0 || has_family(ingest, head->device) ||
	    witness >= head->shown.size) {
		witness = 0;
	}
	*out = witness > first ? witness : first;
	/* Of a log that somebody wrote anew not even its beginning is what it was. */
	if (*out >= head->shown.size) {
		*out = 0;
	}
	return STATUS_OK;
}

enum status
ingest_notice(struct ingest *ingest, struct parcel *parcel, struct error *err)
{
	const struct request_head *head = &parcel->head;
	struct lost_log lost = {head->device, head->shown.size};
	bool contained = false;
	uint64_t cut = 0;
	enum status status;

	if (parcel->status != STATUS_OK || !parcel->shown || parcel->witness_fits ||
	    head->epoch != ingest->ledger.epoch) {
		return STATUS_OK;
	}
	status = log_contains(ingest, &head->shown, &contained, err);
	if (status == STATUS_OK && contained) {
		parcel->witness_fits = true;
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = find_cut(ingest, head, &cut, err);
	}
	return status == STATUS_OK ? epoch_write(ingest, cut, &lost, &parcel->began, err) : status;
}
