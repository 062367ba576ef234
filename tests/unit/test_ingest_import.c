/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table become records; a repeated import writes what changed in the table, no more. */
#include "forged_device.h"

#define DEVICE struct forged *ani = *state
#define CELLS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* One row of name, cell, name, cell …; the first cell is the key. */
static enum status
import(struct forged *forged, const char *type, const char *const *cells,
       enum import_result *result_out)
{
	struct ingest *ingest = forged->world->ingest;
	struct span names[16];
	struct span values[16];
	struct import_row_in row = {.names = names, .cells = values};
	uint32_t stream;
	enum status status;

	for (; cells[0] != NULL; cells += 2) {
		names[row.count] = span_of_text(cells[0]);
		values[row.count++] = span_of_text(cells[1]);
	}
	row.key = values[0];
	assert_ok(ingest_begin(ingest, &forged->err));
	assert_ok(ingest_import_begin(ingest, 0, &stream, &forged->err));
	row.type = schema_type_named(catalogue_schema(forged->world->catalogue, 0),
				     span_of_text(type));
	status = ingest_import_row(ingest, stream, 0, &row, result_out, &forged->err);
	assert_ok(ingest_commit(ingest, NULL));
	return status;
}

static void
assert_imports(struct forged *forged, const char *type, const char *const *cells,
	       enum import_result expected)
{
	enum import_result result;

	assert_ok(import(forged, type, cells, &result));
	assert_int_equal(result, expected);
}

enum { BEGUN = 1 /* entry: who began an import, whatever came of it */ };

/* Refused for a reason that names this, and nothing of it is left. */
static void
assert_refuses(struct forged *forged, const char *type, const char *const *cells, const char *named)
{
	enum import_result result;
	uint64_t head = world_head(forged->world);

	assert_true(status_is_invalid(import(forged, type, cells, &result)));
	assert_contains(forged->err.detail, named);
	assert_int_equal(world_head(forged->world), head + BEGUN);
}

static uint64_t
imported(struct forged *forged, const char *type, const char *key)
{
	char id[16];
	uint64_t number;

	world_imported_id(forged->world, type, key, id);
	assert_ok(id_parse(id, &number, &forged->err));
	return number;
}

static void
import_family(struct forged *forged)
{
	assert_imports(forged, "family",
		       CELLS("key", "K1", "village", VILLAGE_A, "head", "Uji", "address",
			     "Jl. Satu", "aid", "mbg,bansos"),
		       IMPORT_ADDED);
}

TEST(new_key_becomes_a_record_in_its_village)
{
	DEVICE;
	struct record record;

	import_family(ani);
	record = forged_stored(ani, imported(ani, "family", "K1"));
	assert_int_equal(record.village, VILLAGE_A_NUMBER);
	assert_int_equal(record.field_count, 4);
	assert_true(span_equal(forged_stored_text(ani, record.id, FAMILY_ADDRESS),
			       span_of_text("Jl. Satu")));
}

TEST(same_row_again_writes_only_that_there_was_an_import)
{
	DEVICE;
	uint64_t head;

	import_family(ani);
	head = world_head(ani->world);
	assert_imports(ani, "family",
		       CELLS("key", "K1", "village", VILLAGE_A, "head", "Uji", "address",
			     "Jl. Satu", "aid", "bansos,mbg"),
		       IMPORT_UNCHANGED);
	assert_int_equal(world_head(ani->world), head + BEGUN);
}

TEST(changed_cell_becomes_a_change_of_that_field_alone)
{
	DEVICE;
	struct record before;
	struct record after;

	import_family(ani);
	before = forged_stored(ani, imported(ani, "family", "K1"));
	assert_imports(ani, "family",
		       CELLS("key", "K1", "village", VILLAGE_A, "head", "Uji", "address", "Jl. Dua",
			     "aid", "mbg,bansos"),
		       IMPORT_UPDATED);
	after = forged_stored(ani, before.id);
	assert_int_equal(record_field(&after, FAMILY_ADDRESS)->version, before.version + BEGUN + 1);
	assert_int_equal(record_field(&after, FAMILY_ADDRESS)->member_count, 1);
	assert_int_equal(record_field(&after, FAMILY_HEAD)->version, before.version);
}

