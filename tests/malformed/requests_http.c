/* SPDX-License-Identifier: Apache-2.0 */
/* What is hardly HTTP any more: headers, lengths, chunks, and several requests in one breath. None
 * of it has a token, so that nothing is done even if it is understood. */
#include "requests.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1024 * 1024, FLOOD = 300 };

static const struct hoped not_understood = {
	.what = "what is hardly HTTP",
	.statuses = {400, 401, 404, 405, 411, 413, 415, 431, 501, 505},
	.answerer = ANSWERER_LIBRARY,
	.silence = true,
};

/* On a connection of its own, which then ends: what follows might be taken for the next request. */
static void
send_alone(struct asker *asker, const struct row *row, const struct buffer *text)
{
	struct heard heard;

	wire_close(&asker->wire);
	fault_said(buffer_span(text));
	wire_say(&asker->wire, buffer_span(text));
	wire_said_all(&asker->wire);
	wire_hear(&asker->wire, false, &heard);
	request_judge(asker, &heard, row, &not_understood);
	wire_close(&asker->wire);
}

/* ---- headers ---- */

static const struct {
	const char *text;
	size_t length;
} odd_headers[] = {
#define ODD(text)                                                                                  \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	ODD("no colon at all\r\n"),
	ODD(": no name\r\n"),
	ODD("X Space: 1\r\n"),
	ODD("X-Space : 1\r\n"),
	ODD(" X-Fold: 1\r\n"),
	ODD("X-Fold: 1\r\n  2\r\n"),
	ODD("X-Nul: a\0b\r\n"),
	ODD("\0: x\r\n"),
	ODD("X-Bare: 1\n"),
	ODD("X-Return: a\rb\r\n"),
	ODD("Host: y\r\n"),
	ODD("Content-Length: x\r\n"),
	ODD("Content-Length: -1\r\n"),
	ODD("Content-Length: +1\r\n"),
	ODD("Content-Length: 1e3\r\n"),
	ODD("Content-Length: 0x10\r\n"),
	ODD("Content-Length: 99999999999999999999999999\r\n"),
	ODD("Content-Length: 18446744073709551615\r\n"),
	ODD("Content-Length: 5\r\nContent-Length: 6\r\n"),
	ODD("Content-Length: 5, 5\r\n"),
	ODD("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
	ODD("Transfer-Encoding: chunked, chunked\r\n"),
	ODD("Transfer-Encoding: gzip\r\n"),
	ODD("Transfer-Encoding: \x0b"
	    "chunked\r\n"),
	ODD("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
	ODD("Connection: close, keep-alive, upgrade\r\nUpgrade: h2c\r\n"),
	ODD("Expect: 200-maybe\r\n"),
	ODD("Range: bytes=0-1,-5,9-3\r\n"),
	ODD("\xff\xfe: \xff\r\n"),
	ODD("X-Controls: \x01\x02\x1b[31m\r\n"),
	ODD("Content-Type: application/json\r\nContent-Type: text/csv\r\n"),
#undef ODD
};

static const char *const first_lines[] = {
	"%s %s HTTP/1.1\r\n",
	"%s  %s  HTTP/1.1\r\n",
	"%s %s HTTP/1.0\r\n",
	"%s %s HTTP/9.9\r\n",
	"%s %s HTTP/1.1.1\r\n",
	"%s %s http/1.1\r\n",
	"%s %s\r\n",
	"%s\t%s\tHTTP/1.1\r\n",
	"%s %s HTTP/1.1 x\r\n",
	" %s %s HTTP/1.1\r\n",
	"\r\n\r\n%s %s HTTP/1.1\r\n",
	"%s http://x%s HTTP/1.1\r\n",
	"%s *%s HTTP/1.1\r\n",
	"\x16\x03\x01\x02%s %s HTTP/1.1\r\n",
	"%s%s",
};

static void
put_path(struct asker *asker, const struct row *row, struct buffer *out)
{
	struct request request;

	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	buffer_append_span(out, buffer_span(&request.path));
	buffer_append_byte(out, '\0');
	request_finish(&request);
}

static void
odd_head(struct asker *asker, const struct row *row, const char *path, struct buffer *out)
{
	/* The formats are those above. */
	const char *format = DICE_PICK(&asker->dice, first_lines);
	const char *second = strstr(strstr(format, "%s") + 2, "%s");

	buffer_append(out, format, (size_t)(strstr(format, "%s") - format));
	buffer_printf(out, "%s", row->method);
	buffer_append(out, strstr(format, "%s") + 2, (size_t)(second - strstr(format, "%s") - 2));
	buffer_printf(out, "%s%s", path, second + 2);
}

void
wrong_headers(struct asker *asker)
{
	const struct row *row = closed_row(asker);
	size_t count = 1 + dice_below(&asker->dice, 2);
	struct buffer path;
	struct buffer text;

	buffer_init(&path, TEXT_MAX);
	buffer_init(&text, TEXT_MAX);
	put_path(asker, row, &path);
	if (dice_below(&asker->dice, 3) == 0) {
		odd_head(asker, row, (const char *)path.at, &text);
		count = dice_below(&asker->dice, 2);
	} else {
		buffer_printf(&text, "%s %s HTTP/1.1\r\n", row->method, (const char *)path.at);
	}
	if (dice_below(&asker->dice, 10) != 0) {
		buffer_printf(&text, "Host: x\r\n");
	}
	for (; count > 0; count--) {
		size_t which = dice_below(&asker->dice, sizeof odd_headers / sizeof odd_headers[0]);

		buffer_append(&text, odd_headers[which].text, odd_headers[which].length);
	}
	/* Many, within the room for them and beyond it. */
	if (dice_below(&asker->dice, 10) == 0) {
		size_t width = DICE_PICK(&asker->dice, ((const size_t[]){20, 60, 200}));

		for (unsigned i = 0; i < FLOOD; i++) {
			buffer_printf(&text, "X-%u: %0*u\r\n", i, (int)width, i);
		}
	}
	if (dice_below(&asker->dice, 12) != 0) {
		buffer_printf(&text, "\r\n");
	}
	send_alone(asker, row, &text);
	buffer_finish(&text);
	buffer_finish(&path);
}

/* ---- lengths and chunks ---- */

static const char *const odd_chunks[] = {
	"0\r\n\r\n",
	"5\r\nhello\r\n0\r\n\r\n",
	"5\r\nhel",
	"zz\r\nhello\r\n0\r\n\r\n",
	"-5\r\nhello\r\n",
	"ffffffffffffffffff\r\nhello\r\n",
	"5;x=\"y\r\nhello\r\n0\r\n\r\n",
	"5\r\nhelloworld\r\n0\r\n\r\n",
	"5\nhello\n0\n\n",
	"\r\n\r\n",
	"0x5\r\nhello\r\n0\r\n\r\n",
	"5 \r\nhello\r\n0\r\nX: y\r\n\r\n",
};

void
wrong_framing(struct asker *asker)
{
	const struct row *row = closed_row(asker);
	size_t said = dice_below(&asker->dice, 40);
	size_t meant = dice_below(&asker->dice, 60);
	struct buffer path;
	struct buffer text;

	buffer_init(&path, TEXT_MAX);
	buffer_init(&text, TEXT_MAX);
	put_path(asker, row, &path);
	buffer_printf(&text, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
		      row->method, (const char *)path.at);
	if (dice_below(&asker->dice, 2) == 0) {
		buffer_printf(&text, "Transfer-Encoding: chunked\r\n\r\n%s",
			      DICE_PICK(&asker->dice, odd_chunks));
	} else {
		meant = meant == said ? meant + 1 : meant;
		buffer_printf(&text, "Content-Length: %zu\r\n\r\n", meant);
		memset(buffer_extend(&text, said), '{', said);
	}
	send_alone(asker, row, &text);
	buffer_finish(&text);
	buffer_finish(&path);
}

/* ---- in one breath ---- */

/* Each of them is answered, in their order, on the one connection. */
void
pipelined(struct asker *asker)
{
	static const struct hoped unknown = {.what = "in a row, by nobody", .statuses = {401}};
	static const struct hoped nowhere = {.what = "in a row, to nowhere", .statuses = {404}};
	const struct row *rows[6];
	bool leads[6];
	size_t count = 2 + dice_below(&asker->dice, 5);
	struct buffer text;

	buffer_init(&text, TEXT_MAX);
	wire_close(&asker->wire);
	for (size_t i = 0; i < count; i++) {
		struct request request;

		rows[i] = closed_row(asker);
		leads[i] = dice_below(&asker->dice, 2) == 0;
		request_init(asker, rows[i], &request);
		request.bare = true;
		request_path(asker, &request, NULL);
		buffer_append_span(&request.path, span_of_text(leads[i] ? "" : "/none/at/all"));
		request_text(asker, &request, &text);
		request_finish(&request);
	}
	fault_said(buffer_span(&text));
	wire_say(&asker->wire, buffer_span(&text));
	for (size_t i = 0; i < count; i++) {
		struct heard heard;

		wire_hear(&asker->wire, false, &heard);
		request_judge(asker, &heard, rows[i], leads[i] ? &unknown : &nowhere);
	}
	buffer_finish(&text);
}
