/* SPDX-License-Identifier: Apache-2.0 */
/* reply_parts: what the files reply*.c share, and nobody else sees. */
#ifndef SAMBUNG_DAEMON_INGEST_REPLY_PARTS_H
#define SAMBUNG_DAEMON_INGEST_REPLY_PARTS_H

#include "daemon/ingest/ingest.h"

struct reply_builder {
	const struct parcel *parcel;
	struct store *reader;
	struct catalogue *catalogue;
	struct arena arena;
	struct arena scratch;  /* of the record that is looked at */
	struct buffer records; /* encodings, one after the other */
	struct buffer offsets; /* size_t: where each record begins there */
	struct buffer whole;   /* bool, of each record */
	struct buffer evicted; /* uint64_t */
	struct buffer erased;  /* uint64_t */
	struct device device;
	struct reply reply;
	uint64_t head;	  /* of the snapshot */
	bool whole_scope; /* the device takes its scope anew */
	bool former;	  /* the request is of another epoch */
	size_t budget;	  /* plain bytes for records */
	uint32_t *streams;
	size_t stream_count;
};

/* Each adds a part to builder->reply, which borrows from the builder's arena. */

/* What became of the device's changes in quarantine since its cursor. */
enum status reply_add_news(struct reply_builder *builder, struct error *err);
/* The epoch, and of a server that was restored all of them: to a device of a former one and to one
 * that begins. */
enum status reply_add_epochs(struct reply_builder *builder, struct error *err);
/* Who sealed to a former key learns the newest, and where the server is. */
enum status reply_add_key(struct reply_builder *builder, struct error *err);
/* *out is all hashes, one after the other, in the builder's arena. */
enum status reply_keep_hashes(struct reply_builder *builder, const struct proof *proof,
			      struct span *out, struct error *err);
/* That the log of the head's witness goes on into the reply's checkpoint. None, if it does not:
 * then the device is to show that witness. */
enum status reply_add_proof(struct reply_builder *builder, struct error *err);
/* With a checkpoint, if it is asked for (protocol/receipt.h): reads one row of the tree per 256
 * entries and at most 512 headers. After the checkpoint. */
enum status reply_add_receipt(struct reply_builder *builder, struct error *err);
bool reply_wants_receipt(const struct parcel *parcel);
/* To a device that is to keep what it has: while it begins, with new villages, and when it shows
 * its certificate, as it does when it lacks its share. */
void reply_add_lease(struct reply_builder *builder);

#endif
