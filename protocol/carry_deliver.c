/* SPDX-License-Identifier: Apache-2.0 */
#include "carry.h"

struct delivering {
	const struct carry_delivery *delivery;
	struct carry_file file;
	struct carry_replies before;
	struct carry_replies now; /* their bytes: of `before`, or NULL and in `fresh` */
	struct buffer fresh;	  /* the new answers, one after the other */
};

static enum status
parcel_post(struct delivering *delivering, struct span parcel, struct carry_reply *out,
	    struct error *err)
{
	const struct carry_delivery *delivery = delivering->delivery;
	struct buffer reply;
	enum status status;

	buffer_init(&reply, PARCEL_REPLY_MAX);
	status = delivery->post(delivery->context, parcel, &reply, err);
	if (status == STATUS_OK && !carry_reply_fits(buffer_span(&reply))) {
		status = fail(err, STATUS_UNREACHABLE, "%zu B", reply.length);
	}
	if (status == STATUS_OK) {
		buffer_append_span(&delivering->fresh, buffer_span(&reply));
		status = buffer_status(&delivering->fresh, "carry", err);
		out->bytes = span_of(NULL, reply.length);
	}
	buffer_finish(&reply);
	return status;
}

static enum status
parcels_post(struct delivering *delivering, struct error *err)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < delivering->file.count && status == STATUS_OK; i++) {
		struct carry_reply *answer = &delivering->now.at[delivering->now.count];
		const struct carry_reply *known;

		parcel_tag(delivering->file.parcels[i], answer->tag);
		known = carry_reply_find(&delivering->before, answer->tag);
		if (known != NULL) {
			*answer = *known;
		} else {
			status = parcel_post(delivering, delivering->file.parcels[i], answer, err);
		}
		delivering->now.count += status == STATUS_OK;
	}
	return status;
}

/* Without a newer one that of an earlier delivery stays. */
static void
seen_take(struct delivering *delivering)
{
	const struct carry_delivery *delivery = delivering->delivery;

	delivering->now.has_seen = delivering->before.has_seen;
	delivering->now.seen = delivering->before.seen;
	if (delivery->seen != NULL && delivery->seen(delivery->context, &delivering->now.seen)) {
		delivering->now.has_seen = true;
	}
}

static void
answers_encode(struct delivering *delivering, struct buffer *out)
{
	struct reader in = reader_of(buffer_span(&delivering->fresh));

	for (size_t i = 0; i < delivering->now.count; i++) {
		struct carry_reply *answer = &delivering->now.at[i];

		if (answer->bytes.at == NULL) {
			(void)reader_take(&in, answer->bytes.length, &answer->bytes);
		}
	}
	if (delivering->now.count > 0) {
		seen_take(delivering);
		carry_replies_encode(&delivering->now, out);
	}
}

static enum status
files_decode(struct delivering *delivering, struct error *err)
{
	const struct carry_delivery *delivery = delivering->delivery;
	enum status status = carry_file_decode(delivery->file, &delivering->file, err);

	if (status == STATUS_OK && delivery->before.length > 0) {
		status = carry_replies_decode(delivery->before, &delivering->before, err);
	}
	return status;
}

enum status
carry_deliver(const struct carry_delivery *delivery, struct buffer *answers,
	      struct carry_count *count_out, struct error *err)
{
	struct delivering delivering = {.delivery = delivery};
	enum status status = files_decode(&delivering, err);

	*count_out = (struct carry_count){0, 0};
	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&delivering.fresh, (size_t)CARRY_PARCELS_MAX * PARCEL_REPLY_MAX);
	status = parcels_post(&delivering, err);
	answers_encode(&delivering, answers);
	count_out->parcels = delivering.file.count;
	count_out->answered = delivering.now.count;
	buffer_finish(&delivering.fresh);
	if (status == STATUS_OK) {
		status = buffer_status(answers, "carry", err);
	}
	return status;
}
