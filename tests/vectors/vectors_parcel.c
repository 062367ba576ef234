/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed envelopes, around the head, body and reply of the other vectors. */
#include "protocol/carry.h"
#include "protocol/deflate.h"
#include "tests/vectors/vectors_example.h"

#include <string.h>

enum { REQUEST_COUNTER = 1 };

static void
put_keys(struct vector *vector, const struct example_keys *keys)
{
	vector_bytes(vector, "device_seed", span_of(keys->device_secret, SEED32_SIZE));
	vector_bytes(vector, "device_key", span_of(keys->device_public, SIGN_PUBLIC_SIZE));
	vector_number(vector, "server_key_id", keys->server.id);
	vector_bytes(vector, "server_key", span_of(keys->server.public_key, BOX_PUBLIC_SIZE));
	vector_bytes(vector, "server_secret", span_of(keys->server.secret, BOX_SECRET_SIZE));
}

static void
seal_request(struct vector *vector, enum parcel_kind kind, const struct example_keys *keys,
	     const struct span head_and_body[2], struct buffer *out,
	     struct parcel_session *session_out)
{
	struct parcel_sender sender = {.server_key_id = keys->server.id};
	uint8_t random[32];

	memcpy(sender.secret, keys->device_secret, sizeof sender.secret);
	memcpy(sender.server_key, keys->server.public_key, sizeof sender.server_key);
	example_count_up(0x40, random, sizeof random);
	vector_require(vector,
		       parcel_seal_request(kind, &sender, random, REQUEST_COUNTER, head_and_body[0],
					   head_and_body[1], out, session_out, NULL) == STATUS_OK,
		       "sealing a request");
}

static void
put_random(struct vector *vector)
{
	uint8_t random[32];

	example_count_up(0x40, random, sizeof random);
	vector_bytes(vector, "random", span_of(random, sizeof random));
	vector_number(vector, "r", REQUEST_COUNTER);
}

void
vector_request_parcel(struct vector *vector)
{
	struct request_head request = example_head();
	struct parcel_session session;
	struct example_keys keys;
	struct span head_and_body[2];
	struct buffer head;
	struct buffer body;

	vector->comment = "sealed request; a sender may draw the ephemeral key otherwise";
	example_keys(&keys);
	buffer_init(&head, 1024);
	buffer_init(&body, 4096);
	request_head_encode(&request, &head);
	example_body(vector, &body);
	put_keys(vector, &keys);
	put_random(vector);
	vector_bytes(vector, "head", buffer_span(&head));
	vector_bytes(vector, "body", buffer_span(&body));
	head_and_body[0] = buffer_span(&head);
	head_and_body[1] = buffer_span(&body);
	seal_request(vector, PARCEL_SYNC, &keys, head_and_body, &vector->bytes, &session);
	buffer_finish(&body);
	buffer_finish(&head);
}

void
vector_enrolment_parcel(struct vector *vector)
{
	const struct span head_and_body[2] = {span_of("\x82\x01\x02", 3), span_of(NULL, 0)};
	struct parcel_session session;
	struct example_keys keys;

	vector->comment =
		"sealed enrolment request: another label is signed, the body is empty; the "
		"head is any CBOR item here";
	example_keys(&keys);
	put_keys(vector, &keys);
	put_random(vector);
	vector_bytes(vector, "head", head_and_body[0]);
	vector_bytes(vector, "body", head_and_body[1]);
	seal_request(vector, PARCEL_ENROL, &keys, head_and_body, &vector->bytes, &session);
}

