/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcels: every way in which a parcel can be wrong, at a running daemon.
 *
 *     parcels CODE CODE VILLAGE OTHER_VILLAGE
 *
 * Two codes for VILLAGE, each for a device. After each case an honest change must go through: a
 * server that only survives what is wrong does not yet serve. Prints a sentence a case; exit 1
 * after the first that does not hold. The last line is "acked N quarantined M" of the first device.
 */
#include "parcels.h"

#include "protocol/deflate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct forge *ani;
struct forge *budi;
int64_t village;
int64_t other_village;
unsigned quarantined;

void
check(bool holds, const char *sentence, const char *where)
{
	const struct answer *answer = &ani->answer;

	if (!holds) {
		(void)printf("not so: %s (%s); the last answer: HTTP %d %s%s\n", sentence, where,
			     answer->http, answer->text,
			     answer->opened ? status_name(answer->reply.status) : "");
		exit(1);
	}
}

void
so(const char *sentence)
{
	(void)printf("so: %s\n", sentence);
}

void
add_family(struct forge *forge, int64_t where)
{
	struct change_field fields[2];
	struct change change = forge_family(forge, where, fields);

	forge_add(forge, &change);
}

/* The device is none the worse, and nothing of what was wrong was logged. */
void
goes_on(const char *where)
{
	uint32_t before = ani->acked_n;

	forge_drop(ani);
	add_family(ani, village);
	forge_head(ani);
	forge_seal(ani);
	(void)forge_send(ani);
	check(ani->answer.opened && ani->answer.reply.status == STATUS_OK &&
		      ani->answer.reply.exception_count == 0 && ani->acked_n == before + 1,
	      "an honest change goes through afterwards", where);
}

static void
honest(void)
{
	forge_drop(ani);
	add_family(ani, village);
	forge_head(ani);
	forge_seal(ani);
}

/* ---- bytes that are no parcel of this server ---- */

/* In plain text: "<status name>: …". */
static bool
refused_plainly(const struct answer *answer, enum status status)
{
	const char *name = status_name(status);
	size_t length = strlen(name);

	return answer->http == status_http(status) && strncmp(answer->text, name, length) == 0 &&
	       answer->text[length] == ':';
}

static void
truncated(void)
{
	struct span whole;

	honest();
	whole = buffer_span(&ani->parcel);
	for (size_t length = 0; length < whole.length; length += length < 130 ? 13 : 29) {
		const struct answer *answer =
			forge_post(ani, "/v1/sync", span_of(whole.at, length));

		check(refused_plainly(answer, STATUS_MALFORMED) ||
			      refused_plainly(answer, STATUS_SIGNATURE),
		      "a parcel that was cut off is refused in plain text", "truncated");
	}
	goes_on("truncated");
	so("a parcel that was cut off is refused in plain text");
}

static void
corrupted(void)
{
	struct span whole;

	honest();
	whole = buffer_span(&ani->parcel);
	for (size_t at = 0; at < whole.length; at += at < 40 ? 1 : 7) {
		const struct answer *answer;

		ani->parcel.at[at] ^= 0x20;
		answer = forge_post(ani, "/v1/sync", whole);
		ani->parcel.at[at] ^= 0x20;
		check(refused_plainly(answer, STATUS_MALFORMED) ||
			      refused_plainly(answer, STATUS_SIGNATURE),
		      "a parcel with one wrong byte is refused in plain text", "corrupted");
	}
	goes_on("corrupted");
	so("a parcel with one wrong byte is refused in plain text");
}

static void
oversized(void)
{
	static const uint8_t large[PARCEL_REQUEST_MAX + 1] = {1};

	check(refused_plainly(forge_post(ani, "/v1/sync", span_of(large, sizeof large)),
			      STATUS_LIMIT),
	      "a parcel that is too large is refused", "sync");
	check(refused_plainly(forge_post(ani, "/v1/enrol", span_of(large, sizeof large)),
			      STATUS_LIMIT),
	      "a parcel that is too large is refused", "enrol");
	goes_on("oversized");
	so("a parcel that is too large is refused");
}

