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
 * Costs the device 2.5 KB of code with all that asks for one and keeps it, on the disk 2 KB once it
 * has one, no RAM, and on the wire, when it asks, some 160 bytes and 32 for each level of the tree.
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

/* False unless the checkpoint is signed by the key, the header is that of a change in its tree, and
 * the claim about it and `chain` is signed too. Whether the change is the right one, the caller
 * knows: *entry_out says which it is. */
bool receipt_holds(const struct receipt *receipt, const struct checkpoint *checkpoint,
		   const uint8_t chain[HASH_SIZE], const uint8_t key[SIGN_PUBLIC_SIZE],
		   struct entry *entry_out);

/*
 * Appends it as text, for people and other programs: C2SP tlog-proof with
 *     extra <base64 of header | h_n | signature>
 */
void receipt_text(const struct receipt *receipt, const struct checkpoint *checkpoint,
		  const uint8_t chain[HASH_SIZE], const uint8_t key[SIGN_PUBLIC_SIZE],
		  struct buffer *out);

#endif
