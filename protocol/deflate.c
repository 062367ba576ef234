/* SPDX-License-Identifier: Apache-2.0 */
#include "deflate.h"

#include "dictionary/dictionary_1.h"

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
	if (number > DICTIONARY_NEWEST) {
		return false;
	}
	*out = number == 0 ? span_of(NULL, 0) : span_of(dictionary_1, dictionary_1_size);
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
deflate_run(z_stream *stream, int flush, struct buffer *out, struct error *err)
{
	uint8_t chunk[CHUNK_SIZE];
	int result;

	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof chunk;
		result = deflate(stream, flush);
		buffer_append(out, chunk, sizeof chunk - stream->avail_out);
	} while (result == Z_OK && stream->avail_out == 0 && out->status == STATUS_OK);
	if (out->status != STATUS_OK) {
		return buffer_status(out, "packing", err);
	}
	if (result != (flush == Z_FINISH ? Z_STREAM_END : Z_OK)) {
		return fail(err, STATUS_INTERNAL, "deflate ended with %d", result);
	}
	return STATUS_OK;
}

/* What does not compress is stored in a block of its own: in one with Huffman codes made for the
 * rest each of its bytes would take more than 8 bits. */
static enum status
deflate_all(z_stream *stream, struct span plain, size_t noise, struct buffer *out,
	    struct error *err)
{
	enum status status = stream_feed(stream, span_of(plain.at, plain.length - noise), err);

	if (status == STATUS_OK && noise > 0) {
		status = deflate_run(stream, Z_BLOCK, out, err);
		if (status == STATUS_OK &&
		    deflateParams(stream, Z_NO_COMPRESSION, Z_DEFAULT_STRATEGY) != Z_OK) {
			status = fail(err, STATUS_INTERNAL, "deflate keeps its level");
		}
		if (status == STATUS_OK) {
			status = stream_feed(stream,
					     span_of(plain.at + plain.length - noise, noise), err);
		}
	}
	return status == STATUS_OK ? deflate_run(stream, Z_FINISH, out, err) : status;
}

enum status
deflate_pack(struct span plain, size_t noise, struct span dictionary, struct buffer *out,
	     struct error *err)
{
	z_stream stream;
	enum status status;

	memset(&stream, 0, sizeof stream);
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, RAW_WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		return fail(err, STATUS_MEMORY, "packing");
	}
	if (dictionary.length > 0 &&
	    deflateSetDictionary(&stream, dictionary.at, (uInt)dictionary.length) != Z_OK) {
		status = fail(err, STATUS_INTERNAL, "the dictionary does not fit");
	} else {
		status = deflate_all(&stream, plain, noise, out, err);
	}
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

/* Puts the deflated bytes into `packed`, unless they are `limit` bytes or more. */
static enum status
pack_try(struct span plain, size_t noise, struct span dictionary, size_t limit,
	 struct buffer *packed, struct error *err)
{
	enum status status;

	buffer_init(packed, limit == 0 ? 0 : limit - 1);
	status = deflate_pack(plain, noise, dictionary, packed, NULL);
	if (status != STATUS_OK && status != STATUS_LIMIT) {
		buffer_finish(packed);
		return fail(err, status, "packing");
	}
	if (status == STATUS_LIMIT) {
		buffer_finish(packed);
		buffer_init(packed, 0);
	}
	return STATUS_OK;
}

enum status
pack_smaller(struct span plain, size_t noise, struct span dictionary, struct buffer *out,
	     enum pack_method *method_out, struct error *err)
{
	enum pack_method method = PACK_STORED;
	struct span best = plain;
	struct buffer whole;
	struct buffer split;
	enum status status = pack_try(plain, 0, dictionary, best.length, &whole, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (whole.length > 0) {
		best = buffer_span(&whole);
		method = PACK_DEFLATE;
	}
	buffer_init(&split, 0);
	if (noise > 0) {
		status = pack_try(plain, noise, dictionary, best.length, &split, err);
	}
	if (status == STATUS_OK && split.length > 0) {
		best = buffer_span(&split);
		method = PACK_DEFLATE;
	}
	if (status == STATUS_OK) {
		buffer_append_span(out, best);
		status = buffer_status(out, "packing", err);
	}
	buffer_finish(&split);
	buffer_finish(&whole);
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
