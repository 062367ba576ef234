/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: who asks - by a token, or by the cookie of a login - and what keeps other pages of her
 * browser from asking in her name.
 *
 * A request with the cookie that changes anything needs the header X-Sambung-CSRF with the value
 * that the login's answer gave, and must not come from another origin as far as the browser tells
 * (Origin, Sec-Fetch-Site). A token needs neither: no browser sends it by itself.
 */
#ifndef SAMBUNG_DAEMON_HTTP_SESSION_H
#define SAMBUNG_DAEMON_HTTP_SESSION_H

#include "call.h"

#define SESSION_COOKIE "sambung_session"
#define SESSION_CSRF_HEADER "X-Sambung-CSRF"

/* UNAUTHENTICATED: nobody; DENIED: not from that page. */
enum status session_caller(struct store *reader, const struct server_keys *keys,
			   const struct call_head *head, int64_t now_ms, struct caller *out,
			   struct error *err);
/* DENIED: another site's page asks. */
enum status session_check_origin(const struct call_head *head, struct error *err);
/* Whose failed logins count together: those of the other end, or of whom the proxy names. */
void session_tried_from(const struct service *service, const struct call_head *head,
			char out[CALL_ADDRESS_SIZE]);
/* Set-Cookie for a login's secret; "" ends it. */
void session_cookie(const struct service *service, const char *secret, char out[CALL_COOKIE_SIZE]);

#endif
