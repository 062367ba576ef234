/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_client_annotate.h"

#include "daemon/folder.h"
#include "daemon/trust/keys.h"
#include "protocol/cbor.h"
#include "protocol/deflate.h"
#include "protocol/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXCHANGE_MAX = 1024 * 1024, HEAD_ITEMS_MAX = 64, REPLY_KEYS_MAX = 64 };

struct annotation {
	struct link_watch watch;
	struct buffer ways[2]; /* up, down */
	uint32_t connection;
};

static void
passed(void *context, uint32_t connection, bool up, const void *bytes, size_t length)
{
	struct annotation *annotation = context;

	if (connection != annotation->connection) {
		annotation->connection = connection;
		buffer_clear(&annotation->ways[0]);
		buffer_clear(&annotation->ways[1]);
	}
	buffer_append(&annotation->ways[up ? 0 : 1], bytes, length);
}

struct annotation *
annotation_open(void)
{
	struct annotation *annotation = host_take(1, sizeof *annotation);

	annotation->watch = (struct link_watch){.context = annotation, .passed = passed};
	buffer_init(&annotation->ways[0], EXCHANGE_MAX);
	buffer_init(&annotation->ways[1], EXCHANGE_MAX);
	return annotation;
}

void
annotation_close(struct annotation *annotation)
{
	buffer_finish(&annotation->ways[0]);
	buffer_finish(&annotation->ways[1]);
	free(annotation);
}

const struct link_watch *
annotation_watch(const struct annotation *annotation)
{
	return &annotation->watch;
}

/* ---- printing ---- */

/* A range of what went through the socket; returns where the next begins. */
static size_t
range_print(size_t offset, size_t length, const char *what)
{
	(void)printf("%5zu %5zu  %s\n", offset, length, what);
	return offset + length;
}

/* A part of what was packed: it has a length of its own only before it is packed. */
static void
part_print(size_t length, const char *what)
{
	(void)printf("      %7zu  . %s\n", length, what);
}

/* The lines of a head of HTTP, each with its line end; returns where the body begins. */
static size_t
http_print(struct span bytes)
{
	size_t offset = 0;
	char line[256];

	while (offset < bytes.length) {
		const char *at = (const char *)bytes.at + offset;
		const char *end = memchr(at, '\n', bytes.length - offset);
		size_t length = end == NULL ? bytes.length - offset : (size_t)(end - at) + 1;

		(void)snprintf(line, sizeof line, "HTTP: %.*s", (int)(length < 2 ? 0 : length - 2),
			       at);
		offset = range_print(offset, length, length == 2 ? "HTTP: end of the head" : line);
		if (length <= 2) {
			break;
		}
	}
	return offset;
}

/* ---- the request ---- */

static size_t
head_print(size_t offset, struct span head)
{
	static const char *const items[] = {
		"device",	  "epoch",	   "r",
		"cursor",	  "first n",	   "count",
		"more n",	  "h_last",	   "witness size",
		"witness root",	  "clock, wall",   "clock, shift",
		"clock, quality", "scope version", "schema version",
		"schema hash",	  "schema held",   "room",
		"programme",
	};
	struct reader in = reader_of(head);
	struct span item;
	char what[64];
	size_t count;

	if (!cbor_get_array(&in, HEAD_ITEMS_MAX, &count)) {
		return range_print(offset, head.length, "head");
	}
	offset = range_print(offset, head.length - in.left, "head: array");
	for (size_t i = 0; i < count && cbor_get_any(&in, &item); i++) {
		(void)snprintf(what, sizeof what, "head: %s",
			       i < sizeof items / sizeof items[0] ? items[i] : "?");
		offset = range_print(offset, item.length, what);
	}
	return offset;
}

static void
unpack(uint8_t method, uint8_t dictionary, struct span packed, struct buffer *out)
{
	struct error err;

	buffer_init(out, MESSAGE_REPLY_MAX);
	host_must(pack_open(method, dictionary, packed, MESSAGE_REPLY_MAX, out, &err), "unpacking",
		  &err);
}

static void
changes_print(uint8_t coding, struct reader in)
{
	uint64_t bits;

	if (coding == CODING_PLAIN) {
		part_print(in.left, "changes, one after the other");
	} else if (cbor_get_uint(&in, &bits) && bits <= in.left) {
		part_print(in.left - (size_t)bits, "changes in columns: heads");
		part_print((size_t)bits, "changes in columns: bits");
	}
}

static size_t
body_print(size_t offset, struct span body)
{
	enum { PREFIX = 3 };
	struct buffer plain;
	struct reader in;
	struct span item;
	char what[80];

	if (body.length < PREFIX) {
		return range_print(offset, body.length, "body");
	}
	offset = range_print(offset, 1, "body: method");
	offset = range_print(offset, 1, "body: coding");
	offset = range_print(offset, 1, "body: dictionary");
	unpack(body.at[0], body.at[2], span_of(body.at + PREFIX, body.length - PREFIX), &plain);
	(void)snprintf(what, sizeof what,
		       "body: packed (method %u, coding %u, dictionary %u), of:", body.at[0],
		       body.at[1], body.at[2]);
	offset = range_print(offset, body.length - PREFIX, what);
	in = reader_of(buffer_span(&plain));
	if (cbor_get_any(&in, &item)) {
		part_print(item.length, "batches");
	}
	if (cbor_get_any(&in, &item)) {
		part_print(item.length, "number of changes");
	}
	changes_print(body.at[1], in);
	buffer_finish(&plain);
	return offset;
}

