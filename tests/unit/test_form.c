/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/form.h"
#include "protocol/id.h"
#include "schema_sample.h"
#include "tests/testing.h"

static struct sample sample;
static struct error error;

static int
set_up(__attribute__((unused)) void **state)
{
	sample_fill(&sample);
	error = (struct error){.detail = ""};
	return 0;
}

static const struct record_type *
visit(void)
{
	return &sample.types[TYPE_VISIT];
}

/* What the text says for the field; a failed assertion if it is refused. */
static struct value
read_value(int32_t tag, const char *text)
{
	struct value value = value_boolean(true);

	assert_ok(value_from_text(visit(), tag, span_of_text(text), 0, &value, &error));
	return value;
}

static void
assert_refused(int32_t tag, const char *text, enum status status, const char *detail)
{
	struct value value = value_boolean(true);

	assert_int_equal(value_from_text(visit(), tag, span_of_text(text), 0, &value, &error),
			 status);
	assert_true(status_is_invalid(status));
	assert_string_equal(error.detail, detail);
	assert_true(value_equal(value, value_boolean(true)));
}

TEST(decimals_are_read_in_the_shown_unit)
{
	assert_int_equal(read_value(4, "11.0").integer, 110);
	assert_int_equal(read_value(4, "3").integer, 30);
	assert_int_equal(read_value(4, "25").integer, 250);
	assert_int_equal(read_value(4, "8.50").integer, 85);
}

TEST(a_number_is_refused_with_the_rule_that_it_breaks)
{
	assert_refused(4, "11.05", STATUS_DECIMALS, "hb: 1");
	assert_refused(4, "2.9", STATUS_RANGE, "hb: 3–25 g/dL");
	assert_refused(4, "25.1", STATUS_RANGE, "hb: 3–25 g/dL");
	assert_refused(4, "11,0", STATUS_NOT_NUMBER, "hb");
	assert_refused(4, "eleven", STATUS_NOT_NUMBER, "hb");
	sample.visit[VISIT_HB].refuse.set = false;
	assert_refused(4, "900719925474099.2", STATUS_RANGE,
		       "hb: -900719925474099.1 – 900719925474099.1 g/dL");
}

TEST(an_empty_text_clears_any_field)
{
	for (int32_t tag = 1; tag <= VISIT_FIELDS; tag++) {
		struct value value = read_value(tag, "");

		assert_true(tag == 5 ? value_equal(value, value_pair(0, 0))
				     : value.form == VALUE_EMPTY);
	}
	assert_int_equal(read_value(TAG_ARCHIVED, "").form, VALUE_EMPTY);
	assert_int_equal(read_value(TAG_SAME_AS, "").form, VALUE_EMPTY);
}

TEST(booleans_are_true_or_false)
{
	assert_true(value_equal(read_value(6, "true"), value_boolean(true)));
	assert_true(value_equal(read_value(6, "false"), value_boolean(false)));
	assert_refused(6, "yes", STATUS_NOT_BOOLEAN, "done");
}

TEST(choices_are_read_by_name)
{
	assert_int_equal(read_value(3, "bumil").integer, 2);
	assert_int_equal(read_value(3, "none").integer, 0);
	assert_refused(3, "2", STATUS_NOT_CHOICE, "group: none, catin, bumil");
	assert_refused(3, "Bumil", STATUS_NOT_CHOICE, "group: none, catin, bumil");
}

TEST(dates_are_calendar_days)
{
	assert_int_equal(read_value(2, "1970-01-02").integer, 1);
	assert_refused(2, "2026-02-29", STATUS_NOT_DATE, "date");
	assert_refused(2, "29-01-2026", STATUS_NOT_DATE, "date");
	sample.visit[VISIT_DATE].refuse = (struct range){true, 0, 1};
	assert_refused(2, "1970-01-03", STATUS_RANGE, "date: 1970-01-01 – 1970-01-02");
}

