/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/json.h"
#include "record_sample.h"
#include "tests/testing.h"

enum { TODAY = 20000, USER = 900 };

static struct record_sample s;
static struct buffer out;
static struct json json;

static int
set_up(__attribute__((unused)) void **state)
{
	record_sample_fill(&s);
	buffer_init(&out, 1 << 16);
	json = json_start(&out);
	return 0;
}

static int
tear_down(__attribute__((unused)) void **state)
{
	buffer_finish(&out);
	return 0;
}

static void
assert_written(const char *text)
{
	buffer_append_byte(&out, 0);
	assert_ok(buffer_status(&out, "json", NULL));
	assert_string_equal((const char *)out.at, text);
}

static bool
find_name(__attribute__((unused)) void *context, uint32_t number, struct stream_name *name_out)
{
	if (number != SAMPLE_DEVICE && number != USER) {
		return false;
	}
	name_out->number = number;
	name_out->kind = number == USER ? STREAM_USER : STREAM_DEVICE;
	name_out->name = number == USER ? TEXT("dewi") : TEXT("Ani");
	return true;
}

static const struct stream_names names = {.find = find_name};

static void
write_record(void)
{
	json_record(&json, &s.schema.schema, &s.record, &s.context, &names, TODAY);
}

TEST(commas_stand_between_items_only)
{
	json_put_object(&json);
	json_put_key(&json, "a");
	json_put_array(&json);
	json_put_int(&json, -1);
	json_put_uint(&json, UINT64_MAX);
	json_put_array(&json);
	json_put_array_end(&json);
	json_put_null(&json);
	json_put_array_end(&json);
	json_put_key_span(&json, TEXT("b"));
	json_put_object(&json);
	json_put_object_end(&json);
	json_put_key(&json, "c");
	json_put_bool(&json, true);
	json_put_key(&json, "d");
	json_put_bool(&json, false);
	json_put_object_end(&json);
	json_put_line_end(&json);
	json_put_array(&json);
	json_put_array_end(&json);
	assert_written(
		"{\"a\":[-1,18446744073709551615,[],null],\"b\":{},\"c\":true,\"d\":false}\n[]");
}

TEST(texts_are_escaped)
{
	json_put_text(&json, TEXT("a\"b\\c\n\r\t\x01\x1f/\x7f é"));
	assert_written("\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f/\x7f é\"");
}

TEST(keys_are_escaped_too)
{
	json_put_object(&json);
	json_put_key(&json, "\"");
	json_put_string(&json, "");
	json_put_object_end(&json);
	assert_written("{\"\\\"\":\"\"}");
}

TEST(decimals_ids_and_instants_have_their_form)
{
	char id[ID_TEXT_SIZE];
	char wanted[128];

	json_put_array(&json);
	json_put_decimal(&json, 8450, 3);
	json_put_decimal(&json, -110, 1);
	json_put_id(&json, id_make(5, 7));
	json_put_id(&json, 0);
	json_put_instant(&json, 1001);
	json_put_array_end(&json);
	(void)snprintf(wanted, sizeof wanted, "[8.45,-11,\"%s\",null,\"1970-01-01T00:00:01.001Z\"]",
		       id_format(id_make(5, 7), id));
	assert_written(wanted);
}

TEST(a_full_buffer_is_remembered)
{
	buffer_finish(&out);
	buffer_init(&out, 3);
	json_put_string(&json, "four");
	assert_int_equal(buffer_status(&out, "json", NULL), STATUS_LIMIT);
}

static void
write_value(int32_t tag, struct value value)
{
	json_value(&json, type_field(&s.schema.types[TYPE_VISIT], tag), tag, value);
}

