/* SPDX-License-Identifier: Apache-2.0 */
#include "people_view.h"

static const struct {
	const char *name;
	enum role role;
} roles[] = {{"cadre", ROLE_CADRE}, {"supervisor", ROLE_SUPERVISOR}, {"admin", ROLE_ADMIN}};
static const size_t role_count = sizeof roles / sizeof roles[0];

const char *
role_name(enum role role)
{
	for (size_t i = 0; i < role_count; i++) {
		if (roles[i].role == role) {
			return roles[i].name;
		}
	}
	return "";
}

enum role
role_named(struct span name)
{
	for (size_t i = 0; i < role_count; i++) {
		if (span_equal(name, span_of_text(roles[i].name))) {
			return roles[i].role;
		}
	}
	return ROLE_NONE;
}

void
json_scope(struct json *json, const char *key, struct region scope)
{
	char text[REGION_TEXT_SIZE];

	json_put_key(json, key);
	json_put_string(json, scope.low == 0 ? "all" : region_format(scope, text));
}

static void
key_moment(struct json *json, const char *key, int64_t milliseconds)
{
	json_put_key(json, key);
	if (milliseconds == 0) {
		json_put_null(json);
	} else {
		json_put_instant(json, milliseconds);
	}
}

static void
begin_person(struct json *json, uint32_t number, struct span name, enum role role)
{
	json_put_object(json);
	json_put_key(json, "number");
	json_put_uint(json, number);
	json_put_key(json, "name");
	json_put_text(json, name);
	json_put_key(json, "role");
	json_put_string(json, role_name(role));
}

static void
end_person(struct json *json, const char *state)
{
	json_put_key(json, "state");
	json_put_string(json, state);
	json_put_object_end(json);
	json_put_line_end(json);
}

void
people_user(struct buffer *out, const struct user *user)
{
	struct json json = json_start(out);

	begin_person(&json, user->number, user->name, user->role);
	json_scope(&json, "scope", user->scope);
	key_moment(&json, "last_sign_in", user->last_ms);
	end_person(&json, user->disabled != 0 ? "disabled" : "active");
}

void
people_token(struct buffer *out, const struct token *token, int64_t now_ms)
{
	struct json json = json_start(out);
	bool expired = token->expires_ms != 0 && token->expires_ms < now_ms;

	begin_person(&json, token->user, token->name, token->role);
	json_scope(&json, "scope", token->scope);
	key_moment(&json, "expires", token->expires_ms);
	key_moment(&json, "last_used", token->last_ms);
	end_person(&json, token->revoked != 0 ? "revoked" : expired ? "expired" : "active");
}
