/* SPDX-License-Identifier: Apache-2.0 */
/* What the server signs about its log is held against what it signed before. */
#include "client/exchange.h"

#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)
/* So long a proof waits for a request without changes, which it costs nothing but its hashes. */
#define PATIENCE_MS (7 * DAY_MS)

/* What a checkpoint says still holds: it is of this epoch, or within all cuts since. */
static bool
counts(const struct sambung *device, const struct local_state *state,
       const struct checkpoint *checkpoint)
{
	struct epoch epoch;
	const struct merge_context context = device_merge_context(device, state, 0, &epoch);
	const struct base base = {checkpoint->epoch, checkpoint->size};

	return checkpoint->size != 0 && base_cap(&context, base) == checkpoint->size;
}

static bool
apart(int64_t a, int64_t b, int64_t by)
{
	return a - b >= by || b - a >= by;
}

/* Is one due that is so old? A server could tell a time at which nothing ever is, so the wall clock
 * has a say, too. */
static enum status
find_due(struct sambung *device, const struct local_state *state, int64_t age_ms,
	 struct checkpoint *from_out, struct error *err)
{
	struct local_witness kept;
	enum clock_quality quality;
	enum status status = local_witness(device->local, LOCAL_EVIDENCE_OLDER, &kept, err);

	from_out->size = 0;
	if (status != STATUS_OK || kept.kept) {
		return status;
	}
	status = local_witness(device->local, LOCAL_SEEN, &kept, err);
	if (status == STATUS_OK && kept.checkpoint.epoch == state->epoch &&
	    kept.checkpoint.size != 0) {
		*from_out = kept.checkpoint;
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = local_witness(device->local, LOCAL_PROVEN, &kept, err);
	}
	if (status == STATUS_OK && counts(device, state, &kept.checkpoint) &&
	    (kept.checkpoint.epoch != state->epoch ||
	     apart(device_time(device, state, &quality) * 1000, kept.server_ms, age_ms) ||
	     apart(device_wall_ms(device), kept.wall_ms, age_ms))) {
		*from_out = kept.checkpoint;
	}
	return status;
}

static void
head_put(struct request_head *head, const struct checkpoint *witness)
{
	head->witness_size = witness->size;
	memcpy(head->witness_root, witness->root, sizeof head->witness_root);
}

enum status
witness_ask(struct asking *asking, struct request_head *head, struct error *err)
{
	const struct local_state *state = &asking->state;
	struct exchange *exchange = asking->device->exchange;
	enum status status = STATUS_OK;

	asking->from.size = 0;
	asking->shows = asking->carried;
	/* A checkpoint of a former epoch says nothing about this log. */
	if (state->witness.epoch == state->epoch) {
		head_put(head, &state->witness);
	}
	if (state->fork_n != 0 || state->destroyed_ms != 0) {
		return STATUS_OK;
	}
	/* Of an enrolment that has taken nothing yet the server must see that it has nothing: what
	 * somebody else was shown waits. */
	if (exchange != NULL && exchange->shown.size != 0 && !asking->carried) {
		asking->from = exchange->shown;
		asking->shows = true;
		exchange->shown.size = 0;
	} else if (state->witness.size != 0 &&
		   (asking->carried || state->acked_n == state->last_n)) {
		status = find_due(asking->device, state, DAY_MS, &asking->from, err);
	}
	if (asking->carried && asking->changes.count > 0 &&
	    asking->from.size != head->witness_size) {
		/* Whether the log has the witness itself decides what the bases of changes mean. */
		asking->from.size = 0;
		head->shows = head->witness_size != 0;
		head->shown = state->witness;
	}
	if (asking->from.size != 0) {
		struct local_witness seen;

		head_put(head, &asking->from);
		head->programme |= PROGRAMME_PROVE;
		if (status == STATUS_OK) {
			status = local_witness(asking->device->local, LOCAL_SEEN, &seen, err);
		}
		if (status == STATUS_OK && seen.checkpoint.size == asking->from.size) {
			head->programme |= PROGRAMME_HEARSAY;
		}
		head->shows = asking->shows;
		head->shown = asking->from;
	}
	return status;
}

bool
witness_show(struct taking *taking)
{
	const struct checkpoint *witness = &taking->state.witness;

	if (!taking->reply->show_witness || !taking->newest || taking->carried ||
	    taking->asked->shows || taking->asked->epoch != taking->state.epoch ||
	    witness->epoch != taking->state.epoch || witness->size == 0) {
		return false;
	}
	taking->device->exchange->shown = *witness;
	taking->again = true;
	return true;
}

/* ---- the reply ---- */

/* What the reply says of the log, and what it was asked. */
struct telling {
	const struct checkpoint *told; /* NULL: nothing */
	const struct checkpoint *from; /* NULL: no proof was asked for */
	bool proved;
	bool holds;
	struct proof proof;
};