TEST(values_are_shown_as_their_field_says)
{
	json_put_array(&json);
	write_value(4, value_integer(110));
	write_value(4, value_integer(105));
	write_value(3, value_integer(2));
	write_value(3, value_integer(9));
	write_value(2, value_integer(1));
	write_value(6, value_boolean(false));
	write_value(8, value_pair(-332000, 11459001));
	write_value(9, value_text(TEXT("x")));
	write_value(9, value_empty());
	json_put_array_end(&json);
	assert_written("[11,10.5,\"bumil\",\"code 9 (new)\",\"1970-01-02\",false,"
		       "[-3.32,114.59001],\"x\",null]");
}

TEST(sets_are_sorted_by_name_with_what_is_new)
{
	json_put_array(&json);
	write_value(5, value_integer(1 << 0 | 1 << 1 | 1 << 9 | INT64_C(1) << 62));
	write_value(5, value_integer(0));
	write_value(5, value_pair(1 << 0 | 1 << 1, INT64_C(1) << 62));
	json_put_array_end(&json);
	assert_written(
		"[[\"asi\",\"code 9 (new)\",\"gizi\",\"kb\"],[],[\"+asi\",\"+gizi\",\"-kb\"]]");
}

TEST(every_bit_of_a_set_fits)
{
	write_value(5, value_pair(INT64_MAX, INT64_MAX));
	assert_ok(buffer_status(&out, "json", NULL));
}

TEST(built_ins_are_ids_villages_and_texts)
{
	char id[ID_TEXT_SIZE];
	char wanted[128];

	json_put_array(&json);
	write_value(TAG_VILLAGE, value_integer(6303072001));
	write_value(TAG_SAME_AS, value_integer((int64_t)id_make(5, 7)));
	write_value(TAG_ARCHIVED, value_text(TEXT("moved")));
	write_value(TAG_ARCHIVED, value_empty());
	json_put_array_end(&json);
	(void)snprintf(wanted, sizeof wanted, "[\"6303072001\",\"%s\",\"moved\",null]",
		       id_format(id_make(5, 7), id));
	assert_written(wanted);
}

TEST(a_value_that_does_not_fit_its_field_is_shown_by_its_form)
{
	json_put_array(&json);
	write_value(77, value_integer(INT64_MIN));
	write_value(77, value_pair(1, 2));
	write_value(3, value_text(TEXT("x")));
	write_value(2, value_integer(INT64_C(1) << 50));
	write_value(1, value_integer(-1));
	write_value(5, value_boolean(true));
	write_value(TAG_VILLAGE, value_integer(-1));
	json_put_array_end(&json);
	assert_written("[-9223372036854775808,[1,2],\"x\",1125899906842624,-1,true,-1]");
}

/* The record of the sample between its head and what is asked for. */
static void
assert_record(const char *rest)
{
	char id[ID_TEXT_SIZE];
	char wanted[2048];

	(void)snprintf(wanted, sizeof wanted,
		       "{\"id\":\"%s\",\"type\":\"visit\",\"version\":40,"
		       "\"village\":\"6303072001\",%s}",
		       id_format(s.record.id, id), rest);
	assert_written(wanted);
}

TEST(an_empty_record_has_all_its_keys)
{
	write_record();
	assert_record("\"fields\":{},\"conflicts\":{},\"archived\":null,\"flags\":[]");
}

TEST(fields_stand_in_the_order_of_tags_and_empty_ones_are_absent)
{
	record_sample_add(&s, 3, value_integer(2));
	record_sample_add(&s, 4, value_integer(105));
	record_sample_add(&s, 5, value_integer(0));
	record_sample_add(&s, 6, value_empty());
	record_sample_add(&s, 40, value_integer(5));
	record_sample_add(&s, TAG_VILLAGE, value_integer(6303072001));
	write_record();
	assert_record("\"fields\":{\"group\":\"bumil\",\"hb\":10.5,\"field_40\":5},"
		      "\"conflicts\":{},\"archived\":null,\"flags\":[\"anaemia\"]");
}

TEST(same_as_stands_among_the_fields_as_an_id)
{
	char id[ID_TEXT_SIZE];
	char wanted[256];

	record_sample_add(&s, TAG_SAME_AS, value_integer((int64_t)id_make(6, 1)));
	write_record();
	(void)snprintf(wanted, sizeof wanted,
		       "\"fields\":{\"same_as\":\"%s\"},\"conflicts\":{},\"archived\":null,"
		       "\"flags\":[]",
		       id_format(id_make(6, 1), id));
	assert_record(wanted);
}

