/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in: one-time codes for devices, tokens for people and programs. */
#include "access.h"
#include "handle.h"
#include "protocol/json.h"

#include <stdlib.h>
#include <string.h>

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

static enum status
read_role(const struct body *body, enum role *out, struct error *err)
{
	static const struct {
		const char *name;
		enum role role;
	} roles[] = {{"cadre", ROLE_CADRE}, {"supervisor", ROLE_SUPERVISOR}, {"admin", ROLE_ADMIN}};
	struct span name;
	enum status status = body_text(body, "role", &name, err);

	if (status != STATUS_OK) {
		return status;
	}
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		if (span_equal(name, span_of_text(roles[i].name))) {
			*out = roles[i].role;
			return STATUS_OK;
		}
	}
	return fail(err, STATUS_INVALID, "role is cadre, supervisor or admin");
}

/* A region code, or "all". */
static enum status
read_scope(const struct call *call, const struct body *body, struct region *out, struct error *err)
{
	struct span scope;
	enum status status = body_text(body, "scope", &scope, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (!span_equal(scope, span_of_text("all"))) {
		return access_region(call, (const char *)scope.at, out, err);
	}
	if (!caller_sees_all(&call->caller)) {
		return fail(err, STATUS_DENIED, "scope all is more than your own");
	}
	memset(out, 0, sizeof *out);
	return STATUS_OK;
}

static enum status
make_token(struct call *call, struct ingest *ingest, const struct body *body, struct error *err)
{
	struct token_order order = {.user = call->caller.user};
	struct json json = json_start(&call->out);
	char token[TOKEN_TEXT_SIZE];
	enum status status = body_text(body, "name", &order.name, err);

	if (status == STATUS_OK) {
		status = read_role(body, &order.role, err);
	}
	if (status == STATUS_OK) {
		status = read_scope(call, body, &order.scope, err);
	}
	if (status == STATUS_OK) {
		status = ingest_token_add(ingest, &order, token, err);
	}
	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "token");
		json_put_string(&json, token);
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
	enum status status = body_read(call, "role scope name", &body, err);

	return status == STATUS_OK ? make_token(call, ingest, body, err) : status;
}