static bool
telling_read(const struct taking *taking, struct telling *out)
{
	const struct reply *reply = taking->reply;

	*out = (struct telling){.told = reply->has_checkpoint ? &reply->checkpoint : NULL,
				.from = taking->asked->from.size != 0 ? &taking->asked->from : NULL,
				.proved = reply->has_proof};
	if (!reply->has_proof || out->from == NULL) {
		return true;
	}
	if (!proof_read(reply->proof, &out->proof)) {
		return false;
	}
	out->holds = proof_consistency_holds(&out->proof,
					     (struct proof_tree){out->from->size, out->from->root},
					     (struct proof_tree){out->told->size, out->told->root});
	return true;
}

/* Which of the checkpoints that the server signed it contradicts; NULL: none. */
static const struct checkpoint *
contradicted(const struct taking *taking, const struct telling *telling)
{
	const struct checkpoint *witness = &taking->state.witness;
	const struct checkpoint *told = telling->told;
	const struct reply *reply = taking->reply;

	/* A late reply may tell of less than the witness, but never of less than was known when the
	 * request was made. */
	if (told != NULL && telling->from != NULL && telling->from->epoch == told->epoch &&
	    told->size < telling->from->size) {
		return telling->from;
	}
	if (told != NULL && witness->size != 0 && witness->epoch == told->epoch &&
	    (told->size < taking->asked->witness_size ||
	     (told->size == witness->size && memcmp(told->root, witness->root, HASH_SIZE) != 0))) {
		return witness;
	}
	if (telling->from == NULL || telling->holds) {
		return NULL;
	}
	/* Without a proof: it was shown what it signed, and says that its log is another; or it
	 * says nothing. (To a request that came twice it need not.) */
	if (telling->proved ||
	    (reply->show_witness ? taking->asked->shows
				 : reply->status == STATUS_OK && reply->r_seen == 0)) {
		return telling->from;
	}
	return NULL;
}

/* The first contradiction stays until somebody has taken it away. */
static enum status
evidence_keep(struct sambung *device, const struct local_state *state,
	      const struct checkpoint *older, const struct telling *telling, struct error *err)
{
	struct local *local = device->local;
	enum clock_quality quality;
	struct local_witness kept = {.checkpoint = *older,
				     .server_ms = device_time(device, state, &quality) * 1000,
				     .wall_ms = device_wall_ms(device)};
	enum status status = local_witness_save(local, LOCAL_EVIDENCE_OLDER, &kept, err);

	kept.checkpoint.size = 0;
	if (telling->told != NULL) {
		kept.checkpoint = *telling->told;
	}
	kept.proved = telling->proved && older == telling->from;
	kept.proof = telling->proof;
	return status == STATUS_OK ? local_witness_save(local, LOCAL_EVIDENCE_NEWER, &kept, err)
				   : status;
}

static bool
of_one_log(const struct checkpoint *a, const struct checkpoint *b)
{
	return a->size == 0 || a->epoch != b->epoch || a->size != b->size ||
	       memcmp(a->root, b->root, HASH_SIZE) == 0;
}

enum status
witness_take_seen(struct sambung *device, const struct local_state *state,
		  const struct checkpoint *seen, struct error *err)
{
	const struct checkpoint *witness = &state->witness;
	const struct telling telling = {.told = seen};
	struct local_witness kept;
	enum status status = local_witness(device->local, LOCAL_EVIDENCE_OLDER, &kept, err);

	if (status != STATUS_OK || kept.kept) {
		return status;
	}
	if (!of_one_log(witness, seen)) {
		return evidence_keep(device, state, witness, &telling, err);
	}
	if (witness->epoch == seen->epoch && seen->size <= witness->size) {
		return STATUS_OK;
	}
	status = local_witness(device->local, LOCAL_SEEN, &kept, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!of_one_log(&kept.checkpoint, seen)) {
		return evidence_keep(device, state, &kept.checkpoint, &telling, err);
	}
	if (kept.checkpoint.size != 0 && kept.checkpoint.epoch == seen->epoch) {
		return STATUS_OK; /* one at a time */
	}
	kept = (struct local_witness){.checkpoint = *seen, .wall_ms = device_wall_ms(device)};
	return local_witness_save(device->local, LOCAL_SEEN, &kept, err);
}

/* Anybody could make one that is not signed: that is evidence of nothing. */
static bool
is_signed(const struct taking *taking)
{
	const struct checkpoint *told = &taking->reply->checkpoint;

	return checkpoint_verify(told, taking->state.log_key) &&
	       memcmp(told->origin, taking->state.origin, ORIGIN_SIZE) == 0 &&
	       told->epoch == taking->state.epoch;
}

enum status
witness_lost(struct taking *taking, struct error *err)
{
	const struct reply *reply = taking->reply;
	const struct telling telling = {.told = &reply->checkpoint};
	const struct checkpoint *older =
		taking->asked->from.size != 0 ? &taking->asked->from : &taking->state.witness;
	struct local_witness kept;
	enum status status = local_witness(taking->device->local, LOCAL_EVIDENCE_OLDER, &kept, err);

	if (status != STATUS_OK || kept.kept || !reply->has_checkpoint || !taking->asked->shows ||
	    (older == &taking->state.witness && older->size != taking->asked->witness_size) ||
	    !is_signed(taking)) {
		return status;
	}
	return evidence_keep(taking->device, &taking->state, older, &telling, err);
}

