/* SPDX-License-Identifier: Apache-2.0 */
/* Two copies of an installation: where they part, under which number one goes on, who is held, and
 * what the log makes of it. */
#include "daemon/ingest/workset.h"
#include "forged_device.h"
#include "protocol/fork.h"
#include "tests/check/check_store.h"

#include <stdlib.h>

#define DEVICE struct forged *ani = *state

/* ---- copies ---- */

/* The same installation once more, as it is now. End it with forged_finish. */
static struct forged *
copy_of(const struct forged *forged)
{
	struct forged *copy = forged_another(forged->world, 1);

	memcpy(copy->secret, forged->secret, sizeof copy->secret);
	memcpy(copy->public_key, forged->public_key, sizeof copy->public_key);
	memcpy(copy->chain, forged->chain, sizeof copy->chain);
	copy->batch = forged->batch;
	copy->device = forged->device;
	copy->epoch = forged->epoch;
	copy->scope_version = forged->scope_version;
	copy->cursor = forged->cursor;
	copy->r = forged->r;
	copy->acked_n = forged->acked_n;
	return copy;
}

/* So many families in the village, one a change, and synced. */
static void
log_families(struct forged *forged, unsigned count, int64_t village)
{
	while (count-- > 0) {
		(void)forged_family(forged, village);
	}
	assert_ok(forged_sync(forged));
}

static void
derive(const struct forged *forged, uint32_t n, uint8_t public_out[SIGN_PUBLIC_SIZE],
       uint8_t secret_out[SIGN_SECRET_SIZE])
{
	uint8_t seed[SEED32_SIZE];

	fork_key(forged->secret, forged->device, n, seed);
	sign_keypair(seed, public_out, secret_out);
}

/* Asks to go on after change n, with the key that follows from it. */
static enum status
ask(struct forged *forged, uint32_t n)
{
	uint8_t secret[SIGN_SECRET_SIZE];

	forged_drop(forged);
	forged_head(forged);
	forged->head.continues = true;
	forged->head.continuing_n = n;
	derive(forged, n, forged->head.continuing_key, secret);
	return forged_send(forged);
}

static struct certificate
certificate_of(struct forged *forged)
{
	struct certificate card;

	assert_ok(certificate_read(forged->reply.certificate, forged->world->keys.log_public,
				   &forged->arena, &card, &forged->err));
	return card;
}

/* Takes the number that the last answer certifies. */
static void
go_on(struct forged *forged, uint32_t n)
{
	struct certificate card = certificate_of(forged);
	uint8_t secret[SIGN_SECRET_SIZE];

	derive(forged, n, forged->public_key, secret);
	memcpy(forged->secret, secret, sizeof secret);
	assert_memory_equal(card.device_key, forged->public_key, SIGN_PUBLIC_SIZE);
	forged->device = card.device;
	forged->scope_version = forged->reply.certified_scope_version;
	forged->cursor = (struct cursor){0, 0, CURSOR_ID_END};
	forged->r = 0;
	forged_forget(forged);
}

static void
fork_at(struct forged *forged, uint32_t n)
{
	assert_int_equal(ask(forged, n), STATUS_FORK);
	go_on(forged, n);
}

static enum device_state
state_of(struct forged *forged, uint32_t number)
{
	struct device device;

	assert_ok(
		store_device(forged->world->store, number, &forged->arena, &device, &forged->err));
	return device.state;
}

/* ---- where they part ---- */

TEST(fork_tells_the_first_change_that_differs)
{
	DEVICE;
	struct forged *copy = copy_of(ani);

	log_families(ani, 3, VILLAGE_A_NUMBER);
	(void)forged_family(copy, VILLAGE_B_NUMBER);
	assert_int_equal(forged_sync(copy), STATUS_FORK);
	assert_int_equal(copy->reply.send_from, 1);
	forged_drop(copy);
	(void)forged_family(copy, VILLAGE_A_NUMBER);
	(void)forged_family(copy, VILLAGE_B_NUMBER);
	(void)forged_family(copy, VILLAGE_A_NUMBER);
	(void)forged_family(copy, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(copy), STATUS_FORK);
	assert_int_equal(copy->reply.send_from, 2);
	assert_int_equal(copy->reply.certificate.length, 0);
	forged_finish(copy);
}

