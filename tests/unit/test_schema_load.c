/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/schema/load.h"
#include "tests/testing.h"

#include <stdlib.h>

/* A schema file whose parts a test may replace. */
static const char whole[] =
	"{\"schema\": \"kit\", \"version\": 4,\n"
	" \"choices\": {\"topic\": [{\"code\": 1, \"name\": \"asi\", \"label\": {\"id\": \"ASI\", "
	"\"en\": \"Milk\"}}],\n"
	"  \"group\": [{\"code\": 2, \"name\": \"bumil\", \"label\": {\"id\": \"Bumil\", \"en\": "
	"\"Pregnant\"}, \"retired\": 3},\n"
	"   {\"code\": 1, \"name\": \"catin\", \"label\": {\"id\": \"Catin\", \"en\": \"Bride\"}}]},\n"
	" \"types\": [{\"tag\": 3, \"name\": \"visit\", \"label\": {\"id\": \"Kunjungan\", \"en\": "
	"\"Visit\"}, \"root\": \"person\", \"title\": [\"date\", \"person\"],\n"
	"  \"fields\": [\n"
	"   {\"tag\": 4, \"name\": \"hb\", \"type\": \"integer\", \"scale\": 1, \"unit\": \"g/dL\", "
	"\"refuse\": [30, 250], \"warn\": [70, 180], \"personal\": \"health\", \"policy\": \"review\", "
	"\"if\": [\"in\", \"group\", [\"catin\", \"bumil\"]], \"label\": {\"id\": \"Hb\", \"en\": "
	"\"Hb\"}},\n"
	"   {\"tag\": 1, \"name\": \"person\", \"type\": \"reference\", \"to\": \"person\", "
	"\"required\": \"create\", \"policy\": \"review\", \"label\": {\"id\": \"A\", \"en\": \"P\"}},\n"
	"   {\"tag\": 2, \"name\": \"date\", \"type\": \"date\", \"refuse\": [\"2000-01-01\", "
	"\"2100-01-01\"], \"policy\": \"review\", \"label\": {\"id\": \"T\", \"en\": \"D\"}},\n"
	"   {\"tag\": 3, \"name\": \"group\", \"type\": \"choice\", \"choices\": \"group\", "
	"\"policy\": \"latest\", \"label\": {\"id\": \"K\", \"en\": \"G\"}},\n"
	"   {\"tag\": 5, \"name\": \"topics\", \"type\": \"set\", \"choices\": \"topic\", "
	"\"policy\": \"set\", \"label\": {\"id\": \"M\", \"en\": \"T\"}},\n"
	"   {\"tag\": 6, \"name\": \"words\", \"type\": \"text\", \"max\": 50, \"policy\": \"review\", "
	"\"formerly\": [\"note\", \"remark\"], \"replaces\": \"topics\", \"retired\": 4, \"label\": "
	"{\"id\": \"C\", \"en\": \"N\"}},\n"
	"   {\"tag\": 7, \"name\": \"done\", \"type\": \"boolean\", \"policy\": \"latest\", \"label\": "
	"{\"id\": \"S\", \"en\": \"D\"}}],\n"
	"  \"rules\": [{\"name\": \"late\", \"level\": \"warn\", \"when\": [\"all\", [\">\", "
	"[\"days_since\", \"date\"], 30], [\"not\", [\"empty\", \"hb\"]], [\"=\", \"done\", false], "
	"[\"<\", \"date\", \"1970-01-03\"]], \"label\": {\"id\": \"L\", \"en\": \"L\"}, \"source\": "
	"\"guide\"}]},\n"
	"  {\"tag\": 2, \"name\": \"person\", \"label\": {\"id\": \"Anggota\", \"en\": \"Person\"}, "
	"\"fields\": []}]}";

static enum status
load(const char *text, struct schema **out, struct error *err)
{
	*out = NULL;
	return schema_load_json(span_of_text(text), out, err);
}

