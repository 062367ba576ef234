/* SPDX-License-Identifier: Apache-2.0 */
#include "parcels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FAMILY = 1,
	PERSON = 2,
	PERSON_FAMILY = 1,
	PERSON_NAME = 2,
	NOBODY = 77, /* no stream of the server, or it is drawn once in 2^31 runs */
	ROOM = 4096,
	BODY_ARENA = 16 * 1024 * 1024,
};

/* Nothing that is in scope is near it, however a few bits fall. */
#define FAR_VILLAGE INT64_C(1101012001)

static const uint64_t any_refusal = REFUSAL(MALFORMED) | REFUSAL(UNSUPPORTED) | REFUSAL(LIMIT) |
				    REFUSAL(GAP) | REFUSAL(FORK) | REFUSAL(FOREIGN) |
				    REFUSAL(SIGNATURE);

/* ---- answers ---- */

static bool
all_aside(const struct sender *sender, const struct reply *reply, uint32_t reason)
{
	const struct forge *forge = sender->forge;
	uint32_t count = forge->head.count;

	if (reply->status != STATUS_OK || count == 0 || reply->acked_n != forge->acked_n + count ||
	    reply->exception_count != count) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct exception *exception = &reply->exceptions[i];

		if (exception->kind != EXCEPTION_QUARANTINED ||
		    exception->n != forge->acked_n + 1 + i || exception->reason == 0 ||
		    (reason != 0 && exception->reason != reason)) {
			return false;
		}
	}
	return true;
}

static void
take_aside(struct sender *sender)
{
	struct forge *forge = sender->forge;

	memcpy(forge->chain, forge->head.h_last, HASH_SIZE);
	forge->acked_n += forge->head.count;
	sender->aside += forge->head.count;
}

static bool
is_refused(const struct sender *sender, const struct reply *reply, uint64_t refusals)
{
	return (refusals >> reply->status & 1) != 0 && reply->ack_count == 0 &&
	       reply->acked_n <= sender->forge->acked_n && reply->exception_count == 0 &&
	       reply->record_count == 0 && reply->certificate.length == 0;
}

static bool
is_idle(const struct sender *sender, const struct reply *reply)
{
	return reply->status == STATUS_OK && reply->ack_count == 0 &&
	       sender->forge->head.count == 0 && reply->acked_n == sender->forge->acked_n;
}

static bool
sealed_fits(struct sender *sender, const struct reply *reply, const struct wanted *wanted)
{
	bool any = wanted->fate == FATE_ANY;
	uint64_t refusals = any ? any_refusal : wanted->refusals;

	if ((any || wanted->fate == FATE_ASIDE) && all_aside(sender, reply, wanted->reason)) {
		take_aside(sender);
		return true;
	}
	return ((any || wanted->fate == FATE_REFUSED) && is_refused(sender, reply, refusals)) ||
	       ((any || wanted->fate == FATE_NOTHING) && is_idle(sender, reply));
}

static void
judge_sealed(struct sender *sender, const struct heard *heard, const struct wanted *wanted)
{
	struct forge *forge = sender->forge;
	struct reply reply;
	struct buffer packed;
	struct heard told = *heard;

	buffer_init(&packed, PARCEL_REPLY_MAX);
	/* What the reply borrows is of no use afterwards, nor is what the request was made of. */
	if (parcel_open_reply(&forge->session, heard->body, &packed, NULL) != STATUS_OK ||
	    reply_unpack(buffer_span(&packed), &forge->plain, &forge->arena, &reply, NULL) !=
		    STATUS_OK) {
		told.body = span_of_text("(sealed)");
		fault(&told, "a reply that does not open", wanted->what);
	} else if (!sealed_fits(sender, &reply, wanted)) {
		char text[120];

		(void)snprintf(text, sizeof text, "(%s, %zu acknowledgements, %zu exceptions, %u)",
			       status_name(reply.status), reply.ack_count, reply.exception_count,
			       reply.exception_count == 0 ? 0 : reply.exceptions[0].reason);
		told.body = span_of_text(text);
		fault(&told, "another reply", wanted->what);
	}
	buffer_finish(&packed);
}

static void
judge_plain(const struct heard *heard, const struct wanted *wanted)
{
	enum status status = judge_status(heard);

	if ((wanted->fate != FATE_PLAIN && wanted->fate != FATE_ANY) || heard->http != 400 ||
	    (status != STATUS_MALFORMED && status != STATUS_SIGNATURE)) {
		fault(heard, "another refusal", wanted->what);
	}
}

void
sender_post_bytes(struct sender *sender, const char *path, struct span bytes,
		  const struct wanted *wanted)
{
	struct buffer request;
	struct heard heard;
	const char *wrong;

	buffer_init(&request, 4 * PARCEL_REQUEST_MAX);
	buffer_printf(&request,
		      "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.sambung.parcel"
		      "\r\nContent-Length: %zu\r\n\r\n",
		      path, bytes.length);
	buffer_append_span(&request, bytes);
	wire_ask(&sender->wire, buffer_span(&request), false, &heard);
	buffer_finish(&request);
	wrong = judge_answer(&heard, ANSWERER_PARCEL);
	if (heard.http == 0 || wrong != NULL) {
		fault(&heard, wrong == NULL ? "no answer" : wrong, wanted->what);
	} else if (heard.http == 200) {
		judge_sealed(sender, &heard, wanted);
	} else {
		judge_plain(&heard, wanted);
	}
	forge_drop(sender->forge);
	arena_reset(&sender->forge->arena);
}