TEST(copy_that_knows_fewer_changes_parts_after_the_last_it_knows)
{
	DEVICE;
	struct forged *copy;

	log_families(ani, 1, VILLAGE_A_NUMBER);
	copy = copy_of(ani);
	log_families(ani, 2, VILLAGE_A_NUMBER);
	copy->r = ani->r;
	assert_int_equal(forged_sync(copy), STATUS_FORK);
	assert_int_equal(copy->reply.send_from, 2);
	(void)forged_family(copy, VILLAGE_A_NUMBER); /* which the log has */
	assert_int_equal(forged_sync(copy), STATUS_FORK);
	assert_int_equal(copy->reply.send_from, 3);
	forged_finish(copy);
}

/* Of what it has not sent yet nobody knows whether the log has it. */
TEST(copy_that_sent_a_part_of_what_it_has_is_told_the_place_when_it_has_sent_all)
{
	DEVICE;
	struct forged *copy = copy_of(ani);

	log_families(ani, 4, VILLAGE_A_NUMBER);
	copy->r = ani->r;
	(void)forged_family(copy, VILLAGE_A_NUMBER);
	forged_head(copy);
	copy->head.known_n = 2;
	assert_ok(forged_send(copy));
	assert_int_equal(copy->reply.ack_count, 1);
	assert_int_equal(copy->reply.acks[0].count, 1);
	assert_int_equal(copy->reply.record_count, 0);
	assert_true(copy->reply.more);
	copy->acked_n = 1;
	(void)forged_family(copy, VILLAGE_B_NUMBER);
	assert_int_equal(forged_sync(copy), STATUS_FORK);
	assert_int_equal(copy->reply.send_from, 2);
	forged_finish(copy);
}

TEST(place_that_no_change_shows_is_not_told)
{
	DEVICE;

	log_families(ani, 2, VILLAGE_A_NUMBER);
	forged_head(ani);
	ani->head.h_last[0] ^= 1;
	assert_int_equal(forged_send(ani), STATUS_FORK);
	assert_int_equal(ani->reply.send_from, 0);
}

/* ---- asking ---- */

TEST(copy_that_asks_gets_a_number_with_the_cadre_and_the_scope_of_the_old_one)
{
	DEVICE;
	struct certificate card;
	uint64_t head;

	log_families(ani, 3, VILLAGE_A_NUMBER);
	head = world_head(ani->world);
	assert_int_equal(ask(ani, 2), STATUS_FORK);
	card = certificate_of(ani);
	assert_int_not_equal(card.device, ani->device);
	assert_memory_equal(card.device_key, ani->head.continuing_key, SIGN_PUBLIC_SIZE);
	assert_true(span_equal(card.cadre, span_of_text("Ani")));
	assert_int_equal(card.scope_count, 1);
	assert_int_equal(card.scope[0].low, VILLAGE_A_NUMBER);
	assert_int_equal(card.parent, ani->device);
	assert_int_equal(card.parent_n, 2);
	assert_int_equal(ani->reply.certified_scope_version, head + 1);
	assert_int_equal(world_head(ani->world), head + 1);
	assert_int_equal(state_of(ani, card.device), DEVICE_ACTIVE);
	assert_int_equal(state_of(ani, ani->device), DEVICE_FORMER);
}

TEST(asking_twice_is_one_number)
{
	DEVICE;
	struct forged *copy;
	uint32_t number;
	uint64_t head;

	log_families(ani, 2, VILLAGE_A_NUMBER);
	copy = copy_of(ani);
	assert_int_equal(ask(ani, 1), STATUS_FORK);
	number = certificate_of(ani).device;
	head = world_head(ani->world);
	assert_int_equal(forged_send_again(ani), STATUS_FORK);
	assert_int_equal(certificate_of(ani).device, number);
	assert_int_equal(ask(copy, 1), STATUS_FORK);
	assert_int_equal(certificate_of(copy).device, number);
	assert_int_equal(copy->reply.certified_scope_version, ani->reply.certified_scope_version);
	assert_int_equal(world_head(ani->world), head);
	forged_finish(copy);
}

