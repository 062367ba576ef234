/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in: one-time codes for devices, tokens for people and programs. */
#include "access.h"
#include "handle.h"
#include "people_view.h"

#include <stdlib.h>
#include <string.h>

enum {
	EXPIRY_DAYS_MAX = 3650,
	MS_A_DAY = 86400000,
	TOKEN_MEMORY = 16 * 1024,
};

static void
put_code(struct call *call, const char *code, int64_t expires_ms)
{
	struct json json = json_start(&call->out);

	json_put_object(&json);
	json_put_key(&json, "code");
	json_put_string(&json, code);
	json_put_key(&json, "expires");
	json_put_instant(&json, expires_ms);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

static enum status
make_code(struct call *call, struct ingest *ingest, const struct body *body, struct error *err)
{
	struct code_order order = {.user = call->caller.user};
	struct region *regions = NULL;
	char code[CODE_TEXT_MAX];
	int64_t expires_ms;
	enum status status = body_text(body, "cadre", &order.cadre, err);

	if (status == STATUS_OK) {
		status = access_villages(call, body, &regions, &order.scope_count, err);
	}
	if (status == STATUS_OK) {
		order.scope = regions;
		status = ingest_code_make(ingest, &order, code, &expires_ms, err);
	}
	free(regions);
	if (status == STATUS_OK) {
		put_code(call, code, expires_ms);
	}
	crypto_wipe(code, sizeof code);
	return status;
}

/* A code for the cadre of a device that is revoked with it. */
enum status
replace_write(struct call *call, struct ingest *ingest, struct error *err)
{
	char code[CODE_TEXT_MAX];
	int64_t expires_ms;
	uint32_t number;
	enum status status = access_number(call, &number, err);

	if (status == STATUS_OK) {
		status = ingest_device_replace(ingest, number, call->caller.user, code, &expires_ms,
					       err);
	}
	if (status == STATUS_OK) {
		put_code(call, code, expires_ms);
	}
	crypto_wipe(code, sizeof code);
	return status;
}

enum status
code_write(struct call *call, struct ingest *ingest, struct error *err)
{
	const struct body *body;
	enum status status = body_read(call, "cadre villages", &body, err);

	return status == STATUS_OK ? make_code(call, ingest, body, err) : status;
}

/* Days, as a moment; 0 if it is absent. */
static enum status
read_expiry(const struct call *call, const struct body *body, int64_t *out, struct error *err)
{
	uint64_t days;
	enum status status = body_number(body, "expires_days", &days, err);

	if (status == STATUS_OK && days > EXPIRY_DAYS_MAX) {
		return fail(err, STATUS_INVALID, "expires_days: 1 to %d", EXPIRY_DAYS_MAX);
	}
	if (status == STATUS_OK) {
		*out = days == 0 ? 0 : service_now_ms(call->service) + (int64_t)days * MS_A_DAY;
	}
	return status;
}

static enum status
make_token(struct call *call, struct ingest *ingest, const struct body *body, struct error *err)
{
	struct token_order order = {.user = call->caller.user};
	struct json json = json_start(&call->out);
	char token[TOKEN_TEXT_SIZE];
	enum status status = body_text(body, "name", &order.name, err);

	if (status == STATUS_OK) {
		status = access_role(body, &order.role, err);
	}
	if (status == STATUS_OK) {
		status = access_scope(call, body, &order.scope, err);
	}
	if (status == STATUS_OK) {
		status = read_expiry(call, body, &order.expires_ms, err);
	}
	if (status == STATUS_OK) {
		status = ingest_token_add(ingest, &order, token, err);
	}
	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "token");
		json_put_string(&json, token);
		json_put_key(&json, "expires");
		if (order.expires_ms == 0) {
			json_put_null(&json);
		} else {
			json_put_instant(&json, order.expires_ms);
		}
		json_put_object_end(&json);
		json_put_line_end(&json);
	}
	crypto_wipe(token, sizeof token);
	return status;
}

enum status
token_write(struct call *call, struct ingest *ingest, struct error *err)
{
	const struct body *body;
	enum status status = body_read(call, "role scope name expires_days", &body, err);

	return status == STATUS_OK ? make_token(call, ingest, body, err) : status;
}

/* ---- tokens that there are ---- */

static enum status
each_token(void *context, const struct token *token, struct error *err)
{
	struct call *call = context;

	people_token(&call->out, token, service_now_ms(call->service));
	return buffer_status(&call->out, "the list of tokens", err);
}

enum status
tokens_answer(struct call *call, struct store *reader, struct error *err)
{
	call->media = MEDIA_LINES;
	return store_tokens_read(reader, caller_scope(&call->caller), each_token, call, err);
}

static enum status
find_token(const struct call *call, struct store *reader, struct arena *arena, struct token *out,
	   struct error *err)
{
	uint32_t number;
	enum status status = access_number(call, &number, err);

	if (status == STATUS_OK) {
		status = store_token_numbered(reader, number, caller_scope(&call->caller), arena,
					      out, err);
	}
	return status == STATUS_NOT_FOUND ? fail(err, STATUS_NOT_FOUND, "no token has this number")
					  : status;
}

enum status
token_open(struct call *call, struct store *reader, struct error *err)
{
	struct token token;
	struct arena arena;
	enum status status;

	arena_init(&arena, TOKEN_MEMORY);
	status = find_token(call, reader, &arena, &token, err);
	arena_finish(&arena);
	return status;
}

enum status
token_revoke_write(struct call *call, struct ingest *ingest, struct error *err)
{
	uint32_t number;
	enum status status = access_number(call, &number, err);

	return status == STATUS_OK ? ingest_token_revoke(ingest, number, call->caller.user, err)
				   : status;
}

enum status
token_answer(struct call *call, struct store *reader, struct error *err)
{
	struct token token;
	struct arena arena;
	enum status status;

	arena_init(&arena, TOKEN_MEMORY);
	status = find_token(call, reader, &arena, &token, err);
	if (status == STATUS_OK) {
		people_token(&call->out, &token, service_now_ms(call->service));
	}
	arena_finish(&arena);
	return status;
}
