/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people: users who sign in with a password, their logins, and tokens taken back.
 *
 * A login is the secret of a cookie, which begins with the user's number; the database has its mark
 * (trust/keys.h), so who has only the database signs nobody in. It ends when nothing came for
 * LOGIN_IDLE_MS, LOGIN_WHOLE_MS after it began, when its user is disabled or gets another password,
 * or when she signs out.
 *
 * Failed tries are counted by name and by address. From the fourth of a name and the 21st of an
 * address on each makes the next one wait, twice as long as before, at most LOGIN_DELAY_MAX_S: a
 * guesser gets 14 tries at a name within 17 minutes and 4 an hour from then on, and nobody is shut
 * out for good. A day without a failure forgets them; so does a success those of the name. Names
 * that nobody has count like others. LOGIN_FAILURES_KEPT are kept of those that have to wait, and
 * as many others.
 */
#ifndef SAMBUNG_DAEMON_INGEST_PEOPLE_H
#define SAMBUNG_DAEMON_INGEST_PEOPLE_H

#include "daemon/ingest/ingest.h"
#include "daemon/store/store_people.h"

enum {
	LOGIN_IDLE_MS = 30 * 60 * 1000,
	LOGIN_WHOLE_MS = 12 * 60 * 60 * 1000,
	LOGIN_SECRET_SIZE = 44, /* text, with its NUL */
	LOGIN_DELAY_MAX_S = 15 * 60,
	LOGIN_FREE_NAME = 3, /* failures without a delay */
	LOGIN_FREE_ADDRESS = 20,
	LOGIN_FAILURES_KEPT = 10000,
};

/* ---- users ---- */

struct user_order {
	struct span name;
	enum role role;
	struct region scope; /* low 0: everything */
	uint8_t password[PASSWORD_SIZE];
	uint32_t user; /* who asked */
};
/* INVALID: no name; EXISTS: somebody signs in under it, or it is or was a token's. Capitals and
 * blanks around a name do not count. */
enum status ingest_user_add(struct ingest *ingest, const struct user_order *order,
			    uint32_t *number_out, struct error *err);
/* NOT_FOUND; INVALID: she is disabled. Ends her logins. */
enum status ingest_user_password(struct ingest *ingest, uint32_t number,
				 const uint8_t password[PASSWORD_SIZE], uint32_t user,
				 struct error *err);
/* NOT_FOUND; EXISTS: she is disabled already. */
enum status ingest_user_disable(struct ingest *ingest, uint32_t number, uint32_t user,
				struct error *err);

/* Takes a token back. NOT_FOUND; EXISTS: that was done before. */
enum status ingest_token_revoke(struct ingest *ingest, uint32_t number, uint32_t user,
				struct error *err);

/* ---- signing in ---- */

/* One try. */
struct sign_in {
	uint8_t by_name[HASH_SIZE]; /* what its failure is counted by */
	uint8_t by_address[HASH_SIZE];
	uint32_t user;			 /* 0: nobody has that name */
	uint8_t password[PASSWORD_SIZE]; /* what is kept of hers, or of nobody's */
	unsigned wait_s;		 /* LOCKED_OUT: until the next try is let in */
	const uint8_t *instead;		 /* her password from now on; NULL: it stays */
};
/* Before the password is looked at; any thread. LOCKED_OUT. */
enum status sign_in_find(struct store *reader, struct span name, const char *address,
			 int64_t now_ms, struct sign_in *out, struct error *err);
/* Afterwards: a login begins (with another password: the only one), or the failure is counted.
 * UNAUTHENTICATED is *in_out false and OK, for the count is to be kept. Others may have failed
 * meanwhile: then so does this one. */
enum status ingest_sign_in(struct ingest *ingest, struct sign_in *sign_in, bool fits,
			   char secret_out[LOGIN_SECRET_SIZE], bool *in_out, struct error *err);
/* The login behind a secret; UNAUTHENTICATED if there is none, or it is over. Any thread. */
enum status login_find(struct store *reader, const struct server_keys *keys, const char *secret,
		       int64_t now_ms, struct login *out, struct error *err);
enum status ingest_sign_out(struct ingest *ingest, const uint8_t hash[HASH_SIZE],
			    struct error *err);
/* What a page that was given the secret's cookie shows with what it asks to be changed. */
void login_csrf(const char *secret, char out[LOGIN_SECRET_SIZE]);

/* A token or a login served just now: operations. */
enum status ingest_token_used(struct ingest *ingest, const uint8_t hash[HASH_SIZE],
			      struct error *err);
enum status ingest_login_used(struct ingest *ingest, const uint8_t hash[HASH_SIZE],
			      struct error *err);

#endif