TEST(column_that_is_left_out_of_the_next_table_is_left_alone)
{
	DEVICE;

	import_family(ani);
	assert_imports(ani, "family", CELLS("key", "K1", "head", "Uji"), IMPORT_UNCHANGED);
	assert_true(
		span_equal(forged_stored_text(ani, imported(ani, "family", "K1"), FAMILY_ADDRESS),
			   span_of_text("Jl. Satu")));
}

TEST(emptied_cell_empties_the_field)
{
	DEVICE;

	import_family(ani);
	assert_imports(ani, "family", CELLS("key", "K1", "address", ""), IMPORT_UPDATED);
	assert_int_equal(
		forged_stored_text(ani, imported(ani, "family", "K1"), FAMILY_ADDRESS).length, 0);
}

static int64_t
aid_of(struct forged *forged, uint64_t family)
{
	struct record record = forged_stored(forged, family);

	return field_shown(&record, record_field(&record, FAMILY_AID), POLICY_SET).integer;
}

TEST(set_of_the_next_table_changes_by_what_differs)
{
	DEVICE;
	uint64_t family;

	import_family(ani);
	family = imported(ani, "family", "K1");
	forged_edit(ani, family, FAMILY, FAMILY_AID, value_pair(1, 0), 0, 0);
	assert_ok(forged_sync(ani));
	assert_imports(ani, "family", CELLS("key", "K1", "aid", "mbg"), IMPORT_UPDATED);
	assert_int_equal(aid_of(ani, family), 1 + 2); /* hers, and mbg; bansos is gone */
}

TEST(newer_value_of_a_cadre_is_never_overwritten)
{
	DEVICE;
	uint64_t family;
	struct record record;

	import_family(ani);
	family = imported(ani, "family", "K1");
	forged_edit(ani, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text("Jl. Ani")),
		    forged_stored(ani, family).version, 0);
	assert_ok(forged_sync(ani));
	/* The table has not heard of it, and says what it said before. */
	assert_imports(ani, "family", CELLS("key", "K1", "address", "Jl. Satu"), IMPORT_UNCHANGED);
	assert_true(span_equal(forged_stored_text(ani, family, FAMILY_ADDRESS),
			       span_of_text("Jl. Ani")));
	assert_imports(ani, "family", CELLS("key", "K1", "address", "Jl. Dinas"), IMPORT_UPDATED);
	record = forged_stored(ani, family);
	assert_int_equal(record_field(&record, FAMILY_ADDRESS)->member_count, 2);
	assert_true(field_in_conflict(record_field(&record, FAMILY_ADDRESS), POLICY_REVIEW));
}

/* She edits the address, having seen everything there is. */
static void
edit_address(struct forged *forged, uint64_t family, const char *address)
{
	forged_edit(forged, family, FAMILY, FAMILY_ADDRESS, value_text(span_of_text(address)),
		    forged_stored(forged, family).version, 0);
	assert_ok(forged_sync(forged));
}

static void
assert_rivals(struct forged *forged, uint64_t family, const char *one, const char *other)
{
	struct record record = forged_stored(forged, family);
	const struct record_field *address = record_field(&record, FAMILY_ADDRESS);
	bool found[2] = {false, false};

	assert_true(field_in_conflict(address, POLICY_REVIEW));
	for (size_t i = 0; i < address->member_count; i++) {
		found[0] |= span_equal(address->members[i].value.text, span_of_text(one));
		found[1] |= span_equal(address->members[i].value.text, span_of_text(other));
	}
	assert_true(found[0] && found[1]);
}

TEST(edit_before_an_import_of_other_cells_conflicts_with_the_next_import)
{
	DEVICE;
	uint64_t family;

	import_family(ani);
	family = imported(ani, "family", "K1");
	edit_address(ani, family, "Jl. Ani");
	assert_imports(ani, "family", CELLS("key", "K1", "head", "Uji Baru", "address", "Jl. Satu"),
		       IMPORT_UPDATED);
	assert_imports(ani, "family",
		       CELLS("key", "K1", "head", "Uji Baru", "address", "Jl. Dinas"),
		       IMPORT_UPDATED);
	assert_rivals(ani, family, "Jl. Ani", "Jl. Dinas");
}

