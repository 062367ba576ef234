/* SPDX-License-Identifier: Apache-2.0 */
/* Methods, paths, parameters and callers that are wrong. */
#include "requests.h"

#include <stdio.h>
#include <string.h>

enum { ARGUMENT_MAX = 79, PATH_MAX_BYTES = 64 * 1024 };

/* ---- methods ---- */

static bool
has_route(const struct asker *asker, const char *method, const char *path)
{
	for (size_t i = 0; i < asker->row_count; i++) {
		if (strcmp(asker->rows[i].method, method) == 0 &&
		    strcmp(asker->rows[i].path, path) == 0) {
			return true;
		}
	}
	return false;
}

void
wrong_method(struct asker *asker)
{
	static const char *const methods[] = {
		"GET",		"POST",
		"PUT",		"PATCH",
		"DELETE",	"OPTIONS",
		"HEAD",		"get",
		"Post",		"X",
		"TRACE",	"PROPFIND",
		"GETT",		"AAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"PO\xc3\xa9ST",
	};
	static const struct hoped hoped = {.what = "a method that the path does not have",
					   .statuses = {405}};
	const struct row *row = some_row(asker);
	struct request request;

	request_init(asker, row, &request);
	do {
		request.method = DICE_PICK(&asker->dice, methods);
	} while (has_route(asker, request.method, row->path));
	request_path(asker, &request, NULL);
	request.bare = dice_below(&asker->dice, 2) == 0;
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
}

/* ---- paths ---- */

static int
digit_of(uint8_t byte)
{
	return byte >= '0' && byte <= '9'   ? byte - '0'
	       : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
	       : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
					    : -1;
}

static void
decode(struct span path, struct buffer *out)
{
	for (size_t i = 0; i < path.length; i++) {
		int high = path.at[i] == '%' && i + 2 < path.length ? digit_of(path.at[i + 1]) : -1;
		int low = high < 0 ? -1 : digit_of(path.at[i + 2]);

		if (low < 0) {
			buffer_append_byte(out, path.at[i]);
		} else {
			buffer_append_byte(out, (uint8_t)(16 * high + low));
			i += 2;
		}
	}
}

static bool
is_text(struct span bytes)
{
	for (size_t i = 0; i < bytes.length; i++) {
		if (bytes.at[i] < 32 || bytes.at[i] == 127) {
			return false;
		}
	}
	return utf8_valid(bytes);
}

static bool
path_fits(const char *pattern, struct span path)
{
	const char *open = strchr(pattern, '{');
	const char *end = open == NULL ? NULL : strchr(open, '}');
	size_t prefix = open == NULL ? 0 : (size_t)(open - pattern);
	size_t suffix = end == NULL ? 0 : strlen(end + 1);
	size_t length = path.length - prefix - suffix;

	if (end == NULL) {
		return span_equal(span_of_text(pattern), path);
	}
	return path.length > prefix + suffix && length <= ARGUMENT_MAX &&
	       memcmp(path.at, pattern, prefix) == 0 &&
	       memcmp(path.at + path.length - suffix, end + 1, suffix) == 0 &&
	       memchr(path.at + prefix, '/', length) == NULL;
}

/* The route that such a path leads to, with whatever stands in it; NULL: none. *other_out: another
 * method would. */
static const struct row *
route_of(const struct asker *asker, const char *method, struct span decoded, bool *other_out)
{
	*other_out = false;
	for (size_t i = 0; i < asker->row_count; i++) {
		if (path_fits(asker->rows[i].path, decoded)) {
			if (strcmp(asker->rows[i].method, method) == 0) {
				return &asker->rows[i];
			}
			*other_out = true;
		}
	}
	return NULL;
}

/* Of a path that is wrong somewhere: nobody is meant by it. */
static void
send_path(struct asker *asker, struct request *request)
{
	struct hoped hoped = {.what = "a path that leads nowhere"};
	const struct row *found;
	struct buffer decoded;
	bool other;

	buffer_init(&decoded, PATH_MAX_BYTES);
	decode(buffer_span(&request->path), &decoded);
	found = route_of(asker, request->method, buffer_span(&decoded), &other);
	if (!is_text(buffer_span(&decoded))) {
		hoped.what = "a path that is no text";
		memcpy(hoped.statuses, (const int[]){400, 404, 405}, 3 * sizeof(int));
	} else if (found != NULL) {
		hoped.what = "a path to nobody";
		memcpy(hoped.statuses, (const int[]){400, 404, 411, 415, 422}, 5 * sizeof(int));
		hoped.entries = found->known->logged;
	} else {
		hoped.statuses[0] = other ? 405 : 404;
		hoped.statuses[1] = 414; /* of a long one */
	}
	(void)request_send(asker, request, &hoped);
	buffer_finish(&decoded);
}