TEST(texts_are_kept_as_they_are_up_to_their_limit)
{
	struct value value = read_value(9, "a \"b\", c=d\n");

	assert_true(span_equal(value.text, TEXT("a \"b\", c=d\n")));
	read_value(9, "12345678901234567890");
	assert_refused(9, "123456789012345678901", STATUS_TOO_LONG, "note: 20");
	assert_refused(9, "\xff", STATUS_NOT_TEXT, "note");
}

TEST(references_are_ids)
{
	char text[ID_TEXT_SIZE];
	uint64_t id = id_make(5, 7);

	assert_int_equal(read_value(1, id_format(id, text)).integer, id);
	assert_int_equal(read_value(TAG_SAME_AS, text).integer, id);
	text[1] = text[1] == '2' ? '3' : '2';
	assert_refused(1, text, STATUS_MISTYPED_ID, "person");
	assert_refused(1, "r4u", STATUS_MISTYPED_ID, "person");
	assert_refused(1, "r4u0", STATUS_MISTYPED_ID, "person: #3");
	assert_refused(1, "r00000000000000000000000000000000", STATUS_NOT_ID, "person");
}

TEST(an_id_with_more_behind_it_is_refused)
{
	char text[ID_TEXT_SIZE];
	char longer[ID_TEXT_SIZE + 1];

	/* The longest id fills its text. */
	assert_int_equal(strlen(id_format(UINT64_MAX >> 1, text)), ID_TEXT_SIZE - 1);
	assert_int_equal(read_value(1, text).integer, INT64_MAX);
	(void)snprintf(longer, sizeof longer, "%s0", text);
	assert_refused(1, longer, STATUS_NOT_ID, "person");
}

TEST(a_nul_does_not_end_a_code)
{
	struct value value;

	assert_int_equal(
		value_from_text(visit(), TAG_VILLAGE, TEXT("6303072001\0x"), 0, &value, NULL),
		STATUS_NOT_VILLAGE);
}

TEST(points_are_latitude_and_longitude)
{
	assert_true(value_equal(read_value(8, "-3.32,114.59"), value_pair(-332000, 11459000)));
	assert_true(value_equal(read_value(8, "-90,180"), value_pair(-9000000, 18000000)));
	assert_refused(8, "-3.32", STATUS_NOT_POINT, "point");
	assert_refused(8, "-3.32,", STATUS_NOT_POINT, "point");
	assert_refused(8, "1,2,3", STATUS_NOT_POINT, "point");
	assert_refused(8, "-3.123456,114", STATUS_DECIMALS, "point: 5");
	assert_refused(8, "90.00001,0", STATUS_RANGE, "point: -90 – 90, -180 – 180");
	assert_refused(8, "0,-180.1", STATUS_RANGE, "point: -90 – 90, -180 – 180");
}

TEST(villages_are_read_with_or_without_dots)
{
	assert_int_equal(read_value(TAG_VILLAGE, "63.03.07.2001").integer, 6303072001);
	assert_int_equal(read_value(TAG_VILLAGE, "6303072001").integer, 6303072001);
	assert_refused(TAG_VILLAGE, "630307", STATUS_NOT_VILLAGE, "village");
}

TEST(the_reason_of_an_archive_is_a_text)
{
	char long_reason[502];

	assert_true(span_equal(read_value(TAG_ARCHIVED, "moved").text, TEXT("moved")));
	memset(long_reason, 'a', sizeof long_reason - 1);
	long_reason[sizeof long_reason - 1] = '\0';
	assert_refused(TAG_ARCHIVED, long_reason, STATUS_TOO_LONG, "archived: 500");
}

TEST(a_field_that_the_type_does_not_have_is_unknown)
{
	assert_refused(77, "1", STATUS_UNKNOWN_FIELD, "field_77");
}

enum { GIZI = 1 << 0, ASI = 1 << 1 };
#define KB (INT64_C(1) << 62)
#define NEWER (INT64_C(1) << 9) /* a choice that this schema does not know */

static void
assert_set(const char *text, int64_t shown, int64_t added, int64_t removed)
{
	struct value value;

	assert_ok(value_from_text(visit(), 5, span_of_text(text), shown, &value, &error));
	assert_true(value_equal(value, value_pair(added, removed)));
}

