/* SPDX-License-Identifier: Apache-2.0 */
/* Streams and devices. */
#include "scope.h"
#include "store_sqlite.h"

#define STREAM_COLUMNS "s.number, s.kind, s.name, s.key, s.parent, s.parent_n, p.acked_n, p.chain"
#define STREAM_JOIN "stream s JOIN progress p ON p.number = s.number"
enum { STREAM_COLUMN_COUNT = 8 };

/* The first STREAM_COLUMN_COUNT columns. */
static enum status
stream_of(struct statement *s, struct arena *arena, struct stream *out, struct error *err)
{
	out->number = store_u32(s, 0);
	out->kind = store_u32(s, 1);
	out->name = sql_text(s, 2);
	out->parent = store_u32(s, 4);
	out->parent_n = store_u32(s, 5);
	out->acked_n = store_u32(s, 6);
	if (!sql_blob_exact(s, 3, out->key, sizeof out->key) ||
	    !sql_blob_exact(s, 7, out->chain, sizeof out->chain)) {
		return store_damaged("stream", out->number, err);
	}
	return store_keep(arena, &out->name) ? STATUS_OK : store_exhausted("a stream", err);
}

bool
key_is_none(const uint8_t key[32])
{
	uint8_t bits = 0;

	for (size_t i = 0; i < 32; i++) {
		bits |= key[i];
	}
	return bits == 0;
}

enum status
store_stream(struct store *store, uint32_t number, struct arena *arena, struct stream *out,
	     struct error *err)
{
	static const char text[] =
		"SELECT " STREAM_COLUMNS " FROM " STREAM_JOIN " WHERE s.number = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct stream stream;
	enum status status;

	sql_bind_uint(s, 1, number);
	status = store_one(s, "stream", err);
	if (status != STATUS_OK) {
		return status;
	}
	status = stream_of(s, arena, &stream, err);
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = stream;
	}
	return status;
}

enum status
store_stream_add(struct store *store, const struct stream *stream, struct error *err)
{
	static const char text[] = "INSERT INTO stream (number, kind, name, key, parent, parent_n)"
				   " VALUES (?, ?, ?, ?, ?, ?)";
	static const char progress_text[] =
		"INSERT INTO progress (number, acked_n, chain, r, last_ms, witness)"
		" VALUES (?, ?, ?, 0, 0, 0)";
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, stream->number);
	sql_bind_int(s, 2, (int64_t)stream->kind);
	sql_bind_text(s, 3, stream->name);
	sql_bind_blob(s, 4, span_of(stream->key, sizeof stream->key));
	sql_bind_uint(s, 5, stream->parent);
	sql_bind_uint(s, 6, stream->parent_n);
	status = sql_run(s, err);
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(store->sql, progress_text, err);
	sql_bind_uint(s, 1, stream->number);
	sql_bind_uint(s, 2, stream->acked_n);
	sql_bind_blob(s, 3, span_of(stream->chain, sizeof stream->chain));
	return sql_run(s, err);
}

/* An update of exactly one row. */
static enum status
run_one(struct store *store, struct statement *s, const char *what, struct error *err)
{
	enum status status = sql_run(s, err);

	if (status == STATUS_OK && sql_changes(store->sql) != 1) {
		return fail(err, STATUS_NOT_FOUND, "%s", what);
	}
	return status;
}

enum status
store_stream_advance(struct store *store, uint32_t number, uint32_t acked_n,
		     const uint8_t chain[HASH_SIZE], struct error *err)
{
	static const char text[] = "UPDATE progress SET acked_n = ?, chain = ? WHERE number = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, acked_n);
	sql_bind_blob(s, 2, span_of(chain, HASH_SIZE));
	sql_bind_uint(s, 3, number);
	return run_one(store, s, "stream", err);
}

enum status
store_stream_key(struct store *store, uint32_t number, const uint8_t key[32], struct error *err)
{
	static const char text[] =
		"UPDATE stream SET key = ? WHERE number = ? AND kind = 1 AND key = zeroblob(32)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_blob(s, 1, span_of(key, 32));
	sql_bind_uint(s, 2, number);
	return run_one(store, s, "stream", err);
}

enum status
store_stream_keyed(struct store *store, const uint8_t key[32], uint32_t *number_out,
		   struct error *err)
{
	static const char text[] = "SELECT number FROM stream WHERE key = ? AND kind = 1";
	struct statement *s;
	uint64_t number = 0;
	enum status status;