TEST(the_struct_holds_what_the_file_says)
{
	struct schema *schema;
	struct error err = {.detail = ""};
	const struct record_type *visit;
	const struct field *hb;

	assert_int_equal(load(whole, &schema, &err), STATUS_OK);
	assert_int_equal(schema->version, 4);
	visit = schema_type(schema, 3);
	assert_int_equal(visit->root, 1);
	assert_int_equal(visit->title_count, 2);
	assert_int_equal(visit->title[0], 2);
	hb = type_field(visit, 4);
	assert_int_equal(hb->scale, 1);
	assert_int_equal(hb->refuse.low, 30);
	assert_int_equal(hb->warn.high, 180);
	assert_int_equal(hb->personal, PERSONAL_HEALTH);
	assert_true(span_equal(hb->unit, span_of_text("g/dL")));
	assert_true(span_equal(hb->label.en, span_of_text("Hb")));
	assert_int_equal(type_field(visit, 1)->target, 2);
	assert_true(type_field(visit, 1)->required);
	assert_false(hb->required);
	assert_int_equal(type_field(visit, 2)->refuse.low, day_from_civil(2000, 1, 1));
	assert_int_equal(type_field(visit, 6)->text_max, 50);
	assert_int_equal(type_field(visit, 6)->formerly_count, 2);
	assert_int_equal(type_field(visit, 6)->replaces, 5);
	assert_int_equal(type_field(visit, 6)->retired, 4);
	schema_free(schema);
}

TEST(names_in_conditions_become_tags_codes_and_days)
{
	struct schema *schema;
	const struct record_type *visit;
	const struct condition *shown;
	const struct condition *late;

	assert_ok(load(whole, &schema, NULL));
	visit = schema_type(schema, 3);
	shown = type_field(visit, 4)->condition;
	assert_int_equal(shown->op, RULE_IN);
	assert_int_equal(shown->tag, 3);
	assert_int_equal(shown->count, 2);
	assert_int_equal(shown->values[0].integer, 1);
	assert_int_equal(shown->values[1].integer, 2);
	late = visit->rules[0].when;
	assert_int_equal(late->count, 4);
	assert_true(late->parts[0].days_since);
	assert_int_equal(late->parts[0].values[0].integer, 30);
	assert_int_equal(late->parts[1].parts[0].op, RULE_EMPTY);
	assert_true(value_equal(late->parts[2].values[0], value_boolean(false)));
	assert_int_equal(late->parts[3].values[0].integer, 2);
	schema_free(schema);
}

TEST(lists_and_their_codes_are_sorted_and_fields_find_them)
{
	struct schema *schema;

	assert_ok(load(whole, &schema, NULL));
	assert_true(span_equal(schema->lists[0].name, span_of_text("group")));
	assert_int_equal(schema->lists[0].choices[0].code, 1);
	assert_int_equal(schema->lists[0].choices[1].retired, 3);
	assert_ptr_equal(type_field(schema_type(schema, 3), 3)->choices, &schema->lists[0]);
	assert_ptr_equal(type_field(schema_type(schema, 3), 5)->choices, &schema->lists[1]);
	schema_free(schema);
}

static void
assert_round_trip(const struct schema *schema)
{
	struct buffer bytes;
	struct buffer again;
	struct schema *decoded;
	struct error err = {.detail = ""};

	buffer_init(&bytes, SCHEMA_BYTES_MAX);
	buffer_init(&again, SCHEMA_BYTES_MAX);
	schema_encode(schema, &bytes);
	assert_int_equal(schema_decode(buffer_span(&bytes), &decoded, &err), STATUS_OK);
	assert_memory_equal(decoded->hash, schema->hash, sizeof schema->hash);
	schema_encode(decoded, &again);
	assert_true(span_equal(buffer_span(&bytes), buffer_span(&again)));
	schema_free(decoded);
	buffer_finish(&bytes);
	buffer_finish(&again);
}

TEST(a_loaded_schema_keeps_its_bytes_through_the_codec)
{
	struct schema *schema;

	assert_ok(load(whole, &schema, NULL));
	assert_round_trip(schema);
	schema_free(schema);
}

TEST(the_order_in_the_file_does_not_change_the_hash)
{
	static const char one[] =
		"{\"schema\":\"k\",\"version\":1,\"types\":[{\"tag\":1,\"name\":\"t\",\"label\":"
		"{\"id\":\"a\",\"en\":\"b\"}},{\"tag\":2,\"name\":\"u\",\"label\":{\"id\":\"a\","
		"\"en\":\"b\"}}]}";
	static const char other[] =
		"{\"types\":[{\"name\":\"u\",\"label\":{\"en\":\"b\",\"id\":\"a\"},\"tag\":2},"
		"{\"tag\":1,\"name\":\"t\",\"label\":{\"id\":\"a\",\"en\":\"b\"},\"rules\":[]}],"
		"\"choices\":{},\"version\":1,\"schema\":\"k\"}";
	struct schema *a;
	struct schema *b;

	assert_ok(load(one, &a, NULL));
	assert_ok(load(other, &b, NULL));
	assert_memory_equal(a->hash, b->hash, sizeof a->hash);
	schema_free(a);
	schema_free(b);
}

