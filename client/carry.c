/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/carry.h"

#include "client/exchange.h"

#include <string.h>

enum {
	CARRY_AT_ONCE = 32,	/* parcels in a file: replies to two files can be opened */
	CARRY_SIZE = 32 * 1024, /* of the changes in a parcel, packed */
	/* There is room in a file, and it may be days until the next. */
	CARRY_ROOM = 256 * 1024,
	/* The pages of one loop do not follow each other here: one parcel asks for news. */
	CARRY_ROOM_OTHERS = 2048,
};

/* A file in the making. */
struct carrying {
	struct asking asking;
	struct buffer sealed; /* the parcels, one after the other */
	size_t lengths[CARRY_AT_ONCE];
	struct sambung_carried counted;
};

/* ---- out ---- */

static enum status
carried_save(struct local *local, const struct asked *asked, struct error *err)
{
	struct local_carried carried = {.r = asked->r,
					.epoch = asked->epoch,
					.scope_version = asked->scope_version,
					.count = asked->count,
					.through_n = asked->through_n,
					.continues = asked->continues,
					.witness_size = asked->witness_size,
					.from = asked->from,
					.session = asked->session};
	enum status status = local_carried_add(local, &carried, err);

	crypto_wipe(&carried, sizeof carried);
	return status;
}

/* One more parcel, behind the changes of the one before it. */
static enum status
parcel_add(struct carrying *carrying, uint64_t r, struct error *err)
{
	struct asking *asking = &carrying->asking;
	size_t before = carrying->sealed.length;
	struct asked asked;
	enum status status;

	arena_reset(&asking->arena);
	asking->changes = (struct local_changes){NULL, 0};
	asking->batches = (struct local_batches){NULL, 0};
	asking->size = CARRY_SIZE;
	asking->carried = carrying->counted.parcels == 0;
	asking->room = asking->carried ? CARRY_ROOM : CARRY_ROOM_OTHERS;
	buffer_clear(&asking->head);
	buffer_clear(&asking->body);
	status = exchange_ask(asking, r, err);
	if (status == STATUS_OK) {
		status = exchange_seal(asking, r, &carrying->sealed, &asked, err);
	}
	if (status == STATUS_OK) {
		status = carried_save(asking->device->local, &asked, err);
		crypto_wipe(&asked, sizeof asked);
	}
	if (status != STATUS_OK) {
		return status;
	}
	carrying->lengths[carrying->counted.parcels++] = carrying->sealed.length - before;
	carrying->counted.changes += (uint32_t)asking->changes.count;
	/* Where the next parcel begins; the state on the disk knows only what was acknowledged. */
	asking->state.acked_n += (uint32_t)asking->changes.count;
	memcpy(asking->state.chain, asking->h_last, HASH_SIZE);
	return STATUS_OK;
}

static enum status
parcels_add(struct carrying *carrying, struct error *err)
{
	struct asking *asking = &carrying->asking;
	struct local *local = asking->device->local;
	struct local_state state;
	enum status status = device_enrolled(asking->device, &state, err);

	if (status == STATUS_OK) {
		/* What is recorded from now on must not share a seed with what leaves. */
		status = local_batches_close(local, err);
	}
	if (status == STATUS_OK) {
		state.r = exchange_highest_r(asking->device, &state);
		asking->state = state;
	}
	while (status == STATUS_OK && carrying->counted.parcels < CARRY_AT_ONCE) {
		status = parcel_add(carrying, ++state.r, err);
		if (asking->state.acked_n == asking->state.last_n || asking->changes.count == 0) {
			break;
		}
	}
	carrying->counted.left = asking->state.last_n - asking->state.acked_n;
	return status == STATUS_OK ? local_state_save(local, &state, err) : status;
}