TEST(copies_that_part_at_different_places_get_two_numbers)
{
	DEVICE;
	uint32_t first;
	uint32_t second;

	log_families(ani, 3, VILLAGE_A_NUMBER);
	assert_int_equal(ask(ani, 1), STATUS_FORK);
	first = certificate_of(ani).device;
	assert_int_equal(ask(ani, 2), STATUS_FORK);
	second = certificate_of(ani).device;
	assert_int_not_equal(first, second);
	assert_int_equal(state_of(ani, first), DEVICE_FORMER);
	assert_int_equal(state_of(ani, second), DEVICE_ACTIVE);
}

TEST(same_copy_restored_twice_is_merged_once_and_parts_from_the_first)
{
	DEVICE;
	struct forged *first = copy_of(ani);
	struct forged *second = copy_of(ani);
	uint64_t head;

	log_families(ani, 2, VILLAGE_A_NUMBER);
	fork_at(first, 0);
	log_families(first, 2, VILLAGE_A_NUMBER);
	fork_at(second, 0);
	head = world_head(ani->world);
	(void)forged_family(second, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(second));
	assert_int_equal(second->reply.ack_count, 1);
	assert_int_equal(second->reply.r_seen, first->r);
	assert_int_equal(world_head(ani->world), head);
	second->r = first->r;
	second->acked_n = 1;
	(void)forged_family(second, VILLAGE_B_NUMBER);
	assert_int_equal(forged_sync(second), STATUS_FORK);
	assert_int_equal(second->reply.send_from, 2);
	fork_at(second, 1);
	assert_int_not_equal(second->device, first->device);
	assert_int_equal(state_of(ani, first->device), DEVICE_FORMER);
	forged_finish(second);
	forged_finish(first);
}

TEST(place_beyond_the_log_is_a_gap)
{
	DEVICE;
	uint64_t head;

	log_families(ani, 2, VILLAGE_A_NUMBER);
	head = world_head(ani->world);
	assert_int_equal(ask(ani, 3), STATUS_GAP);
	assert_int_equal(ani->reply.send_from, 3);
	assert_int_equal(world_head(ani->world), head);
}

static void
assert_no_number(struct forged *ani, const uint8_t key[SIGN_PUBLIC_SIZE])
{
	uint64_t head;

	log_families(ani, 2, VILLAGE_A_NUMBER);
	head = world_head(ani->world);
	forged_head(ani);
	ani->head.continues = true;
	ani->head.continuing_n = 1;
	memcpy(ani->head.continuing_key, key, SIGN_PUBLIC_SIZE);
	assert_int_equal(forged_send(ani), STATUS_FORK);
	assert_int_equal(ani->reply.certificate.length, 0);
	assert_int_equal(world_head(ani->world), head);
}

TEST(key_that_is_another_streams_gets_no_number)
{
	DEVICE;

	assert_no_number(ani, ani->public_key);
}

TEST(key_of_nobody_gets_no_number)
{
	DEVICE;
	static const uint8_t nobody[SIGN_PUBLIC_SIZE];

	assert_no_number(ani, nobody);
}

/* A number that was adopted: whoever names it, with whatever key, is not it. */
TEST(number_without_a_key_accepts_no_signature)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	struct device nobody = {
		.stream = {.kind = STREAM_DEVICE, .name = span_of_text("Ani")},
		.state = DEVICE_FORMER,
	};

	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_stream_add(ingest, &nobody.stream, &ani->err));
	assert_ok(store_device_put(ani->world->store, &nobody, &ani->err));
	assert_ok(ingest_commit(ingest, &ani->err));
	ani->device = nobody.stream.number;
	(void)forged_family(ani, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(ani), STATUS_SIGNATURE);
}

TEST(family_of_so_many_numbers_gets_no_more)
{
	DEVICE;
	uint64_t head;

	log_families(ani, FAMILY_MAX, VILLAGE_A_NUMBER);
	for (uint32_t n = 1; n < FAMILY_MAX; n++) {
		assert_int_equal(ask(ani, n), STATUS_FORK);
		assert_true(ani->reply.certificate.length > 0);
	}
	head = world_head(ani->world);
	assert_int_equal(ask(ani, FAMILY_MAX), STATUS_FORK);
	assert_int_equal(ani->reply.certificate.length, 0);
	assert_int_equal(world_head(ani->world), head);
}

