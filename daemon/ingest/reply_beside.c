/* SPDX-License-Identifier: Apache-2.0 */
/* What a reply says beside records: of the device's own changes, the server's history and its keys.
 */
#include "daemon/ingest/reply_parts.h"
#include "daemon/ledger/proof.h"

#include <string.h>

enum {
	NEWS_MAX = 4096, /* of changes in quarantine, beside the exceptions of as many that came */
};

/* The exception of change n, or room for a new one. */
static struct exception *
exception_for(struct reply *reply, uint32_t n)
{
	for (size_t i = 0; i < reply->exception_count; i++) {
		if (reply->exceptions[i].n == n) {
			return &reply->exceptions[i];
		}
	}
	return &reply->exceptions[reply->exception_count++];
}

static uint32_t
news_kind(const struct quarantined *news)
{
	if (news->released) {
		return EXCEPTION_RELEASED;
	}
	return news->reason == QUARANTINE_ERASED ? EXCEPTION_ERASED : EXCEPTION_CLOSED;
}

/* What the request's own changes were told may be older than the snapshot. */
static enum status
builder_put_news(struct reply_builder *builder, const struct buffer *rows, struct error *err)
{
	struct reply *reply = &builder->reply;
	const struct quarantined *news = (const void *)rows->at;
	const size_t count = rows->length / sizeof *news;
	struct exception *exceptions =
		ARENA_ARRAY(&builder->arena, struct exception, reply->exception_count + count);

	if (exceptions == NULL) {
		return fail(err, STATUS_MEMORY, "building a reply");
	}
	for (size_t i = 0; i < reply->exception_count; i++) {
		exceptions[i] = reply->exceptions[i];
	}
	reply->exceptions = exceptions;
	for (size_t i = 0; i < count; i++) {
		*exception_for(reply, news[i].n) = (struct exception){
			.n = news[i].n,
			.kind = news_kind(&news[i]),
		};
	}
	return STATUS_OK;
}

enum status
reply_add_news(struct reply_builder *builder, struct error *err)
{
	const struct request_head *head = &builder->parcel->head;
	struct buffer rows;
	enum status status;

	buffer_init(&rows, SIZE_MAX);
	status = store_quarantine_news(builder->reader, head->device, head->cursor.complete,
				       NEWS_MAX, &rows, err);
	if (status == STATUS_OK && rows.length > 0) {
		status = builder_put_news(builder, &rows, err);
	}
	buffer_finish(&rows);
	return status;
}

enum status
reply_add_epochs(struct reply_builder *builder, struct error *err)
{
	const struct request_head *head = &builder->parcel->head;
	struct reply *reply = &builder->reply;
	struct epoch *epochs;
	size_t count = 0;
	size_t skipped;
	enum status status = store_epochs(builder->reader, &builder->arena, &epochs, &count, err);

	if (status != STATUS_OK || count == 0) {
		return status;
	}
	/* To a device that it has never known, a server tells an epoch only if it may have
	 * forgotten it: that asks for the certificate. */
	if (reply->status != STATUS_FOREIGN || count > 1) {
		reply->epoch = epochs[count - 1].epoch;
	}
	builder->former = head->epoch != reply->epoch;
	if (count > 1 && (builder->former || head->cursor.complete == 0)) {
		skipped = count > MESSAGE_EPOCHS_MAX ? count - MESSAGE_EPOCHS_MAX : 0;
		reply->epochs = epochs + skipped;
		reply->epoch_count = count - skipped;
	}
	return STATUS_OK;
}

enum status
reply_add_key(struct reply_builder *builder, struct error *err)
{
	const struct server_key *key = &builder->parcel->keys->box;
	const uint8_t *sealed_to = builder->parcel->opened.spk;
	struct newer_key *newer = &builder->reply.newer_key;

	if (memcmp(sealed_to, key->public_key, sizeof key->public_key) == 0) {
		return STATUS_OK;
	}
	builder->reply.has_newer_key = true;
	newer->id = key->id;
	memcpy(newer->key, key->public_key, sizeof newer->key);
	return ingest_address(builder->reader, &builder->arena, &newer->url, err);
}

static enum status
proof_make(struct reply_builder *builder, struct proof *out, struct error *err)
{
	struct prover *prover;
	enum status status =
		prover_open(builder->reader, builder->reply.checkpoint.size, &prover, err);

	if (status == STATUS_OK) {
		status = prover_consistency(prover, builder->parcel->head.witness_size, out, err);
		prover_close(prover);
	}
	return status;
}

enum status
reply_keep_hashes(struct reply_builder *builder, const struct proof *proof, struct span *out,
		  struct error *err)
{
	const void *kept = arena_copy(&builder->arena, proof->hashes, proof->count * HASH_SIZE);

	if (kept == NULL) {
		return fail(err, STATUS_MEMORY, "building a reply");
	}
	*out = span_of(kept, proof->count * HASH_SIZE);
	return STATUS_OK;
}

enum status
reply_add_proof(struct reply_builder *builder, struct error *err)
{
	struct reply *reply = &builder->reply;
	struct proof proof = {.count = 0};
	enum status status = STATUS_INVALID;

	if (builder->parcel->witness_fits) {
		status = proof_make(builder, &proof, err);
	}
	/* The log is shorter, or its tree is not whole. */
	if (status == STATUS_INVALID || status == STATUS_MALFORMED) {
		reply->show_witness = true;
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = reply_keep_hashes(builder, &proof, &reply->proof, err);
	}
	reply->has_proof = status == STATUS_OK;
	return status;
}

/* Follows from the log's key, so that a restored server has the same and stores none. */
static void
share_make(const struct parcel *parcel, uint8_t share_out[LEASE_SHARE_SIZE])
{
	uint8_t number[4];
	uint8_t hash[32];
	const struct span parts[] = {span_of_text("sambung/lease/1"),
				     span_of(number, sizeof number)};

	put_le32(number, parcel->head.device);
	blake2b(span_of(parcel->keys->log_secret, 32), parts, 2, hash);
	memcpy(share_out, hash, LEASE_SHARE_SIZE);
	crypto_wipe(hash, sizeof hash);
}

void
reply_add_lease(struct reply_builder *builder)
{
	const struct parcel *parcel = builder->parcel;
	struct reply *reply = &builder->reply;
	bool lacks = parcel->head.certificate.length > 0;

	/* What is withheld is not judged: it may come from a device that was revoked. */
	if (parcel->withheld || (reply->status != STATUS_OK && reply->status != STATUS_GAP &&
				 reply->status != STATUS_FORK && reply->status != STATUS_HELD)) {
		return;
	}
	reply->has_lease = lacks || (parcel->lease_days != 0 &&
				     (reply->has_scope || parcel->head.cursor.complete == 0));
	if (reply->has_lease) {
		reply->lease.days = parcel->lease_days;
		share_make(parcel, reply->lease.share);
	}
}
