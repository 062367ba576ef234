/* SPDX-License-Identifier: Apache-2.0 */
#include "parcel.h"

#include "cbor.h"

#include <string.h>

enum { PARCEL_VERSION = 0x01, LABEL_SIZE = 18, HASH32_SIZE = 32 };

/* One key never signs two kinds of thing: the label tells them apart. Filled up with zeros. */
static const char sync_label[LABEL_SIZE + 1] = "sambung/request/1";
static const char enrol_label[LABEL_SIZE + 1] = "sambung/enrol/1";

/* A key pair is used for one request only, so its first nonce is also its last. */
static const uint8_t request_nonce[AEAD_NONCE_SIZE] = {0};

struct signed_text {
	uint8_t at[LABEL_SIZE + 4 * 32];
};

static struct span
signed_text_make(enum parcel_kind kind, const uint8_t spk[32], const uint8_t epk[32],
		 struct span head, struct span body, struct signed_text *text)
{
	uint8_t *at = text->at;

	memcpy(at, kind == PARCEL_ENROL ? enrol_label : sync_label, LABEL_SIZE);
	memcpy(at + LABEL_SIZE, spk, 32);
	memcpy(at + LABEL_SIZE + 32, epk, 32);
	sha256(&head, 1, at + LABEL_SIZE + 64);
	sha256(&body, 1, at + LABEL_SIZE + 96);
	return span_of(text->at, sizeof text->at);
}

void
parcel_tag(struct span request, uint8_t tag_out[PARCEL_TAG_SIZE])
{
	uint8_t hash[HASH32_SIZE];

	sha256(&request, 1, hash);
	memcpy(tag_out, hash, PARCEL_TAG_SIZE);
}

/* Randomness alone would do while it is good; the device's secret, r and the content keep two
 * parcels from ever sharing a key when it is not. */
static void
ephemeral_keypair(const struct parcel_sender *sender, const uint8_t random[32], uint64_t r,
		  const struct span head_and_body[2], uint8_t epk_out[32], uint8_t esk_out[32])
{
	uint8_t counter[8];
	uint8_t content[HASH32_SIZE];
	uint8_t seed[SEED32_SIZE];
	const struct span parts[] = {
		span_of(random, 32),
		span_of(counter, sizeof counter),
		span_of(content, sizeof content),
	};

	put_le64(counter, r);
	sha256(head_and_body, 2, content);
	blake2b(span_of(sender->secret, SIGN_SECRET_SIZE), parts, 3, seed);
	box_keypair(seed, epk_out, esk_out);
	crypto_wipe(seed, sizeof seed);
}

/* Appends the ciphertext of signature, head and body to the outer bytes that `out` ends with. */
static enum status
request_seal(const uint8_t tx[AEAD_KEY_SIZE], const uint8_t signature[SIGNATURE_SIZE],
	     struct span head, struct span body, struct buffer *out, struct error *err)
{
	struct buffer plain;
	enum status status;

	buffer_init(&plain, SIGNATURE_SIZE + head.length + body.length);
	buffer_append(&plain, signature, SIGNATURE_SIZE);
	buffer_append_span(&plain, head);
	buffer_append_span(&plain, body);
	status = buffer_status(&plain, "sealing", err);
	if (status == STATUS_OK) {
		uint8_t outer[PARCEL_OUTER_SIZE];

		/* A copy, because `out` may move while it grows. */
		memcpy(outer, out->at + out->length - sizeof outer, sizeof outer);
		aead_seal(tx, request_nonce, span_of(outer, sizeof outer), buffer_span(&plain),
			  out);
		status = buffer_status(out, "sealing", err);
	}
	/* People, and in an enrolment the secret of its code. */
	crypto_wipe_buffer(&plain);
	return status;
}

