/* SPDX-License-Identifier: Apache-2.0 */
/* replay_parts: what the files of replay share. */
#ifndef SAMBUNG_DAEMON_INGEST_REPLAY_PARTS_H
#define SAMBUNG_DAEMON_INGEST_REPLAY_PARTS_H

#include "daemon/ingest/note.h"
#include "daemon/ingest/replay.h"
#include "daemon/ingest/workset.h"

struct replay {
	struct replay_options options;
	struct server_keys keys; /* anybody's: nobody believes the copy's checkpoints */
	struct catalogue *catalogue;
	struct ingest *ingest;
	int64_t now_ms;	    /* of the entry under way */
	uint32_t epoch;	    /* as the log has it so far */
	bool begun;	    /* a transaction is open */
	struct buffer lost; /* uint64_t: ids, ascending */
	bool renewed;	    /* an epoch began: the next transaction needs a new ingest */
};

void replay_tell(struct replay *replay, const struct log_row *row, const char *column,
		 const char *what);
/* The entry takes its place in the copy's log. */
enum status replay_append(struct replay *replay, const struct log_row *row, struct error *err);
/* Was the record erased, or can it not be made again for another one that was? */
bool replay_gone(const struct replay *replay, uint64_t record);
/* The change could not be merged: because of what was erased? Then its record is lost. */
bool replay_loses(struct replay *replay, const struct change *change);
/* A failure is the store's; what an entry says wrongly is only told. */
bool replay_broken(enum status status);

/* replay_note.c: entries that are no change. */
enum status replay_note(struct replay *replay, const struct log_row *row, struct error *err);

/* One entry with its note. */
struct told {
	struct replay *replay;
	struct ingest *ingest;
	struct store *again;
	const struct log_row *row;
	const struct note *note;
	uint64_t seq;
};

/* replay_device.c: the notes of that action. */
enum status replay_code(const struct told *told, struct error *err);
enum status replay_enrol(const struct told *told, struct error *err);
enum status replay_readmit(const struct told *told, struct error *err);
enum status replay_continue(const struct told *told, struct error *err);
enum status replay_adopt(const struct told *told, struct error *err);
enum status replay_adopt_more(const struct told *told, struct error *err);
enum status replay_scope(const struct told *told, struct error *err);
enum status replay_revoke(const struct told *told, struct error *err);
enum status replay_hold(const struct told *told, struct error *err);
enum status replay_allow(const struct told *told, struct error *err);
enum status replay_destroyed(const struct told *told, struct error *err);
/* A stream of that kind and name comes into being, with number and key of the note. */
enum status replay_stream(const struct told *told, struct stream *stream, struct error *err);

#endif
