/* SPDX-License-Identifier: Apache-2.0 */
/* replay_note: what entries that are no change did, as their notes say. A new action needs a row in
 * `actions`. */
#include "daemon/ingest/reassign.h"
#include "daemon/ingest/release.h"
#include "daemon/ingest/replay_parts.h"
#include "daemon/store/store_people.h"

#include <string.h>

static void
complain(const struct told *told, const char *what)
{
	replay_tell(told->replay, told->row, "payload", what);
}

static enum status
does_nothing(const struct told *told, struct error *err)
{
	(void)told;
	(void)err;
	return STATUS_OK;
}

/* ---- people and imports ---- */

static struct region
scope_told(const struct note *note)
{
	return note->scope_count > 0 ? note->scope[0] : (struct region){0, 0};
}

static enum status
do_user(const struct told *told, struct error *err)
{
	const struct note *note = told->note;
	struct stream stream = {.kind = STREAM_USER, .name = note->name};
	const struct user user = {.number = note->stream,
				  .name = note->name,
				  .role = (enum role)note->role,
				  .scope = scope_told(note)};
	enum status status = replay_stream(told, &stream, err);

	return status == STATUS_OK ? store_user_add(told->again, &user, err) : status;
}

/* The one who may still sign in. */
static enum status
find_user(const struct told *told, struct error *err)
{
	struct user user = {.number = 0};
	enum status status = store_user(told->again, told->note->stream, NULL,
					&told->ingest->work.arena, &user, err);

	if (status == STATUS_OK && user.disabled != 0) {
		return fail(err, STATUS_INVALID, "the user is disabled");
	}
	return status;
}

static enum status
do_password(const struct told *told, struct error *err)
{
	return find_user(told, err);
}

static enum status
do_disable(const struct told *told, struct error *err)
{
	enum status status = find_user(told, err);

	return status == STATUS_OK
		       ? store_user_disable(told->again, told->note->stream, told->seq, err)
		       : status;
}

static enum status
do_token(const struct told *told, struct error *err)
{
	const struct note *note = told->note;
	struct stream stream = {.kind = STREAM_USER, .name = note->name};
	struct token token = {.user = note->stream,
			      .role = (enum role)note->role,
			      .scope = scope_told(note),
			      .name = note->name,
			      .expires_ms = note->expires_ms};
	enum status status;

	if (note->hash.length != HASH_SIZE) {
		complain(told, "a token without its hash");
		return STATUS_OK;
	}
	memcpy(token.hash, note->hash.at, HASH_SIZE);
	status = replay_stream(told, &stream, err);
	return status == STATUS_OK ? store_token_add(told->again, &token, err) : status;
}

static enum status
do_withdraw(const struct told *told, struct error *err)
{
	struct token token = {.user = 0};
	enum status status = store_token_numbered(told->again, told->note->stream, NULL,
						  &told->ingest->work.arena, &token, err);

	if (status == STATUS_OK && token.revoked != 0) {
		return fail(err, STATUS_EXISTS, "the token is revoked");
	}
	return status == STATUS_OK ? store_token_revoke(told->again, token.hash, told->seq, err)
				   : status;
}

static enum status
do_import(const struct told *told, struct error *err)
{
	struct stream stream = {.kind = STREAM_IMPORT, .name = span_of_text("import")};

	return replay_stream(told, &stream, err);
}

/* ---- schemas and epochs ---- */

/* What the database keeps of a schema, against what the log says of it. */
static void
compare_schema(const struct told *told, struct span cbor, struct span json)
{
	const struct finder *finder = &told->replay->options.finder;
	uint8_t hash[HASH_SIZE];

	sha256(&cbor, 1, hash);
	if (!span_equal(told->note->hash, span_of(hash, sizeof hash))) {
		finding_tell(finder, "schema", "cbor", told->note->version,
			     "is not what the log says");
	}
	sha256(&json, 1, hash);
	if (!span_equal(told->note->source, span_of(hash, sizeof hash))) {
		finding_tell(finder, "schema", "json", told->note->version,
			     "is not what the log says");
	}
}

static enum status
do_schema(const struct told *told, struct error *err)
{
	struct workset *work = &told->ingest->work;
	struct schema *schema = NULL;
	struct span cbor;
	struct span json;
	enum status status = store_schema(told->replay->options.source, told->note->version,
					  &work->arena, &cbor, &json, err);

	if (status == STATUS_NOT_FOUND) {
		finding_tell(&told->replay->options.finder, "schema", "version",
			     told->note->version, "the row is missing");
		return STATUS_OK;
	}
	if (status != STATUS_OK) {
		return status;
	}
	compare_schema(told, cbor, json);
	status = store_schema_add(told->again, told->note->version, cbor, json, err);
	if (status == STATUS_OK && schema_decode(cbor, &schema, NULL) == STATUS_OK) {
		schema_free(work->schema);
		work->schema = schema;
		/* Empty: what is compared is that there are no other tables. */
		status = store_typed_prepare(told->again, schema, err);
	}
	return status;
}