TEST(number_that_was_not_committed_leaves_no_lineage)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	struct parcel *parcel = calloc(1, sizeof *parcel);

	assert_non_null(parcel);
	parcel_init(parcel);
	forged_head(ani);
	ani->head.continues = true;
	ani->head.continuing_key[0] = 1;
	forged_seal(ani);
	ingest_open(parcel, ani->world->reader, &ani->world->keys, buffer_span(&ani->parcel));
	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_parcel(ingest, parcel, &ani->err));
	assert_int_equal(parcel->status, STATUS_FORK);
	assert_int_equal(ingest_merge_context(ingest, FAMILY).lineage_count, 1);
	ingest_rollback(ingest);
	assert_int_equal(ingest_merge_context(ingest, FAMILY).lineage_count, 0);
	parcel_finish(parcel);
	free(parcel);
}

/* ---- what the heir says ---- */

TEST(heir_saw_what_its_ancestors_had_made_and_no_more)
{
	DEVICE;
	struct forged *copy;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Satu")), 0,
		    1);
	assert_ok(forged_sync(ani));
	copy = copy_of(ani);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Dua")), 0, 2);
	assert_ok(forged_sync(ani));
	fork_at(copy, 2);
	forged_edit(copy, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Lain")), 0,
		    0);
	assert_ok(forged_sync(copy));
	assert_int_equal(copy->reply.exceptions[0].kind, EXCEPTION_CONFLICT);
	/* The creation, and the two that had not seen each other. */
	assert_int_equal(forged_stored(copy, family).dot_count, 3);
	forged_finish(copy);
}

TEST(lineage_is_there_again_after_the_server_was_started_anew)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	assert_ok(forged_sync(ani));
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Satu")), 0,
		    1);
	assert_ok(forged_sync(ani));
	fork_at(ani, 2);
	world_restart_server(ani->world);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Dua")), 0, 0);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	assert_int_equal(forged_stored(ani, family).dot_count, 2);
}

/* An edit of the family by a form that showed that many changes of that stream; is it merged? */
static bool
merges_own(struct forged *forged, uint64_t family, uint32_t own_stream, uint32_t own_n)
{
	struct change_field field = {FAMILY_ADDRESS, value_text(span_of_text("Jl. Uji"))};
	struct change change = forged_change(forged, FAMILY, family, &field, 1);

	change.base = (struct base){.epoch = forged->epoch, .version = 0};
	change.own_stream = own_stream;
	change.own_n = own_n;
	forged_add(forged, &change);
	assert_ok(forged_sync(forged));
	return forged->reply.exception_count == 0 ||
	       forged->reply.exceptions[0].kind != EXCEPTION_QUARANTINED;
}

TEST(own_may_name_any_ancestor_up_to_where_they_parted)
{
	DEVICE;
	uint32_t first = ani->device;
	uint32_t second;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);

	log_families(ani, 2, VILLAGE_A_NUMBER);
	fork_at(ani, 2);
	second = ani->device;
	log_families(ani, 3, VILLAGE_A_NUMBER);
	fork_at(ani, 1);
	assert_true(merges_own(ani, family, second, 1));
	assert_true(merges_own(ani, family, first, 2));
	assert_true(merges_own(ani, family, first, 0));
	assert_false(merges_own(ani, family, second, 2));
	assert_false(merges_own(ani, family, first, 3));
	assert_false(merges_own(ani, family, second ^ 1, 1));
}

static void
set_scope(struct forged *forged, uint32_t number, int64_t village)
{
	struct ingest *ingest = forged->world->ingest;
	struct region region = {(uint64_t)village, (uint64_t)village};

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_device_scope(ingest, number, &region, 1, 0, &forged->err));
	assert_ok(ingest_commit(ingest, &forged->err));
}