/* All of its inputs are part of the format. */
enum status
/* NOLINTNEXTLINE(readability-function-size) */
parcel_seal_request(enum parcel_kind kind, const struct parcel_sender *sender,
		    const uint8_t random[32], uint64_t r, struct span head, struct span body,
		    struct buffer *out, struct parcel_session *session_out, struct error *err)
{
	const struct span head_and_body[] = {head, body};
	struct parcel_session session;
	struct signed_text text;
	uint8_t epk[BOX_PUBLIC_SIZE];
	uint8_t esk[BOX_SECRET_SIZE];
	uint8_t tx[AEAD_KEY_SIZE];
	uint8_t signature[SIGNATURE_SIZE];
	size_t before = out->length;
	enum status status;
	bool agreed;

	if (head.length > PARCEL_REQUEST_MAX - PARCEL_REQUEST_OVERHEAD ||
	    body.length > PARCEL_REQUEST_MAX - PARCEL_REQUEST_OVERHEAD - head.length) {
		return fail(err, STATUS_LIMIT, "parcel of more than %d bytes", PARCEL_REQUEST_MAX);
	}
	ephemeral_keypair(sender, random, r, head_and_body, epk, esk);
	agreed = kx_client(epk, esk, sender->server_key, session.key, tx);
	crypto_wipe(esk, sizeof esk);
	if (!agreed) {
		return fail(err, STATUS_INVALID, "the server's key is unfit");
	}
	sign_make(sender->secret,
		  signed_text_make(kind, sender->server_key, epk, head, body, &text), signature);
	buffer_append_byte(out, PARCEL_VERSION);
	buffer_append_byte(out, sender->server_key_id);
	buffer_append(out, epk, sizeof epk);
	status = buffer_status(out, "sealing", err);
	if (status == STATUS_OK) {
		status = request_seal(tx, signature, head, body, out, err);
	}
	crypto_wipe(tx, sizeof tx);
	if (status == STATUS_OK) {
		parcel_tag(span_of(out->at + before, out->length - before), session.tag);
		*session_out = session;
	} else {
		out->length = before;
	}
	crypto_wipe(&session, sizeof session);
	return status;
}

static const struct server_key *
server_key_find(const struct server_key *keys, size_t key_count, uint8_t id)
{
	for (size_t i = 0; i < key_count; i++) {
		if (keys[i].id == id) {
			return &keys[i];
		}
	}
	return NULL;
}

/* Splits what was sealed: signature | head | body. */
static bool
opened_split(struct span plain, struct opened_parcel *opened)
{
	struct reader in = reader_of(plain);
	struct span signature;

	if (!reader_take(&in, SIGNATURE_SIZE, &signature) || !cbor_get_any(&in, &opened->head)) {
		return false;
	}
	memcpy(opened->signature, signature.at, SIGNATURE_SIZE);
	opened->body = span_of(in.at, in.left);
	return true;
}

static enum status
request_open(struct span request, const struct server_key *key, struct buffer *plain,
	     struct opened_parcel *opened, struct error *err)
{
	const struct span outer = span_of(request.at, PARCEL_OUTER_SIZE);
	const struct span sealed =
		span_of(request.at + PARCEL_OUTER_SIZE, request.length - PARCEL_OUTER_SIZE);
	uint8_t rx[AEAD_KEY_SIZE];
	bool fits;

	memcpy(opened->epk, request.at + 2, sizeof opened->epk);
	memcpy(opened->spk, key->public_key, sizeof opened->spk);
	if (!kx_server(key->public_key, key->secret, opened->epk, rx, opened->session.key)) {
		return fail(err, STATUS_SIGNATURE, "the sender's key is unfit");
	}
	fits = aead_open(rx, request_nonce, outer, sealed, plain);
	crypto_wipe(rx, sizeof rx);
	if (plain->status != STATUS_OK) {
		return buffer_status(plain, "opening a parcel", err);
	}
	if (!fits) {
		return fail(err, STATUS_SIGNATURE, "the seal of the parcel");
	}
	if (!opened_split(buffer_span(plain), opened)) {
		return fail(err, STATUS_MALFORMED, "the parcel's head is no CBOR");
	}
	parcel_tag(request, opened->session.tag);
	return STATUS_OK;
}