TEST(flags_stand_in_the_order_of_the_schema)
{
	record_sample_add(&s, 3, value_integer(2));
	record_sample_add(&s, 4, value_integer(50));
	record_sample_add(&s, 7, value_integer(TODAY - 1));
	write_record();
	assert_record("\"fields\":{\"group\":\"bumil\",\"hb\":5,\"next_date\":\"2024-10-03\"},"
		      "\"conflicts\":{},\"archived\":null,\"flags\":[\"anaemia\",\"late\"]");
}

TEST(a_conflict_lists_its_members_with_who_when_and_where)
{
	record_sample_add(&s, 4, value_integer(110))->seq = 0;
	record_sample_add_member(&s, 77, 2, value_integer(111));
	record_sample_add_member(&s, USER, 3, value_empty());
	write_record();
	assert_record("\"fields\":{},\"conflicts\":{\"hb\":["
		      "{\"value\":11,\"device\":5,\"cadre\":\"Ani\","
		      "\"time\":\"1970-01-01T00:16:41.000Z\",\"seq\":null},"
		      "{\"value\":11.1,\"device\":77,\"cadre\":null,"
		      "\"time\":\"1970-01-01T00:16:42.000Z\",\"seq\":40},"
		      "{\"value\":null,\"user\":\"dewi\","
		      "\"time\":\"1970-01-01T00:16:43.000Z\",\"seq\":40}]},"
		      "\"archived\":null,\"flags\":[]");
}

TEST(equal_members_and_members_of_sets_are_no_conflict)
{
	record_sample_add(&s, 4, value_integer(110));
	record_sample_add_member(&s, 6, 2, value_integer(110));
	record_sample_add(&s, 5, value_integer(1));
	record_sample_add_member(&s, 6, 3, value_integer(2));
	write_record();
	assert_record("\"fields\":{\"hb\":11,\"topics\":[\"asi\",\"gizi\"]},\"conflicts\":{},"
		      "\"archived\":null,\"flags\":[]");
}

TEST(a_conflict_of_a_policy_without_list_is_shown_as_well)
{
	record_sample_add(&s, 6, value_boolean(true));
	record_sample_add_member(&s, USER, 2, value_boolean(false));
	write_record();
	buffer_append_byte(&out, 0);
	assert_contains((const char *)out.at, "\"conflicts\":{\"done\":[{\"value\":true,");
}

TEST(an_archive_against_an_edit_lists_both_the_edit_without_value)
{
	struct dot *edit = record_sample_add(&s, 3, value_integer(2));
	struct dot *archive;

	/* The same edit in a second field is still one line. */
	s.fields[s.record.field_count++] = (struct record_field){
		.tag = 4, .members = &s.members[s.member_count], .member_count = 1};
	s.members[s.member_count++] =
		(struct member){.dot = 0, .top = true, .value = value_integer(150)};
	archive = record_sample_add(&s, TAG_ARCHIVED, value_text(TEXT("moved")));
	edit->seq = 41;
	archive->stream = 6;
	archive->seq = 40;
	write_record();
	assert_record("\"fields\":{\"group\":\"bumil\",\"hb\":15},\"conflicts\":{\"archived\":["
		      "{\"value\":\"moved\",\"device\":6,\"cadre\":null,"
		      "\"time\":\"1970-01-01T00:16:42.000Z\",\"seq\":40},"
		      "{\"value\":null,\"device\":5,\"cadre\":\"Ani\","
		      "\"time\":\"1970-01-01T00:16:41.000Z\",\"seq\":41}]},"
		      "\"archived\":\"moved\",\"flags\":[]");
}