TEST(change_made_before_the_fork_counts_in_the_scope_of_then)
{
	DEVICE;
	uint64_t before = ani->scope_version;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	uint64_t heirs;

	assert_ok(forged_sync(ani));
	set_scope(ani, ani->device, VILLAGE_B_NUMBER);
	fork_at(ani, 1);
	heirs = ani->scope_version;
	ani->scope_version = before;
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Uji")), 0, 0);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exception_count, 0);
	ani->scope_version = heirs;
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Lain")), 0,
		    1);
	assert_ok(forged_sync(ani));
	assert_int_equal(ani->reply.exceptions[0].reason, QUARANTINE_OUT_OF_SCOPE);
}

TEST(another_device_learns_the_lineage_of_those_behind_the_dots)
{
	DEVICE;
	struct forged *budi = forged_another(ani->world, 2);
	uint32_t first = ani->device;
	uint32_t second;

	forged_code(budi, "Budi", VILLAGE_A);
	assert_ok(forged_enrol(budi));
	log_families(ani, 1, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.lineage_count, 0);
	fork_at(ani, 1);
	second = ani->device;
	fork_at(ani, 0);
	log_families(ani, 1, VILLAGE_A_NUMBER);
	assert_ok(forged_sync(budi));
	assert_int_equal(budi->reply.record_count, 1);
	assert_int_equal(budi->reply.lineage_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct lineage *lineage = &budi->reply.lineages[i];

		assert_true(lineage->stream == second || lineage->stream == ani->device);
		assert_int_equal(lineage->parent, lineage->stream == second ? first : second);
		assert_int_equal(lineage->n, lineage->stream == second ? 1 : 0);
	}
	forged_finish(budi);
}

/* ---- two that live ---- */

/* A copy of Ani's phone from before her two families, which goes on under another number. */
static struct forged *
heir_beside(struct forged *ani)
{
	struct forged *heir = copy_of(ani);

	log_families(ani, 2, VILLAGE_A_NUMBER);
	fork_at(heir, 0);
	log_families(heir, 1, VILLAGE_A_NUMBER);
	return heir;
}

TEST(former_number_that_speaks_has_the_family_held_and_is_merged_nevertheless)
{
	DEVICE;
	struct forged *heir = heir_beside(ani);
	uint64_t head = world_head(ani->world);
	uint64_t family;

	ani->r = 100;
	family = forged_family(ani, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(ani), STATUS_HELD);
	assert_int_equal(ani->reply.ack_count, 1);
	assert_int_equal(ani->reply.record_count, 0);
	(void)forged_stored(ani, family);
	assert_int_equal(world_head(ani->world), head + 2); /* the family and the hold */
	assert_int_equal(state_of(ani, ani->device), DEVICE_HELD);
	family = forged_family(heir, VILLAGE_A_NUMBER);
	assert_int_equal(forged_sync(heir), STATUS_HELD);
	assert_int_equal(heir->reply.ack_count, 1);
	assert_int_equal(heir->reply.record_count, 0);
	(void)forged_stored(heir, family);
	assert_int_equal(world_head(ani->world), head + 3);
	forged_finish(heir);
}

TEST(former_number_that_hides_behind_an_old_counter_is_held_all_the_same)
{
	DEVICE;
	struct forged *heir = heir_beside(ani);

	(void)forged_family(ani, VILLAGE_A_NUMBER);
	forged_head(ani);
	ani->head.r = 1;
	assert_int_equal(forged_send(ani), STATUS_HELD);
	assert_int_equal(state_of(ani, heir->device), DEVICE_HELD);
	forged_finish(heir);
}

TEST(number_of_a_family_that_is_held_is_not_continued)
{
	DEVICE;
	struct forged *heir = heir_beside(ani);
	uint64_t head;

	assert_int_equal(forged_sync(ani), STATUS_HELD);
	head = world_head(ani->world);
	assert_int_equal(ask(heir, 1), STATUS_HELD);
	assert_int_equal(ask(ani, 1), STATUS_HELD);
	/* What was given before is given again. */
	assert_int_equal(ask(ani, 0), STATUS_FORK);
	assert_int_equal(certificate_of(ani).device, heir->device);
	assert_int_equal(world_head(ani->world), head);
	forged_finish(heir);
}

