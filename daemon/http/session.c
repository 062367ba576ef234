/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	ACCESS_MEMORY = 16 * 1024,
	LOGIN_NOTED_MS = 60 * 1000,
	TOKEN_NOTED_MS = 10 * 60 * 1000,
	SECOND_MS = 1000,
};

/* ---- a token ---- */

static enum status
token_caller(struct store *reader, const char *authorization, int64_t now_ms, struct caller *out,
	     struct error *err)
{
	static const char scheme[] = "Bearer ";
	struct token token = {0};
	struct arena arena;
	enum status status;

	if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0) {
		return fail(err, STATUS_UNAUTHENTICATED, "no Authorization: Bearer header");
	}
	authorization += sizeof scheme - 1;
	if (strlen(authorization) >= TOKEN_TEXT_SIZE) {
		return fail(err, STATUS_UNAUTHENTICATED, "that is no token of this server");
	}
	arena_init(&arena, ACCESS_MEMORY);
	status = token_find(reader, authorization, now_ms, &arena, &token, err);
	arena_finish(&arena);
	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct caller){.user = token.user,
			       .role = token.role,
			       .scope = token.scope,
			       .to_note = token.last_ms + TOKEN_NOTED_MS < now_ms};
	memcpy(out->hash, token.hash, sizeof out->hash);
	return STATUS_OK;
}

/* ---- a cookie ---- */

enum status
session_check_origin(const struct call_head *head, struct error *err)
{
	const char *host;

	if (head->fetch_site != NULL && strcmp(head->fetch_site, "same-origin") != 0 &&
	    strcmp(head->fetch_site, "none") != 0) {
		return fail(err, STATUS_DENIED, "another site's page asks");
	}
	if (head->origin == NULL) {
		return STATUS_OK;
	}
	host = strstr(head->origin, "://");
	if (host == NULL || head->host == NULL || strcasecmp(host + 3, head->host) != 0) {
		return fail(err, STATUS_DENIED, "another site's page asks");
	}
	return STATUS_OK;
}

static enum status
check_page(const struct call_head *head, const char *csrf, struct error *err)
{
	const size_t length = LOGIN_SECRET_SIZE - 1;

	if (strcmp(head->method, "GET") == 0) {
		return STATUS_OK;
	}
	if (head->csrf == NULL || strlen(head->csrf) != length ||
	    !crypto_equal(head->csrf, csrf, length)) {
		return fail(err, STATUS_DENIED, "%s is missing or not this session's",
			    SESSION_CSRF_HEADER);
	}
	return session_check_origin(head, err);
}

static enum status
login_caller(struct store *reader, const struct server_keys *keys, const struct call_head *head,
	     int64_t now_ms, struct caller *out, struct error *err)
{
	char csrf[LOGIN_SECRET_SIZE];
	struct login login;
	enum status status;

	if (strlen(head->session) != LOGIN_SECRET_SIZE - 1) {
		return fail(err, STATUS_UNAUTHENTICATED, "that is no session of this server");
	}
	status = login_find(reader, keys, head->session, now_ms, &login, err);
	if (status == STATUS_OK) {
		login_csrf(head->session, csrf);
		status = check_page(head, csrf, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	*out = (struct caller){.user = login.user,
			       .role = login.role,
			       .scope = login.scope,
			       .signed_in = true,
			       .to_note = login.last_ms + LOGIN_NOTED_MS < now_ms};
	memcpy(out->hash, login.hash, sizeof out->hash);
	memcpy(out->csrf, csrf, sizeof out->csrf);
	return STATUS_OK;
}

enum status
session_caller(struct store *reader, const struct server_keys *keys, const struct call_head *head,
	       int64_t now_ms, struct caller *out, struct error *err)
{
	if (head->authorization != NULL) {
		return token_caller(reader, head->authorization, now_ms, out, err);
	}
	if (head->session != NULL) {
		return login_caller(reader, keys, head, now_ms, out, err);
	}
	return fail(err, STATUS_UNAUTHENTICATED, "no Authorization: Bearer header");
}

/* ---- around it ---- */

void
session_tried_from(const struct service *service, const struct call_head *head,
		   char out[CALL_ADDRESS_SIZE])
{
	struct address from = head->address;
	struct address named;
	const char *last;

	if (service->proxy && head->forwarded != NULL) {
		/* What stands before is what its client said of itself. */
		last = strrchr(head->forwarded, ',');
		last = last == NULL ? head->forwarded : last + 1;
		if (address_read(last + strspn(last, " "), &named)) {
			from = named;
		}
	}
	hex_encode(span_of(from.at, sizeof from.at), out);
}

void
session_cookie(const struct service *service, const char *secret, char out[CALL_COOKIE_SIZE])
{
	int seconds = *secret == '\0' ? 0 : LOGIN_WHOLE_MS / SECOND_MS;

	(void)snprintf(out, CALL_COOKIE_SIZE,
		       SESSION_COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
		       secret, seconds, service->secure ? "; Secure" : "");
}