static void
path_with_argument(struct asker *asker)
{
	static const char *const arguments[] = {
		"",
		"%20",
		"..",
		"%2e%2e",
		"%2e%2e%2f",
		"%ff%fe",
		"%c3%28",
		"0",
		"-1",
		"4294967296",
		"99999999999999999999999",
		"r0",
		"r00000000000000000000",
		"%27%20OR%201=1--",
		"%0d%0aX:%20y",
		"%1b[31m",
		"null",
		"%e2%80%ae",
		"%00",
		"%",
		"%zz",
		"1e3",
		"r6pjnynw000001z",
		"%f0%9f%92%a9",
		"+1",
		"0x1",
		"1;drop",
		"%80",
	};
	const struct row *row;
	struct request request;
	char longer[300];

	do {
		row = some_row(asker);
	} while (!row_has(row, "{"));
	request_init(asker, row, &request);
	if (dice_below(&asker->dice, 4) == 0) {
		size_t length = DICE_PICK(&asker->dice, ((const size_t[]){78, 79, 80, 81, 299}));

		memset(longer, 'a', length);
		longer[length] = '\0';
		request_path(asker, &request, longer);
	} else {
		request_path(asker, &request, DICE_PICK(&asker->dice, arguments));
	}
	send_path(asker, &request);
	request_finish(&request);
}

static void
path_with_tail(struct asker *asker)
{
	static const char *const tails[] = {"/",   "/..", "/x", "%00", "%00x", "%2f",
					    "%ff", ";x",  ".",	"//",  "%",    "%zz",
					    "%2",  "\\",  "~",	"%0a", "%20",  "%c0%ae"};
	struct request request;

	request_init(asker, some_row(asker), &request);
	request_path(asker, &request, NULL);
	buffer_append_span(&request.path, span_of_text(DICE_PICK(&asker->dice, tails)));
	send_path(asker, &request);
	request_finish(&request);
}

static void
path_altogether(struct asker *asker)
{
	static const char *const paths[] = {
		"/",
		"//v1/health",
		"/v1//health",
		"/V1/health",
		"/../v1/health",
		"/v1/health/../health",
		"/v1/./health",
		"/v2/health",
		"/v1",
		"/v1/",
		"/favicon.ico",
		"/%2e%2e/%2e%2e/etc/passwd",
		"/v1\\health",
		"/v1/record",
		"/v1/records/",
		"/%00",
		"/v1/%c0%afhealth",
		"/server.key",
	};
	struct request request;
	size_t length = DICE_PICK(&asker->dice, ((const size_t[]){500, 5000, 20000}));

	request_init(asker, some_row(asker), &request);
	if (dice_below(&asker->dice, 6) == 0) {
		buffer_append_byte(&request.path, '/');
		memset(buffer_extend(&request.path, length), 'a', length);
	} else {
		buffer_append_span(&request.path, span_of_text(DICE_PICK(&asker->dice, paths)));
	}
	send_path(asker, &request);
	request_finish(&request);
}

void
wrong_path(struct asker *asker)
{
	static void (*const makers[])(struct asker *) = {path_with_argument, path_with_argument,
							 path_with_tail, path_altogether};

	DICE_PICK(&asker->dice, makers)(asker);
}

/* ---- parameters ---- */

static bool
is_word_of(const char *words, const char *word)
{
	const char *at = words == NULL ? NULL : strstr(words, word);

	return at != NULL && (at == words || at[-1] == ' ') &&
	       (at[strlen(word)] == '\0' || at[strlen(word)] == ' ');
}

/* One that it does not have. */
static void
unknown_parameter(struct asker *asker)
{
	static const char *const queries[] = {
		"x=1",		"vilage=6303072001", "=",	   "=63",
		"%ff=1",	"village%20=63",     "VILLAGE=63", "village[]=63",
		"%76illagf=63", "since%00=1",	     "\xc3\xa9=1", "a=b=c",
		"order;=id",	"from%0a=1",
	};
	static const struct hoped hoped = {.what = "a parameter that it does not have",
					   .statuses = {400, 404}};
	const struct row *row = some_row(asker);
	struct request request;

	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	buffer_append_byte(&request.path, '?');
	if (dice_below(&asker->dice, 8) == 0) {
		for (unsigned i = 0; i < 200; i++) {
			buffer_printf(&request.path, "x%u=%u&", i, i);
		}
	}
	buffer_append_span(&request.path, span_of_text(DICE_PICK(&asker->dice, queries)));
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
}

static const struct {
	const char *name;
	const char *value;
	bool kept; /* it reaches the route, and so the log */
} wrong_values[] = {
	{"village", "1", true},
	{"village", "123456789012", true},
	{"village", "abc", true},
	{"village", "+6303072001", true},
	{"village", "63030720010", true},
	{"village", "63.0a", true},
	{"village", "' OR 1=1", true},
	{"village", "%e2%80%ae", true},
	{"village", "6303072001%00", false},
	{"village", "%ff", false},
	{"village", "%0a", false},
	{"village",
	 "66666666666666666666666666666666666666666666666666666666666666666666666666666666", false},
	{"since", "-1", true},
	{"since", "1e3", true},
	{"since", "9223372036854775808", true},
	{"since", "99999999999999999999999", true},
	{"since", "0x10", true},
	{"since", "%201", true},
	{"since", "1%00", false},
	{"since", "%c3%28", false},
	{"order", "age", true},
	{"order", "VERSION", true},
	{"order", "id,version", true},
	{"order", "id%00", false},
	{"from", "-1", true},
	{"from", "x", true},
	{"from", "9223372036854775807", true},
	{"from", "1%00", false},
	{"to", "18446744073709551616", true},
	{"to", "9223372036854775807", true},
	{"to", "1.5", true},
};