TEST(column_that_was_left_out_and_comes_back_unchanged_writes_nothing)
{
	DEVICE;
	uint64_t family;
	uint64_t head;

	import_family(ani);
	family = imported(ani, "family", "K1");
	edit_address(ani, family, "Jl. Ani");
	assert_imports(ani, "family", CELLS("key", "K1", "head", "Uji Baru"), IMPORT_UPDATED);
	head = world_head(ani->world);
	assert_imports(ani, "family", CELLS("key", "K1", "head", "Uji Baru", "address", "Jl. Satu"),
		       IMPORT_UNCHANGED);
	assert_int_equal(world_head(ani->world), head + BEGUN);
	assert_true(span_equal(forged_stored_text(ani, family, FAMILY_ADDRESS),
			       span_of_text("Jl. Ani")));
}

TEST(column_that_was_left_out_and_comes_back_changed_conflicts_with_an_edit)
{
	DEVICE;
	uint64_t family;

	import_family(ani);
	family = imported(ani, "family", "K1");
	edit_address(ani, family, "Jl. Ani");
	assert_imports(ani, "family", CELLS("key", "K1", "head", "Uji Baru"), IMPORT_UPDATED);
	assert_imports(ani, "family",
		       CELLS("key", "K1", "head", "Uji Baru", "address", "Jl. Dinas"),
		       IMPORT_UPDATED);
	assert_rivals(ani, family, "Jl. Ani", "Jl. Dinas");
}

TEST(column_that_no_import_had_conflicts_with_what_a_cadre_filled_in)
{
	DEVICE;
	uint64_t family;

	assert_imports(ani, "family", CELLS("key", "K1", "village", VILLAGE_A, "head", "Uji"),
		       IMPORT_ADDED);
	family = imported(ani, "family", "K1");
	edit_address(ani, family, "Jl. Ani");
	assert_imports(ani, "family", CELLS("key", "K1", "head", "Uji Baru"), IMPORT_UPDATED);
	assert_imports(ani, "family", CELLS("key", "K1", "address", "Jl. Dinas"), IMPORT_UPDATED);
	assert_rivals(ani, family, "Jl. Ani", "Jl. Dinas");
}

TEST(edit_by_one_who_saw_the_last_import_conflicts_with_the_next)
{
	DEVICE;
	uint64_t family;

	import_family(ani);
	family = imported(ani, "family", "K1");
	assert_imports(ani, "family", CELLS("key", "K1", "address", "Jl. Dua"), IMPORT_UPDATED);
	edit_address(ani, family, "Jl. Ani");
	assert_imports(ani, "family", CELLS("key", "K1", "address", "Jl. Dinas"), IMPORT_UPDATED);
	assert_rivals(ani, family, "Jl. Ani", "Jl. Dinas");
}

TEST(conflict_with_an_import_is_not_settled_by_the_next_import)
{
	DEVICE;
	uint64_t family;

	import_family(ani);
	family = imported(ani, "family", "K1");
	edit_address(ani, family, "Jl. Ani");
	assert_imports(ani, "family", CELLS("key", "K1", "address", "Jl. Dinas"), IMPORT_UPDATED);
	assert_imports(ani, "family", CELLS("key", "K1", "address", "Jl. Dinas 2"), IMPORT_UPDATED);
	assert_rivals(ani, family, "Jl. Ani", "Jl. Dinas 2");
}

TEST(cells_that_different_imports_wrote_can_change_together)
{
	DEVICE;
	uint64_t head;
	struct record record;

	import_family(ani);
	assert_imports(ani, "family", CELLS("key", "K1", "head", "Dua"), IMPORT_UPDATED);
	head = world_head(ani->world);
	assert_imports(
		ani, "family",
		CELLS("key", "K1", "head", "Tiga", "address", "Jl. Tiga", "aid", "mbg,bansos"),
		IMPORT_UPDATED);
	assert_int_equal(world_head(ani->world), head + BEGUN + 2);
	record = forged_stored(ani, imported(ani, "family", "K1"));
	assert_int_equal(record_field(&record, FAMILY_HEAD)->member_count, 1);
	assert_int_equal(record_field(&record, FAMILY_ADDRESS)->member_count, 1);
	assert_true(record_field(&record, FAMILY_AID)->version < head);
	assert_true(
		span_equal(forged_stored_text(ani, record.id, FAMILY_HEAD), span_of_text("Tiga")));
	assert_true(span_equal(forged_stored_text(ani, record.id, FAMILY_ADDRESS),
			       span_of_text("Jl. Tiga")));
}