TEST(a_list_replaces_the_set_that_was_shown)
{
	assert_set("gizi,kb", 0, GIZI | KB, 0);
	assert_set("gizi,kb", GIZI | ASI, KB, ASI);
	assert_set("gizi,gizi", GIZI, 0, 0);
	assert_set("", GIZI | KB, 0, GIZI | KB);
}

TEST(signs_change_the_set_that_was_shown)
{
	assert_set("+kb,-asi", GIZI | ASI, KB, ASI);
	assert_set("+gizi,-kb", GIZI, 0, 0);
}

TEST(choices_of_a_newer_schema_stay_in_the_set)
{
	assert_set("asi", GIZI | NEWER, ASI, GIZI);
	assert_set("", GIZI | NEWER, 0, GIZI);
}

TEST(a_set_that_is_no_list_of_choices_is_refused)
{
	/* kb is retired: known, but not offered */
	assert_refused(5, "gizi,foo", STATUS_NOT_CHOICE, "topics: gizi, asi");
	assert_refused(5, "gizi,", STATUS_NOT_CHOICE, "topics: gizi, asi");
	assert_refused(5, ",", STATUS_NOT_CHOICE, "topics: gizi, asi");
	assert_refused(5, "+", STATUS_NOT_CHOICE, "topics: gizi, asi");
	assert_refused(5, "gizi, asi", STATUS_NOT_CHOICE, "topics: gizi, asi");
	assert_refused(5, "gizi,+asi", STATUS_SET_UNCLEAR, "topics");
	assert_refused(5, "+asi,-asi", STATUS_SET_UNCLEAR, "topics");
}

static enum status
check(int32_t tag, struct value value)
{
	return value_check(visit(), tag, value, &error);
}

TEST(a_value_of_another_form_is_refused)
{
	const struct value wrong[] = {
		value_text(TEXT("x")), value_boolean(true), value_boolean(false),
		value_pair(1, 2),      value_integer(1),    value_integer(1),
		value_text(TEXT("x")), value_integer(1),    value_integer(1),
	};

	for (int32_t tag = 1; tag <= VISIT_FIELDS; tag++) {
		assert_int_equal(check(tag, wrong[tag - 1]), STATUS_INVALID);
		assert_contains(error.detail, ": ");
		assert_ok(check(tag, value_empty()));
	}
	assert_int_equal(check(TAG_VILLAGE, value_text(TEXT("x"))), STATUS_INVALID);
	assert_int_equal(check(TAG_ARCHIVED, value_integer(1)), STATUS_INVALID);
	assert_int_equal(check(TAG_SAME_AS, value_text(TEXT("x"))), STATUS_INVALID);
	assert_ok(check(TAG_VILLAGE, value_empty()));
}

TEST(a_text_of_no_bytes_is_refused_as_empty_is_a_value_of_its_own)
{
	assert_int_equal(check(9, value_text(TEXT(""))), STATUS_INVALID);
	assert_int_equal(check(TAG_ARCHIVED, value_text(TEXT(""))), STATUS_INVALID);
	assert_ok(check(9, value_empty()));
}