void
wrong_query(struct asker *asker)
{
	struct hoped hoped = {.what = "a parameter's value", .statuses = {400, 422}};
	size_t which = dice_below(&asker->dice, sizeof wrong_values / sizeof wrong_values[0]);
	const char *name = wrong_values[which].name;
	const struct row *row;
	struct request request;

	if (dice_below(&asker->dice, 2) == 0) {
		unknown_parameter(asker);
		return;
	}
	do {
		row = some_row(asker);
	} while (!is_word_of(row->known->parameters, name));
	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	buffer_append_byte(&request.path, '?');
	for (const char *at = wrong_values[which].value, *end = at; *at != '\0'; at = end + 1) {
		/* A space cannot stand in the line. */
		end = at + strcspn(at, " ");
		if (at == wrong_values[which].value) {
			buffer_printf(&request.path, "%s=", name);
		}
		buffer_append(&request.path, at, (size_t)(end - at));
		if (*end == '\0') {
			break;
		}
		buffer_append_byte(&request.path, '+');
	}
	hoped.entries = wrong_values[which].kept && row->known->logged;
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
}

/* ---- callers ---- */

static void
unknown_caller(struct asker *asker)
{
	static const char *const headers[] = {
		"",
		"Authorization: Bearer\r\n",
		"Authorization: Bearer \r\n",
		"Authorization: Bearer sbt_nobody\r\n",
		"Authorization: Bearer \xff\xfe\r\n",
		"Authorization: Basic YWRtaW46YWRtaW4=\r\n",
		"Authorization: Bearer%20sbt_x\r\n",
		"Authorization: Bearer ' OR 1=1 --\r\n",
		"Authorization:\r\n",
		"Cookie: sambung_session=\r\n",
		"Cookie: sambung_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		"Cookie: sambung_session=\xff\r\n",
		"Cookie: sambung_session=%00; sambung_session=x\r\n",
		"Cookie: ;;;=;=;\r\n",
		"Cookie: sambung_session=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		"X-Sambung-CSRF: x\r\n",
		"X-Forwarded-For: 127.0.0.1, ::1, \xff\r\n",
	};
	static const struct hoped hoped = {.what = "a caller that nobody knows", .statuses = {401}};
	const struct row *row = closed_row(asker);
	struct request request;

	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	request.bare = true;
	if (dice_below(&asker->dice, 10) == 0) {
		buffer_printf(&request.headers, "Authorization: Bearer ");
		memset(buffer_extend(&request.headers, 4000), 'x', 4000);
		buffer_printf(&request.headers, "\r\n");
	} else {
		buffer_append_span(&request.headers,
				   span_of_text(DICE_PICK(&asker->dice, headers)));
	}
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
}

/* Somebody, but not for this. */
static void
lesser_caller(struct asker *asker)
{
	static const struct hoped hoped = {.what = "a caller of another role", .statuses = {403}};
	const struct row *row;
	struct request request;

	do {
		row = closed_row(asker);
	} while (strcmp(row->role, "cadre") == 0);
	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	request.bare = true;
	buffer_printf(&request.headers, "Authorization: Bearer %s\r\n", asker->fixtures.cadre);
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
}

/* Who has signed in, from a page that cannot prove it is the server's. */
static void
forged_page(struct asker *asker)
{
	static const char *const headers[] = {
		"",
		"X-Sambung-CSRF:\r\n",
		"X-Sambung-CSRF: x\r\n",
		"X-Sambung-CSRF: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		"X-Sambung-CSRF: \xff\xff\r\n",
		"Origin: https://elsewhere.example\r\n",
		"Sec-Fetch-Site: cross-site\r\n",
	};
	static const struct hoped hoped = {.what = "another page", .statuses = {403}};
	const struct row *row;
	struct request request;

	do {
		row = closed_row(asker);
	} while (strcmp(row->method, "GET") == 0);
	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	request.bare = true;
	buffer_printf(&request.headers, "Cookie: sambung_session=%s\r\n", asker->fixtures.cookie);
	buffer_append_span(&request.headers, span_of_text(DICE_PICK(&asker->dice, headers)));
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
}

void
wrong_caller(struct asker *asker)
{
	static void (*const makers[])(struct asker *) = {unknown_caller, unknown_caller,
							 lesser_caller, forged_page};

	DICE_PICK(&asker->dice, makers)(asker);
}
