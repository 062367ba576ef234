/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcel: the sealed, signed envelope; the same bytes by HTTP, as a file or on another's phone.
 *
 *   outer   = 0x01 | key id | epk
 *   sig     = Ed25519(device, label | spk | epk | SHA-256(head) | SHA-256(body))
 *   request = outer | ChaCha20-Poly1305(tx, nonce 0, AAD = outer, sig | head | body)
 *   reply   = 0x01 | nonce | ChaCha20-Poly1305(rx, nonce, AAD = 0x01 | SHA-256(request)[0..16],
 * plain)
 *
 * label is "sambung/request/1\0" or "sambung/enrol/1\0\0\0". head is one CBOR item. The ephemeral
 * secret is BLAKE2b(key = device secret, random32 | LE64 r | SHA-256(head | body)).
 */
#ifndef SAMBUNG_PROTOCOL_PARCEL_H
#define SAMBUNG_PROTOCOL_PARCEL_H

#include "crypto.h"

enum {
	PARCEL_OUTER_SIZE = 34,
	PARCEL_REQUEST_OVERHEAD = PARCEL_OUTER_SIZE + AEAD_TAG_SIZE + SIGNATURE_SIZE, /* 114 */
	PARCEL_REPLY_OVERHEAD = 1 + AEAD_NONCE_SIZE + AEAD_TAG_SIZE,		      /* 29 */
	PARCEL_REQUEST_MAX = 256 * 1024,
	PARCEL_REPLY_MAX = 512 * 1024,
	PARCEL_TAG_SIZE = 16,
};

enum parcel_kind { PARCEL_SYNC, PARCEL_ENROL };

/* A server's X25519 key pair; several may be alive at once. */
struct server_key {
	uint8_t id;
	uint8_t public_key[32];
	uint8_t secret[32];
};

/* What either side keeps to write or read the reply: 48 bytes, secret until the reply is there. */
struct parcel_session {
	uint8_t key[AEAD_KEY_SIZE];   /* client's rx */
	uint8_t tag[PARCEL_TAG_SIZE]; /* SHA-256(request)[0..16] */
};

/* The tag of a request, which its answers are bound to. */
void parcel_tag(struct span request, uint8_t tag_out[PARCEL_TAG_SIZE]);

struct parcel_sender {
	uint8_t secret[SIGN_SECRET_SIZE]; /* device's Ed25519 */
	uint8_t server_key_id;
	uint8_t server_key[32];
};

struct opened_parcel {
	uint8_t epk[32];
	uint8_t spk[32];
	uint8_t signature[SIGNATURE_SIZE]; /* not checked yet */
	struct span head;		   /* one CBOR item; borrows the plaintext */
	struct span body;
	struct parcel_session session;
};

/* Appends the request parcel. random: 32 fresh bytes; r: the request counter of the head. */
enum status parcel_seal_request(enum parcel_kind kind, const struct parcel_sender *sender,
				const uint8_t random[32], uint64_t r, struct span head,
				struct span body, struct buffer *out,
				struct parcel_session *session_out, struct error *err);

/* Opens without trusting: the plaintext goes to `plain` (cleared first), *out borrows from it.
 * MALFORMED: lengths, version or head; SIGNATURE: unknown key id or a seal that does not fit. */
enum status parcel_open_request(struct span request, const struct server_key *keys,
				size_t key_count, struct buffer *plain, struct opened_parcel *out,
				struct error *err);
bool parcel_signed_by(enum parcel_kind kind, const struct opened_parcel *parcel,
		      const uint8_t device_key[SIGN_PUBLIC_SIZE]);

/* Appends the reply parcel. nonce: 12 fresh random bytes. */
enum status parcel_seal_reply(const struct parcel_session *session, const uint8_t nonce[12],
			      struct span plain, struct buffer *out, struct error *err);
/* Appends the plaintext. */
enum status parcel_open_reply(const struct parcel_session *session, struct span reply,
			      struct buffer *plain, struct error *err);

#endif
