/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#include "id.h"

enum change_key {
	KEY_N = 1,
	KEY_KIND,
	KEY_RECORD,
	KEY_TYPE,
	KEY_SCHEMA,
	KEY_SCOPE,
	KEY_BASE,
	KEY_OWN,
	KEY_TIME,
	KEY_QUALITY,
	KEY_FIELDS,
	KEY_WAS,
	KEY_FIRST_HASH,
};
enum { KEYS_ALWAYS = 7 /* n, record, type, schema, scope, time, fields */ };

int
tag_compare(int32_t a, int32_t b)
{
	if ((a < 0) != (b < 0)) {
		return a < 0 ? 1 : -1;
	}
	return a < 0 ? (a < b) - (a > b) : (a > b) - (a < b);
}

const struct change_field *
change_field(const struct change *change, int32_t tag)
{
	for (size_t i = 0; i < change->field_count; i++) {
		if (change->fields[i].tag == tag) {
			return &change->fields[i];
		}
	}
	return NULL;
}

static bool
own_written(const struct change *change)
{
	return change->has_own && (change->own_stream != 0 || change->own_n != change->n - 1);
}

static void
put_uint_at(struct buffer *out, enum change_key key, uint64_t value)
{
	cbor_put_uint(out, (uint64_t)key);
	cbor_put_uint(out, value);
}

static void
put_two_at(struct buffer *out, enum change_key key, uint64_t first, uint64_t second)
{
	cbor_put_uint(out, (uint64_t)key);
	cbor_put_array(out, 2);
	cbor_put_uint(out, first);
	cbor_put_uint(out, second);
}

static size_t
key_count(const struct change *change)
{
	size_t count = KEYS_ALWAYS;

	count += change->kind != 0;
	count += change->base.epoch != 0;
	count += own_written(change);
	count += change->quality != 0;
	count += change->was_stream != 0 ? 2 : 0;
	return count;
}

static void
put_fields(const struct change *change, struct buffer *out)
{
	cbor_put_uint(out, KEY_FIELDS);
	cbor_put_map(out, change->field_count);
	for (size_t i = 0; i < change->field_count; i++) {
		cbor_put_int(out, change->fields[i].tag);
		value_put(change->fields[i].value, out);
	}
}

void
change_encode(const struct change *change, struct buffer *out)
{
	cbor_put_map(out, key_count(change));
	put_uint_at(out, KEY_N, change->n);
	if (change->kind != 0) {
		put_uint_at(out, KEY_KIND, change->kind);
	}
	put_uint_at(out, KEY_RECORD, change->record);
	put_uint_at(out, KEY_TYPE, change->type);
	put_uint_at(out, KEY_SCHEMA, change->schema_version);
	put_uint_at(out, KEY_SCOPE, change->scope_version);
	if (change->base.epoch != 0) {
		put_two_at(out, KEY_BASE, change->base.epoch, change->base.version);
	}
	if (own_written(change) && change->own_stream != 0) {
		put_two_at(out, KEY_OWN, change->own_stream, change->own_n);
	} else if (own_written(change)) {
		put_uint_at(out, KEY_OWN, change->own_n);
	}
	cbor_put_uint(out, KEY_TIME);
	cbor_put_int(out, change->time);
	if (change->quality != 0) {
		put_uint_at(out, KEY_QUALITY, change->quality);
	}
	put_fields(change, out);
	if (change->was_stream != 0) {
		put_two_at(out, KEY_WAS, change->was_stream, change->was_n);
		cbor_put_uint(out, KEY_FIRST_HASH);
		cbor_put_bytes(out, span_of(change->first_hash, sizeof change->first_hash));
	}
}

/* The pairs of a map in the order of their keys: each is asked for once, in that order, and what
 * nobody asked for is left over. */
struct pairs {
	struct reader in;
	size_t left;
};

static bool
pairs_have(struct pairs *pairs, enum change_key key)
{
	struct reader at = pairs->in;
	uint64_t found;

	if (pairs->left == 0 || !cbor_get_uint(&at, &found) || found != (uint64_t)key) {
		return false;
	}
	pairs->in = at;
	pairs->left--;
	return true;
}

static bool
get_between(struct reader *in, uint64_t low, uint64_t high, uint64_t *out)
{
	return cbor_get_uint_max(in, high, out) && *out >= low;
}

static bool
get_u32_between(struct reader *in, uint32_t low, uint32_t high, uint32_t *out)
{
	uint64_t value;

	if (!get_between(in, low, high, &value)) {
		return false;
	}
	*out = (uint32_t)value;
	return true;
}

static bool
get_two(struct reader *in)
{
	size_t count;

	return cbor_get_array(in, 2, &count) && count == 2;
}

static bool
get_stream_and_n(struct reader *in, uint32_t n_low, uint32_t *stream_out, uint32_t *n_out)
{
	return get_two(in) && get_u32_between(in, 1, CHANGE_STREAM_MAX, stream_out) &&
	       get_u32_between(in, n_low, CHANGE_N_MAX, n_out);
}