static void
request_print(struct span bytes, const struct server_key *key, struct parcel_session *session_out)
{
	struct opened_parcel parcel;
	struct buffer plain;
	struct error err;
	size_t offset;

	(void)printf("up, %zu bytes\n", bytes.length);
	offset = http_print(bytes);
	buffer_init(&plain, EXCHANGE_MAX);
	host_must(parcel_open_request(span_of(bytes.at + offset, bytes.length - offset), key, 1,
				      &plain, &parcel, &err),
		  "opening the request", &err);
	*session_out = parcel.session;
	offset = range_print(offset, 1, "outer: version");
	offset = range_print(offset, 1, "outer: server key id");
	offset = range_print(offset, sizeof parcel.epk, "outer: one-time key");
	offset = range_print(offset, SIGNATURE_SIZE, "sealed: signature");
	offset = head_print(offset, parcel.head);
	offset = body_print(offset, parcel.body);
	offset = range_print(offset, AEAD_TAG_SIZE, "seal: tag");
	if (offset != bytes.length) {
		host_die("the ranges end at %zu", offset);
	}
	buffer_finish(&plain);
}

/* ---- the reply ---- */

static const char *
key_name(uint64_t key)
{
	static const char *const names[] = {
		[1] = "status",	     [2] = "server time", [3] = "epoch",      [4] = "streams",
		[5] = "from",	     [6] = "checkpoint",  [7] = "to",	      [9] = "more",
		[11] = "acked n",    [13] = "acks",	  [15] = "send from", [17] = "r seen",
		[19] = "exceptions", [21] = "records",	  [23] = "whole",     [25] = "evicted",
		[27] = "schema",     [29] = "scope",	  [39] = "bits",
	};

	return key < sizeof names / sizeof names[0] && names[key] != NULL ? names[key] : "?";
}

static void
map_print(struct span plain)
{
	struct reader in = reader_of(plain);
	struct span item;
	char what[80];
	size_t pairs;

	if (!cbor_get_map(&in, REPLY_KEYS_MAX, &pairs)) {
		part_print(plain.length, "no map");
		return;
	}
	part_print(plain.length - in.left, "map");
	for (size_t i = 0; i < pairs; i++) {
		size_t before = in.left;
		uint64_t key;

		if (!cbor_get_uint(&in, &key) || !cbor_get_any(&in, &item)) {
			host_die("the reply is no map");
		}
		(void)snprintf(what, sizeof what, "key %" PRIu64 ", %s", key, key_name(key));
		part_print(before - in.left, what);
	}
}

static void
reply_print(struct span bytes, const struct parcel_session *session)
{
	enum { PREFIX = 2 };
	struct buffer packed;
	struct buffer plain;
	struct error err;
	char what[80];
	size_t offset;

	(void)printf("down, %zu bytes\n", bytes.length);
	offset = http_print(bytes);
	buffer_init(&packed, EXCHANGE_MAX);
	host_must(parcel_open_reply(session, span_of(bytes.at + offset, bytes.length - offset),
				    &packed, &err),
		  "opening the reply", &err);
	if (packed.length < PREFIX) {
		host_die("the reply is empty");
	}
	offset = range_print(offset, 1, "outer: version");
	offset = range_print(offset, AEAD_NONCE_SIZE, "outer: nonce");
	offset = range_print(offset, 1, "sealed: method");
	offset = range_print(offset, 1, "sealed: dictionary");
	unpack(packed.at[0], packed.at[1], span_of(packed.at + PREFIX, packed.length - PREFIX),
	       &plain);
	(void)snprintf(what, sizeof what,
		       "sealed: packed (method %u, dictionary %u), of:", packed.at[0],
		       packed.at[1]);
	offset = range_print(offset, packed.length - PREFIX, what);
	map_print(buffer_span(&plain));
	offset = range_print(offset, AEAD_TAG_SIZE, "seal: tag");
	if (offset != bytes.length) {
		host_die("the ranges end at %zu", offset);
	}
	buffer_finish(&packed);
	buffer_finish(&plain);
}

void
annotation_print(const struct annotation *annotation, const struct bench_server *server)
{
	char path[HOST_PATH_SIZE];
	struct parcel_session session;
	struct server_keys keys;
	struct error err;

	host_path(server->folder, "server/" FOLDER_KEYS, path);
	host_must(keys_load(path, &keys, &err), "the server's key", &err);
	request_print(buffer_span(&annotation->ways[0]), &keys.box, &session);
	reply_print(buffer_span(&annotation->ways[1]), &session);
	keys_wipe(&keys);
}
