/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that no enrolled device sealed and signed for this route: garbage, and what was sealed well
 * and then altered, cut, joined, or signed by another. */
#include "parcels.h"
#include "protocol/carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 400, LONG = 40000, HEAD_MAX = 1024 };

static const struct wanted plain = {.what = "bytes that nobody sealed", .fate = FATE_PLAIN};

static const char *
some_path(struct sender *sender)
{
	return dice_below(&sender->dice, 4) == 0 ? "/v1/enrol" : "/v1/sync";
}

/* A parcel that would be merged, were it not for what is done to it. */
static void
seal_honest(struct sender *sender)
{
	sender_honest(sender);
	forge_seal(sender->forge);
}

static void
garbage(struct sender *sender)
{
	struct buffer bytes;
	size_t length = dice_below(&sender->dice, SHORT);

	if (dice_below(&sender->dice, 50) == 0) {
		length = dice_below(&sender->dice, LONG);
	}
	buffer_init(&bytes, LONG);
	for (size_t i = 0; i < length; i++) {
		buffer_append_byte(&bytes, (uint8_t)dice_roll(&sender->dice));
	}
	/* Half of it begins as a parcel does. */
	if (length > 2 && dice_below(&sender->dice, 2) == 0) {
		bytes.at[0] = 1;
		bytes.at[1] = sender->forge->code.server_key_id;
	}
	sender_post_bytes(sender, length < 4096 ? some_path(sender) : "/v1/sync",
			  buffer_span(&bytes), &plain);
	buffer_finish(&bytes);
}

static void
altered(struct sender *sender)
{
	struct buffer bytes;

	seal_honest(sender);
	buffer_init(&bytes, 2 * PARCEL_REQUEST_MAX);
	craft_alter(&sender->dice, buffer_span(&sender->forge->parcel), &bytes);
	sender_post_bytes(sender, some_path(sender), buffer_span(&bytes), &plain);
	buffer_finish(&bytes);
}

static void
cut_or_joined(struct sender *sender)
{
	struct buffer bytes;
	struct span whole;

	seal_honest(sender);
	whole = buffer_span(&sender->forge->parcel);
	buffer_init(&bytes, 4 * PARCEL_REQUEST_MAX);
	switch (dice_below(&sender->dice, 4)) {
	case 0:
		buffer_append(&bytes, whole.at, dice_below(&sender->dice, whole.length));
		break;
	case 1:
		buffer_append_span(&bytes, whole);
		buffer_append_span(&bytes, whole);
		break;
	case 2: { /* the envelope of this one, the content of that one */
		size_t at = 10 + dice_below(&sender->dice, whole.length - 20);

		buffer_append(&bytes, whole.at, at);
		seal_honest(sender);
		whole = buffer_span(&sender->forge->parcel);
		buffer_append(&bytes, whole.at + at, whole.length - at);
		break;
	}
	default:
		buffer_append_byte(&bytes, 0);
		buffer_append_span(&bytes, whole);
		break;
	}
	sender_post_bytes(sender, "/v1/sync", buffer_span(&bytes), &plain);
	buffer_finish(&bytes);
}

/* Points of low order, of which everybody knows what is agreed. */
static void
weak_point(struct sender *sender)
{
	static const uint8_t points[][2] = {
		{0, 0}, {1, 0}, {0xec, 0x7f}, {0xed, 0x7f}, {0xee, 0x7f}};
	const uint8_t *point = DICE_PICK(&sender->dice, points);
	uint8_t *epk;

	seal_honest(sender);
	epk = sender->forge->parcel.at + 2;
	memset(epk, point[1] == 0 ? 0 : 0xff, 32);
	epk[0] = point[0];
	epk[31] = point[1];
	sender_post(sender, &plain);
}

/* Sealed well, but signed by another, or for another route. */
static void
not_signed(struct sender *sender)
{
	static const struct wanted wanted = {.what = "another's signature",
					     .fate = FATE_REFUSED,
					     .refusals = REFUSAL(SIGNATURE)};
	static const struct wanted no_enrolment = {.what = "a sync's parcel as an enrolment",
						   .fate = FATE_PLAIN};
	struct forge *forge = sender->forge;
	uint8_t own[SIGN_SECRET_SIZE];

	sender_honest(sender);
	memcpy(own, forge->secret, sizeof own);
	switch (dice_below(&sender->dice, 3)) {
	case 0:
		memcpy(forge->secret, sender->other->secret, sizeof own);
		forge_seal(forge);
		memcpy(forge->secret, own, sizeof own);
		sender_post(sender, &wanted);
		break;
	case 1:
		forge_seal_raw(forge, PARCEL_ENROL, NULL, NULL);
		sender_post(sender, &wanted);
		break;
	default:
		forge_seal(forge);
		sender_post_bytes(sender, "/v1/enrol", buffer_span(&forge->parcel), &no_enrolment);
		break;
	}
}