/* The next request asks for the proof, and shows the server where it is to begin. */
static void
show_next(struct taking *taking, const struct telling *telling)
{
	const struct checkpoint *witness = &taking->state.witness;
	const struct checkpoint *asked = telling->from != NULL ? telling->from : witness;

	if (taking->newest && !taking->carried && !taking->asked->shows &&
	    (telling->from != NULL || witness->size == taking->asked->witness_size)) {
		taking->device->exchange->shown = *asked;
		taking->again = true;
	}
}

static enum status
proven_take(struct taking *taking, const struct telling *telling, struct error *err)
{
	struct local *local = taking->device->local;
	struct local_witness proven;
	enum status status = local_witness(local, LOCAL_PROVEN, &proven, err);

	/* A late answer must not take back what is proven by now. */
	if (status != STATUS_OK ||
	    (counts(taking->device, &taking->state, &proven.checkpoint) &&
	     (!telling->holds || (proven.checkpoint.epoch == telling->told->epoch &&
				  proven.checkpoint.size > telling->told->size)))) {
		return status;
	}
	proven = (struct local_witness){.checkpoint = *telling->told,
					.server_ms = taking->reply->server_time_ms,
					.wall_ms = device_wall_ms(taking->device)};
	return local_witness_save(local, LOCAL_PROVEN, &proven, err);
}

/* What somebody else was shown is of this log, too. */
static enum status
seen_prove(struct taking *taking, const struct checkpoint *from, struct error *err)
{
	struct local *local = taking->device->local;
	struct local_witness seen;
	enum status status = local_witness(local, LOCAL_SEEN, &seen, err);

	if (status != STATUS_OK || !seen.kept || seen.checkpoint.epoch != from->epoch ||
	    seen.checkpoint.size != from->size) {
		return status;
	}
	seen.checkpoint.size = 0;
	return local_witness_save(local, LOCAL_SEEN, &seen, err);
}

/* Has the server seen which checkpoint this one would take the place of? A proof from an older one
 * says nothing of it, nor does an answer to a request of before: a server that was set back and has
 * long passed what it lost would never be told. */
static bool
compared(const struct taking *taking)
{
	const struct asked *asked = taking->asked;
	const uint64_t size = taking->state.witness.size;

	return asked->witness_size == size && (asked->from.size == 0 || asked->from.size == size);
}

enum status
witness_take(struct taking *taking, struct error *err)
{
	struct checkpoint *witness = &taking->state.witness;
	const struct checkpoint *older;
	struct local_witness kept;
	struct telling telling;
	enum status status;

	if (taking->reply->has_checkpoint && !is_signed(taking)) {
		return fail(err, STATUS_SIGNATURE, "checkpoint");
	}
	if (!telling_read(taking, &telling)) {
		return fail(err, STATUS_MALFORMED, "proof");
	}
	if (telling.told == NULL && telling.from == NULL && !taking->reply->show_witness) {
		return STATUS_OK;
	}
	status = local_witness(taking->device->local, LOCAL_EVIDENCE_OLDER, &kept, err);
	older = contradicted(taking, &telling);
	taking->doubted = older != NULL || taking->reply->show_witness;
	if (status == STATUS_OK && older != NULL && !kept.kept) {
		return evidence_keep(taking->device, &taking->state, older, &telling, err);
	}
	if (taking->reply->show_witness) {
		show_next(taking, &telling);
	}
	/* What contradicts is not believed, nor is anything else of that epoch any more. */
	if (status != STATUS_OK || older != NULL || taking->reply->show_witness ||
	    telling.told == NULL || (kept.kept && witness->epoch == telling.told->epoch)) {
		return status;
	}
	if (witness->epoch != telling.told->epoch ||
	    (telling.told->size > witness->size && compared(taking))) {
		*witness = *telling.told;
	} else if (telling.told->size > witness->size && !taking->carried) {
		/* Nor is its page taken: a place that the witness does not reach could be lost, and
		 * no word of this phone would ever tell. The next request asks again. */
		taking->fits = false;
	}
	status = proven_take(taking, &telling, err);
	return status == STATUS_OK && telling.holds ? seen_prove(taking, telling.from, err)
						    : status;
}

enum status
witness_after(struct taking *taking, struct error *err)
{
	struct checkpoint from;
	enum status status;

	if (taking->carried || !taking->newest || taking->asked->from.size != 0) {
		return STATUS_OK;
	}
	status = find_due(taking->device, &taking->state, PATIENCE_MS, &from, err);
	taking->again = taking->again || (status == STATUS_OK && from.size != 0);
	return status;
}