	if (key_is_none(key)) {
		*number_out = 0;
		return STATUS_OK;
	}
	s = sql_prepare(store->sql, text, err);
	sql_bind_blob(s, 1, span_of(key, 32));
	status = store_number(s, &number, err);
	if (status == STATUS_OK) {
		*number_out = (uint32_t)number;
	}
	return status;
}

enum status
store_lineages(struct store *store, struct buffer *out, struct error *err)
{
	static const char text[] =
		"SELECT number, parent, parent_n FROM stream WHERE parent > 0 ORDER BY +number";
	struct statement *s = sql_prepare(store->sql, text, err);
	bool row = true;
	enum status status = STATUS_OK;

	buffer_clear(out);
	while (status == STATUS_OK && row) {
		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row) {
			struct lineage lineage = {store_u32(s, 0), store_u32(s, 1),
						  store_u32(s, 2)};

			buffer_append(out, &lineage, sizeof lineage);
		}
	}
	return status == STATUS_OK ? buffer_status(out, "the lineages", err) : status;
}

/* ---- devices ---- */

#define DEVICE_SELECT                                                                              \
	"SELECT " STREAM_COLUMNS ", d.state, d.scope_version, d.scope, p.r, p.last_ms,"            \
	" (SELECT received_ms FROM device_destroyed x JOIN log ON log.seq = x.seq"                 \
	" WHERE x.device = d.number), p.witness FROM device d JOIN " STREAM_JOIN                   \
	" AND s.number = d.number"

static enum status
device_of(struct statement *s, struct arena *arena, struct device *out, struct error *err)
{
	enum status status = stream_of(s, arena, &out->stream, err);

	if (status != STATUS_OK) {
		return status;
	}
	out->state = store_u32(s, STREAM_COLUMN_COUNT);
	out->scope_version = sql_uint(s, STREAM_COLUMN_COUNT + 1);
	out->r = sql_uint(s, STREAM_COLUMN_COUNT + 3);
	out->last_contact_ms = sql_int(s, STREAM_COLUMN_COUNT + 4);
	out->destroyed_ms = sql_int(s, STREAM_COLUMN_COUNT + 5);
	out->witness = sql_uint(s, STREAM_COLUMN_COUNT + 6);
	return scope_get(sql_blob(s, STREAM_COLUMN_COUNT + 2), arena, &out->scope,
			 &out->scope_count)
		       ? STATUS_OK
		       : store_damaged("the scope of device", out->stream.number, err);
}

enum status
store_device(struct store *store, uint32_t number, struct arena *arena, struct device *out,
	     struct error *err)
{
	static const char text[] = DEVICE_SELECT " WHERE d.number = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct device device;
	enum status status;

	sql_bind_uint(s, 1, number);
	status = store_one(s, "device", err);
	if (status != STATUS_OK) {
		return status;
	}
	status = device_of(s, arena, &device, err);
	sql_reset(s);
	if (status == STATUS_OK) {
		*out = device;
	}
	return status;
}

static enum status
put_device_row(struct store *store, const struct device *device, struct span scope,
	       struct error *err)
{
	static const char text[] =
		"INSERT INTO device (number, state, scope_version, scope) VALUES (?, ?, ?, ?)"
		" ON CONFLICT (number) DO UPDATE SET state = excluded.state,"
		" scope_version = excluded.scope_version, scope = excluded.scope";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, device->stream.number);
	sql_bind_int(s, 2, (int64_t)device->state);
	sql_bind_uint(s, 3, device->scope_version);
	sql_bind_blob(s, 4, scope);
	return sql_run(s, err);
}

static enum status
put_scope(struct store *store, const struct device *device, struct span scope, struct error *err)
{
	static const char text[] = "INSERT INTO device_scope (device, version, scope)"
				   " VALUES (?, ?, ?) ON CONFLICT (device, version) DO NOTHING";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, device->stream.number);
	sql_bind_uint(s, 2, device->scope_version);
	sql_bind_blob(s, 3, scope);
	return sql_run(s, err);
}

static enum status
put_region(struct store *store, uint32_t device, const struct region *region, struct error *err)
{
	static const char text[] = "INSERT INTO device_region (device, low, high) VALUES (?, ?, ?)"
				   " ON CONFLICT DO NOTHING";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, device);
	sql_bind_uint(s, 2, region->low);
	sql_bind_uint(s, 3, region->high);
	return sql_run(s, err);
}

