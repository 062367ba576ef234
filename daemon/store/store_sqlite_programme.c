/* SPDX-License-Identifier: Apache-2.0 */
/* What the programme brings in: schemas and imports. */
#include "store_sqlite.h"

enum status
store_schema_add(struct store *store, uint32_t version, struct span cbor, struct span json,
		 struct error *err)
{
	static const char text[] = "INSERT INTO schema (version, cbor, json) VALUES (?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, version);
	sql_bind_blob(s, 2, cbor);
	sql_bind_blob(s, 3, json);
	return sql_run(s, err);
}

enum status
store_schema(struct store *store, uint32_t version, struct arena *arena, struct span *cbor_out,
	     struct span *json_out, struct error *err)
{
	static const char text[] = "SELECT cbor, json FROM schema WHERE ?1 = 0 OR version = ?1"
				   " ORDER BY version DESC LIMIT 1";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct span cbor;
	struct span json = {NULL, 0};
	enum status status;

	sql_bind_uint(s, 1, version);
	status = store_one(s, "schema", err);
	if (status != STATUS_OK) {
		return status;
	}
	cbor = sql_blob(s, 0);
	if (json_out != NULL) {
		json = sql_blob(s, 1);
	}
	if (!store_keep(arena, &cbor) || !store_keep(arena, &json)) {
		status = store_exhausted("a schema", err);
	} else {
		*cbor_out = cbor;
		if (json_out != NULL) {
			*json_out = json;
		}
	}
	sql_reset(s);
	return status;
}

enum status
store_schema_newest(struct store *store, uint32_t *version_out, struct error *err)
{
	static const char text[] = "SELECT max(version) FROM schema";
	uint64_t version = 0;
	enum status status = store_number(sql_prepare(store->sql, text, err), &version, err);

	if (status == STATUS_OK) {
		*version_out = (uint32_t)version;
	}
	return status;
}

enum status
store_import_row(struct store *store, uint32_t type, struct span key, struct arena *arena,
		 struct import_row *out, struct error *err)
{
	static const char text[] =
		"SELECT record, version, cells FROM import_row WHERE type = ? AND key = ?";
	struct statement *s = sql_prepare(store->sql, text, err);
	struct import_row row = {.type = type, .key = key};
	enum status status;

	sql_bind_uint(s, 1, type);
	sql_bind_text(s, 2, key);
	status = store_one(s, "imported row", err);
	if (status != STATUS_OK) {
		return status;
	}
	row.record = sql_uint(s, 0);
	row.version = sql_uint(s, 1);
	row.cells = sql_blob(s, 2);
	if (!store_keep(arena, &row.cells) || !store_keep(arena, &row.key)) {
		status = store_exhausted("an imported row", err);
	} else {
		*out = row;
	}
	sql_reset(s);
	return status;
}

enum status
store_import_row_put(struct store *store, const struct import_row *row, struct error *err)
{
	static const char text[] =
		"INSERT OR REPLACE INTO import_row (type, key, record, version, cells)"
		" VALUES (?, ?, ?, ?, ?)";
	struct statement *s = sql_prepare(store->sql, text, err);

	sql_bind_uint(s, 1, row->type);
	sql_bind_text(s, 2, row->key);
	sql_bind_uint(s, 3, row->record);
	sql_bind_uint(s, 4, row->version);
	sql_bind_blob(s, 5, row->cells);
	return sql_run(s, err);
}