static void
replayed(void)
{
	uint64_t seq;
	uint64_t r;

	honest();
	check(forge_send(ani)->opened && ani->answer.reply.ack_count == 1, "an honest parcel",
	      "replayed");
	seq = ani->answer.reply.acks[0].seq;
	r = ani->head.r;
	for (int i = 0; i < 3; i++) {
		const struct answer *answer =
			forge_post(ani, "/v1/sync", buffer_span(&ani->parcel));

		check(answer->opened && answer->reply.status == STATUS_OK &&
			      answer->reply.ack_count == 1 && answer->reply.acks[0].seq == seq &&
			      answer->reply.r_seen == r && answer->reply.record_count == 0,
		      "a parcel that comes again is acknowledged with its first place", "replayed");
	}
	goes_on("replayed");
	so("a parcel that comes again is acknowledged with its first place");
}

/* The same parcel from many connections before any is answered, so that the server takes several of
 * them into one transaction; half of them do not wait for the answer. */
static void
at_once(void)
{
	enum { COPIES = 60 };
	int copies[COPIES];

	honest();
	for (int i = 0; i < COPIES; i++) {
		copies[i] = forge_connect(ani);
	}
	for (int i = 0; i < COPIES; i++) {
		forge_say(copies[i], "/v1/sync", buffer_span(&ani->parcel), ani->parcel.length);
	}
	for (int i = 0; i < COPIES; i++) {
		int http = i % 2 == 0 ? 200 : forge_hear(copies[i]);

		(void)close(copies[i]);
		ani->answer.http = http;
		check(http == 200, "a parcel that comes many times at once is acknowledged",
		      "at once");
	}
	(void)forge_send(ani);
	goes_on("at once");
	so("a parcel that comes many times at once is acknowledged");
}

/* Connections that end in the middle of a body. */
static void
broken_off(void)
{
	honest();
	for (int i = 0; i < 40; i++) {
		int connection = forge_connect(ani);

		forge_say(connection, "/v1/sync", span_of(ani->parcel.at, 50), ani->parcel.length);
		(void)close(connection);
	}
	goes_on("broken off");
	so("connections that end in the middle of a parcel do no harm");
}

/* ---- sealed, but by whom? ---- */

void
sealed_answer(enum status status, const char *sentence, const char *where)
{
	const struct answer *answer = forge_post(ani, "/v1/sync", buffer_span(&ani->parcel));

	check(answer->http == 200 && answer->opened && answer->reply.status == status, sentence,
	      where);
}

static void
foreign(void)
{
	uint8_t own[SIGN_SECRET_SIZE];

	memcpy(own, ani->secret, sizeof own);
	forge_drop(ani);
	add_family(ani, village);
	forge_head(ani);
	memcpy(ani->secret, budi->secret, sizeof own);
	forge_seal(ani);
	memcpy(ani->secret, own, sizeof own);
	sealed_answer(STATUS_SIGNATURE, "another device's signature is refused", "key");
	forge_seal_raw(ani, PARCEL_ENROL, NULL, NULL);
	sealed_answer(STATUS_SIGNATURE, "a signature made for an enrolment is refused", "label");
	ani->head.device ^= 1;
	forge_seal(ani);
	sealed_answer(STATUS_FOREIGN, "a device that is not known is refused", "device");
	goes_on("foreign");
	so("what another key signed, or an unknown device, is refused under seal");
}

/* ---- heads ---- */

static void
malformed_heads(void)
{
	static const struct {
		const char *bytes;
		size_t length;
	} heads[] = {
		{"\xf6", 1},				     /* null */
		{"\x80", 1},				     /* an empty array */
		{"\x93\x01\x01\x01", 4},		     /* counts 19 items, has 3 */
		{"\xa1\x01\x01", 3},			     /* a map */
		{"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9}, /* 2^64 - 1 items */
	};
	struct buffer head;
	struct span bytes;

	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		const struct answer *answer;

		honest();
		bytes = span_of(heads[i].bytes, heads[i].length);
		forge_seal_raw(ani, PARCEL_SYNC, &bytes, NULL);
		/* A head that does not even end is none; one that does may be answered under
		 * seal. */
		answer = forge_post(ani, "/v1/sync", buffer_span(&ani->parcel));
		check(refused_plainly(answer, STATUS_MALFORMED) ||
			      (answer->opened && answer->reply.status == STATUS_MALFORMED),
		      "a signed head that is none is malformed", "heads");
	}
	buffer_init(&head, 4096);
	request_head_encode(&ani->head, &head);
	for (size_t at = 0; at < head.length; at += 3) {
		const struct answer *answer;

		head.at[at] ^= 0x80;
		bytes = buffer_span(&head);
		forge_seal_raw(ani, PARCEL_SYNC, &bytes, NULL);
		head.at[at] ^= 0x80;
		/* It may still be a head, only another one. */
		answer = forge_send(ani);
		check(answer->http == 400 || (answer->http == 200 && answer->opened),
		      "a signed head with a wrong byte is answered", "heads");
	}
	buffer_finish(&head);
	goes_on("heads");
	so("a signed head that is none is malformed");
}