/* The file with the first `part` replaced is refused with exactly this detail. */
struct refusal {
	const char *part;
	const char *by;
	const char *detail;
};

static void
assert_refusal(const struct refusal *refusal)
{
	static char text[2 * sizeof whole];
	const char *at = strstr(whole, refusal->part);
	struct schema *schema;
	struct error err = {.detail = ""};

	assert_non_null(at);
	(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - whole), whole, refusal->by,
		       at + strlen(refusal->part));
	assert_int_equal(load(text, &schema, &err), STATUS_INVALID);
	assert_null(schema);
	if (strncmp(err.detail, refusal->detail, strlen(refusal->detail)) != 0) {
		assert_string_equal(err.detail, refusal->detail);
	}
}

#define ASSERT_REFUSALS(refusals)                                                                  \
	for (size_t i = 0; i < sizeof(refusals) / sizeof((refusals)[0]); i++) {                    \
		assert_refusal(&(refusals)[i]);                                                    \
	}

TEST(duplicate_and_unknown_keys_are_refused)
{
	static const struct refusal refusals[] = {
		{"\"version\": 4", "\"version\": 4, \"version\": 4", "line 1, column "},
		{"\"version\": 4", "\"version\": 4, \"author\": \"x\"", "unknown key \"author\""},
		{"\"tag\": 3, \"name\": \"visit\"", "\"tag\": 3, \"titel\": 1, \"name\": \"visit\"",
		 "types[0]: unknown key \"titel\""},
		{"\"scale\": 1", "\"scale\": 1, \"scales\": 2",
		 "visit.fields[0]: unknown key \"scales\""},
		{"{\"code\": 1,", "{\"code\": 1, \"colour\": 1,",
		 "choices.topic[0]: unknown key \"colour\""},
		{"\"en\": \"Visit\"", "\"en\": \"Visit\", \"nl\": \"x\"",
		 "visit: label: unknown key \"nl\""},
		{"\"level\": \"warn\"", "\"level\": \"warn\", \"why\": 1",
		 "visit.rules[0]: unknown key \"why\""},
	};

	ASSERT_REFUSALS(refusals);
}

TEST(wrong_types_of_json_are_refused)
{
	static const struct refusal refusals[] = {
		{"\"version\": 4", "\"version\": \"4\"", "version: not a whole number"},
		{"\"version\": 4", "\"version\": 4.0", "version: not a whole number"},
		{"\"version\": 4", "\"version\": -4", "version: not a whole number"},
		{"\"version\": 4", "\"version\": 4294967296", "version: not a whole number"},
		{"\"schema\": \"kit\"", "\"schema\": 7", "schema: not a text"},
		{"\"schema\": \"kit\"", "\"schema\": \"\"", "schema: not a text"},
		{"\"scale\": 1", "\"scale\": 7", "visit.hb: scale: not a whole number from 0 to 6"},
		{"\"scale\": 1", "\"scale\": true", "visit.hb: scale: not a whole number"},
		{"\"max\": 50", "\"max\": 2001", "visit.words: max: not a whole number"},
		{"\"refuse\": [30, 250]", "\"refuse\": 30", "visit.hb: refuse: not an array"},
		{"\"refuse\": [30, 250]", "\"refuse\": [30]", "visit.hb: refuse: not [low, high]"},
		{"\"refuse\": [30, 250]", "\"refuse\": [30, 2.5]",
		 "visit.hb: refuse: not [low, high]"},
		{"\"refuse\": [30, 250]", "\"refuse\": [true, false]",
		 "visit.hb: refuse: not [low, high]"},
		{"\"formerly\": [\"note\", \"remark\"]", "\"formerly\": [1]",
		 "visit.words: formerly: not a text"},
		{"\"title\": [\"date\", \"person\"]", "\"title\": \"date\"",
		 "visit: title: not an array"},
		{"\"fields\": []", "\"fields\": {}", "person: fields: not an array"},
		{"\"fields\": []", "\"fields\": [1]", "person.fields[0]: not an object"},
		{"\"label\": {\"id\": \"Hb\", \"en\": \"Hb\"}", "\"label\": \"Hb\"",
		 "visit.hb: label: not an object"},
		{"\"topic\": [", "\"zero\": 1, \"topic\": [", "choices.zero: not an array"},
		{"{\"schema\"", "[{\"schema\"", "line "},
	};

	ASSERT_REFUSALS(refusals);
}