TEST(a_value_is_checked_against_range_choices_text_bound_and_ids)
{
	assert_ok(check(4, value_integer(250)));
	assert_int_equal(check(4, value_integer(251)), STATUS_RANGE);
	assert_ok(check(3, value_integer(2)));
	assert_int_equal(check(3, value_integer(3)), STATUS_NOT_CHOICE);
	assert_int_equal(check(3, value_integer(-1)), STATUS_NOT_CHOICE);
	assert_int_equal(check(3, value_integer(INT64_C(1) << 32)), STATUS_NOT_CHOICE);
	assert_ok(check(5, value_pair(GIZI | KB, ASI)));
	assert_int_equal(check(5, value_pair(NEWER, 0)), STATUS_NOT_CHOICE);
	assert_int_equal(check(5, value_pair(0, NEWER)), STATUS_NOT_CHOICE);
	assert_int_equal(check(5, value_pair(GIZI, GIZI)), STATUS_SET_UNCLEAR);
	assert_int_equal(check(5, value_pair(-1, 0)), STATUS_NOT_CHOICE);
	assert_int_equal(check(9, value_text(TEXT("123456789012345678901"))), STATUS_TOO_LONG);
	assert_int_equal(check(1, value_integer(0)), STATUS_NOT_ID);
	assert_int_equal(check(1, value_integer(-5)), STATUS_NOT_ID);
	assert_int_equal(check(2, value_integer(INT64_C(1) << 40)), STATUS_RANGE);
	assert_int_equal(check(8, value_pair(INT64_C(1) << 60, 0)), STATUS_RANGE);
	assert_int_equal(check(TAG_VILLAGE, value_integer(0)), STATUS_NOT_VILLAGE);
	assert_int_equal(check(TAG_VILLAGE, value_integer(-6303072001)), STATUS_NOT_VILLAGE);
	assert_ok(check(TAG_VILLAGE, value_integer(6303072001)));
}

TEST(a_value_of_a_field_that_the_schema_does_not_know_is_left_alone)
{
	assert_ok(check(77, value_text(TEXT("\xff"))));
	assert_ok(check(-9, value_integer(1)));
}

static struct change
creation(struct change_field *fields, size_t count)
{
	return (struct change){.n = 1, .type = 3, .fields = fields, .field_count = count};
}

TEST(a_creation_needs_its_required_fields)
{
	struct change_field fields[] = {{1, value_integer((int64_t)id_make(5, 7))},
					{2, value_integer(20000)}};
	struct change change = creation(fields, 2);

	assert_ok(change_check(visit(), &change, &error));
	fields[1].value = value_empty();
	assert_int_equal(change_check(visit(), &change, &error), STATUS_MISSING);
	assert_string_equal(error.detail, "date");
	change.field_count = 1;
	assert_int_equal(change_check(visit(), &change, &error), STATUS_MISSING);
}

TEST(an_edit_needs_no_required_fields)
{
	struct change_field fields[] = {{2, value_empty()}};
	struct change change = creation(fields, 1);

	change.base.epoch = 9;
	assert_ok(change_check(visit(), &change, &error));
}

TEST(an_edit_may_change_where_a_record_belongs_but_not_empty_it)
{
	struct change_field fields[] = {{TAG_VILLAGE, value_empty()}};
	struct change change = creation(fields, 1);
	const struct record_type *family = &sample.types[TYPE_FAMILY];

	change.base.epoch = 9;
	assert_int_equal(change_check(family, &change, &error), STATUS_MISSING);
	assert_string_equal(error.detail, "village");
	fields[0].tag = visit()->root;
	assert_int_equal(change_check(visit(), &change, &error), STATUS_MISSING);
	assert_string_equal(error.detail, "person");
}

TEST(a_retired_field_is_no_longer_required)
{
	struct change_field fields[] = {{1, value_integer((int64_t)id_make(5, 7))}};
	struct change change = creation(fields, 1);

	sample.visit[VISIT_DATE].retired = 3;
	assert_ok(change_check(visit(), &change, &error));
}

TEST(a_creation_without_a_root_needs_a_village)
{
	struct change_field fields[] = {{1, value_text(TEXT("Siti"))},
					{TAG_VILLAGE, value_integer(6303072001)}};
	struct change change = creation(fields, 2);
	const struct record_type *family = &sample.types[TYPE_FAMILY];

	assert_ok(change_check(family, &change, &error));
	change.field_count = 1;
	assert_int_equal(change_check(family, &change, &error), STATUS_MISSING);
	assert_string_equal(error.detail, "village");
}

TEST(a_creation_whose_root_is_empty_needs_a_village)
{
	struct change_field fields[] = {{2, value_text(TEXT("Siti"))},
					{TAG_VILLAGE, value_integer(6303072001)}};
	struct change change = creation(fields, 2);
	const struct record_type *person = &sample.types[TYPE_PERSON];

	assert_ok(change_check(person, &change, &error));
	change.field_count = 1;
	assert_int_equal(change_check(person, &change, &error), STATUS_MISSING);
}