/* The name was written by an earlier import than the family, so it would be merged first. */
TEST(row_is_refused_whole_when_its_last_change_cannot_be_merged)
{
	DEVICE;
	uint64_t person;
	uint64_t head;
	char id[16];
	enum import_result result;

	import_family(ani);
	assert_imports(ani, "family", CELLS("key", "K2", "village", VILLAGE_B, "head", "Dua"),
		       IMPORT_ADDED);
	assert_imports(ani, "person", CELLS("key", "P1", "family", "K1", "name", "Anak"),
		       IMPORT_ADDED);
	assert_imports(ani, "person", CELLS("key", "P1", "family", "K2"), IMPORT_UPDATED);
	person = imported(ani, "person", "P1");
	head = world_head(ani->world);
	assert_true(import(ani, "person",
			   CELLS("key", "P1", "family", id_format(person, id), "name", "Baru"),
			   &result) != STATUS_OK);
	assert_int_equal(world_head(ani->world), head + BEGUN);
	assert_true(span_equal(forged_stored_text(ani, person, PERSON_NAME), span_of_text("Anak")));
}

/* Another value than [value, seq], and tags that do not ascend. */
TEST(remembered_cells_that_do_not_decode_are_a_fault_of_the_store)
{
	DEVICE;
	static const char *const broken[] = {"\xa1\x02\x02",
					     "\xa2\x02\x82\x01\x01\x02\x82\x01\x01"};
	struct import_row row = {
		.type = FAMILY, .key = span_of_text("K1"), .record = 0, .version = 1};
	enum import_result result;

	import_family(ani);
	row.record = imported(ani, "family", "K1");
	for (size_t i = 0; i < 2; i++) {
		row.cells = span_of_text(broken[i]);
		assert_ok(store_import_row_put(ani->world->store, &row, &ani->err));
		assert_int_equal(import(ani, "family", CELLS("key", "K1", "head", "Baru"), &result),
				 STATUS_STORAGE);
	}
}

TEST(reference_is_the_key_of_an_earlier_row_or_a_record_id)
{
	DEVICE;
	char id[16];
	struct record record;

	import_family(ani);
	assert_imports(ani, "person",
		       CELLS("key", "P1", "family", "K1", "name", "Anak", "village", "ignored"),
		       IMPORT_ADDED);
	record = forged_stored(ani, imported(ani, "person", "P1"));
	assert_int_equal(record.village, VILLAGE_A_NUMBER);
	assert_imports(ani, "person",
		       CELLS("key", "P2", "family", id_format(imported(ani, "family", "K1"), id),
			     "name", "Anak"),
		       IMPORT_ADDED);
	record = forged_stored(ani, imported(ani, "person", "P2"));
	assert_int_equal(record.village, VILLAGE_A_NUMBER);
}

TEST(row_is_refused_with_the_column_that_is_wrong)
{
	DEVICE;
	char id[16];

	assert_refuses(ani, "family", CELLS("key", ""), "key");
	assert_refuses(ani, "family", CELLS("key", "K2"), "key");
	assert_refuses(ani, "family", CELLS("key", "K2", "kepala", "Uji"), "kepala");
	assert_refuses(ani, "family", CELLS("key", "K2", "head", "A", "head", "B"), "head");
	assert_refuses(ani, "family", CELLS("key", "K2", "head", "", "head", "B"), "head");
	assert_refuses(ani, "family", CELLS("key", "K2", "head", "A", "village", "12"), "village");
	assert_refuses(ani, "family",
		       CELLS("key", "K2", "head", "A", "village", VILLAGE_A, "aid", "uang"), "aid");
	assert_refuses(ani, "person", CELLS("key", "P", "name", "A", "family", "K9"), "family");
	assert_refuses(ani, "person",
		       CELLS("key", "P", "name", "A", "family", id_format(id_make(77, 1), id)),
		       "family");
}

