/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt for who asks: the newest change of hers that is in the log, proven
 * (protocol/receipt.h).
 */
#include "daemon/ingest/reply_parts.h"
#include "daemon/ledger/proof.h"

#include <string.h>

/* The seq of change n of the device; 0: it is not in the log. */
static enum status
seq_of(const struct reply_builder *builder, uint32_t n, uint64_t *seq_out, struct error *err)
{
	const struct change_run asked = {builder->parcel->head.device, n, 1};
	struct logged_change logged = {.seq = 0};
	size_t found = 0;
	enum status status = store_logged_changes(builder->reader, &asked, &logged, &found, err);

	if (status == STATUS_OK) {
		*seq_out = found == 1 ? logged.seq : 0;
	}
	return status;
}

/* The bytes of the entry's header. */
static enum status
header_read(struct reply_builder *builder, uint64_t seq, struct span *out, struct error *err)
{
	struct log_row row;
	struct buffer header;
	const void *kept = NULL;
	enum status status = store_log_entry(builder->reader, seq, &builder->scratch, &row, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&row.entry, &header);
	status = buffer_status(&header, "a receipt", err);
	if (status == STATUS_OK) {
		kept = arena_copy(&builder->arena, header.at, header.length);
		*out = span_of(kept, header.length);
		status = kept == NULL ? fail(err, STATUS_MEMORY, "a receipt") : STATUS_OK;
	}
	buffer_finish(&header);
	return status;
}

static enum status
path_make(struct reply_builder *builder, uint64_t seq, struct span *out, struct error *err)
{
	struct prover *prover;
	struct proof proof;
	enum status status =
		prover_open(builder->reader, builder->reply.checkpoint.size, &prover, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = prover_inclusion(prover, seq, &proof, err);
	prover_close(prover);
	return status == STATUS_OK ? reply_keep_hashes(builder, &proof, out, err) : status;
}

static enum status
receipt_make(struct reply_builder *builder, uint64_t seq, struct error *err)
{
	const struct stream *stream = &builder->device.stream;
	const struct receipt_claim claim = {&builder->reply.checkpoint, stream->number,
					    stream->acked_n, stream->chain};
	struct receipt receipt = {.path = {NULL, 0}};
	enum status status = header_read(builder, seq, &receipt.header, err);

	if (status == STATUS_OK) {
		status = path_make(builder, seq, &receipt.path, err);
	}
	if (status == STATUS_OK) {
		receipt_sign(&claim, builder->parcel->keys->log_secret, receipt.signature);
		builder->reply.receipt = receipt;
	}
	return status;
}

enum status
reply_add_receipt(struct reply_builder *builder, struct error *err)
{
	struct reply *reply = &builder->reply;
	uint64_t seq = 0;
	bool found = false;
	enum status status = STATUS_OK;

	if (!reply_wants_receipt(builder->parcel) || builder->device.stream.acked_n == 0) {
		return STATUS_OK;
	}
	if (!reply->has_checkpoint) {
		status = store_checkpoint_last(builder->reader, &reply->checkpoint, &found, err);
		reply->has_checkpoint = found;
	}
	if (status == STATUS_OK) {
		status = seq_of(builder, builder->device.stream.acked_n, &seq, err);
	}
	return status == STATUS_OK && seq != 0 && reply->has_checkpoint &&
			       seq <= reply->checkpoint.size
		       ? receipt_make(builder, seq, err)
		       : status;
}

bool
reply_wants_receipt(const struct parcel *parcel)
{
	return (parcel->head.programme & PROGRAMME_RECEIPT) != 0;
}