enum status
parcel_open_request(struct span request, const struct server_key *keys, size_t key_count,
		    struct buffer *plain, struct opened_parcel *out, struct error *err)
{
	const struct server_key *key;
	struct opened_parcel opened;
	enum status status;

	buffer_clear(plain);
	if (request.length > PARCEL_REQUEST_MAX) {
		return fail(err, STATUS_LIMIT, "parcel of %zu bytes", request.length);
	}
	if (request.length <= PARCEL_REQUEST_OVERHEAD) {
		return fail(err, STATUS_MALFORMED, "parcel of %zu bytes", request.length);
	}
	if (request.at[0] != PARCEL_VERSION) {
		return fail(err, STATUS_MALFORMED, "parcel of version %u", request.at[0]);
	}
	key = server_key_find(keys, key_count, request.at[1]);
	if (key == NULL) {
		return fail(err, STATUS_SIGNATURE, "no server key %u", request.at[1]);
	}
	status = request_open(request, key, plain, &opened, err);
	if (status == STATUS_OK) {
		*out = opened;
	}
	crypto_wipe(&opened, sizeof opened);
	return status;
}

bool
parcel_signed_by(enum parcel_kind kind, const struct opened_parcel *parcel,
		 const uint8_t device_key[SIGN_PUBLIC_SIZE])
{
	struct signed_text text;

	return sign_check(
		device_key,
		signed_text_make(kind, parcel->spk, parcel->epk, parcel->head, parcel->body, &text),
		parcel->signature);
}

/* The reply is bound to the request it answers. */
static void
reply_data(const struct parcel_session *session, uint8_t data_out[1 + PARCEL_TAG_SIZE])
{
	data_out[0] = PARCEL_VERSION;
	memcpy(data_out + 1, session->tag, PARCEL_TAG_SIZE);
}

enum status
parcel_seal_reply(const struct parcel_session *session, const uint8_t nonce[12], struct span plain,
		  struct buffer *out, struct error *err)
{
	uint8_t data[1 + PARCEL_TAG_SIZE];
	size_t before = out->length;
	enum status status;

	if (plain.length > PARCEL_REPLY_MAX - PARCEL_REPLY_OVERHEAD) {
		return fail(err, STATUS_LIMIT, "reply of %zu bytes", plain.length);
	}
	reply_data(session, data);
	buffer_append_byte(out, PARCEL_VERSION);
	buffer_append(out, nonce, AEAD_NONCE_SIZE);
	aead_seal(session->key, nonce, span_of(data, sizeof data), plain, out);
	status = buffer_status(out, "sealing", err);
	if (status != STATUS_OK) {
		out->length = before;
	}
	return status;
}

enum status
parcel_open_reply(const struct parcel_session *session, struct span reply, struct buffer *plain,
		  struct error *err)
{
	uint8_t data[1 + PARCEL_TAG_SIZE];
	struct span sealed;

	if (reply.length > PARCEL_REPLY_MAX) {
		return fail(err, STATUS_LIMIT, "reply of %zu bytes", reply.length);
	}
	if (reply.length < PARCEL_REPLY_OVERHEAD) {
		return fail(err, STATUS_MALFORMED, "reply of %zu bytes", reply.length);
	}
	if (reply.at[0] != PARCEL_VERSION) {
		return fail(err, STATUS_MALFORMED, "reply of version %u", reply.at[0]);
	}
	reply_data(session, data);
	sealed = span_of(reply.at + 1 + AEAD_NONCE_SIZE, reply.length - 1 - AEAD_NONCE_SIZE);
	if (aead_open(session->key, reply.at + 1, span_of(data, sizeof data), sealed, plain)) {
		return STATUS_OK;
	}
	if (plain->status != STATUS_OK) {
		return buffer_status(plain, "opening a reply", err);
	}
	return fail(err, STATUS_SIGNATURE, "the seal of the reply");
}