TEST(what_is_missing_is_named)
{
	static const struct refusal refusals[] = {
		{"\"schema\": \"kit\", ", "", "schema is missing"},
		{"\"version\": 4,", "", "version is missing"},
		{"\"tag\": 4, ", "", "visit.hb: tag is missing"},
		{"\"name\": \"hb\", ", "", "visit.fields[0]: name is missing"},
		{"\"type\": \"integer\", ", "", "visit.hb: type is missing"},
		{"\"policy\": \"review\", \"if\"", "\"if\"", "visit.hb: policy is missing"},
		{", \"label\": {\"id\": \"Hb\", \"en\": \"Hb\"}", "", "visit.hb: label is missing"},
		{"{\"id\": \"Hb\", \"en\": \"Hb\"}", "{\"id\": \"Hb\"}",
		 "visit.hb: label: en is missing"},
		{"\"code\": 1, ", "", "choices.topic[0]: code is missing"},
		{"\"level\": \"warn\", ", "", "visit.rules.late: level is missing"},
		{"\"choices\": \"group\", ", "", "visit.hb: if: a value does not fit group"},
	};

	ASSERT_REFUSALS(refusals);
}

TEST(names_that_lead_nowhere_are_refused)
{
	static const struct refusal refusals[] = {
		{"\"to\": \"person\"", "\"to\": \"people\"",
		 "visit.person: to: there is no type \"people\""},
		{"\"root\": \"person\"", "\"root\": \"people\"",
		 "visit: root: there is no field \"people\""},
		{"\"title\": [\"date\"", "\"title\": [\"day\"",
		 "visit: title: there is no field \"day\""},
		{"\"choices\": \"group\"", "\"choices\": \"groups\"",
		 "visit.group: there are no choices \"groups\""},
		{"\"replaces\": \"topics\"", "\"replaces\": \"topic\"",
		 "visit.words: replaces: there is no field \"topic\""},
		{"\"type\": \"integer\"", "\"type\": \"float\"",
		 "visit.hb: type: unknown word \"float\""},
		{"\"policy\": \"latest\"", "\"policy\": \"last\"",
		 "visit.group: policy: unknown word \"last\""},
		{"\"personal\": \"health\"", "\"personal\": \"secret\"",
		 "visit.hb: personal: unknown word \"secret\""},
		{"\"required\": \"create\"", "\"required\": \"always\"",
		 "visit.person: required: unknown word \"always\""},
		{"[\"in\", \"group\"", "[\"in\", \"groups\"",
		 "visit.hb: if: there is no field \"groups\""},
		{"[\"catin\", \"bumil\"]", "[\"catin\", \"bumi\"]",
		 "visit.hb: if: group has no choice \"bumi\""},
	};

	ASSERT_REFUSALS(refusals);
}

#define CONDITION "[\"in\", \"group\", [\"catin\", \"bumil\"]]"

TEST(conditions_of_another_shape_are_refused)
{
	static const struct refusal refusals[] = {
		{CONDITION, "\"group\"", "visit.hb: if: not an array that begins with an operator"},
		{CONDITION, "[]", "visit.hb: if: not an array that begins with an operator"},
		{CONDITION, "[\"xor\"]", "visit.hb: if: not an array that begins with an operator"},
		{CONDITION, "[\"=\", \"group\"]", "visit.hb: if: = takes a field and"},
		{CONDITION, "[\"empty\", \"hb\", 1]", "visit.hb: if: empty takes a field"},
		{CONDITION, "[\"=\", 3, 1]", "visit.hb: if: not the name of a field"},
		{CONDITION, "[\"=\", [\"days\", \"date\"], 1]", "visit.hb: if: not a field nor"},
		{CONDITION, "[\"=\", [\"days_since\"], 1]", "visit.hb: if: not a field nor"},
		{CONDITION, "[\"in\", \"group\", \"bumil\"]", "visit.hb: if: in: not an array"},
		{CONDITION, "[\"in\", \"group\", []]", "visit.hb: if: in takes 1 to 64 values"},
		{CONDITION, "[\"=\", \"hb\", 1.5]", "visit.hb: if: a value does not fit hb"},
		{CONDITION, "[\"=\", \"hb\", \"1\"]", "visit.hb: if: a value does not fit hb"},
		{CONDITION, "[\"=\", \"date\", \"1 May\"]",
		 "visit.hb: if: a value does not fit date"},
		{CONDITION, "[\"=\", \"date\", null]", "visit.hb: if: a value does not fit date"},
		{CONDITION, "[\"=\", [\"days_since\", \"date\"], \"1970-01-03\"]",
		 "visit.hb: if: a value does not fit date"},
		{CONDITION, "[\"all\"]", "visit.hb: if: all has the wrong number of parts"},
		{CONDITION, "[\"not\", 1]", "visit.hb: if: not an array that begins"},
		{CONDITION,
		 "[\"not\", [\"not\", [\"not\", [\"not\", [\"not\", [\"empty\", \"hb\"]]]]]]",
		 "visit.hb: if: more than 4 deep"},
		{CONDITION, "[\"<\", \"group\", \"bumil\"]", "visit.hb: if: < does not fit group"},
	};

	ASSERT_REFUSALS(refusals);
}

