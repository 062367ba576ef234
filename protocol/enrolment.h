/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrolment: the one-time code, the enrolment request and its reply.
 *
 * Code text: "sb1." + base64url(version 1 | key id | spk 32 | secret 16 | code id 8 | URL).
 *
 * The URL may end in #PIN or #PIN;PIN, where a PIN is "sha256//" and the base64 of the SHA-256 of a
 * SubjectPublicKeyInfo: then the server is known by such a key alone, whatever its certificate
 * says. 120 bytes of code, none of RAM, 53 or 106 in the code and in the device's row.
 */
#ifndef SAMBUNG_PROTOCOL_ENROLMENT_H
#define SAMBUNG_PROTOCOL_ENROLMENT_H

#include "message.h"
#include "parcel.h"

enum { CODE_SECRET_SIZE = 16, CODE_ID_SIZE = 8, CODE_URL_MAX = 200, CODE_TEXT_MAX = 400 };

struct enrolment_code {
	uint8_t server_key_id;
	uint8_t server_key[32];
	uint8_t secret[CODE_SECRET_SIZE];
	uint8_t code_id[CODE_ID_SIZE];
	char url[CODE_URL_MAX + 1];
};

/* A PIN as above. */
bool pin_valid(struct span text);
/* http:// or https:// and visible ASCII, at most CODE_URL_MAX bytes; pins with https:// only. */
bool server_url_valid(struct span url);

/* `out` has CODE_TEXT_MAX bytes; returns out, NULL when out of memory. */
char *enrolment_code_format(const struct enrolment_code *code, char *out);
/* Leading and trailing white space is passed over; the URL is a valid one. Else
 * CODE_MISTYPED, or UNSUPPORTED for a code of another version; the detail never has the code. */
enum status enrolment_code_parse(const char *text, struct enrolment_code *out, struct error *err);

struct enrolment_request {
	uint8_t code_id[CODE_ID_SIZE];
	uint8_t secret[CODE_SECRET_SIZE];
	uint8_t device_key[SIGN_PUBLIC_SIZE];
	uint32_t programme;
	uint32_t room; /* bytes the reply may have, sealed */
};

/* The head of an enrolment parcel; its body is empty. */
void enrolment_request_encode(const struct enrolment_request *request, struct buffer *out);
bool enrolment_request_decode(struct span head, struct enrolment_request *out);

/* What a restored server can know a device by: signed by the log key. */
struct certificate {
	uint8_t origin[ORIGIN_SIZE];
	uint32_t device;
	uint8_t device_key[SIGN_PUBLIC_SIZE];
	struct span cadre;
	struct region *scope;
	size_t scope_count;
	int64_t issued;	 /* UTC seconds */
	uint32_t parent; /* stream that this one continues after a fork (fork.h); 0: none */
	uint32_t parent_n;
};

/* Appends CBOR [body, signature]; body is a byte string holding the CBOR array of the fields, the
 * signature is over "sambung/cert/1\0\0" | body. */
void certificate_issue(const struct certificate *certificate,
		       const uint8_t secret[SIGN_SECRET_SIZE], struct buffer *out);
/* Checks the signature; texts borrow from `bytes`. */
enum status certificate_read(struct span bytes, const uint8_t key[SIGN_PUBLIC_SIZE],
			     struct arena *arena, struct certificate *out, struct error *err);

struct enrolment_reply {
	enum status status; /* OK, CODE_UNKNOWN, CODE_EXPIRED, CODE_USED */
	struct span certificate;
	uint8_t log_key[SIGN_PUBLIC_SIZE];
	uint32_t epoch;
	int64_t server_time_ms;
	uint64_t scope_version;
	struct schema_chunk schema;
};

/* Packed like a sync reply. */
enum status enrolment_reply_pack(const struct enrolment_reply *reply, struct buffer *out,
				 struct error *err);
enum status enrolment_reply_unpack(struct span packed, struct buffer *plain,
				   struct enrolment_reply *out, struct error *err);

#endif
