/* SPDX-License-Identifier: Apache-2.0 */
/* People who sign in with a password. */
#include "access.h"
#include "daemon/trust/password.h"
#include "handle.h"
#include "people_view.h"

#include <stdlib.h>
#include <string.h>

enum { USER_MEMORY = 16 * 1024, NAME_SIZE = STREAM_NAME_MAX + 1 };

/* The call's own, from the body on. */
struct user_call {
	uint32_t number; /* 0: not yet */
	char name[NAME_SIZE];
	struct user_order order;
	char password[PASSWORD_BYTES_MAX + 1];
};

static void
user_call_free(void *own)
{
	crypto_wipe(own, sizeof(struct user_call));
	free(own);
}

/* Instead of the body, which has been read. */
static void
take_own(struct call *call, struct user_call *own)
{
	if (call->own_free != NULL) {
		call->own_free(call->own);
	}
	call->own = own;
	call->own_free = user_call_free;
}

static enum status
find_user(const struct call *call, struct store *reader, uint32_t number, struct arena *arena,
	  struct user *out, struct error *err)
{
	enum status status =
		store_user(reader, number, caller_scope(&call->caller), arena, out, err);

	return status == STATUS_NOT_FOUND ? fail(err, STATUS_NOT_FOUND, "no user has this number")
					  : status;
}

/* ---- a new one ---- */

static enum status
read_user(struct call *call, struct user_call *own, struct error *err)
{
	const struct body *body;
	struct span name;
	enum status status = body_read(call, "name role scope password", &body, err);

	if (status == STATUS_OK) {
		status = body_secret(call, "password", own->password, sizeof own->password, err);
	}
	if (status == STATUS_OK) {
		status = body_text(body, "name", &name, err);
	}
	if (status == STATUS_OK && (name.length == 0 || name.length >= sizeof own->name)) {
		return fail(err, STATUS_INVALID, "name: 1 to %d bytes of text", STREAM_NAME_MAX);
	}
	if (status == STATUS_OK) {
		memcpy(own->name, name.at, name.length);
		status = access_role(body, &own->order.role, err);
	}
	return status == STATUS_OK ? access_scope(call, body, &own->order.scope, err) : status;
}

enum status
user_add_open(struct call *call, struct store *reader, struct error *err)
{
	struct user_call *own = calloc(1, sizeof *own);
	enum status status;

	(void)reader;
	if (own == NULL) {
		return fail(err, STATUS_MEMORY, "a user");
	}
	status = read_user(call, own, err);
	take_own(call, own);
	own->order.name = span_of_text(own->name);
	own->order.user = call->caller.user;
	return status == STATUS_OK
		       ? password_allowed(span_of_text(own->password), own->order.name, err)
		       : status;
}

enum status
user_prove(struct call *call, struct error *err)
{
	const struct platform *platform = &call->service->platform;
	struct user_call *own = call->own;
	const struct credentials credentials = {span_of_text(own->name),
						span_of_text(own->password)};
	uint8_t salt[PASSWORD_SALT_SIZE];
	enum status status;

	platform->random(platform->context, salt, sizeof salt);
	status = password_make(call->service->keys, &credentials, salt, own->order.password, err);
	crypto_wipe(own->password, sizeof own->password);
	return status;
}

enum status
user_add_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct user_call *own = call->own;

	return ingest_user_add(ingest, &own->order, &own->number, err);
}

/* ---- one that there is ---- */

static enum status
open_user(struct call *call, struct store *reader, struct user_call *own, struct error *err)
{
	struct user user;
	struct arena arena;
	enum status status = access_number(call, &own->number, err);

	if (status != STATUS_OK) {
		return status;
	}
	arena_init(&arena, USER_MEMORY);
	status = find_user(call, reader, own->number, &arena, &user, err);
	if (status == STATUS_OK) {
		memcpy(own->name, user.name.at, utf8_cut(user.name, STREAM_NAME_MAX));
	}
	arena_finish(&arena);
	return status;
}

enum status
user_password_open(struct call *call, struct store *reader, struct error *err)
{
	struct user_call *own = calloc(1, sizeof *own);
	const struct body *body;
	enum status status;

	if (own == NULL) {
		return fail(err, STATUS_MEMORY, "a user");
	}
	status = body_read(call, "password", &body, err);
	if (status == STATUS_OK) {
		status = body_secret(call, "password", own->password, sizeof own->password, err);
	}
	take_own(call, own);
	if (status == STATUS_OK) {
		status = open_user(call, reader, own, err);
	}
	return status == STATUS_OK
		       ? password_allowed(span_of_text(own->password), span_of_text(own->name), err)
		       : status;
}

enum status
user_password_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct user_call *own = call->own;

	return ingest_user_password(ingest, own->number, own->order.password, call->caller.user,
				    err);
}

enum status
user_disable_open(struct call *call, struct store *reader, struct error *err)
{
	struct user_call *own = calloc(1, sizeof *own);

	if (own == NULL) {
		return fail(err, STATUS_MEMORY, "a user");
	}
	take_own(call, own);
	return open_user(call, reader, own, err);
}

enum status
user_disable_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct user_call *own = call->own;

	return ingest_user_disable(ingest, own->number, call->caller.user, err);
}

/* ---- what there is then ---- */

enum status
user_answer(struct call *call, struct store *reader, struct error *err)
{
	const struct user_call *own = call->own;
	struct user user;
	struct arena arena;
	enum status status;

	arena_init(&arena, USER_MEMORY);
	status = find_user(call, reader, own->number, &arena, &user, err);
	if (status == STATUS_OK) {
		people_user(&call->out, &user);
	}
	arena_finish(&arena);
	return status;
}

static enum status
each_user(void *context, const struct user *user, struct error *err)
{
	struct call *call = context;

	people_user(&call->out, user);
	return buffer_status(&call->out, "the list of users", err);
}

enum status
users_answer(struct call *call, struct store *reader, struct error *err)
{
	call->media = MEDIA_LINES;
	return store_users_read(reader, caller_scope(&call->caller), each_user, call, err);
}