TEST(old_image_is_no_sign_of_life_of_the_former_number)
{
	DEVICE;
	struct forged *image = copy_of(ani);
	struct forged *heir = heir_beside(ani);

	image->r = 100;
	(void)forged_family(image, VILLAGE_A_NUMBER);
	forged_head(image);
	image->head.known_n = 2; /* … and one that it has not sent yet */
	assert_ok(forged_send(image));
	assert_int_equal(image->reply.ack_count, 1);
	image->r = 1;
	image->acked_n = 2;
	assert_ok(forged_send_again(image)); /* an old request again */
	assert_int_equal(state_of(ani, ani->device), DEVICE_FORMER);
	assert_int_equal(state_of(ani, heir->device), DEVICE_ACTIVE);
	forged_finish(heir);
	forged_finish(image);
}

static enum status
allow(struct forged *forged, uint32_t number)
{
	struct ingest *ingest = forged->world->ingest;
	enum status status;

	assert_ok(ingest_begin(ingest, &forged->err));
	status = ingest_device_allow(ingest, number, 0, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static void
revoke(struct forged *forged)
{
	struct ingest *ingest = forged->world->ingest;

	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_device_revoke(ingest, forged->device, 0, &forged->err));
	assert_ok(ingest_commit(ingest, &forged->err));
}

TEST(family_that_is_allowed_syncs_again_all_of_it)
{
	DEVICE;
	struct forged *heir = heir_beside(ani);
	uint64_t head;

	assert_int_equal(forged_sync(ani), STATUS_HELD);
	head = world_head(ani->world);
	assert_ok(allow(ani, heir->device));
	assert_int_equal(world_head(ani->world), head + 1);
	assert_ok(forged_sync(ani));
	assert_ok(forged_sync(heir));
	assert_int_equal(world_head(ani->world), head + 1);
	forged_finish(heir);
}

TEST(device_that_nobody_holds_cannot_be_allowed)
{
	DEVICE;

	assert_int_equal(allow(ani, ani->device), STATUS_INVALID);
	assert_int_equal(allow(ani, 4711), STATUS_NOT_FOUND);
	revoke(ani);
	assert_int_equal(allow(ani, ani->device), STATUS_INVALID);
}

TEST(revoking_one_number_revokes_its_family)
{
	DEVICE;
	struct forged *heir = heir_beside(ani);
	struct forged *grandchild = copy_of(heir);
	uint64_t head;

	fork_at(grandchild, 1);
	head = world_head(ani->world);
	revoke(heir);
	assert_int_equal(world_head(ani->world), head + 3);
	assert_int_equal(forged_sync(ani), STATUS_REVOKED);
	assert_int_equal(forged_sync(heir), STATUS_REVOKED);
	assert_int_equal(forged_sync(grandchild), STATUS_REVOKED);
	assert_int_equal(ask(grandchild, 0), STATUS_REVOKED);
	assert_int_equal(grandchild->reply.certificate.length, 0);
	assert_int_equal(world_head(ani->world), head + 3);
	forged_finish(grandchild);
	forged_finish(heir);
}

/* ---- a restored server ---- */

/* Sends the next request with that certificate, kept by the device. */
static enum status
show(struct forged *forged, struct span certificate)
{
	forged_head(forged);
	forged->head.certificate = certificate;
	return forged_send(forged);
}

static struct span
keep(struct forged *forged, struct span bytes)
{
	return span_of(arena_copy(&forged->arena, bytes.at, bytes.length), bytes.length);
}

TEST(number_that_a_restored_server_lost_comes_back_with_its_lineage)
{
	DEVICE;
	uint64_t family = forged_family(ani, VILLAGE_A_NUMBER);
	struct span certificate;
	uint32_t first = ani->device;
	unsigned backup;

	assert_ok(forged_sync(ani));
	backup = world_backup(ani->world);
	assert_int_equal(ask(ani, 1), STATUS_FORK);
	certificate = keep(ani, ani->reply.certificate);
	go_on(ani, 1);
	world_restore(ani->world, backup);
	assert_int_equal(forged_sync(ani), STATUS_FOREIGN);
	ani->epoch = ani->reply.epoch;
	assert_ok(show(ani, certificate));
	assert_int_equal(state_of(ani, ani->device), DEVICE_ACTIVE);
	assert_int_equal(state_of(ani, first), DEVICE_FORMER);
	assert_true(merges_own(ani, family, first, 1));
	assert_int_equal(forged_stored(ani, family).dot_count, 2);
}

TEST(number_that_comes_back_is_what_its_family_is)
{
	DEVICE;
	unsigned backup = world_backup(ani->world);
	struct forged *heir = copy_of(ani);
	struct span certificate;

	assert_int_equal(ask(heir, 0), STATUS_FORK);
	certificate = keep(heir, heir->reply.certificate);
	go_on(heir, 0);
	world_restore(ani->world, backup);
	revoke(ani);
	assert_int_equal(forged_sync(heir), STATUS_FOREIGN);
	heir->epoch = heir->reply.epoch;
	assert_int_equal(show(heir, certificate), STATUS_REVOKED);
	assert_int_equal(state_of(ani, heir->device), DEVICE_REVOKED);
	forged_finish(heir);
}

/* ---- the log ---- */

TEST(log_tells_the_same_records_to_another_reader)
{
	DEVICE;
	struct forged *heir = heir_beside(ani);
	uint64_t family = id_make(ani->device, 1);
	uint32_t first = ani->device;

	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Satu")), 0,
		    2);
	assert_int_equal(forged_sync(ani), STATUS_HELD);
	assert_ok(allow(ani, first));
	ani->acked_n = 3;
	memcpy(ani->chain, ani->head.h_last, HASH_SIZE);
	fork_at(ani, 3);
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Dua")), 0, 0);
	assert_ok(forged_sync(ani));
	assert_true(merges_own(ani, family, first, 2));
	assert_int_equal(forged_stored(ani, family).dot_count, 3);
	assert_ok(check_store_database(ani->world->folder, &ani->err));
	forged_finish(heir);
}