static enum status
do_restore(const struct told *told, struct error *err)
{
	const struct epoch epoch = {told->note->epoch, told->note->parent, told->note->cut};

	told->replay->epoch = epoch.epoch;
	told->replay->renewed = true;
	return epoch_enter(told->ingest, &epoch, err);
}

/* ---- quarantine ---- */

static enum status
find_aside(const struct told *told, struct quarantined *out, struct error *err)
{
	enum status status = workset_flush(told->ingest, err);

	if (status == STATUS_OK) {
		status = store_quarantine_find(told->again, told->note->stream, told->note->n, out,
					       err);
	}
	if (status == STATUS_OK &&
	    (out->seq != told->note->entry || out->record != told->row->entry.record)) {
		return fail(err, STATUS_NOT_FOUND, "the change in quarantine");
	}
	return status;
}

/* Is it because of what was erased that this cannot be released again? */
static bool
release_is_lost(const struct told *told, const struct quarantined *row)
{
	struct parcel_change said = {.reason = QUARANTINE_MALFORMED};

	return replay_lost(told->replay, row->record) ||
	       (release_read(told->ingest, row, &said, NULL) == STATUS_OK &&
		said.reason == QUARANTINE_NONE && replay_loses(told->replay, &said.change));
}

static enum status
do_release(const struct told *told, struct error *err)
{
	struct quarantined row;
	struct judgement judgement;
	enum status status = find_aside(told, &row, err);

	if (status == STATUS_OK) {
		status = release_judge(told->ingest, &row, true, &judgement, err);
	}
	if (status == STATUS_OK && (row.released || judgement.reason != QUARANTINE_NONE)) {
		if (row.released || !release_is_lost(told, &row)) {
			complain(told, "it releases what cannot be released");
		}
		return replay_append(told->replay, told->row, err);
	}
	/* The merge is as of this entry, which comes first. */
	if (status == STATUS_OK) {
		status = replay_append(told->replay, told->row, err);
	}
	return status == STATUS_OK ? release_merge(told->ingest, &row, &judgement, told->seq, err)
				   : status;
}

static enum status
do_close(const struct told *told, struct error *err)
{
	struct quarantined row;
	enum status status = find_aside(told, &row, err);

	row.settled = told->seq;
	return status == STATUS_OK ? store_quarantine_put(told->again, &row, err) : status;
}

/* The change of the entry before must be what the note says that it is. What was erased of either
 * is not there to be compared. */
static enum status
compare_given(const struct told *told, const struct quarantined *row, const struct slot *to,
	      struct error *err)
{
	struct arena *arena = &told->ingest->work.arena;
	struct parcel_change said;
	struct log_row before;
	struct change given;
	struct change expected;
	struct buffer bytes;
	uint64_t from = 0;
	enum status status = release_read(told->ingest, row, &said, err);

	if (status == STATUS_OK) {
		status = store_log_entry(told->again, told->seq - 1, arena, &before, err);
	}
	if (status != STATUS_OK || said.reason != QUARANTINE_NONE || before.payload.at == NULL) {
		return status;
	}
	if (before.entry.kind != ENTRY_CHANGE || before.entry.user != told->row->entry.user ||
	    change_decode(before.payload, true, arena, &given, NULL) != STATUS_OK ||
	    reassign_say(told->ingest, &(struct reassigned){row, &said, to}, &expected, &from,
			 NULL) != STATUS_OK) {
		complain(told, "the entry before is not what it gives");
		return STATUS_OK;
	}
	expected.n = given.n;
	buffer_init(&bytes, CHANGE_BYTES_MAX);
	change_encode(&expected, &bytes);
	if (from != told->note->from || !span_equal(buffer_span(&bytes), before.payload)) {
		complain(told, "the entry before is not what it gives");
	}
	buffer_finish(&bytes);
	return STATUS_OK;
}

static enum status
do_reassign(const struct told *told, struct error *err)
{
	struct quarantined row;
	struct slot *to;
	enum status status = find_aside(told, &row, err);

	if (status == STATUS_OK) {
		status = workset_place(told->ingest, told->note->to, &to, err);
	}
	if (status == STATUS_OK && to->exists) {
		status = compare_given(told, &row, to, err);
	} else if (status == STATUS_OK && !replay_gone(told->replay, told->note->to)) {
		complain(told, "it gives what was set aside to no record");
	}
	row.settled = told->seq;
	return status == STATUS_OK ? store_quarantine_put(told->again, &row, err) : status;
}