TEST(row_without_a_required_field_is_refused)
{
	DEVICE;
	enum import_result result;

	assert_int_equal(import(ani, "family", CELLS("key", "K2", "village", VILLAGE_A), &result),
			 STATUS_MISSING);
	assert_string_equal(ani->err.detail, "head");
}

TEST(row_with_more_cells_than_a_change_may_have_is_refused)
{
	DEVICE;
	static struct span cells[CHANGE_FIELDS_MAX + 1];
	struct import_row_in row = {
		.type = schema_type(catalogue_schema(ani->world->catalogue, 0), FAMILY),
		.key = span_of_text("K"),
		.names = cells,
		.cells = cells,
		.count = CHANGE_FIELDS_MAX + 1};
	enum import_result result;
	uint32_t stream;

	assert_ok(ingest_begin(ani->world->ingest, &ani->err));
	assert_ok(ingest_import_begin(ani->world->ingest, 0, &stream, &ani->err));
	assert_int_equal(ingest_import_row(ani->world->ingest, stream, 0, &row, &result, &ani->err),
			 STATUS_LIMIT);
	assert_ok(ingest_commit(ani->world->ingest, &ani->err));
}

TEST(hundreds_of_rows_go_in_one_transaction)
{
	DEVICE;
	struct ingest *ingest = ani->world->ingest;
	const struct record_type *type =
		schema_type(catalogue_schema(ani->world->catalogue, 0), FAMILY);
	struct span names[] = {span_of_text("key"), span_of_text("head"), span_of_text("village")};
	struct record_query query = {.type = FAMILY};
	uint64_t count;
	uint32_t stream;

	assert_ok(ingest_begin(ingest, &ani->err));
	assert_ok(ingest_import_begin(ingest, 0, &stream, &ani->err));
	for (int i = 0; i < 300; i++) {
		char key[16];
		struct span cells[] = {span_of_text("") /* below */, span_of_text("Uji"),
				       span_of_text(VILLAGE_A)};
		struct import_row_in row = {
			.type = type, .names = names, .cells = cells, .count = 3};
		enum import_result result;

		(void)snprintf(key, sizeof key, "K%d", i);
		row.key = cells[0] = span_of_text(key);
		assert_ok(ingest_import_row(ingest, stream, 0, &row, &result, &ani->err));
	}
	assert_ok(ingest_commit(ingest, &ani->err));
	assert_ok(store_rows_count(ani->world->store, &query, &count, &ani->err));
	assert_int_equal(count, 300);
}

#define FORGED(sentence) CASE_WITH(sentence, forged_open, forged_close)

RUN_TESTS(FORGED(new_key_becomes_a_record_in_its_village),
	  FORGED(same_row_again_writes_only_that_there_was_an_import),
	  FORGED(changed_cell_becomes_a_change_of_that_field_alone),
	  FORGED(column_that_is_left_out_of_the_next_table_is_left_alone),
	  FORGED(emptied_cell_empties_the_field),
	  FORGED(set_of_the_next_table_changes_by_what_differs),
	  FORGED(newer_value_of_a_cadre_is_never_overwritten),
	  FORGED(edit_before_an_import_of_other_cells_conflicts_with_the_next_import),
	  FORGED(column_that_was_left_out_and_comes_back_unchanged_writes_nothing),
	  FORGED(column_that_was_left_out_and_comes_back_changed_conflicts_with_an_edit),
	  FORGED(column_that_no_import_had_conflicts_with_what_a_cadre_filled_in),
	  FORGED(edit_by_one_who_saw_the_last_import_conflicts_with_the_next),
	  FORGED(conflict_with_an_import_is_not_settled_by_the_next_import),
	  FORGED(cells_that_different_imports_wrote_can_change_together),
	  FORGED(row_is_refused_whole_when_its_last_change_cannot_be_merged),
	  FORGED(remembered_cells_that_do_not_decode_are_a_fault_of_the_store),
	  FORGED(reference_is_the_key_of_an_earlier_row_or_a_record_id),
	  FORGED(row_is_refused_with_the_column_that_is_wrong),
	  FORGED(row_without_a_required_field_is_refused),
	  FORGED(row_with_more_cells_than_a_change_may_have_is_refused),
	  FORGED(hundreds_of_rows_go_in_one_transaction))