/* On the disk before anything leaves: the counters, and what opens the answers. */
static enum status
parcels_make(struct carrying *carrying, struct error *err)
{
	struct local *local = carrying->asking.device->local;
	enum status status = local_begin(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = parcels_add(carrying, err);
	if (status == STATUS_OK) {
		return local_commit(local, err);
	}
	local_rollback(local);
	return status;
}

static enum status
file_hand_out(const struct carrying *carrying, sambung_file_fn file, void *context,
	      struct error *err)
{
	struct carry_file parts = {.count = carrying->counted.parcels};
	struct reader in = reader_of(buffer_span(&carrying->sealed));
	struct buffer bytes;
	enum status status;

	for (size_t i = 0; i < parts.count; i++) {
		(void)reader_take(&in, carrying->lengths[i], &parts.parcels[i]);
	}
	buffer_init(&bytes, CARRY_FILE_MAX);
	carry_file_encode(&parts, &bytes);
	status = buffer_status(&bytes, "carry", err);
	if (status == STATUS_OK &&
	    file(context, (struct sambung_bytes){bytes.at, bytes.length}) != 0) {
		status = fail(err, STATUS_STORAGE, "carry");
	}
	buffer_finish(&bytes);
	return status;
}

int
sambung_carry_out(struct sambung *device, sambung_file_fn file, void *context,
		  struct sambung_carried *out, struct sambung_error *err)
{
	struct carrying carrying = {.counted = {0}};
	struct error inner = {0};
	enum status status;

	exchange_asking_init(&carrying.asking, device);
	buffer_init(&carrying.sealed, CARRY_FILE_MAX);
	status = parcels_make(&carrying, &inner);
	if (status == STATUS_OK) {
		status = file_hand_out(&carrying, file, context, &inner);
	}
	buffer_finish(&carrying.sealed);
	exchange_asking_finish(&carrying.asking);
	if (status != STATUS_OK) {
		return device_fail(err, &inner);
	}
	*out = carrying.counted;
	return 0;
}

/* ---- in ---- */

static enum status
answer_open_and_take(struct taking *taking, const struct carry_reply *answer, struct error *err)
{
	struct buffer packed;
	enum status status;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	status = parcel_open_reply(&taking->asked->session, answer->bytes, &packed, err);
	if (status == STATUS_OK) {
		status = exchange_take_packed(taking, buffer_span(&packed), err);
	}
	buffer_finish(&packed);
	return status;
}

/* NOT_FOUND: it answers nothing that this device knows of. */
static enum status
answer_take(struct sambung *device, const struct carry_reply *answer, struct sambung_result *result,
	    struct error *err)
{
	struct local_carried carried;
	struct local_state state;
	struct asked asked = {.made = true};
	struct taking taking = {.device = device, .asked = &asked, .carried = true};
	/* The state first: a session that is there after it was this number's, or the number has
	 * changed since, which shows when the answer is taken. */
	enum status status = local_state_load(device->local, &state, err);

	if (status == STATUS_OK) {
		status = local_carried(device->local, answer->tag, &carried, err);
	}
	if (status == STATUS_OK) {
		asked.session = carried.session;
		asked.device = state.device;
		asked.r = carried.r;
		asked.epoch = carried.epoch;
		asked.scope_version = carried.scope_version;
		asked.count = carried.count;
		asked.through_n = carried.through_n;
		asked.continues = carried.continues;
		asked.witness_size = carried.witness_size;
		asked.from = carried.from;
		asked.shows = true;
	}
	if (status != STATUS_OK) {
		return status;
	}
	taking.newest = carried.r >= exchange_highest_r(device, &state);
	arena_init(&taking.arena, DEVICE_ARENA_MAX);
	status = answer_open_and_take(&taking, answer, err);
	arena_finish(&taking.arena);
	crypto_wipe(&asked, sizeof asked);
	crypto_wipe(&carried, sizeof carried);
	if (status == STATUS_OK) {
		int synced = result->synced;

		exchange_count(result, &taking.counted);
		/* An answer behind it in the file cannot undo what one has said. */
		result->synced = result->synced != 0 || synced != 0;
		result->requests++;
	}
	return status;
}

int
sambung_carry_in(struct sambung *device, struct sambung_bytes answers,
		 struct sambung_result *result, struct sambung_error *err)
{
	struct carry_replies replies = {.count = 0};
	struct local_state state;
	struct error inner = {0};
	enum status status = device_enrolled(device, &state, &inner);

	*result = (struct sambung_result){0};
	device->receipt = RECEIPT_NONE;
	if (status == STATUS_OK) {
		status =
			carry_replies_decode(span_of(answers.at, answers.length), &replies, &inner);
	}
	/* Each stands for itself: what is wrong with one does not keep the others out. */
	for (size_t i = 0; i < replies.count; i++) {
		struct error one = {0};
		enum status taken = answer_take(device, &replies.at[i], result, &one);

		if (taken != STATUS_OK && taken != STATUS_NOT_FOUND && status == STATUS_OK) {
			status = taken;
			inner = one;
		}
	}
	if (status == STATUS_OK) {
		/* Unless one of them has destroyed everything. */
		status = device_enrolled(device, &state, &inner);
	}
	if (status == STATUS_OK && replies.has_seen) {
		status = exchange_take_seen(device, &replies.seen, &inner);
	}
	if (status == STATUS_OK) {
		status = exchange_receipt_check(device, &inner);
	}
	return status == STATUS_OK ? 0 : device_fail(err, &inner);
}