/* ---- erasures ---- */

/* Of what it destroyed nothing was replayed; what is left to follow is that it was, and that what
 * waited of it in quarantine is settled. */
static enum status
do_erase(const struct told *told, struct error *err)
{
	const struct note *note = told->note;
	const struct erasure erasure = {.seq = told->seq,
					.record = told->row->entry.record,
					.asked_ms = told->row->entry.received_ms};
	enum status status = workset_flush(told->ingest, err);

	if (status == STATUS_OK) {
		status = store_erasure_add(told->again, &erasure, err);
	}
	for (size_t i = 0; i < note->record_count && status == STATUS_OK; i++) {
		status = store_record_erase(told->again, told->ingest->work.schema,
					    note->records[i], told->seq, NULL, err);
		if (status == STATUS_OK) {
			status = workset_forget(told->ingest, note->records[i], err);
		}
	}
	for (size_t i = 0; i < note->entry_count && status == STATUS_OK; i++) {
		status = store_entry_erase(told->again, note->entries[i], told->seq, err);
	}
	return status;
}

/* ---- all of them ---- */

struct action {
	const char *name;
	enum entry_kind kind;
	enum status (*run)(const struct told *told, struct error *err);
};

static const struct action actions[] = {
	{"found", ENTRY_EPOCH, does_nothing},
	{"restore", ENTRY_EPOCH, do_restore},
	{"schema", ENTRY_SCHEMA, do_schema},
	{"enrol", ENTRY_SCOPE, replay_enrol},
	{"readmit", ENTRY_SCOPE, replay_readmit},
	{"continue", ENTRY_SCOPE, replay_continue},
	{"scope", ENTRY_SCOPE, replay_scope},
	{"token", ENTRY_ADMIN, do_token},
	{"code", ENTRY_ADMIN, replay_code},
	{"import", ENTRY_ADMIN, do_import},
	{"revoke", ENTRY_ADMIN, replay_revoke},
	{"hold", ENTRY_ADMIN, replay_hold},
	{"allow", ENTRY_ADMIN, replay_allow},
	{"close", ENTRY_ADMIN, do_close},
	{"release", ENTRY_RELEASE, do_release},
	{"read", ENTRY_READ, does_nothing},
	{"destroyed", ENTRY_ADMIN, replay_destroyed},
	{"erase", ENTRY_ERASURE, do_erase},
	{"user", ENTRY_ADMIN, do_user},
	{"password", ENTRY_ADMIN, do_password},
	{"disable", ENTRY_ADMIN, do_disable},
	{"withdraw", ENTRY_ADMIN, do_withdraw},
	{"reassign", ENTRY_ADMIN, do_reassign},
	{"adopt", ENTRY_SCOPE, replay_adopt},
	{"adopt", ENTRY_ADMIN, replay_adopt_more},
};

static const struct action *
action_find(const struct note *note, enum entry_kind kind)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (actions[i].kind == kind && strcmp(actions[i].name, note->action) == 0) {
			return &actions[i];
		}
	}
	return NULL;
}

enum status
replay_note(struct replay *replay, const struct log_row *row, struct error *err)
{
	struct note note;
	const struct action *action = NULL;
	struct told told = {.replay = replay,
			    .ingest = replay->ingest,
			    .again = replay->options.again,
			    .row = row,
			    .note = &note,
			    .seq = row->entry.seq};
	const bool releases = row->entry.kind == ENTRY_RELEASE;
	enum status status;

	if (row->entry.time != row->entry.received_ms / 1000) {
		replay_tell(replay, row, "time", "it is not when it was received");
	}
	if (row->payload.at != NULL &&
	    note_decode(row->payload, &replay->ingest->work.arena, &note)) {
		action = action_find(&note, row->entry.kind);
	}
	if (action == NULL && row->payload.at != NULL) {
		complain(&told, "it says what this program does not know");
	}
	/* A release looks at the change as of the entry that it becomes. */
	status = releases && action != NULL ? STATUS_OK : replay_append(replay, row, err);
	if (status == STATUS_OK && action != NULL) {
		status = action->run(&told, err);
	}
	if (status != STATUS_OK && !replay_broken(status)) {
		complain(&told, "it is about what is not there, or is there already");
		status = releases && replay->ingest->head + replay->ingest->work.row_count <
						 row->entry.seq
				 ? replay_append(replay, row, err)
				 : STATUS_OK;
	}
	return status;
}