/* Numbers at their bounds: whatever is answered, the server did not fall over them. */
static void
extreme_heads(void)
{
	static const struct cursor cursors[] = {
		{INT64_MAX, INT64_MAX, INT64_MAX}, {INT64_MAX, 0, 0}, {0, INT64_MAX, 1}};

	for (unsigned i = 0; i < 12; i++) {
		const struct answer *answer;

		forge_drop(ani);
		forge_head(ani);
		if (i < 3) {
			ani->head.cursor = cursors[i];
		}
		ani->head.room = i == 3 ? 0 : i == 4 ? UINT32_MAX : ani->head.room;
		ani->head.schema_held = i == 5 ? UINT32_MAX : 0;
		ani->head.schema_version = i == 6 ? UINT32_MAX : 0;
		ani->head.scope_version = i == 7 ? INT64_MAX : ani->head.scope_version;
		ani->head.witness_size = i == 8 ? INT64_MAX : 0;
		ani->head.epoch = i == 9 ? UINT32_MAX : ani->head.epoch;
		ani->head.clock_wall = i == 10 ? -CHANGE_TIME_MAX : CHANGE_TIME_MAX;
		/* All bits but the one by which a phone takes its leave. */
		ani->head.programme =
			i == 11 ? UINT32_MAX & ~(uint32_t)PROGRAMME_DESTROYED : ani->head.programme;
		forge_seal(ani);
		answer = forge_post(ani, "/v1/sync", buffer_span(&ani->parcel));
		check(answer->http == 200 && answer->opened, "numbers at their bounds are answered",
		      "heads");
	}
	goes_on("extremes");
	so("numbers at their bounds are answered under seal");
}

/* ---- the row of changes ---- */

static void
broken_rows(void)
{
	forge_drop(ani);
	add_family(ani, village);
	forge_head(ani);
	ani->head.first_n += 1;
	ani->head.known_n += 1;
	forge_seal(ani);
	sealed_answer(STATUS_GAP, "a gap in n is told", "gap");
	check(ani->answer.reply.send_from == ani->acked_n + 1, "and where to go on", "gap");
	ani->head.first_n = CHANGE_N_MAX;
	ani->head.known_n = CHANGE_N_MAX;
	forge_seal(ani);
	sealed_answer(STATUS_GAP, "the highest n of all is a gap", "gap");
	forge_head(ani);
	ani->head.h_last[7] ^= 1;
	forge_seal(ani);
	sealed_answer(STATUS_FORK, "a chain that does not fit is a fork", "chain");
	forge_head(ani);
	ani->head.count = 2;
	ani->head.known_n += 1;
	forge_seal(ani);
	sealed_answer(STATUS_MALFORMED, "a head that counts more than the body", "count");
	forge_head(ani);
	ani->head.count = 0;
	forge_seal(ani);
	sealed_answer(STATUS_MALFORMED, "a head that counts less than the body", "count");
	goes_on("rows");
	so("gaps, chains and counts that do not fit are told under seal");
}

/* ---- bodies ---- */

static void
body_answer(const void *bytes, size_t length, enum status status, const char *where)
{
	struct span body = span_of(bytes, length);

	forge_drop(ani);
	add_family(ani, village);
	forge_head(ani);
	forge_seal_raw(ani, PARCEL_SYNC, NULL, &body);
	sealed_answer(status, "a signed body that is wrong is refused under seal", where);
}