#define WITH(sentence) CASE_WITH(sentence, forged_open, forged_close)
RUN_TESTS(WITH(fork_tells_the_first_change_that_differs),
	  WITH(copy_that_knows_fewer_changes_parts_after_the_last_it_knows),
	  WITH(copy_that_sent_a_part_of_what_it_has_is_told_the_place_when_it_has_sent_all),
	  WITH(place_that_no_change_shows_is_not_told),
	  WITH(copy_that_asks_gets_a_number_with_the_cadre_and_the_scope_of_the_old_one),
	  WITH(asking_twice_is_one_number),
	  WITH(copies_that_part_at_different_places_get_two_numbers),
	  WITH(same_copy_restored_twice_is_merged_once_and_parts_from_the_first),
	  WITH(place_beyond_the_log_is_a_gap), WITH(key_that_is_another_streams_gets_no_number),
	  WITH(key_of_nobody_gets_no_number), WITH(number_without_a_key_accepts_no_signature),
	  WITH(family_of_so_many_numbers_gets_no_more),
	  WITH(number_that_was_not_committed_leaves_no_lineage),
	  WITH(heir_saw_what_its_ancestors_had_made_and_no_more),
	  WITH(lineage_is_there_again_after_the_server_was_started_anew),
	  WITH(own_may_name_any_ancestor_up_to_where_they_parted),
	  WITH(change_made_before_the_fork_counts_in_the_scope_of_then),
	  WITH(another_device_learns_the_lineage_of_those_behind_the_dots),
	  WITH(former_number_that_speaks_has_the_family_held_and_is_merged_nevertheless),
	  WITH(former_number_that_hides_behind_an_old_counter_is_held_all_the_same),
	  WITH(number_of_a_family_that_is_held_is_not_continued),
	  WITH(old_image_is_no_sign_of_life_of_the_former_number),
	  WITH(family_that_is_allowed_syncs_again_all_of_it),
	  WITH(device_that_nobody_holds_cannot_be_allowed),
	  WITH(revoking_one_number_revokes_its_family),
	  WITH(number_that_a_restored_server_lost_comes_back_with_its_lineage),
	  WITH(number_that_comes_back_is_what_its_family_is),
	  WITH(log_tells_the_same_records_to_another_reader))
