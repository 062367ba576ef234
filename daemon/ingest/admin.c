/* SPDX-License-Identifier: Apache-2.0 */
/* admin: what people with rights do - tokens, schemas, and that they read. */
#include "daemon/ingest/note.h"
#include "daemon/ingest/workset.h"
#include "daemon/schema/load.h"
#include "daemon/store/store_people.h"

#include <string.h>

static const uint8_t no_key[SIGN_PUBLIC_SIZE];

enum { TOKEN_RANDOM_SIZE = 24 };
static const char token_prefix[] = "sbt_";

static void
token_hash(struct span text, uint8_t hash_out[HASH_SIZE])
{
	sha256(&text, 1, hash_out);
}

/* In the log stands only the name: a program's must not be read as a person's. */
static enum status
check_token_name(struct ingest *ingest, struct span name, struct error *err)
{
	struct name_use use = {.user = false};
	enum status status;

	if (name.length == 0 || name.length > STREAM_NAME_MAX || !utf8_valid(name)) {
		return fail(err, STATUS_INVALID, "name: 1 to %d bytes of text", STREAM_NAME_MAX);
	}
	status = store_name_use(ingest->options.store, name, &use, err);
	if (status == STATUS_OK && use.user) {
		return fail(err, STATUS_EXISTS,
			    "a user of that name (capitals and blanks around it do not count)");
	}
	return status;
}

static enum status
token_put(struct ingest *ingest, const struct token_order *order, struct span text,
	  struct error *err)
{
	struct token token = {.role = order->role,
			      .scope = order->scope,
			      .name = order->name,
			      .expires_ms = order->expires_ms};
	/* Its hash as well: with that the log has all of the table, and nobody can make the token
	 * of it. */
	struct note note = {.action = "token",
			    .name = order->name,
			    .scope = &order->scope,
			    .scope_count = order->scope.low != 0,
			    .hash = span_of(token.hash, sizeof token.hash),
			    .role = (uint32_t)order->role,
			    .expires_ms = order->expires_ms};
	enum status status = check_token_name(ingest, order->name, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = ingest_stream_create(ingest, STREAM_USER, order->name, no_key, &token.user, err);
	if (status != STATUS_OK) {
		return status;
	}
	token_hash(text, token.hash);
	note.stream = token.user;
	note.hash = span_of(token.hash, HASH_SIZE);
	status = store_token_add(ingest->options.store, &token, err);
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_ADMIN, order->user, &note, NULL, err);
	}
	return status;
}

enum status
ingest_token_add(struct ingest *ingest, const struct token_order *order,
		 char token_out[TOKEN_TEXT_SIZE], struct error *err)
{
	uint8_t random[TOKEN_RANDOM_SIZE];
	struct buffer text;
	enum status status;

	buffer_init(&text, TOKEN_TEXT_SIZE - 1);
	ingest->options.platform.random(ingest->options.platform.context, random, sizeof random);
	buffer_append_span(&text, span_of_text(token_prefix));
	base64url_encode(span_of(random, sizeof random), &text);
	status = buffer_status(&text, "a token", err);
	if (status == STATUS_OK) {
		status = token_put(ingest, order, buffer_span(&text), err);
	}
	if (status == STATUS_OK) {
		memcpy(token_out, text.at, text.length);
		token_out[text.length] = '\0';
	}
	crypto_wipe(random, sizeof random);
	crypto_wipe_buffer(&text);
	return status;
}

enum status
ingest_token_put(struct ingest *ingest, const struct token_order *order, struct span text,
		 struct error *err)
{
	return token_put(ingest, order, text, err);
}

enum status
token_find(struct store *reader, const char *text, int64_t now_ms, struct arena *arena,
	   struct token *out, struct error *err)
{
	uint8_t hash[HASH_SIZE];
	enum status status;

	token_hash(span_of_text(text), hash);
	status = store_token(reader, hash, arena, out, err);
	if (status == STATUS_NOT_FOUND) {
		return fail(err, STATUS_UNAUTHENTICATED, "token");
	}
	if (status == STATUS_OK && out->revoked != 0) {
		return fail(err, STATUS_UNAUTHENTICATED, "the token was revoked");
	}
	if (status == STATUS_OK && out->expires_ms != 0 && out->expires_ms < now_ms) {
		return fail(err, STATUS_UNAUTHENTICATED, "the token has expired");
	}
	return status;
}

static enum status
schema_store(struct ingest *ingest, const struct schema *schema, struct span json, uint32_t user,
	     struct error *err)
{
	struct store *store = ingest->options.store;
	uint8_t source[HASH_SIZE];
	struct note note = {.action = "schema",
			    .name = schema->name,
			    .version = schema->version,
			    .hash = span_of(schema->hash, HASH_SIZE),
			    .source = span_of(source, HASH_SIZE)};
	struct buffer cbor;
	enum status status;

	sha256(&json, 1, source);
	buffer_init(&cbor, SCHEMA_BYTES_MAX);
	schema_encode(schema, &cbor);
	status = buffer_status(&cbor, "the schema", err);
	/* First what may still refuse it: others' work is in the transaction too, and commits. */
	if (status == STATUS_OK) {
		status = store_typed_prepare(store, schema, err);
	}
	if (status == STATUS_OK) {
		status = store_schema_add(store, schema->version, buffer_span(&cbor), json, err);
	}
	buffer_finish(&cbor);
	if (status == STATUS_OK) {
		status = ingest_note(ingest, ENTRY_SCHEMA, user, &note, NULL, err);
	}
	return status;
}

enum status
ingest_schema_load(struct ingest *ingest, struct span json, uint32_t user, uint32_t *version_out,
		   struct error *err)
{
	struct schema *schema;
	enum status status;

	if (ingest->work.schema != NULL) {
		return fail(err, STATUS_STALE, "another schema is being loaded");
	}
	status = schema_load_json(json, &schema, err);
	if (status != STATUS_OK) {
		return status;
	}
	status = schema_check_after(schema, catalogue_schema(ingest->options.catalogue, 0), err);
	if (status == STATUS_OK) {
		status = schema_store(ingest, schema, json, user, err);
	}
	if (status != STATUS_OK) {
		schema_free(schema);
		return status;
	}
	*version_out = schema->version;
	ingest->work.schema = schema;
	return STATUS_OK;
}

enum status
ingest_setting_put(struct ingest *ingest, const char *name, struct span value, struct error *err)
{
	ingest->work.wrote = true;
	return store_setting_put(ingest->options.store, name, value, err);
}

enum status
ingest_read_entry(struct ingest *ingest, uint32_t user, const char *route, const char *filter,
		  struct error *err)
{
	struct note note = {.action = "read",
			    .route = route,
			    .filter = filter,
			    .snapshot = ingest->head + ingest->work.row_count};

	return ingest_note(ingest, ENTRY_READ, user, &note, NULL, err);
}
