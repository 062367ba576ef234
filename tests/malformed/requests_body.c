/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are wrong: JSON, tables, files, schemas; and those that came with the wrong type or
 * where none belongs. */
#include "protocol/carry.h"
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { DEEP = 5000, TEXT_MAX = 1024 * 1024 };

static const struct row *
row_named(struct asker *asker, const char *method, const char *path)
{
	for (size_t i = 0; i < asker->row_count; i++) {
		if (strcmp(asker->rows[i].method, method) == 0 &&
		    strcmp(asker->rows[i].path, path) == 0) {
			return &asker->rows[i];
		}
	}
	return some_row(asker);
}

static const struct row *
json_row(struct asker *asker)
{
	const struct row *row;

	do {
		row = some_row(asker);
	} while (row->known->good == NULL);
	return row;
}

/* ---- JSON that is certainly wrong ---- */

static const struct hoped refused = {.what = "JSON that is wrong", .statuses = {400, 413, 422}};

/* Nothing else of a value's place than a text or number of its own kind may stand there. */
static const char *const wrong_texts[] = {"null", "true", "false", "7",	     "1.5",	   "{}",
					  "[]",	  "[{}]", "[7]",   "[null]", "{\"x\":[1]}"};
static const char *const wrong_numbers[] = {
	"null", "true", "\"7\"", "{}", "[]", "[1]", "1.5", "1e3", "0", "-1", "99999999999999999999",
	"NaN",	"01",	"+1",	 ".5"};

/* The object, with one of its values replaced. */
static void
put_with_value(struct asker *asker, const char *good, struct buffer *out)
{
	json_t *object = json_loads(good, 0, NULL);
	size_t left = dice_below(&asker->dice, json_object_size(object));
	const char *key;
	json_t *value;

	buffer_append_byte(out, '{');
	json_object_foreach(object, key, value)
	{
		char *text = json_dumps(value, JSON_ENCODE_ANY);
		const char *wrong = json_is_integer(value) ? DICE_PICK(&asker->dice, wrong_numbers)
							   : DICE_PICK(&asker->dice, wrong_texts);

		buffer_printf(out, "%s\"%s\":%s", out->length > 1 ? "," : "", key,
			      left-- == 0 ? wrong : text);
		free(text);
	}
	buffer_append_byte(out, '}');
	json_decref(object);
}

/* Behind the first quotation mark of a value. */
static void
put_with_bytes(const char *good, const char *bytes, size_t length, struct buffer *out)
{
	const char *at = strchr(good, ':') + 1;

	at += strcspn(at, "\"");
	if (*at == '\0') {
		/* It has no text: then as a key. */
		at = strchr(good, '"');
	}
	buffer_append(out, good, (size_t)(at + 1 - good));
	buffer_append(out, bytes, length);
	buffer_append_span(out, span_of_text(at + 1));
}

static void
put_strange_bytes(struct asker *asker, const char *good, struct buffer *out)
{
	static const struct {
		const char *bytes;
		size_t length;
	} strange[] = {
		{"\xff", 1},	 {"\xc0\x80", 2}, {"\xed\xa0\x80", 3}, {"\xf5\x80\x80\x80", 4},
		{"\\u0000", 6},	 {"\\ud800", 6},  {"\\udc00x", 7},     {"\x01", 1},
		{"\n", 1},	 {"\0", 1},	  {"\\x", 2},	       {"\\u1z", 4},
		{"\xe2\x82", 2},
	};
	size_t which = dice_below(&asker->dice, sizeof strange / sizeof strange[0]);

	put_with_bytes(good, strange[which].bytes, strange[which].length, out);
}

static void
put_deep(struct asker *asker, struct buffer *out)
{
	uint8_t open = dice_below(&asker->dice, 2) == 0 ? '[' : '{';

	buffer_printf(out, "{\"name\":");
	for (unsigned i = 0; i < DEEP; i++) {
		buffer_append_byte(out, open);
		if (open == '{') {
			buffer_printf(out, "\"a\":");
		}
	}
}