/* A device that has none keeps those that it had last, or its parent's if it never had one. */
static enum status
keep_regions(struct store *store, uint32_t device, struct error *err)
{
	static const char text[] =
		"INSERT INTO device_region (device, low, high) SELECT ?1, low, high"
		" FROM device_region WHERE device = (SELECT parent FROM stream WHERE number = ?1)"
		" AND NOT EXISTS (SELECT 1 FROM device_region WHERE device = ?1)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, device);
	return sql_run(s, err);
}

static enum status
put_regions(struct store *store, const struct device *device, struct error *err)
{
	static const char text[] = "DELETE FROM device_region WHERE device = ?";
	struct statement *s;
	enum status status;

	if (device->scope_count == 0) {
		return keep_regions(store, device->stream.number, err);
	}
	s = sql_prepare(store->sql, text, err);
	sql_bind_uint(s, 1, device->stream.number);
	status = sql_run(s, err);
	for (size_t i = 0; i < device->scope_count && status == STATUS_OK; i++) {
		status = put_region(store, device->stream.number, &device->scope[i], err);
	}
	return status;
}

enum status
store_device_put(struct store *store, const struct device *device, struct error *err)
{
	struct buffer scope;
	enum status status;

	buffer_init(&scope, SIZE_MAX);
	scope_put(device->scope, device->scope_count, &scope);
	status = buffer_status(&scope, "a scope", err);
	if (status == STATUS_OK) {
		status = put_device_row(store, device, buffer_span(&scope), err);
	}
	if (status == STATUS_OK) {
		status = put_scope(store, device, buffer_span(&scope), err);
	}
	if (status == STATUS_OK) {
		status = put_regions(store, device, err);
	}
	buffer_finish(&scope);
	return status;
}

/* The next row; false at the end. */
static enum status
period_next(struct statement *s, struct arena *arena, struct scope_period *period, bool *row_out,
	    struct error *err)
{
	struct region *regions;
	enum status status = sql_row(s, row_out, err);

	if (status != STATUS_OK || !*row_out) {
		return status;
	}
	arena_reset(arena);
	period->version = sql_uint(s, 0);
	if (!scope_get(sql_blob(s, 1), arena, &regions, &period->region_count)) {
		return store_damaged("a scope, version", period->version, err);
	}
	period->regions = regions;
	return STATUS_OK;
}

/* Scopes, from the newest back; how far it has come is in `period`. */
struct scope_walk {
	uint64_t since;
	struct scope_period period;
	scope_period_fn each;
	void *context;
};

/* Of one number, those before period.version. */
static enum status
scopes_of(struct store *store, uint32_t device, struct scope_walk *walk, struct error *err)
{
	static const char text[] = "SELECT version, scope FROM device_scope WHERE device = ?"
				   " AND version < ? ORDER BY version DESC";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct scope_period *period = &walk->period;
	struct arena arena;
	bool row = true;
	enum status status = STATUS_OK;

	arena_init(&arena, SIZE_MAX);
	sql_bind_uint(s, 1, device);
	sql_bind_uint(s, 2, period->version < INT64_MAX ? period->version : INT64_MAX);
	while (status == STATUS_OK && row && period->version > walk->since) {
		period->until = period->version;
		status = period_next(s, &arena, period, &row, err);
		if (status == STATUS_OK && row) {
			status = walk->each(walk->context, period, err);
		}
	}
	if (row) {
		sql_reset(s);
	}
	arena_finish(&arena);
	return status;
}

static enum status
read_parent(struct store *store, uint64_t *number, struct error *err)
{
	static const char text[] = "SELECT parent FROM stream WHERE number = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, *number);
	return store_number(s, number, err);
}

enum status
store_scopes_read(struct store *store, uint32_t device, uint64_t since, scope_period_fn each,
		  void *context, struct error *err)
{
	struct scope_walk walk = {
		.since = since, .period.version = STORE_NOW, .each = each, .context = context};
	uint64_t number = device;
	enum status status = STATUS_OK;

	/* A table that leads in a circle ends the walk, too. */
	for (int i = 0; i < FAMILY_MAX && status == STATUS_OK && number != 0; i++) {
		status = scopes_of(store, (uint32_t)number, &walk, err);
		if (status != STATUS_OK || walk.period.version <= since) {
			return status;
		}
		status = read_parent(store, &number, err);
	}
	return status;
}

