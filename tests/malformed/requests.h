/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests: what people and programs can get wrong, for every route that `sambungd --routes` lists.
 *
 * As with parcels.h there are two kinds: what is certainly wrong stands in a request that would
 * else be done, and what is altered at random in one that can come to nothing. So whatever these
 * add to the log, except that somebody read, is a fault.
 */
#ifndef SAMBUNG_TESTS_MALFORMED_REQUESTS_H
#define SAMBUNG_TESTS_MALFORMED_REQUESTS_H

#include "craft.h"
#include "judge.h"

enum { ROUTES_MAX = 160, FIXTURE_SIZE = 128, PATH_TEXT_MAX = 96 };

/* What the test has made there: a line "name value" each. */
struct fixtures {
	char port[FIXTURE_SIZE];
	char token[FIXTURE_SIZE];  /* of an admin of everything */
	char cadre[FIXTURE_SIZE];  /* another's, of the least role */
	char cookie[FIXTURE_SIZE]; /* of an admin who has signed in */
	char record[FIXTURE_SIZE];
	char device[FIXTURE_SIZE];
	char user[FIXTURE_SIZE];
	char number[FIXTURE_SIZE]; /* of a token */
	char schema[FIXTURE_SIZE]; /* path of a schema file that is loaded */
};

/* What this program knows of a route besides; asker_init ends the program if it does not know one.
 */
struct known {
	const char *route;
	bool logged;		/* a read is an entry of the log, also in vain */
	const char *parameters; /* as in the route table */
	const char *good;	/* a body of JSON that would be taken */
	const char *hopeless;	/* one that never is, however it is altered a little */
};

struct row {
	char method[8];
	char path[PATH_TEXT_MAX];
	char role[16];
	const struct known *known;
};

struct asker {
	struct fixtures fixtures;
	struct row rows[ROUTES_MAX];
	size_t row_count;
	struct wire wire;
	struct dice dice;
	struct buffer schema;
	unsigned count;	  /* requests */
	unsigned entries; /* of the log that they have to make */
};

/* A request in the making. */
struct request {
	const struct row *row;
	const char *method;
	struct buffer path; /* with the query */
	struct buffer headers;
	bool bare; /* without the admin's token */
	const char *content_type;
	struct buffer body;
};

/* What may come back. */
struct hoped {
	const char *what;
	int statuses[12]; /* 0 ends them */
	enum answerer answerer;
	unsigned entries; /* of the log, if it is not a refusal before the route's own work */
	bool silence;	  /* the connection may end without an answer */
};

void request_init(struct asker *asker, const struct row *row, struct request *out);
void request_finish(struct request *request);
/* Appends the route's path with this for {…}; NULL: what is there. */
void request_path(struct asker *asker, struct request *request, const char *argument);
void request_text(const struct asker *asker, const struct request *request, struct buffer *out);
/* Sends it, and judges the answer, which is valid until the next one. */
struct heard request_send(struct asker *asker, const struct request *request,
			  const struct hoped *hoped);
/* An answer to something that was sent by hand. */
void request_judge(struct asker *asker, const struct heard *heard, const struct row *row,
		   const struct hoped *hoped);

const struct row *some_row(struct asker *asker);
/* One that needs a token, so that nothing is done without. */
const struct row *closed_row(struct asker *asker);
bool row_has(const struct row *row, const char *text); /* its path does */
bool row_takes_parcels(const struct row *row);

/* ---- each sends one request or a few ---- */

void wrong_method(struct asker *asker);
void wrong_path(struct asker *asker);
void wrong_query(struct asker *asker);
void wrong_caller(struct asker *asker);
void wrong_headers(struct asker *asker); /* requests_http.c */
void wrong_framing(struct asker *asker);
void pipelined(struct asker *asker);
void wrong_json(struct asker *asker); /* requests_body.c */
void wrong_table(struct asker *asker);
void wrong_file(struct asker *asker);
void wrong_schema(struct asker *asker);

/* Reads "name value" lines, and what `sambungd --routes` printed; ends the program if it cannot. */
void asker_init(struct asker *asker, const char *fixtures_path, const char *routes_path,
		uint64_t seed);
void asker_finish(struct asker *asker);

#endif
