/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/cbor.h"
#include "protocol/parcel.h"

static const uint8_t seed[SEED32_SIZE] = {7};

struct parties {
	struct server_key server;
	struct parcel_sender sender;
	uint8_t device_key[SIGN_PUBLIC_SIZE];
};

static void
parties_make(struct parties *parties)
{
	memset(parties, 0, sizeof *parties);
	parties->server.id = 3;
	box_keypair(seed, parties->server.public_key, parties->server.secret);
	sign_keypair(seed, parties->device_key, parties->sender.secret);
	parties->sender.server_key_id = parties->server.id;
	memcpy(parties->sender.server_key, parties->server.public_key, 32);
}

/* Bytes that nobody sealed do not open. */
static void
check_foreign(const struct parties *parties, struct span bytes)
{
	struct parcel_session session = {{1}, {2}};
	struct opened_parcel opened;
	struct buffer plain;

	buffer_init(&plain, FUZZ_BUFFER_MAX);
	PROPERTY(parcel_open_request(bytes, &parties->server, 1, &plain, &opened, NULL) !=
		 STATUS_OK);
	buffer_clear(&plain);
	PROPERTY(parcel_open_reply(&session, bytes, &plain, NULL) != STATUS_OK);
	PROPERTY(plain.length == 0);
	buffer_finish(&plain);
}

/* Somebody who knows the server's key seals the input as signature, head and body. */
static void
check_plaintext(const struct parties *parties, struct span bytes)
{
	static const uint8_t nonce[AEAD_NONCE_SIZE] = {0};
	uint8_t outer[PARCEL_OUTER_SIZE] = {1, parties->server.id};
	uint8_t secret[BOX_SECRET_SIZE];
	uint8_t rx[AEAD_KEY_SIZE];
	uint8_t tx[AEAD_KEY_SIZE];
	struct opened_parcel opened;
	struct buffer request;
	struct buffer plain;
	struct reader in;
	struct span item;

	buffer_init(&request, FUZZ_BUFFER_MAX);
	buffer_init(&plain, FUZZ_BUFFER_MAX);
	box_keypair(seed, outer + 2, secret);
	PROPERTY(kx_client(outer + 2, secret, parties->server.public_key, rx, tx));
	buffer_append(&request, outer, sizeof outer);
	aead_seal(tx, nonce, span_of(outer, sizeof outer), bytes, &request);
	if (parcel_open_request(buffer_span(&request), &parties->server, 1, &plain, &opened,
				NULL) == STATUS_OK) {
		PROPERTY(opened.head.length + opened.body.length + SIGNATURE_SIZE == bytes.length);
		in = reader_of(opened.head);
		PROPERTY(cbor_get_any(&in, &item) && in.left == 0);
		PROPERTY(memcmp(opened.signature, bytes.at, SIGNATURE_SIZE) == 0);
		PROPERTY(!parcel_signed_by(PARCEL_SYNC, &opened, parties->device_key));
	}
	buffer_finish(&plain);
	buffer_finish(&request);
}

static void
check_reply(const struct parcel_session *theirs, const struct parcel_session *ours,
	    struct span bytes)
{
	static const uint8_t nonce[AEAD_NONCE_SIZE] = {9};
	struct buffer sealed;
	struct buffer plain;

	buffer_init(&sealed, FUZZ_BUFFER_MAX);
	buffer_init(&plain, FUZZ_BUFFER_MAX);
	PROPERTY(parcel_seal_reply(theirs, nonce, bytes, &sealed, NULL) == STATUS_OK);
	PROPERTY(sealed.length == bytes.length + PARCEL_REPLY_OVERHEAD);
	PROPERTY(parcel_open_reply(ours, buffer_span(&sealed), &plain, NULL) == STATUS_OK);
	PROPERTY(span_equal(buffer_span(&plain), bytes));
	buffer_finish(&plain);
	buffer_finish(&sealed);
}

/* A head and a body arrive as they were sealed, and not if one bit is another. */
static void
check_sealed(const struct parties *parties, struct span bytes)
{
	struct reader in = reader_of(bytes);
	struct parcel_session session;
	struct opened_parcel opened;
	struct buffer request;
	struct buffer plain;
	struct span head;
	struct span body;

	if (!cbor_get_any(&in, &head) || !reader_take(&in, in.left, &body)) {
		return;
	}
	buffer_init(&request, FUZZ_BUFFER_MAX);
	buffer_init(&plain, FUZZ_BUFFER_MAX);
	PROPERTY(parcel_seal_request(PARCEL_SYNC, &parties->sender, seed, bytes.length, head, body,
				     &request, &session, NULL) == STATUS_OK);
	PROPERTY(request.length == bytes.length + PARCEL_REQUEST_OVERHEAD);
	PROPERTY(parcel_open_request(buffer_span(&request), &parties->server, 1, &plain, &opened,
				     NULL) == STATUS_OK);
	PROPERTY(span_equal(opened.head, head) && span_equal(opened.body, body));
	PROPERTY(parcel_signed_by(PARCEL_SYNC, &opened, parties->device_key));
	PROPERTY(!parcel_signed_by(PARCEL_ENROL, &opened, parties->device_key));
	check_reply(&opened.session, &session, bytes);
	request.at[(bytes.at[0] * 31u + bytes.length) % request.length] ^= 1;
	PROPERTY(parcel_open_request(buffer_span(&request), &parties->server, 1, &plain, &opened,
				     NULL) != STATUS_OK);
	buffer_finish(&plain);
	buffer_finish(&request);
}

FUZZ(data, size)
{
	struct span bytes = span_of(data, size);
	struct parties parties;

	PROPERTY(crypto_init(NULL) == STATUS_OK);
	parties_make(&parties);
	check_foreign(&parties, bytes);
	check_plaintext(&parties, bytes);
	check_sealed(&parties, bytes);
	return 0;
}