enum status
store_device_contact(struct store *store, const struct contact *contact, struct error *err)
{
	static const char text[] = "UPDATE progress SET r = ?, last_ms = ?,"
				   " witness = max(witness, ?) WHERE number = ?";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, contact->r);
	sql_bind_int(s, 2, contact->ms);
	sql_bind_uint(s, 3, contact->witness);
	sql_bind_uint(s, 4, contact->device);
	return run_one(store, s, "device", err);
}

enum status
store_device_destroyed(struct store *store, uint32_t number, uint64_t seq, struct error *err)
{
	static const char text[] = "INSERT INTO device_destroyed (device, seq) VALUES (?, ?)"
				   " ON CONFLICT (device) DO NOTHING";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, number);
	sql_bind_uint(s, 2, seq);
	return sql_run(s, err);
}

enum status
store_device_reach(struct store *store, uint32_t number, const struct region *scope,
		   struct device_reach *out, struct error *err)
{
	static const char text[] =
		"SELECT count(*) FILTER (WHERE low <= ?3 AND high >= ?2),"
		" count(*) FILTER (WHERE low < ?2 OR high > ?3) FROM device_region WHERE device = ?1";
	const struct region asked = store_scope(scope);
	struct statement *s = sql_prepare(store->sql, text, err);
	enum status status;

	sql_bind_uint(s, 1, number);
	sql_bind_uint(s, 2, asked.low);
	sql_bind_uint(s, 3, asked.high);
	status = store_one(s, "device", err);
	if (status != STATUS_OK) {
		return status;
	}
	out->any = sql_int(s, 0) > 0;
	out->all = out->any && sql_int(s, 1) == 0;
	sql_reset(s);
	return STATUS_OK;
}

static struct statement *
bind_devices(struct store *store, const struct region *scope, struct error *err)
{
	static const char all_text[] = DEVICE_SELECT " ORDER BY d.number";
	static const char scope_text[] =
		DEVICE_SELECT " WHERE EXISTS (SELECT 1 FROM device_region WHERE device = d.number"
			      " AND low <= ?2 AND high >= ?1) ORDER BY d.number";
	struct statement *s = sql_prepare(store->sql, scope == NULL ? all_text : scope_text, err);

	if (scope != NULL) {
		sql_bind_uint(s, 1, scope->low);
		sql_bind_uint(s, 2, scope->high);
	}
	return s;
}

enum status
store_devices_read(struct store *store, const struct region *scope, device_fn each, void *context,
		   struct error *err)
{
	struct statement *s = bind_devices(store, scope, err);
	struct arena arena;
	bool row = true;
	enum status status = STATUS_OK;

	arena_init(&arena, SIZE_MAX);
	while (status == STATUS_OK) {
		struct device device;

		status = sql_row(s, &row, err);
		if (status != STATUS_OK || !row) {
			break;
		}
		arena_reset(&arena);
		status = device_of(s, &arena, &device, err);
		if (status == STATUS_OK) {
			status = each(context, &device, err);
		}
	}
	if (row) {
		sql_reset(s);
	}
	arena_finish(&arena);
	return status;
}

enum status
store_family(struct store *store, uint32_t number, struct arena *arena, struct device **out,
	     size_t *count_out, struct error *err)
{
	static const char text[] =
		"WITH RECURSIVE above (number) AS (VALUES (?) UNION SELECT a.parent FROM above"
		" JOIN stream a ON a.number = above.number WHERE a.parent > 0),"
		" family (number) AS (SELECT number FROM above UNION SELECT b.number FROM family"
		" JOIN stream b ON b.parent = family.number AND b.parent > 0) " DEVICE_SELECT
		" WHERE d.number IN (SELECT number FROM family) ORDER BY d.number";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct buffer devices;
	bool row = true;
	enum status status = STATUS_OK;

	buffer_init(&devices, SIZE_MAX);
	sql_bind_uint(s, 1, number);
	while (status == STATUS_OK && row) {
		struct device device;

		status = sql_row(s, &row, err);
		if (status == STATUS_OK && row) {
			status = device_of(s, arena, &device, err);
			if (status == STATUS_OK) {
				buffer_append(&devices, &device, sizeof device);
			}
		}
	}
	if (row) {
		sql_reset(s);
	}
	if (status == STATUS_OK) {
		*out = arena_copy(arena, devices.at, devices.length);
		*count_out = devices.length / sizeof **out;
		status = *out == NULL || devices.status != STATUS_OK
				 ? store_exhausted("a family", err)
				 : STATUS_OK;
	}
	buffer_finish(&devices);
	return status;
}
