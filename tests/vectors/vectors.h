/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors: one JSON file for each object of the protocol, as bytes to compare with.
 *
 *     {"name": …, "comment": …, "inputs": {…}, "bytes": hex}
 *
 * An input is a JSON number; or a string: hex digits, "text:" and text, or "number:" and the
 * decimal digits of an integer beyond 2^53. What a file holds is made by the function beside its
 * name.
 */
#ifndef SAMBUNG_TESTS_VECTORS_H
#define SAMBUNG_TESTS_VECTORS_H

#include "protocol/bytes.h"

/* X(name of the file without .json, function) */
#define VECTOR_TABLE(X)                                                                            \
	X(carry_answers, vector_carry_answers)                                                     \
	X(carry_answers_seen, vector_carry_answers_seen)                                           \
	X(carry_file, vector_carry_file)                                                           \
	X(cbor_items, vector_cbor_items)                                                           \
	X(certificate, vector_certificate)                                                         \
	X(certificate_after_fork, vector_certificate_after_fork)                                   \
	X(chain, vector_chain)                                                                     \
	X(change_after_fork, vector_change_after_fork)                                             \
	X(change_creation, vector_change_creation)                                                 \
	X(change_edit, vector_change_edit)                                                         \
	X(change_set, vector_change_set)                                                           \
	X(change_stub, vector_change_stub)                                                         \
	X(change_village, vector_change_village)                                                   \
	X(checkpoint, vector_checkpoint)                                                           \
	X(checkpoint_note, vector_checkpoint_note)                                                 \
	X(checkpoint_text, vector_checkpoint_text)                                                 \
	X(columns, vector_columns)                                                                 \
	X(columns_example, vector_columns_example)                                                 \
	X(commitment, vector_commitment)                                                           \
	X(consistency_proof, vector_consistency_proof)                                             \
	X(dictionary, vector_dictionary)                                                           \
	X(enrolment_code, vector_enrolment_code)                                                   \
	X(enrolment_parcel, vector_enrolment_parcel)                                               \
	X(enrolment_reply, vector_enrolment_reply)                                                 \
	X(enrolment_request, vector_enrolment_request)                                             \
	X(entry_header, vector_entry_header)                                                       \
	X(entry_leaf, vector_entry_leaf)                                                           \
	X(fork_key, vector_fork_key)                                                               \
	X(fork_seed, vector_fork_seed)                                                             \
	X(inclusion_proof, vector_inclusion_proof)                                                 \
	X(receipt_text, vector_receipt_text)                                                       \
	X(record_conflict, vector_record_conflict)                                                 \
	X(record_id, vector_record_id)                                                             \
	X(record_once, vector_record_once)                                                         \
	X(record_plain, vector_record_plain)                                                       \
	X(record_set, vector_record_set)                                                           \
	X(reply, vector_reply)                                                                     \
	X(reply_columns, vector_reply_columns)                                                     \
	X(reply_epochs, vector_reply_epochs)                                                       \
	X(reply_erased, vector_reply_erased)                                                       \
	X(reply_fork, vector_reply_fork)                                                           \
	X(reply_lease, vector_reply_lease)                                                         \
	X(reply_lineages, vector_reply_lineages)                                                   \
	X(reply_parcel, vector_reply_parcel)                                                       \
	X(reply_proof, vector_reply_proof)                                                         \
	X(reply_receipt, vector_reply_receipt)                                                     \
	X(reply_server_key, vector_reply_server_key)                                               \
	X(request_body, vector_request_body)                                                       \
	X(request_body_columns, vector_request_body_columns)                                       \
	X(request_body_deflated, vector_request_body_deflated)                                     \
	X(request_head, vector_request_head)                                                       \
	X(request_head_certificate, vector_request_head_certificate)                               \
	X(request_head_continuing, vector_request_head_continuing)                                 \
	X(request_head_paging, vector_request_head_paging)                                         \
	X(request_head_witness, vector_request_head_witness)                                       \
	X(request_parcel, vector_request_parcel)                                                   \
	X(salt, vector_salt)                                                                       \
	X(tree_root, vector_tree_root)

struct vector {
	const char *comment;
	struct buffer inputs; /* members of a JSON object */
	struct buffer bytes;  /* the function appends what the format says */
	const char *fault;    /* first thing that did not come out as it must, NULL: none */
};

/* Each function: sets the comment, adds the inputs, appends the bytes. */
#define VECTOR_DECLARE(file, function) void function(struct vector *vector);
VECTOR_TABLE(VECTOR_DECLARE)
#undef VECTOR_DECLARE

/* Inputs, in the order in which they are added. */
void vector_bytes(struct vector *vector, const char *name, struct span bytes);
void vector_number(struct vector *vector, const char *name, int64_t number);
/* Text without quotes, backslashes and control characters. */
void vector_text(struct vector *vector, const char *name, const char *text);
/* Makes the program fail with `what` when the condition does not hold. */
void vector_require(struct vector *vector, bool holds, const char *what);

#endif
