/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: one request on its way through the daemon, apart from the HTTP library.
 *
 *     call_create → call_parameter … → call_admit (access, bounds) → call_take_body …
 *       → call_open (the route's `open`)
 *       → call_waits ? suspend, call_start, … woken : –     (the route's `prove`, `write`, `work`)
 *       → call_answer (the route's `answer`) → out, then lines → call_release
 *
 * All of it in the connection's network thread, except `write` (the writer's thread), `work` (the
 * errand thread) and `prove` (the thread for passwords). While a call waits it belongs to that
 * thread; if its time is up before, the connection is answered from constants alone, and the thread
 * finishes the call's work and frees it.
 */
#ifndef SAMBUNG_DAEMON_HTTP_CALL_H
#define SAMBUNG_DAEMON_HTTP_CALL_H

#include "daemon/http/connections.h"
#include "daemon/http/service.h"
#include "daemon/ingest/people.h"

#include <stdatomic.h>

struct call;
struct route;

enum media {
	MEDIA_NONE,
	MEDIA_JSON,
	MEDIA_LINES,
	MEDIA_CSV,
	MEDIA_PARCEL,
	MEDIA_CARRY,
	MEDIA_TEXT,
	MEDIA_BYTES
};

enum {
	CALL_TEXT_SIZE = 80, /* a path argument or a parameter, with its NUL */
	CALL_PARAMETERS_MAX = 4,
	CALL_NOTE_SIZE = 160,
	/* The body, what is unpacked from it, what is decoded, and the answer. */
	CALL_MEMORY_FACTOR = 4,
	CALL_MEMORY_LEAST = 16 * 1024,
	CALL_ADDRESS_SIZE = 48,
	CALL_COOKIE_SIZE = 192,
	CALL_DRAIN_MAX = 64 * 1024, /* a refused request's body is read to its end if not larger */
};

/* What follows call->out, a piece at a time; a handler's own struct begins with it. */
struct lines {
	/* Appends at least a byte unless it is the end; a few KiB at a time. */
	enum status (*next)(struct lines *lines, struct buffer *out, bool *more_out,
			    struct error *err);
	void (*close)(struct lines *lines); /* frees it */
};

/* Who asks, by what: a token, or the cookie of a login. */
struct caller {
	uint32_t user;
	enum role role;
	struct region scope; /* low 0: everything */
	bool signed_in;	     /* by a cookie */
	uint8_t hash[HASH_SIZE];
	bool to_note; /* it was last noted some time ago that the token or the login served */
	char csrf[LOGIN_SECRET_SIZE]; /* of a login */
};

struct call {
	struct job job; /* first: the writer hands it back */
	struct errand errand;
	struct wait wait;
	void (*wake)(struct call *call);
	void *connection; /* the server's; for wake */
	void *response;	  /* … and what it sends */
	atomic_uint references;

	struct service *service;
	const struct route *route; /* NULL until found */
	struct caller caller;
	struct address address;
	char tried_from[CALL_ADDRESS_SIZE]; /* whose failed logins count together */
	char argument[CALL_TEXT_SIZE];	    /* what stood for {…} in the path */
	char parameters[CALL_PARAMETERS_MAX][CALL_TEXT_SIZE]; /* in the route's order; "" absent */
	struct buffer body;
	struct buffer reason; /* why, where the body is a file as it is; plain text */
	size_t reserved;      /* bytes of the shared memory */
	size_t drained;
	int64_t until_ms;	/* the body must be here, then: the lines must be gone */
	const char *allow;	/* for 405 */
	int http;		/* refused with this instead of the error's own; 0 */
	unsigned retry_after_s; /* refused: when to come again, if the status is not BUSY */

	bool turn; /* holds a turn at the writer */
	bool opened;
	bool started;
	bool again;	 /* set by `write`: run it once more in another transaction */
	bool read_entry; /* `write` put the entry of a read into the log, under … */
	uint8_t read_key[HASH_SIZE];
	bool failed;
	struct error error;
	void *own; /* the handler's, from open to the end */
	void (*own_free)(void *own);

	char note[CALL_NOTE_SIZE];     /* the answer, when the call's time was up */
	char cookie[CALL_COOKIE_SIZE]; /* Set-Cookie; "" none */
	enum media media;	       /* of the answer */
	struct buffer out;
	size_t sent; /* bytes of out */
	struct lines *lines;
	struct store *reader; /* that the lines read from */
	int64_t worked_us;    /* at the lines, since it last stepped aside */
};

/* What the HTTP library knows before the body. */
struct call_head {
	const char *method;
	const char *path;
	const char *content_type;  /* NULL: none */
	const char *authorization; /* NULL: none */
	struct address address;
	/* The same: what a browser sends. */
	const char *session;	/* the cookie's value */
	const char *csrf;	/* X-Sambung-CSRF */
	const char *origin;	/* Origin */
	const char *fetch_site; /* Sec-Fetch-Site */
	const char *host;	/* Host */
	const char *forwarded;	/* X-Forwarded-For */
	const char *reason;	/* X-Sambung-Reason */
	bool has_length;
	uint64_t length;
};

/* Returns a new call with one reference; NULL when out of memory. */
struct call *call_create(struct service *service, const struct call_head *head);
void call_release(struct call *call);

/* A query parameter; they come after call_create and before call_admit. */
void call_parameter(struct call *call, const char *name, const char *value);
/* Access and bounds, before any of the body is read. A refused call has `failed` set. */
void call_admit(struct call *call, const struct call_head *head, unsigned receive_s);
/* False: hang up. */
bool call_take_body(struct call *call, const void *bytes, size_t length);

/* The whole body is here. */
void call_open(struct call *call);
/* True if the connection has to be suspended and call_start called. */
bool call_waits(const struct call *call);
void call_start(struct call *call);
/* The wait of that call is over: wakes its connection. */
void call_wake(struct wait *wait);

/* What is to be sent, valid until call_release. */
struct answer {
	int http;
	enum media media;
	void *text; /* all of it, unless */
	size_t length;
	bool streamed;	      /* call_read gives it piece by piece */
	unsigned retry_after; /* seconds; 0: none */
	const char *allow;    /* NULL: none */
	const char *cookie;   /* NULL: none */
	bool keep_from_cache; /* no browser shall store it */
};
void call_answer(struct call *call, struct answer *out);
/* Up to `size` bytes of a streamed answer: their number, 0 at the end, -1 when it broke. */
long call_read(struct call *call, void *out, size_t size);
/* Between two pieces: milliseconds for which the list lets the syncs go first; not 0: suspend the
 * connection and call call_pause, which wakes it then. */
unsigned call_pause_ms(struct call *call);
void call_pause(struct call *call, unsigned milliseconds);

const char *media_name(enum media media);

/* ---- how often (call_rates.c) ---- */

/*
 * Attempts are what costs the server something before it knows whom it deals with, or what somebody
 * may guess at: logins, enrolments, tokens, seals. Each address has so many failed ones; those of
 * this machine's own are not counted, for a proxy may stand there. TOO_FAST, with
 * call->retry_after_s.
 */
/* Before the attempt. */
enum status call_attempt(struct call *call, struct error *err);
/* It has failed, with `status`, which is returned unless that was one too many. */
enum status call_attempt_failed(struct call *call, enum status status, struct error *err);
/* A request that the device has signed. */
enum status call_device(struct call *call, uint32_t device, struct error *err);

/* ---- for handlers ---- */

/* Value of a parameter that the route declares; "" if absent. */
const char *call_given(const struct call *call, const char *name);
/* A whole number, 0 if absent; USAGE. */
enum status call_number(const struct call *call, const char *name, uint64_t *out,
			struct error *err);
/* The order of a list: by version unless told; USAGE. */
enum status call_order(const struct call *call, enum record_order *out, struct error *err);
/* The record id in the path. */
enum status call_record_id(const struct call *call, uint64_t *out, struct error *err);
/* That record, if there is one and the caller may see it; else NOT_FOUND. */
enum status call_find_record(struct call *call, struct store *reader, struct arena *arena,
			     struct stored_record *out, struct error *err);
/* The same, of which only the id is wanted. */
enum status call_find_record_id(struct call *call, struct store *reader, uint64_t *out,
				struct error *err);
/* The record type in the path, by the newest schema; NOT_FOUND. */
enum status call_type(const struct call *call, const struct record_type **out, struct error *err);
/* The villages the call is about: the caller's scope cut to ?village=. *count_out 0: all. */
enum status call_region(const struct call *call, struct region *out, size_t *count_out,
			struct error *err);
bool caller_sees_all(const struct caller *caller);
/* For a query; NULL: everything. Borrowed. */
const struct region *caller_scope(const struct caller *caller);
/* The region lies wholly in the caller's scope. */
bool caller_covers(const struct caller *caller, struct region region);

#endif