/* The readers of the parts return the name of the part that is malformed, NULL if none is. */
static const char *
get_identity(struct pairs *pairs, struct change *change)
{
	if (!pairs_have(pairs, KEY_N) ||
	    !get_u32_between(&pairs->in, 1, CHANGE_N_MAX, &change->n)) {
		return "n";
	}
	if (pairs_have(pairs, KEY_KIND) &&
	    !get_u32_between(&pairs->in, 1, UINT32_MAX, &change->kind)) {
		return "kind";
	}
	if (!pairs_have(pairs, KEY_RECORD) || !cbor_get_uint(&pairs->in, &change->record) ||
	    !id_valid(change->record)) {
		return "record id";
	}
	if (!pairs_have(pairs, KEY_TYPE) ||
	    !get_u32_between(&pairs->in, 1, CHANGE_TAG_MAX, &change->type)) {
		return "record type";
	}
	if (!pairs_have(pairs, KEY_SCHEMA) || !cbor_get_u32(&pairs->in, &change->schema_version)) {
		return "schema version";
	}
	if (!pairs_have(pairs, KEY_SCOPE) ||
	    !cbor_get_uint_max(&pairs->in, INT64_MAX, &change->scope_version)) {
		return "scope version";
	}
	return NULL;
}

static bool
get_own(struct reader *in, struct change *change)
{
	enum cbor_kind kind;

	if (!cbor_peek(in, &kind)) {
		return false;
	}
	if (kind == CBOR_ARRAY) {
		return get_stream_and_n(in, 0, &change->own_stream, &change->own_n);
	}
	/* n - 1 is written by leaving it out, and nobody has seen the change itself. */
	return change->n >= 2 && get_u32_between(in, 0, change->n - 2, &change->own_n);
}

static const char *
get_seen(struct pairs *pairs, bool server_stream, struct change *change)
{
	if (pairs_have(pairs, KEY_BASE) &&
	    (!get_two(&pairs->in) ||
	     !get_u32_between(&pairs->in, 1, UINT32_MAX, &change->base.epoch) ||
	     !cbor_get_uint_max(&pairs->in, INT64_MAX, &change->base.version))) {
		return "base";
	}
	change->has_own = !server_stream;
	if (!pairs_have(pairs, KEY_OWN)) {
		change->own_n = server_stream ? 0 : change->n - 1;
		return NULL;
	}
	return server_stream || !get_own(&pairs->in, change) ? "own" : NULL;
}

static const char *
get_clock(struct pairs *pairs, struct change *change)
{
	if (!pairs_have(pairs, KEY_TIME) || !cbor_get_int(&pairs->in, &change->time) ||
	    change->time > CHANGE_TIME_MAX || change->time < -CHANGE_TIME_MAX) {
		return "time";
	}
	if (pairs_have(pairs, KEY_QUALITY) &&
	    !get_u32_between(&pairs->in, 1, UINT32_MAX, &change->quality)) {
		return "clock quality";
	}
	return NULL;
}

static bool
get_field(struct reader *in, struct change_field *field)
{
	int64_t tag;

	if (!cbor_get_int(in, &tag) || tag == 0 || tag > CHANGE_TAG_MAX || tag < -CHANGE_TAG_MAX ||
	    !value_get(in, &field->value)) {
		return false;
	}
	field->tag = (int32_t)tag;
	return true;
}

static const char *
get_fields(struct pairs *pairs, struct change *change)
{
	for (size_t i = 0; i < change->field_count; i++) {
		if (!get_field(&pairs->in, &change->fields[i])) {
			return "field";
		}
		if (i > 0 && tag_compare(change->fields[i - 1].tag, change->fields[i].tag) >= 0) {
			return "order of the fields";
		}
	}
	return NULL;
}

static const char *
get_was(struct pairs *pairs, struct change *change)
{
	if (!pairs_have(pairs, KEY_WAS)) {
		return NULL;
	}
	if (!get_stream_and_n(&pairs->in, 1, &change->was_stream, &change->was_n)) {
		return "was";
	}
	if (!pairs_have(pairs, KEY_FIRST_HASH) ||
	    !cbor_get_bytes_exact(&pairs->in, change->first_hash, sizeof change->first_hash)) {
		return "first hash";
	}
	return NULL;
}

static enum status
malformed(struct error *err, const char *part)
{
	return fail(err, STATUS_MALFORMED, "change: %s", part);
}

enum status
change_decode(struct span bytes, bool server_stream, struct arena *arena, struct change *out,
	      struct error *err)
{
	struct change change = {0};
	struct pairs pairs = {.in = reader_of(bytes)};
	const char *part;

	if (bytes.length > CHANGE_BYTES_MAX) {
		return malformed(err, "longer than 64 KiB");
	}
	if (!cbor_get_map(&pairs.in, KEY_FIRST_HASH, &pairs.left)) {
		return malformed(err, "no map");
	}
	part = get_identity(&pairs, &change);
	part = part == NULL ? get_seen(&pairs, server_stream, &change) : part;
	part = part == NULL ? get_clock(&pairs, &change) : part;
	if (part != NULL) {
		return malformed(err, part);
	}
	if (!pairs_have(&pairs, KEY_FIELDS) ||
	    !cbor_get_map(&pairs.in, CHANGE_FIELDS_MAX, &change.field_count) ||
	    change.field_count == 0) {
		return malformed(err, "number of fields");
	}
	change.fields = ARENA_ARRAY(arena, struct change_field, change.field_count);
	if (change.fields == NULL) {
		return fail(err, STATUS_LIMIT, "change: memory for its fields");
	}
	part = get_fields(&pairs, &change);
	part = part == NULL ? get_was(&pairs, &change) : part;
	if (part != NULL) {
		return malformed(err, part);
	}
	if (pairs.left != 0 || pairs.in.left != 0) {
		return malformed(err, "bytes left over");
	}
	*out = change;
	return STATUS_OK;
}

void
change_bound_base(struct change *change, uint64_t seq)
{
	if (change->base.epoch != 0 && change->base.version >= seq) {
		change->base.version = seq - 1;
	}
}