/* Sealed and signed with a key that nobody knows yet, as an enrolment is. */
static void
wrong_enrolment(struct sender *sender)
{
	static const struct wanted unknown = {.what = "a code that nobody made",
					      .fate = FATE_REFUSED,
					      .refusals = REFUSAL(CODE_UNKNOWN)};
	static const struct wanted malformed = {.what = "an enrolment that is none",
						.fate = FATE_PLAIN};
	struct enrolment_request request = {.programme = 1, .room = 4096};
	struct forge *forge = sender->forge;
	const struct hostile *hostile = craft_hostile(&sender->dice);
	struct buffer honest;
	struct buffer head;
	struct craft items;
	struct span bytes;
	struct span none = {NULL, 0};

	memcpy(request.device_key, forge->public_key, sizeof request.device_key);
	for (size_t i = 0; i < sizeof request.code_id; i++) {
		request.code_id[i] = (uint8_t)dice_roll(&sender->dice);
	}
	buffer_init(&honest, HEAD_MAX);
	buffer_init(&head, HEAD_MAX);
	enrolment_request_encode(&request, &honest);
	craft_take(buffer_span(&honest), &items);
	if (dice_below(&sender->dice, 2) == 0) {
		items.items[dice_below(&sender->dice, items.count)] = craft_span(hostile);
		craft_put(&items, &head);
		bytes = buffer_span(&head);
		forge_seal_raw(forge, PARCEL_ENROL, &bytes, &none);
		sender_post_bytes(sender, "/v1/enrol", buffer_span(&forge->parcel), &malformed);
	} else {
		bytes = buffer_span(&honest);
		forge_seal_raw(forge, PARCEL_ENROL, &bytes, &none);
		sender_post_bytes(sender, "/v1/enrol", buffer_span(&forge->parcel), &unknown);
	}
	buffer_finish(&head);
	buffer_finish(&honest);
}

void
unsealed(struct sender *sender)
{
	static void (*const makers[])(struct sender *) = {
		garbage,       garbage,	      altered,	  altered,	   altered,
		cut_or_joined, cut_or_joined, weak_point, wrong_enrolment, not_signed,
	};

	sender->other_count++;
	DICE_PICK(&sender->dice, makers)(sender);
}

/* ---- files ---- */

enum { FILE_MAX = 8 * PARCEL_REQUEST_MAX, PATH_SIZE = 400, ASIDE_IN_FILE = 3 };

static void
write_file(const char *folder, unsigned number, struct span bytes)
{
	char path[PATH_SIZE];
	FILE *stream;

	(void)snprintf(path, sizeof path, "%s/wrong-%u.carry", folder, number);
	stream = fopen(path, "wb");
	if (stream == NULL || fwrite(bytes.at, 1, bytes.length, stream) != bytes.length ||
	    fclose(stream) != 0) {
		perror(path);
		exit(2);
	}
}

/* Parcels that the server answers with a refusal, or not at all. */
static void
refused_file(struct sender *sender, struct buffer *out)
{
	static const struct span body = {(const uint8_t *)"\x00\x00", 2};
	struct carry_file file = {.count = 1 + dice_below(&sender->dice, 3)};
	struct buffer parcels[3];

	for (size_t i = 0; i < file.count; i++) {
		sender_honest(sender);
		forge_seal_raw(sender->forge, PARCEL_SYNC, NULL, &body);
		buffer_init(&parcels[i], 2 * PARCEL_REQUEST_MAX);
		if (dice_below(&sender->dice, 2) == 0) {
			buffer_append_span(&parcels[i], buffer_span(&sender->forge->parcel));
		} else {
			craft_alter(&sender->dice, buffer_span(&sender->forge->parcel),
				    &parcels[i]);
		}
		file.parcels[i] = buffer_span(&parcels[i]);
	}
	carry_file_encode(&file, out);
	for (size_t i = 0; i < file.count; i++) {
		buffer_finish(&parcels[i]);
	}
}

/* One honest parcel in a file that was damaged on the way. */
static void
damaged_file(struct sender *sender, struct buffer *out)
{
	struct carry_file file = {.count = 1};
	struct buffer whole;

	seal_honest(sender);
	file.parcels[0] = buffer_span(&sender->forge->parcel);
	buffer_init(&whole, FILE_MAX);
	carry_file_encode(&file, &whole);
	craft_alter(&sender->dice, buffer_span(&whole), out);
	buffer_finish(&whole);
}

/* A row of requests, each with a map that is no change: all are set aside. */
static void
aside_file(struct sender *sender, struct buffer *out)
{
	struct forge *forge = sender->forge;
	struct carry_file file = {.count = ASIDE_IN_FILE};
	struct buffer parcels[ASIDE_IN_FILE];

	for (size_t i = 0; i < ASIDE_IN_FILE; i++) {
		forge_drop(forge);
		forge_add_bytes(forge, "\xa1\x18\x63\x01", 4);
		forge_head(forge);
		forge_seal(forge);
		buffer_init(&parcels[i], PARCEL_REQUEST_MAX);
		buffer_append_span(&parcels[i], buffer_span(&forge->parcel));
		file.parcels[i] = buffer_span(&parcels[i]);
		memcpy(forge->chain, forge->head.h_last, HASH_SIZE);
		forge->acked_n++;
	}
	carry_file_encode(&file, out);
	for (size_t i = 0; i < ASIDE_IN_FILE; i++) {
		buffer_finish(&parcels[i]);
	}
}

unsigned
wrong_files(struct sender *sender, const char *folder, unsigned count, unsigned *aside_out)
{
	struct buffer file;

	buffer_init(&file, FILE_MAX);
	for (unsigned i = 0; i < count; i++) {
		buffer_clear(&file);
		if (dice_below(&sender->dice, 2) == 0) {
			refused_file(sender, &file);
		} else {
			damaged_file(sender, &file);
		}
		write_file(folder, i, buffer_span(&file));
	}
	/* Only one of these: files are taken in no order, and these go on from each other. */
	buffer_clear(&file);
	aside_file(sender, &file);
	write_file(folder, count, buffer_span(&file));
	buffer_finish(&file);
	*aside_out = ASIDE_IN_FILE;
	return count + 1;
}
