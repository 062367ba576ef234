/* SPDX-License-Identifier: Apache-2.0 */
#include "deflate.h"

#include <limits.h>
#include <string.h>

/* Makes zlib promise that it only reads its input. */
#define ZLIB_CONST
#include <zlib.h>

enum {
	RAW_WINDOW_BITS = -15, /* negative: no zlib header, no checksum; the seal does that work */
	MEMORY_LEVEL = 8,
	CHUNK_SIZE = 8192,
};

bool
dictionary_find(uint32_t number, struct span *out)
{
	if (number != 0) {
		return false;
	}
	*out = span_of(NULL, 0);
	return true;
}

static enum status
stream_feed(z_stream *stream, struct span input, struct error *err)
{
	if (input.length > UINT_MAX) {
		return fail(err, STATUS_LIMIT, "%zu bytes to pack or unpack", input.length);
	}
	stream->next_in = input.at;
	stream->avail_in = (uInt)input.length;
	return STATUS_OK;
}

static enum status
deflate_all(z_stream *stream, struct span dictionary, struct buffer *out, struct error *err)
{
	uint8_t chunk[CHUNK_SIZE];
	int result;

	if (dictionary.length > 0 &&
	    deflateSetDictionary(stream, dictionary.at, (uInt)dictionary.length) != Z_OK) {
		return fail(err, STATUS_INTERNAL, "the dictionary does not fit");
	}
	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof chunk;
		result = deflate(stream, Z_FINISH);
		buffer_append(out, chunk, sizeof chunk - stream->avail_out);
	} while (result == Z_OK && out->status == STATUS_OK);
	if (out->status != STATUS_OK) {
		return buffer_status(out, "packing", err);
	}
	if (result != Z_STREAM_END) {
		return fail(err, STATUS_INTERNAL, "deflate ended with %d", result);
	}
	return STATUS_OK;
}

enum status
deflate_pack(struct span plain, struct span dictionary, struct buffer *out, struct error *err)
{
	z_stream stream;
	enum status status;

	memset(&stream, 0, sizeof stream);
	status = stream_feed(&stream, plain, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, RAW_WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		return fail(err, STATUS_MEMORY, "packing");
	}
	status = deflate_all(&stream, dictionary, out, err);
	deflateEnd(&stream);
	return status;
}

static enum status
inflate_all(z_stream *stream, struct span dictionary, size_t limit, struct buffer *out,
	    struct error *err)
{
	uint8_t chunk[CHUNK_SIZE];
	size_t before = out->length;
	int result;

	if (dictionary.length > 0 &&
	    inflateSetDictionary(stream, dictionary.at, (uInt)dictionary.length) != Z_OK) {
		return fail(err, STATUS_INTERNAL, "the dictionary does not fit");
	}
	do {
		size_t length;

		stream->next_out = chunk;
		stream->avail_out = sizeof chunk;
		result = inflate(stream, Z_NO_FLUSH);
		length = sizeof chunk - stream->avail_out;
		if (length > limit - (out->length - before)) {
			return fail(err, STATUS_LIMIT, "more than %zu bytes when unpacked", limit);
		}
		buffer_append(out, chunk, length);
	} while (result == Z_OK && out->status == STATUS_OK);
	if (out->status != STATUS_OK) {
		return buffer_status(out, "unpacking", err);
	}
	if (result == Z_MEM_ERROR) {
		return fail(err, STATUS_MEMORY, "unpacking");
	}
	if (result != Z_STREAM_END) {
		return fail(err, STATUS_MALFORMED, "packed bytes are damaged or cut off");
	}
	if (stream->avail_in != 0) {
		return fail(err, STATUS_MALFORMED, "packed bytes have a tail");
	}
	return STATUS_OK;
}

enum status
deflate_unpack(struct span packed, struct span dictionary, size_t limit, struct buffer *out,
	       struct error *err)
{
	size_t before = out->length;
	z_stream stream;
	enum status status;

	memset(&stream, 0, sizeof stream);
	status = stream_feed(&stream, packed, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (inflateInit2(&stream, RAW_WINDOW_BITS) != Z_OK) {
		return fail(err, STATUS_MEMORY, "unpacking");
	}
	status = inflate_all(&stream, dictionary, limit, out, err);
	inflateEnd(&stream);
	if (status != STATUS_OK) {
		out->length = before;
	}
	return status;
}

enum status
pack_smaller(struct span plain, struct span dictionary, struct buffer *out,
	     enum pack_method *method_out, struct error *err)
{
	enum pack_method method = PACK_DEFLATE;
	struct buffer packed;
	enum status status;

	/* One byte less than the plain bytes is the most that is worth having. */
	buffer_init(&packed, plain.length == 0 ? 0 : plain.length - 1);
	status = deflate_pack(plain, dictionary, &packed, NULL);
	if (status == STATUS_OK) {
		buffer_append_span(out, buffer_span(&packed));
	} else if (status == STATUS_LIMIT) {
		method = PACK_STORED;
		buffer_append_span(out, plain);
	} else {
		buffer_finish(&packed);
		return fail(err, status, "packing");
	}
	buffer_finish(&packed);
	status = buffer_status(out, "packing", err);
	if (status == STATUS_OK) {
		*method_out = method;
	}
	return status;
}

enum status
pack_open(uint8_t method, uint8_t dictionary, struct span packed, size_t limit, struct buffer *out,
	  struct error *err)
{
	struct span known;

	if (!dictionary_find(dictionary, &known)) {
		return fail(err, STATUS_UNSUPPORTED, "dictionary %u", dictionary);
	}
	if (method == PACK_DEFLATE) {
		return deflate_unpack(packed, known, limit, out, err);
	}
	if (method != PACK_STORED) {
		return fail(err, STATUS_UNSUPPORTED, "packing method %u", method);
	}
	if (packed.length > limit) {
		return fail(err, STATUS_LIMIT, "more than %zu bytes", limit);
	}
	buffer_append_span(out, packed);
	return buffer_status(out, "unpacking", err);
}
