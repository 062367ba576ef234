/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork: what an installation that goes on under another number makes of its key, its batches and
 * the changes that the log does not have (docs/protocol.md, "Fork").
 *
 *   key  = SHA-256("sambung/fork/1\0\0" | seed of the key before | LE32 stream before | LE32 n)
 *   seed = first 16 bytes of SHA-256("sambung/again/1\0" | seed before | LE32 stream after)
 *
 * Everything follows from the installation and the place where it left the log. So the same old
 * image, restored twice, asks for the same number and says the same things under it: what was said
 * already is merged once, by (stream, n), like any parcel that comes twice.
 */
#ifndef SAMBUNG_PROTOCOL_FORK_H
#define SAMBUNG_PROTOCOL_FORK_H

#include "change.h"
#include "commitment.h"
#include "crypto.h"
#include "merge.h"

/* By so much a change that is made again is longer at most, however often: `own` with its stream,
 * `was` and the first hash. Whoever makes changes leaves them the room, or could not go on. */
enum { FORK_GROWTH_MAX = 64 };

/* What `stream` made after n goes on as 1, 2, 3 … of `heir`. */
struct fork {
	uint32_t stream;
	uint32_t n;
	uint32_t heir;
};
/* The fork from which the lineage's stream goes on. */
struct fork fork_of(const struct lineage *lineage);

/* The seed of the heir's Ed25519 key; its number is not known yet when this is needed. */
void fork_key(const uint8_t seed[SEED32_SIZE], uint32_t stream, uint32_t n,
	      uint8_t seed_out[SEED32_SIZE]);
/* The seed of a batch whose changes are made again. */
void fork_batch_seed(const uint8_t seed[SEED_SIZE], uint32_t heir, uint8_t seed_out[SEED_SIZE]);
/* The id that a record has after the fork: another one if it was born after n. */
uint64_t fork_id(const struct fork *fork, uint64_t id);
/*
 * Makes a change after n again: n, own, the record and all it refers to as the heir says it; `was`
 * and the first hash tell where it comes from, for good. Kind, base, time and fields stay. type:
 * tells which fields are references; NULL: none is. INVALID: n is not after the fork. Otherwise as
 * change_decode, and LIMIT if it would be longer than a change may be. Appends canonical bytes.
 */
enum status fork_change(const struct fork *fork, const struct record_type *type, struct span bytes,
			struct arena *arena, struct buffer *out, struct error *err);
/* What a form had shown of the own changes: those up to the fork stay the old stream's. */
void fork_own(const struct fork *fork, uint32_t *own_stream, uint32_t *own_n);
/* What the fields refer to, as fork_id says. */
void fork_fields(const struct fork *fork, const struct record_type *type,
		 struct change_field *fields, size_t count);
/*
 * The same in a record on the device: its id, the dots after n (which are pending again) and what
 * their values refer to. Everything else stays, ranks and rests of sets too, so the record is what
 * it would be had the heir made the changes. Fails only with MEMORY, and then leaves it untouched.
 */
enum status fork_record(const struct fork *fork, const struct record_type *type,
			struct record *record, struct arena *arena, bool *touched_out,
			struct error *err);

#endif
