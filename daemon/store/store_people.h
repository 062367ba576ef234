/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_people: people who sign in, who is signed in, the lists of users and tokens, and the codes
 * that phones enrol with. As store.h.
 *
 * A scope (NULL: everything) shows those whose own scope lies in it: who reaches further is not
 * there for her.
 */
#ifndef SAMBUNG_DAEMON_STORE_STORE_PEOPLE_H
#define SAMBUNG_DAEMON_STORE_STORE_PEOPLE_H

#include "store.h"

/* ---- users ---- */

enum { PASSWORD_SIZE = 56 }; /* what is kept of a password: daemon/trust/password.h */

struct user {
	uint32_t number; /* its stream */
	struct span name;
	enum role role;
	struct region scope; /* low 0: everything */
	uint64_t disabled;   /* seq of the entry that disabled her; 0: she may sign in */
	int64_t last_ms;     /* operations: when she signed in last; 0: never */
};
/* NOT_FOUND. */
enum status store_user(struct store *store, uint32_t number, const struct region *scope,
		       struct arena *arena, struct user *out, struct error *err);
/* The one who may sign in under that name, and what is kept of her password; NOT_FOUND. */
enum status store_user_named(struct store *store, struct span name, uint32_t *number_out,
			     uint8_t password_out[PASSWORD_SIZE], struct error *err);
/* EXISTS: somebody signs in under that name. */
enum status store_user_add(struct store *store, const struct user *user, struct error *err);
enum status store_user_disable(struct store *store, uint32_t number, uint64_t seq,
			       struct error *err);
/* Who was signed in as her is so no more. */
enum status store_user_password(struct store *store, uint32_t number,
				const uint8_t password[PASSWORD_SIZE], struct error *err);
typedef enum status (*user_fn)(void *context, const struct user *user, struct error *err);
/* By name; those who may sign in no more, too. */
enum status store_users_read(struct store *store, const struct region *scope, user_fn each,
			     void *context, struct error *err);

/* Who has a name, whatever the case of its letters (A to Z) and the blanks around it. */
struct name_use {
	bool signs_in; /* a user who may sign in */
	bool user;     /* a user, or one who was */
	bool token;    /* a token, or one that was */
};
/* Reads all users and tokens. */
enum status store_name_use(struct store *store, struct span name, struct name_use *out,
			   struct error *err);

/* ---- tokens ---- */

/* The token of that number, which is its user's; NOT_FOUND. */
enum status store_token_numbered(struct store *store, uint32_t number, const struct region *scope,
				 struct arena *arena, struct token *out, struct error *err);
enum status store_token_revoke(struct store *store, const uint8_t hash[HASH_SIZE], uint64_t seq,
			       struct error *err);
enum status store_token_used(struct store *store, const uint8_t hash[HASH_SIZE], int64_t now_ms,
			     struct error *err);
typedef enum status (*token_fn)(void *context, const struct token *token, struct error *err);
/* By name. */
enum status store_tokens_read(struct store *store, const struct region *scope, token_fn each,
			      void *context, struct error *err);

/* ---- codes: operations ---- */

struct stored_code {
	uint8_t id[CODE_ID_SIZE];
	uint8_t secret_hash[HASH_SIZE]; /* the mark of the secret: ingest/enrol.c */
	int64_t expires_ms;
	struct span cadre;
	struct region *scope;
	size_t scope_count;
	uint32_t failures;
	uint32_t device; /* 0: not used yet */
	uint8_t device_key[32];
};
/* NOT_FOUND. */
enum status store_code(struct store *store, const uint8_t id[CODE_ID_SIZE], struct arena *arena,
		       struct stored_code *out, struct error *err);
enum status store_code_put(struct store *store, const struct stored_code *code, struct error *err);
/* In a store that a log is replayed into: one that was made for that cadre and these villages goes.
 * NOT_FOUND. */
enum status store_code_spend(struct store *store, const struct stored_code *like,
			     struct error *err);

/* ---- who is signed in: operations ---- */

struct login {
	uint8_t hash[HASH_SIZE]; /* the mark of the secret in the cookie: ingest/login.c */
	uint32_t user;
	enum role role;	     /* the user's, when it is read */
	struct region scope; /* so too */
	int64_t began_ms;
	int64_t last_ms; /* give or take a minute */
};
/* NOT_FOUND: also when its user may sign in no more. */
enum status store_login(struct store *store, const uint8_t hash[HASH_SIZE], struct login *out,
			struct error *err);
/* Notes at the user, too, when she signed in last. */
enum status store_login_add(struct store *store, const struct login *login, struct error *err);
enum status store_login_used(struct store *store, const uint8_t hash[HASH_SIZE], int64_t now_ms,
			     struct error *err);
enum status store_login_end(struct store *store, const uint8_t hash[HASH_SIZE], struct error *err);
/* Ends those that began, or were used last, before these moments. */
enum status store_logins_sweep(struct store *store, int64_t began_ms, int64_t last_ms,
			       struct error *err);

/* Failed tries to sign in, counted by the hash of a name or of an address. */
struct login_failures {
	uint32_t count; /* 0: none */
	int64_t last_ms;
};
enum status store_login_failures(struct store *store, const uint8_t subject[HASH_SIZE],
				 struct login_failures *out, struct error *err);
enum status store_login_failures_put(struct store *store, const uint8_t subject[HASH_SIZE],
				     const struct login_failures *failures, struct error *err);
enum status store_login_failures_clear(struct store *store, const uint8_t subject[HASH_SIZE],
				       struct error *err);
/* Forgets those before that moment, and of the others all but the newest `keep` of those that
 * failed more often than `few` times, and of those that did not: many who fail once push out nobody
 * who has to wait. */
enum status store_login_failures_sweep(struct store *store, int64_t last_ms, unsigned few,
				       size_t keep, struct error *err);

#endif