TEST(what_schema_check_refuses_is_refused_with_its_place)
{
	static const struct refusal refusals[] = {
		{"\"warn\": [70, 180]", "\"warn\": [20, 180]", "visit.hb: warn outside refuse"},
		{"\"name\": \"words\"", "\"name\": \"seq\"", "visit.seq: the name is reserved"},
		{"\"tag\": 4, \"name\": \"hb\"", "\"tag\": 1, \"name\": \"hb\"", "visit."},
		{"\"to\": \"person\"", "\"to\": \"visit\"", "visit: the roots go in a circle"},
		{"\"version\": 4", "\"version\": 0", "version: the first is 1"},
	};

	ASSERT_REFUSALS(refusals);
}

TEST(texts_that_are_no_json_are_refused_with_their_line)
{
	static const char *const texts[] = {"",
					    "{",
					    "{} {}",
					    "nul",
					    "\"x\"",
					    "{\"a\": \"\xff\"}",
					    "{\"schema\": \"a\\u0000b\"}",
					    "\xef\xbb\xbf{}"};
	struct schema *schema;
	struct error err;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(load(texts[i], &schema, &err), STATUS_INVALID);
		assert_contains(err.detail, "line 1, column ");
		assert_true(utf8_valid(span_of_text(err.detail)));
	}
	assert_int_equal(load("[]", &schema, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "not an object");
}

TEST(a_file_above_256_kib_is_refused)
{
	static char text[SCHEMA_BYTES_MAX + 1];
	struct schema *schema = NULL;

	memset(text, ' ', sizeof text);
	memcpy(text, whole, sizeof whole - 1);
	assert_int_equal(schema_load_json(span_of(text, sizeof text), &schema, NULL), STATUS_LIMIT);
	assert_ok(schema_load_json(span_of(text, sizeof text - 1), &schema, NULL));
	schema_free(schema);
}

TEST(too_many_types_are_refused)
{
	struct schema *schema;
	struct error err;
	struct buffer text;

	buffer_init(&text, SCHEMA_BYTES_MAX);
	buffer_printf(&text, "{\"schema\":\"k\",\"version\":1,\"types\":[0");
	for (int i = 0; i < 64; i++) {
		buffer_printf(&text, ",%d", i);
	}
	buffer_printf(&text, "]}");
	assert_int_equal(schema_load_json(buffer_span(&text), &schema, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "types: more than 64");
	buffer_finish(&text);
}

/* The programme that is shipped, where the build says it is. */
TEST(the_shipped_schema_is_accepted_and_keeps_its_bytes)
{
	static char text[SCHEMA_BYTES_MAX];
	const char *path = getenv("SAMBUNG_TEST_SCHEMA");
	FILE *file = path == NULL ? NULL : fopen(path, "rb");
	struct schema *schema;
	struct error err = {.detail = ""};
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof text, file);
	(void)fclose(file);
	if (schema_load_json(span_of(text, length), &schema, &err) != STATUS_OK) {
		assert_string_equal(err.detail, "");
	}
	assert_round_trip(schema);
	schema_free(schema);
}

RUN_TESTS(CASE(the_struct_holds_what_the_file_says),
	  CASE(names_in_conditions_become_tags_codes_and_days),
	  CASE(lists_and_their_codes_are_sorted_and_fields_find_them),
	  CASE(a_loaded_schema_keeps_its_bytes_through_the_codec),
	  CASE(the_order_in_the_file_does_not_change_the_hash),
	  CASE(duplicate_and_unknown_keys_are_refused), CASE(wrong_types_of_json_are_refused),
	  CASE(what_is_missing_is_named), CASE(names_that_lead_nowhere_are_refused),
	  CASE(conditions_of_another_shape_are_refused),
	  CASE(what_schema_check_refuses_is_refused_with_its_place),
	  CASE(texts_that_are_no_json_are_refused_with_their_line),
	  CASE(a_file_above_256_kib_is_refused), CASE(too_many_types_are_refused),
	  CASE(the_shipped_schema_is_accepted_and_keeps_its_bytes))