static void
zip_bomb(void)
{
	static uint8_t zeros[8 * 1024 * 1024];
	struct span none = {NULL, 0};
	struct buffer bomb;

	buffer_init(&bomb, PARCEL_REQUEST_MAX);
	buffer_append(&bomb, "\x01\x00\x00", 3);
	check(deflate_pack(span_of(zeros, sizeof zeros), 0, none, &bomb, NULL) == STATUS_OK,
	      "making a bomb", "bomb");
	body_answer(bomb.at, bomb.length, STATUS_LIMIT, "bomb");
	buffer_finish(&bomb);
}

static void
malformed_bodies(void)
{
	static uint8_t nested[64 + 4];

	body_answer("", 0, STATUS_MALFORMED, "no body");
	body_answer("\x00\x00", 2, STATUS_MALFORMED, "two bytes");
	body_answer("\x07\x00\x00\x80\x00", 5, STATUS_UNSUPPORTED, "method");
	body_answer("\x00\x07\x00\x80\x00", 5, STATUS_UNSUPPORTED, "coding");
	body_answer("\x00\x00\x07\x80\x00", 5, STATUS_UNSUPPORTED, "dictionary");
	body_answer("\x01\x00\x00garbage", 10, STATUS_MALFORMED, "deflate");
	body_answer("\x00\x00\x00\x80\x00", 5, STATUS_MALFORMED, "no changes");
	body_answer("\x00\x00\x00\x81\x82\x01\x50\x00", 8, STATUS_MALFORMED, "a batch cut off");
	body_answer("\x00\x00\x00\x9a\xff\xff\xff\xff", 8, STATUS_MALFORMED, "2^32 batches");
	body_answer("\x00\x00\x00\x80\x1a\xff\xff\xff\xff", 9, STATUS_MALFORMED, "2^32 changes");
	memcpy(nested, "\x00\x00\x00\x80", 4);
	memset(nested + 4, 0x81, sizeof nested - 4);
	body_answer(nested, sizeof nested, STATUS_MALFORMED, "arrays in arrays");
	zip_bomb();
	goes_on("bodies");
	so("a signed body that is wrong is refused under seal");
}

/* Two changes, of which the seeds cover one. */
static void
seeds_that_lack(void)
{
	struct request_body body = {.changes = ani->changes,
				    .change_count = 2,
				    .batches = &ani->batch,
				    .batch_count = 1};
	struct buffer bytes;
	struct span packed;

	forge_drop(ani);
	add_family(ani, village);
	add_family(ani, village);
	forge_head(ani);
	ani->batch.last_n = ani->head.first_n;
	buffer_init(&bytes, PARCEL_REQUEST_MAX);
	check(request_body_pack(&body, &bytes, NULL) == STATUS_OK, "packing", "seeds");
	packed = buffer_span(&bytes);
	forge_seal_raw(ani, PARCEL_SYNC, NULL, &packed);
	sealed_answer(STATUS_MALFORMED, "changes without a seed are refused", "seeds");
	buffer_finish(&bytes);
	goes_on("seeds");
	so("changes without a seed are refused under seal");
}

int
main(int argc, char **argv)
{
	if (argc != 5) {
		(void)fprintf(stderr, "usage: parcels CODE CODE VILLAGE OTHER_VILLAGE\n");
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	village = strtoll(argv[3], NULL, 10);
	other_village = strtoll(argv[4], NULL, 10);
	ani = calloc(1, sizeof *ani);
	budi = calloc(1, sizeof *budi);
	if (ani == NULL || budi == NULL) {
		return 2;
	}
	forge_init(ani, 1);
	forge_init(budi, 2);
	forge_enrol(ani, argv[1]);
	forge_enrol(budi, argv[2]);
	goes_on("nothing");
	truncated();
	corrupted();
	oversized();
	replayed();
	at_once();
	broken_off();
	foreign();
	malformed_heads();
	extreme_heads();
	broken_rows();
	malformed_bodies();
	seeds_that_lack();
	twisted_changes();
	malformed_changes();
	change_that_is_not_canonical();
	extreme_changes();
	parcel_full_of_fields();
	rivals_that_fill_memory();
	record_that_outgrows_everything();
	pulls_all(budi);
	(void)printf("acked %" PRIu32 " quarantined %u\n", ani->acked_n, quarantined);
	forge_finish(budi);
	forge_finish(ani);
	free(budi);
	free(ani);
	return 0;
}
