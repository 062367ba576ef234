/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"
#include "protocol/carry.h"

/* Where to; the device in it is none, it only has a network. */
struct destination {
	struct sambung device;
	const char *url;
	struct sambung *carrier; /* NULL: nobody who is enrolled */
};

static enum status
parcel_post(void *context, struct span parcel, struct buffer *reply, struct error *err)
{
	struct destination *destination = context;
	const struct device_parcel post = {
		.server = destination->url, .path = "/v1/sync", .bytes = parcel};
	struct sambung_result counted = {0};

	return device_post(&destination->device, &post, reply, &counted, err);
}

/* The carrier asks for herself first, or what she knows would be older than the answers. Without
 * luck it is that. */
static bool
carrier_seen(void *context, struct checkpoint *out)
{
	struct destination *destination = context;
	struct sambung_result result;
	struct local_state state;

	if (destination->carrier == NULL) {
		return false;
	}
	(void)sambung_sync(destination->carrier, NULL, NULL, &result, NULL);
	if (local_state_load(destination->carrier->local, &state, NULL) != STATUS_OK ||
	    state.witness.size == 0) {
		return false;
	}
	*out = state.witness;
	return true;
}

static enum status
file_deliver(const struct sambung_delivery *delivery, struct carry_count *count_out,
	     struct buffer *answers, struct error *err)
{
	struct destination destination = {.url = delivery->url, .carrier = delivery->carrier};
	const struct carry_delivery parts = {
		.file = span_of(delivery->file.at, delivery->file.length),
		.before = span_of(delivery->answers.at, delivery->answers.length),
		.post = parcel_post,
		.seen = carrier_seen,
		.context = &destination};
	enum status status;

	device_platform_fill(&destination.device.platform, delivery->platform);
	device_connect(&destination.device);
	status = carry_deliver(&parts, answers, count_out, err);
	device_disconnect(&destination.device);
	return status;
}

int
sambung_carry_deliver(const struct sambung_delivery *delivery, struct sambung_carried *out,
		      struct sambung_error *err)
{
	struct carry_count count = {0, 0};
	struct buffer answers;
	struct error inner = {0};
	enum status status = crypto_init(&inner);

	buffer_init(&answers, CARRY_REPLIES_MAX);
	if (status == STATUS_OK) {
		status = file_deliver(delivery, &count, &answers, &inner);
	}
	/* What was answered is kept, whatever became of the rest. */
	if (answers.length > 0 && answers.status == STATUS_OK &&
	    delivery->take(delivery->context, (struct sambung_bytes){answers.at, answers.length}) !=
		    0 &&
	    status == STATUS_OK) {
		status = fail(&inner, STATUS_STORAGE, "carry");
	}
	buffer_finish(&answers);
	*out = (struct sambung_carried){.parcels = (uint32_t)count.parcels,
					.answered = (uint32_t)count.answered};
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}