static void
put_wrong_json(struct asker *asker, const char *good, struct buffer *out)
{
	size_t length = strlen(good);
	const char *comma = strchr(good, ',');

	switch (dice_below(&asker->dice, 12)) {
	case 0:
		buffer_append(out, good, dice_below(&asker->dice, length));
		break;
	case 1:
		buffer_printf(
			out, "%s%s", good,
			DICE_PICK(&asker->dice, ((const char *const[]){"x", "{}", ",", "]"})));
		break;
	case 2:
		buffer_printf(out, "{\"x\":1,%s", good + 1);
		break;
	case 3: /* its first member twice */
		buffer_append(out, good, comma == NULL ? length - 1 : (size_t)(comma - good));
		buffer_printf(out, ",%s", good + 1);
		break;
	case 4:
		buffer_printf(out, "[%s]", good);
		break;
	case 5:
		put_deep(asker, out);
		break;
	case 6:
		buffer_printf(out, "\xef\xbb\xbf%s", good);
		break;
	case 7: /* UTF-16 */
		for (size_t i = 0; i < length; i++) {
			buffer_append_byte(out, (uint8_t)good[i]);
			buffer_append_byte(out, 0);
		}
		break;
	case 8:
	case 9:
		put_strange_bytes(asker, good, out);
		break;
	default:
		put_with_value(asker, good, out);
		break;
	}
}

/* ---- JSON at random, and what is no JSON ---- */

static void
altered_json(struct asker *asker)
{
	static const struct hoped hopeless = {.what = "JSON altered at random",
					      .statuses = {400, 401, 404, 409, 422, 429}};
	const struct row *row = json_row(asker);
	struct request request;

	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	request.content_type = "application/json";
	craft_alter(&asker->dice, span_of_text(row->known->hopeless), &request.body);
	(void)request_send(asker, &request, &hopeless);
	request_finish(&request);
}

static void
wrong_type(struct asker *asker)
{
	static const char *const types[] = {"text/plain",
					    "application/jsonx",
					    "text/json",
					    "\"",
					    "json",
					    "application/x-www-form-urlencoded",
					    "multipart/form-data; boundary=x",
					    "application/\xff"};
	static const struct hoped unfit = {.what = "a body of another type", .statuses = {415}};
	static const struct hoped unasked = {.what = "a body that nobody asked for",
					     .statuses = {413}};
	const struct row *row = closed_row(asker);
	bool takes = row->known->good != NULL;
	struct request request;

	if (!takes && strcmp(row->method, "POST") == 0) {
		row = json_row(asker);
		takes = true;
	}
	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	request.content_type = DICE_PICK(&asker->dice, types);
	buffer_printf(&request.body, "%s", takes ? row->known->good : "{}");
	(void)request_send(asker, &request, takes ? &unfit : &unasked);
	request_finish(&request);
}

void
wrong_json(struct asker *asker)
{
	const struct row *row = json_row(asker);
	struct request request;

	switch (dice_below(&asker->dice, 6)) {
	case 0:
		wrong_type(asker);
		return;
	case 1:
	case 2:
		altered_json(asker);
		return;
	default:
		break;
	}
	request_init(asker, row, &request);
	request_path(asker, &request, NULL);
	request.content_type = "application/json";
	put_wrong_json(asker, row->known->good, &request.body);
	(void)request_send(asker, &request, &refused);
	request_finish(&request);
}

/* ---- tables ---- */

static const struct {
	const char *text;
	size_t length;
} wrong_wholes[] = {
#define TABLE(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	TABLE(""),
	TABLE("\n\n\n"),
	TABLE("key\nK1\n"),
	TABLE("village,head\n6303072001,Budi\n"),
	TABLE("key,key,village,head\nK1,K1,6303072001,Budi\n"),
	TABLE("key,village,head,nosuch\nK1,6303072001,Budi,x\n"),
	TABLE("key,village,he\xff"
	      "ad\nK1,6303072001,Budi\n"),
	TABLE("key,village,\"head\nK1,6303072001,Budi\n"),
	TABLE("key,village,he\0ad\nK1,6303072001,Budi\n"),
	TABLE("\xff\xfek\0e\0y\0"),
	TABLE("{\"key\":1}"),
#undef TABLE
};
static const struct {
	const char *text;
	size_t length;
} wrong_rows[] = {
#define ROW(text)                                                                                  \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	ROW("K1,123,Budi\n"),
	ROW("K1,,Budi\n"),
	ROW("K1,6303072001\n"),
	ROW("K1,6303072001,Bu,di,x\n"),
	ROW("K1,6303072001,Bu\xff"
	    "di\n"),
	ROW(",6303072001,Budi\n"),
	ROW("K1,6303072001,\n"),
	ROW("K1,63030720011,Budi\n"),
	ROW("K1,-1,Budi\n"),
	ROW("K1,6303072001,Bu\0di\n"),
	ROW("K1,6303072001,\"Bu\"di\"x\n"),
	ROW("\"K1\n"),
#undef ROW
};