TEST(a_change_with_one_bad_value_is_invalid_and_the_value_is_not_told)
{
	struct change_field fields[] = {{4, value_integer(987654321)}, {99, value_integer(1)}};
	struct change change = creation(fields, 2);

	change.base.epoch = 9;
	assert_int_equal(change_check(visit(), &change, &error), STATUS_RANGE);
	assert_string_equal(error.detail, "hb: 3–25 g/dL");
}

/* What a cadre reads, as a whole: a word of English in a detail would show in the second. */
static const struct {
	int32_t tag;
	const char *text;
	const char *english;
	const char *indonesian;
} sentences[] = {
	{1, "Siti",
	 "not a record id: person. Copy the id, which begins with r, from a list of records",
	 "bukan nomor data: person. Salin nomornya, yang diawali r, dari daftar data"},
	{1, "r4000001s", "the record id is mistyped: person. Compare each letter and digit",
	 "nomor data salah ketik: person. Cocokkan tiap huruf dan angkanya"},
	{1, "r4u0001s", "the record id is mistyped: person: #3. Compare each letter and digit",
	 "nomor data salah ketik: person: #3. Cocokkan tiap huruf dan angkanya"},
	{2, "kemarin", "not a date: date. Write year-month-day, such as 2026-11-20",
	 "bukan tanggal: date. Tulis tahun-bulan-tanggal, misalnya 2026-11-20"},
	{2, "1970-01-03",
	 "outside the allowed range: date: 1970-01-01 – 1970-01-02. Check the value and its unit",
	 "di luar batas yang diizinkan: date: 1970-01-01 – 1970-01-02. "
	 "Periksa nilai dan satuannya"},
	{3, "hamil",
	 "not one of the choices: group: none, catin, bumil. Use one of the names listed here",
	 "bukan salah satu pilihan: group: none, catin, bumil. "
	 "Pakai salah satu nama yang tertulis di sini"},
	{4, "11.05", "more decimals than allowed: hb: 1. Round the number",
	 "angka di belakang titik melebihi batas: hb: 1. Bulatkan angkanya"},
	{4, "11,5", "not a number: hb. Write digits, with a point for decimals, such as 12.5",
	 "bukan angka: hb. Tulis dengan angka; desimal memakai titik, misalnya 12.5"},
	{4, "99", "outside the allowed range: hb: 3–25 g/dL. Check the value and its unit",
	 "di luar batas yang diizinkan: hb: 3–25 g/dL. Periksa nilai dan satuannya"},
	{5, "gizi,foo",
	 "not one of the choices: topics: gizi, asi. Use one of the names listed here",
	 "bukan salah satu pilihan: topics: gizi, asi. Pakai salah satu nama yang tertulis di sini"},
	{5, "gizi,+asi",
	 "the list of choices is not clear: topics. "
	 "Write the whole list (a,b) or only what changes (+a,-b), each choice once",
	 "daftar pilihan tidak jelas: topics. "
	 "Tulis daftar lengkap (a,b) atau perubahannya saja (+a,-b), tiap pilihan satu kali"},
	{6, "ya", "neither true nor false: done. Write true or false",
	 "bukan true atau false: done. Isi true (ya) atau false (tidak)"},
	{8, "Gang Melur",
	 "not a point on the map: point. Write latitude,longitude, such as -3.32,114.59",
	 "bukan titik di peta: point. Tulis lintang,bujur, misalnya -3.32,114.59"},
	{8, "91,0",
	 "outside the allowed range: point: -90 – 90, -180 – 180. Check the value and its unit",
	 "di luar batas yang diizinkan: point: -90 – 90, -180 – 180. "
	 "Periksa nilai dan satuannya"},
	{9, "123456789012345678901", "the text is longer than allowed: note: 20. Shorten it",
	 "teks melebihi panjang yang diizinkan: note: 20. Persingkat"},
	{9, "\xff", "not a text in UTF-8: note. Write it again with ordinary letters",
	 "bukan teks UTF-8: note. Tulis ulang dengan huruf biasa"},
	{TAG_VILLAGE, "Melur",
	 "not a village code: village. Write its 10 digits, such as 6303072001",
	 "bukan kode desa atau kelurahan: village. Tulis 10 angkanya, misalnya 6303072001"},
	{TAG_SAME_AS, "r1",
	 "not a record id: same_as. "
	 "Copy the id, which begins with r, from a list of records",
	 "bukan nomor data: same_as. Salin nomornya, yang diawali r, dari daftar data"},
	{77, "1", "there is no such field: field_77. See the names with `sambung form`",
	 "tidak ada isian dengan nama itu: field_77. Lihat nama isian dengan `sambung form`"},
};