TEST(an_archive_that_had_seen_the_edit_is_no_conflict)
{
	struct dot *archive;

	record_sample_add(&s, 3, value_integer(2))->seq = 39;
	archive = record_sample_add(&s, TAG_ARCHIVED, value_text(TEXT("moved")));
	archive->stream = 6;
	archive->base = (struct base){.epoch = SAMPLE_EPOCH, .version = 39};
	write_record();
	assert_record("\"fields\":{\"group\":\"bumil\"},\"conflicts\":{},\"archived\":\"moved\","
		      "\"flags\":[]");
}

TEST(a_record_of_an_unknown_type_and_village_is_still_shown)
{
	s.record.type = 50;
	s.record.village = 0;
	s.context.type = NULL;
	record_sample_add(&s, 3, value_integer(2));
	write_record();
	buffer_append_byte(&out, 0);
	assert_contains(
		(const char *)out.at,
		"\"type\":\"type_50\",\"version\":40,\"village\":null,"
		"\"fields\":{\"field_3\":2},\"conflicts\":{},\"archived\":null,\"flags\":[]}");
}

TEST(the_members_of_one_field_can_be_written_alone)
{
	record_sample_add(&s, 3, value_integer(2));
	json_members(&json, s.context.type, &s.record, &s.fields[0], &names);
	assert_written("[{\"value\":\"bumil\",\"device\":5,\"cadre\":\"Ani\","
		       "\"time\":\"1970-01-01T00:16:41.000Z\",\"seq\":40}]");
}

TEST(the_conflict_of_one_field_can_be_written_alone)
{
	record_sample_add(&s, 3, value_integer(2));
	record_sample_add_member(&s, USER, 2, value_empty());
	json_conflict(&json, &s.record, &s.fields[0], &s.context, &names);
	assert_written("[{\"value\":\"bumil\",\"device\":5,\"cadre\":\"Ani\","
		       "\"time\":\"1970-01-01T00:16:41.000Z\",\"seq\":40},"
		       "{\"value\":null,\"user\":\"dewi\","
		       "\"time\":\"1970-01-01T00:16:42.000Z\",\"seq\":40}]");
}

TEST(a_time_that_no_calendar_has_is_null)
{
	record_sample_add(&s, 3, value_integer(2))->time = INT64_MAX;
	json_members(&json, s.context.type, &s.record, &s.fields[0], &names);
	buffer_append_byte(&out, 0);
	assert_contains((const char *)out.at, "\"time\":null");
}

#define WITH(sentence) CASE_WITH(sentence, set_up, tear_down)

RUN_TESTS(WITH(commas_stand_between_items_only), WITH(texts_are_escaped),
	  WITH(keys_are_escaped_too), WITH(decimals_ids_and_instants_have_their_form),
	  WITH(a_full_buffer_is_remembered), WITH(values_are_shown_as_their_field_says),
	  WITH(sets_are_sorted_by_name_with_what_is_new), WITH(every_bit_of_a_set_fits),
	  WITH(built_ins_are_ids_villages_and_texts),
	  WITH(a_value_that_does_not_fit_its_field_is_shown_by_its_form),
	  WITH(an_empty_record_has_all_its_keys),
	  WITH(fields_stand_in_the_order_of_tags_and_empty_ones_are_absent),
	  WITH(same_as_stands_among_the_fields_as_an_id),
	  WITH(flags_stand_in_the_order_of_the_schema),
	  WITH(a_conflict_lists_its_members_with_who_when_and_where),
	  WITH(equal_members_and_members_of_sets_are_no_conflict),
	  WITH(a_conflict_of_a_policy_without_list_is_shown_as_well),
	  WITH(an_archive_against_an_edit_lists_both_the_edit_without_value),
	  WITH(an_archive_that_had_seen_the_edit_is_no_conflict),
	  WITH(a_record_of_an_unknown_type_and_village_is_still_shown),
	  WITH(the_members_of_one_field_can_be_written_alone),
	  WITH(the_conflict_of_one_field_can_be_written_alone),
	  WITH(a_time_that_no_calendar_has_is_null))
