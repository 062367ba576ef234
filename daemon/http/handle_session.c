/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in with name and password, another password of one's own, who is signed in, signing out.
 */
#include "body.h"
#include "daemon/ingest/people.h"
#include "daemon/trust/password.h"
#include "handle.h"
#include "people_view.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MEMORY = 16 * 1024, NAME_SIZE = STREAM_NAME_MAX + 1 };

/* The call's own, from the body on. */
struct sign_in_try {
	struct sign_in sign_in;
	char name[NAME_SIZE];
	char password[PASSWORD_BYTES_MAX + 1];
	bool changes; /* the password, too: */
	char next[PASSWORD_BYTES_MAX + 1];
	uint8_t instead[PASSWORD_SIZE];
	bool fits;
	bool in;
	char secret[LOGIN_SECRET_SIZE];
};

static void
try_free(void *own)
{
	crypto_wipe(own, sizeof(struct sign_in_try));
	free(own);
}

static enum status
read_try(struct call *call, struct sign_in_try *out, struct error *err)
{
	const struct body *body;
	struct span name;
	enum status status =
		body_read(call, out->changes ? "name password new" : "name password", &body, err);

	if (status == STATUS_OK) {
		status = body_secret(call, "password", out->password, sizeof out->password, err);
	}
	if (status == STATUS_OK && out->changes) {
		status = body_secret(call, "new", out->next, sizeof out->next, err);
	}
	if (status == STATUS_OK) {
		status = body_text(body, "name", &name, err);
	}
	if (status == STATUS_OK && name.length >= sizeof out->name) {
		return fail(err, STATUS_INVALID, "\"name\" may have %d bytes", STREAM_NAME_MAX);
	}
	if (status == STATUS_OK) {
		memcpy(out->name, name.at, name.length);
	}
	return status;
}

static enum status
open_try(struct call *call, struct store *reader, bool changes, struct error *err)
{
	struct sign_in_try *own = calloc(1, sizeof *own);
	enum status status;

	if (own == NULL) {
		return fail(err, STATUS_MEMORY, "a login");
	}
	own->changes = changes;
	status = read_try(call, own, err);
	/* The body has said what it had to. */
	if (call->own_free != NULL) {
		call->own_free(call->own);
	}
	call->own = own;
	call->own_free = try_free;
	if (status == STATUS_OK && changes) {
		status = password_allowed(span_of_text(own->next), span_of_text(own->name), err);
	}
	if (status == STATUS_OK) {
		status = call_attempt(call, err);
	}
	if (status == STATUS_OK) {
		status = sign_in_find(reader, span_of_text(own->name), call->tried_from,
				      service_now_ms(call->service), &own->sign_in, err);
		call->retry_after_s = own->sign_in.wait_s;
	}
	return status;
}

enum status
sign_in_open(struct call *call, struct store *reader, struct error *err)
{
	return open_try(call, reader, false, err);
}

enum status
own_password_open(struct call *call, struct store *reader, struct error *err)
{
	return open_try(call, reader, true, err);
}

enum status
sign_in_prove(struct call *call, struct error *err)
{
	const struct platform *platform = &call->service->platform;
	struct sign_in_try *own = call->own;
	const struct server_keys *keys = call->service->keys;
	struct credentials credentials = {span_of_text(own->name), span_of_text(own->password)};
	uint8_t salt[PASSWORD_SALT_SIZE];
	enum status status =
		password_fits(keys, &credentials, own->sign_in.password, &own->fits, err);

	if (status == STATUS_OK && own->changes && own->fits) {
		platform->random(platform->context, salt, sizeof salt);
		credentials.password = span_of_text(own->next);
		status = password_make(keys, &credentials, salt, own->instead, err);
		own->sign_in.instead = own->instead;
	}
	crypto_wipe(own->password, sizeof own->password);
	crypto_wipe(own->next, sizeof own->next);
	return status;
}

enum status
sign_in_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct sign_in_try *own = call->own;
	enum status status =
		ingest_sign_in(ingest, &own->sign_in, own->fits, own->secret, &own->in, err);

	call->retry_after_s = own->sign_in.wait_s;
	return status;
}

/* ---- who is signed in ---- */

/* {"user","role","scope","csrf"}: csrf is null for a token. */
static enum status
write_caller(struct call *call, struct store *reader, const struct caller *caller, const char *csrf,
	     struct error *err)
{
	struct json json = json_start(&call->out);
	struct stream stream;
	struct arena arena;
	enum status status;

	arena_init(&arena, NAME_MEMORY);
	status = store_stream(reader, caller->user, &arena, &stream, err);
	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "user");
		json_put_text(&json, stream.name);
		json_put_key(&json, "role");
		json_put_string(&json, role_name(caller->role));
		json_scope(&json, "scope", caller->scope);
		json_put_key(&json, "csrf");
		if (csrf == NULL) {
			json_put_null(&json);
		} else {
			json_put_string(&json, csrf);
		}
		json_put_object_end(&json);
		json_put_line_end(&json);
	}
	arena_finish(&arena);
	return status;
}

enum status
sign_in_answer(struct call *call, struct store *reader, struct error *err)
{
	struct sign_in_try *own = call->own;
	char csrf[LOGIN_SECRET_SIZE];
	struct login login;
	struct caller caller;
	enum status status;

	if (!own->in) {
		status = fail(err, STATUS_UNAUTHENTICATED, "name or password");
		return call_attempt_failed(call, status, err);
	}
	status = login_find(reader, call->service->keys, own->secret, service_now_ms(call->service),
			    &login, err);
	if (status != STATUS_OK) {
		return status;
	}
	caller = (struct caller){.user = login.user, .role = login.role, .scope = login.scope};
	login_csrf(own->secret, csrf);
	status = write_caller(call, reader, &caller, csrf, err);
	if (status == STATUS_OK) {
		session_cookie(call->service, own->secret, call->cookie);
	}
	crypto_wipe(csrf, sizeof csrf);
	return status;
}

enum status
session_answer(struct call *call, struct store *reader, struct error *err)
{
	const struct caller *caller = &call->caller;

	return write_caller(call, reader, caller, caller->signed_in ? caller->csrf : NULL, err);
}

enum status
sign_out_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct json json = json_start(&call->out);

	if (!call->caller.signed_in) {
		return fail(err, STATUS_NOT_FOUND, "a token has no session");
	}
	session_cookie(call->service, "", call->cookie);
	json_put_object(&json);
	json_put_key(&json, "ended");
	json_put_bool(&json, true);
	json_put_object_end(&json);
	json_put_line_end(&json);
	return ingest_sign_out(ingest, call->caller.hash, err);
}
