/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge: what becomes of a record when a change arrives. Pure; the same on device and daemon.
 *
 * docs/merging.md explains the rules. In short: a change removes exactly the members that its
 * author had seen and adds its own; a field with members of different values is in conflict; the
 * policy decides which one is shown and who is told, never what is kept.
 */
#ifndef SAMBUNG_PROTOCOL_MERGE_H
#define SAMBUNG_PROTOCOL_MERGE_H

#include "record.h"

/* A history of this server: `epoch` began from `parent` when its log had `cut` entries. */
struct epoch {
	uint32_t epoch;
	uint32_t parent; /* 0: the first */
	uint64_t cut;
};

/* `stream` went on after a fork: whoever made a change of it had made those of `parent` up to `n`
 * as well. */
struct lineage {
	uint32_t stream;
	uint32_t parent;
	uint32_t n;
};

struct merge_context {
	const struct record_type *type; /* for policies; NULL: everything is review */
	const struct epoch *epochs;	/* current epoch last; at least one */
	size_t epoch_count;
	const struct lineage *lineages; /* ascending by stream, each stream once */
	size_t lineage_count;
};

/* The place of `stream` among lineages in that order, or the one where it would go. */
size_t lineage_place(const struct lineage *lineages, size_t count, uint32_t stream);
/* Puts it in its place, unless its stream is there. The array has room for one more. */
void lineage_add(struct lineage *lineages, size_t *count, struct lineage lineage);
/* True if whoever had made the changes of `stream` up to n had made change `other_n` of
 * `other_stream` too. */
bool lineage_covers(const struct merge_context *context, uint32_t stream, uint32_t n,
		    uint32_t other_stream, uint32_t other_n);

/* The highest seq of the current epoch that an author with this base had seen; 0: none. */
uint64_t base_cap(const struct merge_context *context, struct base base);

/* True if the author of the change `viewer` had seen the change `other`. */
bool dot_saw(const struct merge_context *context, const struct dot *viewer,
	     const struct dot *other);

/*
 * Merges the change of `stream` into the record. seq: its place in the log, 0 while pending on a
 * device. An id of 0 in the record means a new one: id and type are taken from the change. Village
 * and root are the caller's business. Fails with LIMIT (members, dots, fields, arena) and then
 * leaves the record untouched.
 *
 * The value of a set field is the pair (added, removed); any other stands for the whole set, so
 * empty removes every choice. A change that the record still has is replaced: a device merges its
 * pending changes again, in ascending n, after record_overlay.
 */
enum status merge_change(struct record *record, uint32_t stream, const struct change *change,
			 uint64_t seq, const struct merge_context *context, struct arena *arena,
			 struct error *err);

/* The choices in a member of a set field. */
int64_t set_mask(struct value value);

/* The member whose value is shown; sets: the latest. Never NULL for a field of a valid record. */
const struct member *field_shown_member(const struct record *record,
					const struct record_field *field, enum policy policy);
/* The value shown: for a set the union of the masks as an integer. */
struct value field_shown(const struct record *record, const struct record_field *field,
			 enum policy policy);
/* Shown value by tag; empty if the record has no such field. */
struct value record_shown(const struct record *record, const struct record_type *type, int32_t tag);

/* Members of different values; never true of sets. */
bool field_in_conflict(const struct record_field *field, enum policy policy);
/* An archive and an edit that had not seen each other. */
bool archive_in_conflict(const struct record *record, const struct merge_context *context);
/* True if that dot and the archive member had not seen each other (one line of the conflict). */
bool archive_rivals(const struct record *record, const struct merge_context *context,
		    const struct member *archive, const struct member *other);
/* Fields of policies review and once (built-ins included) in conflict, for the supervisor's list;
 * an archive in conflict with an edit counts as the field archived. */
unsigned record_conflicts(const struct record *record, const struct merge_context *context);

#endif