/* Refused as a whole; or row by row, and then nothing was taken. */
void
wrong_table(struct asker *asker)
{
	static const struct hoped hoped = {.what = "a table that is wrong",
					   .statuses = {200, 400, 413, 422}};
	struct request request;
	struct heard heard;

	request_init(asker, row_named(asker, "POST", "/v1/import/{type}"), &request);
	request_path(asker, &request, NULL);
	request.content_type = "text/csv";
	if (dice_below(&asker->dice, 20) == 0) {
		for (unsigned i = 0; i < 300; i++) {
			buffer_printf(&request.body, "c%u,", i);
		}
	} else if (dice_below(&asker->dice, 2) == 0) {
		size_t which =
			dice_below(&asker->dice, sizeof wrong_wholes / sizeof wrong_wholes[0]);

		buffer_append(&request.body, wrong_wholes[which].text, wrong_wholes[which].length);
	} else {
		buffer_printf(&request.body, "key,village,head\n");
		for (size_t left = 1 + dice_below(&asker->dice, 4); left > 0; left--) {
			size_t which =
				dice_below(&asker->dice, sizeof wrong_rows / sizeof wrong_rows[0]);

			buffer_append(&request.body, wrong_rows[which].text,
				      wrong_rows[which].length);
		}
	}
	heard = request_send(asker, &request, &hoped);
	if (heard.http == 200) {
		static const char none[] = "{\"imported\":0,\"updated\":0,";
		const char *text = (const char *)heard.body.at;
		size_t at = heard.body.length;

		/* The import itself is an entry. */
		asker->entries++;
		while (at > 0 && text[at - 1] != '{') {
			at--;
		}
		if (at == 0 || strncmp(text + at - 1, none, sizeof none - 1) != 0) {
			fault(&heard, "nothing of the table was taken", "a table that is wrong");
		}
	}
	request_finish(&request);
}

/* ---- files of phones ---- */

/* Parcels that nobody sealed in a good frame; or the frame is damaged, or looks like that of a
 * later program, or nobody says why. */
void
wrong_file(struct asker *asker)
{
	static const struct hoped hoped = {.what = "a file that is wrong",
					   .statuses = {400, 413, 415, 422}};
	struct carry_file file = {.count = 1 + dice_below(&asker->dice, 3)};
	uint64_t words[3][64];
	struct request request;
	struct buffer frame;

	for (size_t i = 0; i < file.count; i++) {
		size_t length = 1 + dice_below(&asker->dice, sizeof words[i]);

		for (size_t k = 0; k < sizeof words[i] / sizeof words[i][0]; k++) {
			words[i][k] = dice_roll(&asker->dice);
		}
		file.parcels[i] = span_of(words[i], length);
	}
	buffer_init(&frame, CARRY_FILE_MAX);
	carry_file_encode(&file, &frame);
	request_init(asker, row_named(asker, "POST", "/v1/carry/adopt"), &request);
	request_path(asker, &request, NULL);
	request.content_type = "application/vnd.sambung.carry";
	if (dice_below(&asker->dice, 8) != 0) {
		buffer_printf(&request.headers, "X-Sambung-Reason: hilang\r\n");
	}
	if (dice_below(&asker->dice, 2) == 0) {
		craft_alter(&asker->dice, buffer_span(&frame), &request.body);
	} else {
		buffer_append_span(&request.body, buffer_span(&frame));
	}
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
	buffer_finish(&frame);
}

/* ---- schemas ---- */

/* Would it be the next version, as a file altered at random may be? */
static bool
is_next(struct span text)
{
	json_t *object = json_loadb((const char *)text.at, text.length, 0, NULL);
	json_int_t version = json_integer_value(json_object_get(object, "version"));

	json_decref(object);
	return version > 1;
}

/* The loaded one, altered: it is refused by what is wrong, or because it is not the next. */
void
wrong_schema(struct asker *asker)
{
	static const struct hoped hoped = {.what = "a schema altered at random",
					   .statuses = {400, 409, 413, 422}};
	const char *path = dice_below(&asker->dice, 2) == 0 ? "/v1/schema" : "/v1/schema/check";
	struct request request;

	request_init(asker, row_named(asker, "POST", path), &request);
	request_path(asker, &request, NULL);
	request.content_type = "application/json";
	do {
		craft_alter(&asker->dice, buffer_span(&asker->schema), &request.body);
		if (dice_below(&asker->dice, 8) == 0) {
			request.body.length = dice_below(&asker->dice, request.body.length);
		}
	} while (is_next(buffer_span(&request.body)));
	(void)request_send(asker, &request, &hoped);
	request_finish(&request);
}