TEST(a_refusal_is_one_sentence_in_the_language_of_its_reader)
{
	sample.visit[VISIT_DATE].refuse = (struct range){true, 0, 1};
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
		struct value value;
		char out[400];

		assert_int_not_equal(value_from_text(visit(), sentences[i].tag,
						     span_of_text(sentences[i].text), 0, &value,
						     &error),
				     STATUS_OK);
		assert_string_equal(error_sentence(&error, LANGUAGE_EN, out, sizeof out),
				    sentences[i].english);
		assert_string_equal(error_sentence(&error, LANGUAGE_ID, out, sizeof out),
				    sentences[i].indonesian);
	}
}

TEST(a_missing_field_is_told_in_the_language_of_its_reader)
{
	struct change_field fields[] = {{1, value_integer((int64_t)id_make(5, 7))}};
	struct change change = creation(fields, 1);
	char out[400];

	assert_int_equal(change_check(visit(), &change, &error), STATUS_MISSING);
	assert_string_equal(error_sentence(&error, LANGUAGE_EN, out, sizeof out),
			    "a required field is empty: date. Fill it in and save again");
	assert_string_equal(error_sentence(&error, LANGUAGE_ID, out, sizeof out),
			    "isian wajib masih kosong: date. Isi dulu lalu simpan lagi");
}

#define WITH(sentence) CASE_WITH(sentence, set_up, NULL)

RUN_TESTS(WITH(decimals_are_read_in_the_shown_unit),
	  WITH(a_number_is_refused_with_the_rule_that_it_breaks),
	  WITH(an_empty_text_clears_any_field), WITH(booleans_are_true_or_false),
	  WITH(choices_are_read_by_name), WITH(dates_are_calendar_days),
	  WITH(texts_are_kept_as_they_are_up_to_their_limit), WITH(references_are_ids),
	  WITH(an_id_with_more_behind_it_is_refused), WITH(a_nul_does_not_end_a_code),
	  WITH(points_are_latitude_and_longitude), WITH(villages_are_read_with_or_without_dots),
	  WITH(the_reason_of_an_archive_is_a_text),
	  WITH(a_field_that_the_type_does_not_have_is_unknown),
	  WITH(a_list_replaces_the_set_that_was_shown), WITH(signs_change_the_set_that_was_shown),
	  WITH(choices_of_a_newer_schema_stay_in_the_set),
	  WITH(a_set_that_is_no_list_of_choices_is_refused),
	  WITH(a_value_of_another_form_is_refused),
	  WITH(a_text_of_no_bytes_is_refused_as_empty_is_a_value_of_its_own),
	  WITH(a_value_is_checked_against_range_choices_text_bound_and_ids),
	  WITH(a_value_of_a_field_that_the_schema_does_not_know_is_left_alone),
	  WITH(a_creation_needs_its_required_fields), WITH(an_edit_needs_no_required_fields),
	  WITH(an_edit_may_change_where_a_record_belongs_but_not_empty_it),
	  WITH(a_retired_field_is_no_longer_required),
	  WITH(a_creation_without_a_root_needs_a_village),
	  WITH(a_creation_whose_root_is_empty_needs_a_village),
	  WITH(a_change_with_one_bad_value_is_invalid_and_the_value_is_not_told),
	  WITH(a_refusal_is_one_sentence_in_the_language_of_its_reader),
	  WITH(a_missing_field_is_told_in_the_language_of_its_reader))