void
vector_reply_parcel(struct vector *vector)
{
	const struct span head_and_body[2] = {span_of("\x82\x01\x02", 3), span_of(NULL, 0)};
	struct span plain = span_of("\x00\x00\xa0", 3);
	struct parcel_session session = {{0}, {0}};
	struct example_keys keys;
	struct buffer request;
	uint8_t nonce[AEAD_NONCE_SIZE];

	vector->comment = "sealed reply to the parcel of enrolment_parcel.json; key and tag follow "
			  "from that parcel";
	example_keys(&keys);
	example_count_up(0x70, nonce, sizeof nonce);
	buffer_init(&request, 4096);
	seal_request(vector, PARCEL_ENROL, &keys, head_and_body, &request, &session);
	vector_bytes(vector, "request", buffer_span(&request));
	vector_bytes(vector, "key", span_of(session.key, sizeof session.key));
	vector_bytes(vector, "tag", span_of(session.tag, sizeof session.tag));
	vector_bytes(vector, "nonce", span_of(nonce, sizeof nonce));
	vector_bytes(vector, "plain", plain);
	vector_require(vector,
		       parcel_seal_reply(&session, nonce, plain, &vector->bytes, NULL) == STATUS_OK,
		       "sealing a reply");
	buffer_finish(&request);
}

/* The request that both kinds of file are made with. */
static void
carried_request(struct vector *vector, struct buffer *out, struct parcel_session *session_out)
{
	const struct span head_and_body[2] = {span_of("\x82\x01\x02", 3), span_of(NULL, 0)};
	struct example_keys keys;

	example_keys(&keys);
	seal_request(vector, PARCEL_ENROL, &keys, head_and_body, out, session_out);
}

void
vector_carry_file(struct vector *vector)
{
	struct carry_file file = {.count = 2};
	struct parcel_session session;
	struct buffer request;

	vector->comment = "a file with the parcel of enrolment_parcel.json twice, which stands for "
			  "any request";
	buffer_init(&request, 4096);
	carried_request(vector, &request, &session);
	file.parcels[0] = buffer_span(&request);
	file.parcels[1] = buffer_span(&request);
	vector_bytes(vector, "request", buffer_span(&request));
	carry_file_encode(&file, &vector->bytes);
	vector_require(vector,
		       carry_file_decode(buffer_span(&vector->bytes), &file, NULL) == STATUS_OK,
		       "decoding a file");
	buffer_finish(&request);
}

void
vector_carry_answers(struct vector *vector)
{
	struct carry_replies replies = {.count = 1};
	struct parcel_session session;
	struct buffer request;
	struct buffer reply;
	uint8_t nonce[AEAD_NONCE_SIZE];

	vector->comment = "the reply of reply_parcel.json in a file of answers";
	example_count_up(0x70, nonce, sizeof nonce);
	buffer_init(&request, 4096);
	buffer_init(&reply, 4096);
	carried_request(vector, &request, &session);
	vector_require(vector,
		       parcel_seal_reply(&session, nonce, span_of("\x00\x00\xa0", 3), &reply,
					 NULL) == STATUS_OK,
		       "sealing a reply");
	parcel_tag(buffer_span(&request), replies.at[0].tag);
	replies.at[0].bytes = buffer_span(&reply);
	vector_bytes(vector, "tag", span_of(replies.at[0].tag, PARCEL_TAG_SIZE));
	vector_bytes(vector, "reply", buffer_span(&reply));
	carry_replies_encode(&replies, &vector->bytes);
	vector_require(vector,
		       carry_replies_decode(buffer_span(&vector->bytes), &replies, NULL) ==
			       STATUS_OK,
		       "decoding answers");
	buffer_finish(&reply);
	buffer_finish(&request);
}

void
vector_dictionary(struct vector *vector)
{
	struct span dictionary = {NULL, 0};
	uint8_t digest[HASH_SIZE];

	vector->comment = "SHA-256 of the newest preset dictionary";
	vector_require(vector, dictionary_find(DICTIONARY_NEWEST, &dictionary), "no dictionary");
	vector_number(vector, "number", DICTIONARY_NEWEST);
	vector_number(vector, "size", (int64_t)dictionary.length);
	sha256(&dictionary, 1, digest);
	buffer_append(&vector->bytes, digest, sizeof digest);
}
