/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt: a short proof for a cadre that what her phone recorded is in the log.
 *
 * A header in the log commits to one change, not to those before it. So a receipt says two things:
 * the entry of the newest change is in the tree of a checkpoint (an inclusion proof), and, signed
 * by the log's key, that this tree has all changes 1 to n of the device, whose chain ends in h_n.
 * The first needs no trust. The second is a promise that anybody with the log can hold against it:
 * h_n follows from the headers alone.
 *
 *   signature = Ed25519(log key, "sambung/receipt/1\0" | checkpoint[0..48] | LE32 device | LE32 n |
 *                       h_n)
 *
 * Costs the device 4.3 KB of code with all that asks for one, checks, keeps and shows it, on the
 * disk 2 KB once it has one, no RAM, and on the wire, when it asks, some 160 bytes, 32 for each
 * level of the tree, and 114 for a checkpoint that it would not have got.
 */
#ifndef SAMBUNG_PROTOCOL_RECEIPT_H
#define SAMBUNG_PROTOCOL_RECEIPT_H

#include "checkpoint.h"
#include "entry.h"

enum { RECEIPT_TEXT_MAX = 4096 /* below 2048 up to 2^30 entries */ };

/* As it travels; the checkpoint stands beside it. */
struct receipt {
	struct span header; /* of the entry; length 0: there is no receipt */
	uint8_t signature[SIGNATURE_SIZE];
	struct span path; /* the inclusion proof: hashes, lowest level first */
};

/* That the tree of the checkpoint has changes 1 to n of the device, whose chain ends in h_n. */
struct receipt_claim {
	const struct checkpoint *checkpoint;
	uint32_t device;
	uint32_t n;
	const uint8_t *chain; /* HASH_SIZE bytes */
};
void receipt_sign(const struct receipt_claim *claim, const uint8_t secret[SIGN_SECRET_SIZE],
		  uint8_t signature_out[SIGNATURE_SIZE]);

/* False unless the checkpoint is signed by the key, `entry`, decoded from the header, is the
 * claim's change and in the checkpoint's tree, and the claim is signed too. */
bool receipt_holds(const struct receipt *receipt, const struct entry *entry,
		   const struct receipt_claim *claim, const uint8_t key[SIGN_PUBLIC_SIZE]);

/*
 * Appends one that holds as text, for people and other programs: C2SP tlog-proof with
 *     extra <base64 of header | h_n | signature>
 */
void receipt_text(const struct receipt *receipt, const struct receipt_claim *claim, uint64_t seq,
		  const uint8_t key[SIGN_PUBLIC_SIZE], struct buffer *out);

#endif
