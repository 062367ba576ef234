/* SPDX-License-Identifier: Apache-2.0 */
/* adopt_file: opens a file that is to be adopted, and looks whether it is one: of one device,
 * without a gap, each parcel going on where the one before it ended. */
#include "daemon/ingest/adopt.h"
#include "daemon/ingest/push.h"
#include "protocol/carry.h"

#include <stdlib.h>
#include <string.h>

enum { ADOPTION_ARENA_LIMIT = 256 * 1024 * 1024 };

static enum status
open_parcels(struct adoption *adoption, const struct carry_file *file, struct store *reader,
	     const struct server_keys *keys, struct error *err)
{
	adoption->parcels = calloc(file->count, sizeof adoption->parcels[0]);
	if (adoption->parcels == NULL) {
		return fail(err, STATUS_MEMORY, "a file");
	}
	for (size_t i = 0; i < file->count; i++) {
		struct parcel *parcel = &adoption->parcels[i];

		parcel_init(parcel);
		adoption->parcel_count++;
		ingest_open(parcel, reader, keys, file->parcels[i]);
		if (parcel->status != STATUS_OK) {
			*err = parcel->error;
			return fail_context(err, "parcel %zu of %zu", i + 1, file->count);
		}
		if (parcel->certificate.device != 0) {
			return fail(err, STATUS_INVALID,
				    "this server does not know device %u yet: deliver the file by "
				    "`carry in`, which takes it in again",
				    parcel->head.device);
		}
	}
	return STATUS_OK;
}

/* Does the chain that this one signed go on from the one that the parcel before it signed? */
static bool
chain_goes_on(const struct parcel *before, const struct parcel *parcel)
{
	uint8_t chain[HASH_SIZE];

	memcpy(chain, before->head.h_last, HASH_SIZE);
	parcel_chain(parcel, 0, parcel->change_count, chain);
	return memcmp(chain, parcel->head.h_last, HASH_SIZE) == 0;
}

/* Parcels without changes ask for something, and say nothing. */
static enum status
check_order(struct adoption *adoption, struct error *err)
{
	const struct parcel *before = NULL;

	for (size_t i = 0; i < adoption->parcel_count; i++) {
		const struct parcel *parcel = &adoption->parcels[i];

		if (parcel->head.device != adoption->parcels[0].head.device) {
			return fail(err, STATUS_INVALID, "the file is of several devices");
		}
		if (parcel->change_count == 0) {
			continue;
		}
		if (before != NULL &&
		    (parcel->head.first_n != before->head.first_n + before->head.count ||
		     !chain_goes_on(before, parcel))) {
			return fail(err, STATUS_INVALID,
				    "parcel %zu of %zu does not go on where the one before it "
				    "ended: this is no file as a phone writes it",
				    i + 1, adoption->parcel_count);
		}
		adoption->first = before == NULL ? parcel : adoption->first;
		adoption->said.count += parcel->change_count;
		before = parcel;
	}
	return before != NULL ? STATUS_OK
			      : fail(err, STATUS_INVALID,
				     "there is no change in the file, so nothing to adopt");
}

/* Its batches cover all of it. */
static void
take_parcel(struct said *said, size_t at, const struct parcel *parcel)
{
	size_t batch = 0;

	for (size_t i = 0; i < parcel->change_count; i++) {
		while (parcel->batches[batch].last_n < parcel->head.first_n + i) {
			batch++;
		}
		said->changes[at + i] = parcel->changes[i];
		memcpy(said->seeds[at + i], parcel->batches[batch].seed, SEED_SIZE);
	}
}

static enum status
take_changes(struct adoption *adoption, struct error *err)
{
	struct said *said = &adoption->said;
	size_t at = 0;

	said->stream = adoption->first->head.device;
	said->first_n = adoption->first->head.first_n;
	said->changes = ARENA_ARRAY(&adoption->arena, struct parcel_change, said->count);
	said->seeds = arena_take(&adoption->arena, said->count * sizeof said->seeds[0], 1);
	if (said->changes == NULL || said->seeds == NULL) {
		return fail(err, STATUS_MEMORY, "a file");
	}
	for (size_t i = 0; i < adoption->parcel_count; i++) {
		take_parcel(said, at, &adoption->parcels[i]);
		at += adoption->parcels[i].change_count;
	}
	return STATUS_OK;
}

enum status
adoption_open(struct span file, struct store *reader, const struct server_keys *keys,
	      struct adoption **out, struct error *err)
{
	struct carry_file parcels;
	struct adoption *adoption;
	enum status status = carry_file_decode(file, &parcels, err);

	if (status != STATUS_OK) {
		return status;
	}
	adoption = calloc(1, sizeof *adoption);
	if (adoption == NULL) {
		return fail(err, STATUS_MEMORY, "a file");
	}
	arena_init(&adoption->arena, ADOPTION_ARENA_LIMIT);
	status = open_parcels(adoption, &parcels, reader, keys, err);
	if (status == STATUS_OK) {
		status = check_order(adoption, err);
	}
	if (status == STATUS_OK) {
		status = take_changes(adoption, err);
	}
	if (status != STATUS_OK) {
		adoption_free(adoption);
		return status;
	}
	*out = adoption;
	return STATUS_OK;
}

void
adoption_free(struct adoption *adoption)
{
	if (adoption == NULL) {
		return;
	}
	for (size_t i = 0; i < adoption->parcel_count; i++) {
		parcel_finish(&adoption->parcels[i]);
	}
	free(adoption->parcels);
	arena_finish(&adoption->arena);
	free(adoption);
}