void
sender_post(struct sender *sender, const struct wanted *wanted)
{
	sender_post_bytes(sender, "/v1/sync", buffer_span(&sender->forge->parcel), wanted);
}

void
sender_seal(struct sender *sender, const struct span *head, const struct span *body,
	    const struct wanted *wanted)
{
	sender->signed_count++;
	forge_seal_raw(sender->forge, PARCEL_SYNC, head, body);
	sender_post(sender, wanted);
}

/* ---- requests ---- */

void
sender_honest(struct sender *sender)
{
	struct forge *forge = sender->forge;
	struct change_field fields[2];
	struct change change;

	forge_drop(forge);
	change = forge_family(forge, sender->village, fields);
	forge_add(forge, &change);
	forge_head(forge);
	forge->head.room = ROOM;
}

/* ---- changes that no server may merge ---- */

static void
hopeless_family(struct sender *sender)
{
	struct change_field fields[2];
	struct change change = forge_family(sender->forge, FAR_VILLAGE, fields);

	forge_add(sender->forge, &change);
}

/* What is wrong with it is the record alone; the fields have all forms. */
static void
hopeless_edit(struct sender *sender)
{
	struct change_field fields[] = {
		{2, value_text(span_of_text("Uji \xc3\xa9\xe2\x82\xac"))},
		{3, value_empty()},
		{60001, value_pair(-332, 11459)},
		{60002, value_boolean(true)},
		{60003, value_integer(-1)},
		{TAG_ARCHIVED, value_text(span_of_text("pindah"))},
	};
	struct change_field few[2];
	struct change change = forge_family(sender->forge, FAR_VILLAGE, few);

	change.record = id_make(NOBODY, NOBODY);
	change.base = (struct base){sender->forge->epoch, dice_roll(&sender->dice) >> 40};
	change.own_n = change.n > 2 ? change.n - 2 : change.n - 1;
	change.quality = CLOCK_WALL;
	change.fields = fields;
	change.field_count = sizeof fields / sizeof fields[0];
	forge_add(sender->forge, &change);
}

static void
hopeless_person(struct sender *sender)
{
	struct change_field fields[] = {
		{PERSON_FAMILY, value_integer((int64_t)id_make(NOBODY, NOBODY))},
		{PERSON_NAME, value_text(span_of_text("Anak Uji"))},
	};
	struct change_field few[2];
	struct change change = forge_family(sender->forge, FAR_VILLAGE, few);

	change.type = PERSON;
	change.fields = fields;
	forge_add(sender->forge, &change);
}

void
sender_hopeless(struct sender *sender)
{
	static void (*const makers[])(struct sender *) = {hopeless_family, hopeless_edit,
							  hopeless_person};
	struct forge *forge = sender->forge;

	forge_drop(forge);
	for (size_t left = 1 + dice_below(&sender->dice, 3); left > 0; left--) {
		DICE_PICK(&sender->dice, makers)(sender);
	}
	forge_head(forge);
	forge->head.room = ROOM;
}

static const uint8_t *
seed_of(const struct request_body *body, uint32_t n)
{
	size_t i = 0;

	while (i + 1 < body->batch_count && body->batches[i].last_n < n) {
		i++;
	}
	return body->batches[i].seed;
}

bool
sender_follow(struct sender *sender, struct span bytes)
{
	struct forge *forge = sender->forge;
	struct request_body body;
	struct arena arena;
	struct buffer plain;
	bool good;

	arena_init(&arena, BODY_ARENA);
	buffer_init(&plain, MESSAGE_BODY_MAX);
	good = request_body_unpack(bytes, &plain, &arena, &body, NULL) == STATUS_OK &&
	       body.change_count > 0;
	if (good) {
		forge->head.count = (uint32_t)body.change_count;
		forge->head.known_n = forge->acked_n + forge->head.count;
		memcpy(forge->head.h_last, forge->chain, HASH_SIZE);
	}
	for (size_t i = 0; good && i < body.change_count; i++) {
		uint32_t n = forge->acked_n + 1 + (uint32_t)i;
		uint8_t salt[SALT_SIZE];
		uint8_t commitment[HASH_SIZE];

		commitment_salt(seed_of(&body, n), n, salt);
		commitment_make(salt, forge->device, n, body.changes[i], commitment);
		chain_advance(forge->head.h_last, n, commitment);
	}
	buffer_finish(&plain);
	arena_finish(&arena);
	return good;
}

void
sender_goes_on(struct sender *sender)
{
	struct forge *forge = sender->other;
	uint32_t before = forge->acked_n;
	struct change_field fields[2];
	struct change change;
	const struct answer *answer;

	forge_drop(forge);
	change = forge_family(forge, sender->village, fields);
	forge_add(forge, &change);
	forge_head(forge);
	forge->head.room = ROOM;
	forge_seal(forge);
	answer = forge_send(forge);
	if (!answer->opened || answer->reply.status != STATUS_OK ||
	    answer->reply.exception_count != 0 || forge->acked_n != before + 1) {
		const struct heard heard = {.http = answer->http};

		fault(&heard, "an honest change goes through afterwards", "");
	}
	sender->honest++;
	arena_reset(&forge->arena);
}
