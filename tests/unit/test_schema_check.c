/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/schema.h"
#include "schema_sample.h"
#include "tests/testing.h"

/* How to break the sample, and what the refusal begins with. */
struct broken {
	void (*break_it)(struct sample *s);
	const char *refusal;
};

static void
assert_refused(const struct broken *cases, size_t count, bool after_previous)
{
	static struct sample before;
	static struct sample s;

	for (size_t i = 0; i < count; i++) {
		struct error err = {.status = STATUS_OK};

		sample_fill(&before);
		sample_fill(&s);
		s.schema.version += after_previous;
		cases[i].break_it(&s);
		assert_int_equal(
			schema_check_after(&s.schema, after_previous ? &before.schema : NULL, &err),
			STATUS_INVALID);
		if (strncmp(err.detail, cases[i].refusal, strlen(cases[i].refusal)) != 0) {
			assert_string_equal(err.detail, cases[i].refusal);
		}
	}
}

#define ASSERT_REFUSED(cases) assert_refused((cases), sizeof(cases) / sizeof((cases)[0]), false)
#define ASSERT_NO_EVOLUTION(cases) assert_refused((cases), sizeof(cases) / sizeof((cases)[0]), true)

/* A case: what is changed in `s`. */
#define BREAK(name, ...)                                                                           \
	static void name(struct sample *s)                                                         \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

TEST(the_sample_is_correct)
{
	struct sample s;
	struct error err = {.detail = ""};

	sample_fill(&s);
	assert_ok(schema_check(&s.schema, &err));
	assert_string_equal(err.detail, "");
}

BREAK(schema_name_upper, s->schema.name = TEXT("Kit"))
BREAK(schema_name_empty, s->schema.name = TEXT(""))
BREAK(version_zero, s->schema.version = 0)
BREAK(no_types, s->schema.type_count = 0)

TEST(a_schema_has_a_name_a_version_and_types)
{
	static const struct broken cases[] = {
		{schema_name_upper, "schema: the name"},
		{schema_name_empty, "schema: the name"},
		{version_zero, "version: the first is 1"},
		{no_types, "types: there are none"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(field_name_upper, s->visit[VISIT_HB].name = TEXT("Hb"))
BREAK(field_name_digit, s->visit[VISIT_HB].name = TEXT("1hb"))
BREAK(field_name_hyphen, s->visit[VISIT_HB].name = TEXT("h-b"))
BREAK(field_name_empty, s->visit[VISIT_HB].name = TEXT(""))
BREAK(field_name_long, s->visit[VISIT_HB].name = TEXT("a1234567890123456789012345678901"))
BREAK(field_name_id, s->visit[VISIT_HB].name = TEXT("id"))
BREAK(field_name_type, s->visit[VISIT_HB].name = TEXT("type"))
BREAK(field_name_version, s->visit[VISIT_HB].name = TEXT("version"))
BREAK(field_name_village, s->visit[VISIT_HB].name = TEXT("village"))
BREAK(field_name_archived, s->visit[VISIT_HB].name = TEXT("archived"))
BREAK(field_name_same_as, s->visit[VISIT_HB].name = TEXT("same_as"))
BREAK(field_name_seq, s->visit[VISIT_HB].name = TEXT("seq"))
BREAK(field_name_conflicts, s->visit[VISIT_HB].name = TEXT("conflicts"))
BREAK(type_name_reserved, s->types[TYPE_VISIT].name = TEXT("seq"))
BREAK(formerly_reserved, s->formerly[0] = TEXT("id"))
BREAK(list_name_space, s->lists[LIST_TOPIC].name = TEXT("to pic"))
BREAK(choice_name_upper, s->groups[1].name = TEXT("Catin"))
BREAK(rule_name_empty, s->rules[RULE_LATE].name = TEXT(""))

TEST(names_outside_the_pattern_or_reserved_are_refused)
{
	static const struct broken cases[] = {
		{field_name_upper, "visit.Hb: the name is not [a-z]"},
		{field_name_digit, "visit.1hb: the name is not [a-z]"},
		{field_name_hyphen, "visit.h-b: the name is not [a-z]"},
		{field_name_empty, "visit.: the name is not [a-z]"},
		{field_name_long, "visit.a123456789012345678901234567890: the name is not [a-z]"},
		{field_name_id, "visit.id: the name is reserved"},
		{field_name_type, "visit.type: the name is reserved"},
		{field_name_version, "visit.version: the name is reserved"},
		{field_name_village, "visit.village: the name is reserved"},
		{field_name_archived, "visit.archived: the name is reserved"},
		{field_name_same_as, "visit.same_as: the name is reserved"},
		{field_name_seq, "visit.seq: the name is reserved"},
		{field_name_conflicts, "visit.conflicts: the name is reserved"},
		{type_name_reserved, "seq: the name is reserved"},
		{formerly_reserved, "visit.note: formerly: the name is reserved"},
		{list_name_space, "choices.to pic: the name is not [a-z]"},
		{choice_name_upper, "choices.group.Catin: the name is not [a-z]"},
		{rule_name_empty, "visit.rules.: the name is not [a-z]"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(type_name_twice, s->types[TYPE_VISIT].name = TEXT("person"))
BREAK(field_name_twice, s->visit[VISIT_HB].name = TEXT("group"))
BREAK(list_name_twice, s->lists[LIST_TOPIC].name = TEXT("group"))
BREAK(choice_name_twice, s->groups[2].name = TEXT("catin"))
BREAK(rule_name_twice, s->rules[RULE_LATE].name = TEXT("anaemia"))
BREAK(type_tag_twice, s->types[TYPE_VISIT].tag = 2)
BREAK(field_tag_twice, s->visit[VISIT_HB].tag = 3)
BREAK(choice_code_twice, s->groups[2].code = 1)
BREAK(formerly_present, s->formerly[0] = TEXT("note"))

TEST(names_tags_and_codes_stand_once)
{
	static const struct broken cases[] = {
		{type_name_twice, "person: the name stands twice"},
		{field_name_twice, "visit.group: the name stands twice"},
		{list_name_twice, "choices.group: the name stands twice"},
		{choice_name_twice, "choices.group.catin: the name stands twice"},
		{rule_name_twice, "visit.rules.anaemia: the name stands twice"},
		{type_tag_twice, "visit: tag 2 stands twice"},
		{field_tag_twice, "visit.hb: tag 3 stands twice"},
		{choice_code_twice, "choices.group.bumil: code 1 stands twice"},
		{formerly_present, "visit.note: formerly has the present name"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(type_tag_zero, s->types[TYPE_FAMILY].tag = 0)
BREAK(type_tag_large, s->types[TYPE_VISIT].tag = 65536)
BREAK(field_tag_zero, s->family[0].tag = 0)
BREAK(field_tag_negative, s->family[0].tag = TAG_VILLAGE)
BREAK(field_tag_large, s->visit[VISIT_NOTE].tag = 65536)
BREAK(code_large, s->groups[2].code = 65536)

TEST(tags_and_codes_have_sixteen_bits)
{
	static const struct broken cases[] = {
		{type_tag_zero, "family: the tag is not 1 to 65535"},
		{type_tag_large, "visit: the tag is not 1 to 65535"},
		{field_tag_zero, "family.head: the tag is not 1 to 65535"},
		{field_tag_negative, "family.head: the tag is not 1 to 65535"},
		{field_tag_large, "visit.note: the tag is not 1 to 65535"},
		{code_large, "choices.group.bumil: code above 65535"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(type_without_id, s->types[TYPE_VISIT].label.id = TEXT(""))
BREAK(type_without_en, s->types[TYPE_VISIT].label.en = TEXT(""))
BREAK(field_without_en, s->visit[VISIT_HB].label.en = TEXT(""))
BREAK(choice_without_id, s->topics[1].label.id = TEXT(""))
BREAK(rule_without_en, s->rules[RULE_LATE].label.en = TEXT(""))

TEST(a_label_missing_in_a_language_is_refused)
{
	static const struct broken cases[] = {
		{type_without_id, "visit: the label in id"},
		{type_without_en, "visit: the label in en"},
		{field_without_en, "visit.hb: the label in en"},
		{choice_without_id, "choices.topic.asi: the label in id"},
		{rule_without_en, "visit.rules.late: the label in en"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(type_unknown, s->visit[VISIT_HB].type = (enum field_type)9)
BREAK(policy_unknown, s->visit[VISIT_HB].policy = (enum policy)7)
BREAK(personal_unknown, s->visit[VISIT_HB].personal = (enum personal)5)
BREAK(set_with_latest, s->visit[VISIT_TOPICS].policy = POLICY_LATEST)
BREAK(set_with_review, s->visit[VISIT_TOPICS].policy = POLICY_REVIEW)
BREAK(set_with_once, s->visit[VISIT_TOPICS].policy = POLICY_ONCE)
BREAK(integer_with_set, s->visit[VISIT_HB].policy = POLICY_SET)
BREAK(boolean_with_max, s->visit[VISIT_DONE].policy = POLICY_MAX)
BREAK(choice_with_min, s->visit[VISIT_GROUP].policy = POLICY_MIN)
BREAK(text_with_max, s->visit[VISIT_NOTE].policy = POLICY_MAX)
BREAK(point_with_once, s->visit[VISIT_POINT].policy = POLICY_ONCE)

TEST(a_policy_unfit_for_the_type_is_refused)
{
	static const struct broken cases[] = {
		{type_unknown, "visit.hb: unknown type of field"},
		{policy_unknown, "visit.hb: unknown policy"},
		{personal_unknown, "visit.hb: unknown kind of personal data"},
		{set_with_latest, "visit.topics: policy latest does not fit type set"},
		{set_with_review, "visit.topics: policy review does not fit type set"},
		{set_with_once, "visit.topics: policy once does not fit type set"},
		{integer_with_set, "visit.hb: policy set does not fit type integer"},
		{boolean_with_max, "visit.done: policy max does not fit type boolean"},
		{choice_with_min, "visit.group: policy min does not fit type choice"},
		{text_with_max, "visit.note: policy max does not fit type text"},
		{point_with_once, "visit.point: policy once does not fit type point"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(warn_low, s->visit[VISIT_HB].warn.low = 29)
BREAK(warn_high, s->visit[VISIT_HB].warn.high = 251)
BREAK(refuse_backwards, s->visit[VISIT_HB].refuse.low = 251)
BREAK(warn_backwards, s->visit[VISIT_HB].warn.low = 181)
BREAK(refuse_54_bits, s->visit[VISIT_HB].refuse.high = INT64_C(1) << 53)
BREAK(refuse_minus_54_bits, s->visit[VISIT_HB].refuse.low = -(INT64_C(1) << 53))
BREAK(range_of_boolean, s->visit[VISIT_DONE].refuse.set = true)
BREAK(range_of_choice, s->visit[VISIT_GROUP].warn.set = true)
BREAK(range_of_years, s->visit[VISIT_NEXT].refuse = ((struct range){true, 0, 1 << 30}))

TEST(ranges_are_in_order_in_each_other_and_within_53_bits)
{
	static const struct broken cases[] = {
		{warn_low, "visit.hb: warn outside refuse"},
		{warn_high, "visit.hb: warn outside refuse"},
		{refuse_backwards, "visit.hb: refuse: low above high"},
		{warn_backwards, "visit.hb: warn: low above high"},
		{refuse_54_bits, "visit.hb: refuse: a number has more than 53 bits"},
		{refuse_minus_54_bits, "visit.hb: refuse: a number has more than 53 bits"},
		{range_of_boolean, "visit.done: refuse fits only integer and date"},
		{range_of_choice, "visit.group: warn fits only integer and date"},
		{range_of_years, "visit.next_date: refuse: a date is outside the years"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(scale_seven, s->visit[VISIT_HB].scale = 7)
BREAK(scale_of_date, s->visit[VISIT_DATE].scale = 1)
BREAK(text_without_max, s->visit[VISIT_NOTE].text_max = 0)
BREAK(text_max_large, s->visit[VISIT_NOTE].text_max = 2001)
BREAK(integer_with_text_max, s->visit[VISIT_HB].text_max = 10)
BREAK(choice_without_list, s->visit[VISIT_GROUP].choices = NULL)
BREAK(integer_with_list, s->visit[VISIT_HB].choices = &s->lists[0])
BREAK(set_code_63, s->topics[2].code = 63)
BREAK(target_missing, s->visit[VISIT_PERSON].target = 0)
BREAK(target_unknown, s->visit[VISIT_PERSON].target = 9)
BREAK(integer_with_target, s->visit[VISIT_HB].target = 1)
BREAK(replaces_unknown, s->visit[VISIT_HB].replaces = 99)
BREAK(replaces_itself, s->visit[VISIT_HB].replaces = 4)

TEST(each_type_of_field_has_what_it_needs_and_nothing_else)
{
	static const struct broken cases[] = {
		{scale_seven, "visit.hb: scale is 0 to 6"},
		{scale_of_date, "visit.date: scale is 0 to 6"},
		{text_without_max, "visit.note: max is 1 to 2000"},
		{text_max_large, "visit.note: max is 1 to 2000"},
		{integer_with_text_max, "visit.hb: max is 1 to 2000"},
		{choice_without_list, "visit.group: choices are missing"},
		{integer_with_list, "visit.hb: choices fit only choice and set"},
		{set_code_63, "visit.topics: topic has a code above 62"},
		{target_missing, "visit.person: to names a type"},
		{target_unknown, "visit.person: to names a type"},
		{integer_with_target, "visit.hb: to names a type"},
		{replaces_unknown, "visit.hb: replaces names no other field"},
		{replaces_itself, "visit.hb: replaces names no other field"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(root_dangling, s->types[TYPE_VISIT].root = 99)
BREAK(root_no_reference, s->types[TYPE_VISIT].root = 2)
BREAK(root_of_itself, s->visit[VISIT_PERSON].target = 3)
BREAK(root_in_a_circle, s->person[0].target = 3)
BREAK(title_dangling, s->types[TYPE_VISIT].title[1] = 99)
BREAK(title_long, s->types[TYPE_VISIT].title_count = 5)

TEST(roots_and_titles_lead_somewhere_and_not_in_a_circle)
{
	static const struct broken cases[] = {
		{root_dangling, "visit: root names no reference"},
		{root_no_reference, "visit: root names no reference"},
		{root_of_itself, "visit: the roots go in a circle"},
		{root_in_a_circle, "person: the roots go in a circle"},
		{title_dangling, "visit: title names no field"},
		{title_long, "visit: title: more than 4"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(retired_field_later, s->visit[VISIT_HB].retired = 4)
BREAK(retired_type_later, s->types[TYPE_VISIT].retired = 4)
BREAK(retired_choice_later, s->topics[0].retired = 4)

TEST(nothing_is_retired_in_the_future)
{
	static const struct broken cases[] = {
		{retired_field_later, "visit.hb: retired in a later version"},
		{retired_type_later, "visit: retired in a later version"},
		{retired_choice_later, "choices.topic.gizi: retired in a later version"},
	};

	ASSERT_REFUSED(cases);
}

BREAK(level_unknown, s->rules[RULE_LATE].level = TEXT("danger"))
BREAK(when_missing, s->rules[RULE_LATE].when = NULL)
BREAK(operator_unknown, s->late.op = (enum rule_operator)12)
BREAK(operator_missing, s->shown_hb.op = (enum rule_operator)0)
BREAK(field_unknown, s->late.tag = 77)
BREAK(built_in_field, s->late.tag = TAG_ARCHIVED)
BREAK(days_of_integer, s->late.tag = 4)
BREAK(days_empty, s->late.op = RULE_EMPTY)
BREAK(less_of_choice, s->parts[1].tag = 3)
BREAK(less_of_boolean, s->parts[1].tag = 6)
BREAK(equal_of_text, s->parts[0].tag = 9)
BREAK(equal_of_reference, s->parts[0].tag = 1)
BREAK(in_of_boolean, s->shown_hb.tag = 6)
BREAK(choice_unknown, s->values[1] = value_integer(3))
BREAK(choice_negative, s->values[1] = value_integer(-1))
BREAK(choice_is_text, s->values[1] = value_text(TEXT("bumil")))
BREAK(integer_is_boolean, s->values[2] = value_boolean(true))
BREAK(number_54_bits, s->values[2] = value_integer(INT64_C(1) << 53))
BREAK(no_values, s->late.count = 0)
BREAK(two_values, s->parts[1].count = 2)
BREAK(too_many_values, s->shown_hb.count = 65)
BREAK(no_parts, s->anaemia.count = 0)
BREAK(not_of_two, s->anaemia.op = RULE_NOT)

TEST(conditions_that_do_not_type_check_are_refused)
{
	static const struct broken cases[] = {
		{level_unknown, "visit.rules.late: level is info, warn or risk"},
		{when_missing, "visit.rules.late: when is missing"},
		{operator_unknown, "visit.rules.late: when: unknown operator"},
		{operator_missing, "visit.hb: if: unknown operator"},
		{field_unknown, "visit.rules.late: when: > looks at a field that does not exist"},
		{built_in_field, "visit.rules.late: when: > looks at a field that does not exist"},
		{days_of_integer, "visit.rules.late: when: days_since needs a date, hb is integer"},
		{days_empty, "visit.rules.late: when: empty does not fit next_date"},
		{less_of_choice, "visit.rules.anaemia: when: < does not fit group (choice)"},
		{less_of_boolean, "visit.rules.anaemia: when: < does not fit done (boolean)"},
		{equal_of_text, "visit.rules.anaemia: when: = does not fit note (text)"},
		{equal_of_reference, "visit.rules.anaemia: when: = does not fit person"},
		{in_of_boolean, "visit.hb: if: in does not fit done (boolean)"},
		{choice_unknown, "visit.hb: if: group has no such choice"},
		{choice_negative, "visit.hb: if: group has no such choice"},
		{choice_is_text, "visit.hb: if: a value is not of the type of group (choice)"},
		{integer_is_boolean, "visit.rules.anaemia: when: a value is not of the type of hb"},
		{number_54_bits, "visit.rules.anaemia: when: a number has more than 53 bits"},
		{no_values, "visit.rules.late: when: > takes 1 to 1 values"},
		{two_values, "visit.rules.anaemia: when: < takes 1 to 1 values"},
		{too_many_values, "visit.hb: if: in takes 1 to 64 values"},
		{no_parts, "visit.rules.anaemia: when: all has the wrong number of parts"},
		{not_of_two, "visit.rules.anaemia: when: not has the wrong number of parts"},
	};

	ASSERT_REFUSED(cases);
}

TEST(a_condition_has_at_most_32_nodes)
{
	struct sample s;
	struct condition parts[32];
	struct error err;

	sample_fill(&s);
	for (size_t i = 0; i < 32; i++) {
		parts[i] = s.parts[1];
	}
	s.anaemia.parts = parts;
	s.anaemia.count = 31;
	assert_ok(schema_check(&s.schema, &err));
	s.anaemia.count = 32;
	assert_int_equal(schema_check(&s.schema, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "visit.rules.anaemia: when: more than 32 nodes");
}

TEST(a_condition_is_at_most_4_deep)
{
	struct sample s;
	struct condition nots[4];
	struct error err;

	sample_fill(&s);
	for (size_t i = 0; i < 3; i++) {
		nots[i] = (struct condition){.op = RULE_NOT, .parts = &nots[i + 1], .count = 1};
	}
	nots[3] = s.parts[1];
	s.rules[RULE_LATE].when = nots;
	assert_ok(schema_check(&s.schema, &err));
	nots[3] = (struct condition){.op = RULE_NOT, .parts = &s.parts[1], .count = 1};
	assert_int_equal(schema_check(&s.schema, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "visit.rules.late: when: more than 4 deep");
}

TEST(there_are_at_most_64_types_256_fields_and_1024_choices)
{
	static struct record_type types[65];
	static struct field fields[257];
	static struct choice choices[1025];
	struct sample s;
	struct error err;

	sample_fill(&s);
	s.schema.types = types;
	s.schema.type_count = 65;
	assert_int_equal(schema_check(&s.schema, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "types: more than 64");

	sample_fill(&s);
	s.types[TYPE_VISIT].fields = fields;
	s.types[TYPE_VISIT].field_count = 257;
	assert_int_equal(schema_check(&s.schema, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "visit: fields: more than 256");

	sample_fill(&s);
	s.lists[LIST_TOPIC].choices = choices;
	s.lists[LIST_TOPIC].count = 1022; /* and 3 groups */
	assert_int_equal(schema_check(&s.schema, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "choices: more than 1024");
}

TEST(values_at_the_limits_are_accepted)
{
	struct sample s;

	sample_fill(&s);
	s.visit[VISIT_HB].scale = 6;
	s.visit[VISIT_HB].refuse = (struct range){true, -SCHEMA_INTEGER_MAX, SCHEMA_INTEGER_MAX};
	s.visit[VISIT_HB].warn = s.visit[VISIT_HB].refuse;
	s.visit[VISIT_NOTE].tag = 65535;
	s.visit[VISIT_NOTE].text_max = 2000;
	s.visit[VISIT_NOTE].name = TEXT("a123456789012345678901234567890");
	s.visit[VISIT_NEXT].policy = POLICY_MAX;
	s.visit[VISIT_DONE].policy = POLICY_ONCE;
	s.visit[VISIT_DONE].replaces = 1;
	s.groups[2].retired = 3;
	s.types[TYPE_VISIT].title_count = 0;
	assert_ok(schema_check(&s.schema, NULL));
}

BREAK(version_same, s->schema.version = 3)
BREAK(version_skipped, s->schema.version = 5)
BREAK(other_programme, s->schema.name = TEXT("other-kit"))
BREAK(type_removed, s->schema.type_count = 2)
BREAK(type_renamed, s->types[TYPE_FAMILY].name = TEXT("household"))
BREAK(root_removed, s->types[TYPE_VISIT].root = 0)
BREAK(field_removed, s->types[TYPE_VISIT].field_count = VISIT_NOTE)
BREAK(tag_reused, s->visit[VISIT_DONE].name = TEXT("finished"))
BREAK(type_changed, s->person[1].type = FIELD_BOOLEAN; s->person[1].text_max = 0)
BREAK(scale_changed, s->visit[VISIT_HB].scale = 2)
BREAK(policy_changed, s->visit[VISIT_DONE].policy = POLICY_REVIEW)
BREAK(target_changed, s->visit[VISIT_PERSON].target = 1)
BREAK(unit_changed, s->visit[VISIT_HB].unit = TEXT("g/L"))
BREAK(list_removed, s->schema.list_count = 1; s->types[TYPE_VISIT].field_count = VISIT_TOPICS;
      s->types[TYPE_VISIT].rule_count = 1)
BREAK(code_removed, s->lists[LIST_TOPIC].count = 2)
BREAK(code_moved, s->groups[0].name = TEXT("zero"); s->groups[1].name = TEXT("none"))

static void
choices_changed(struct sample *s)
{
	s->lists[2] = (struct choice_list){TEXT("zone"), s->groups, 3};
	s->schema.list_count = 3;
	s->visit[VISIT_GROUP].choices = &s->lists[2];
}

TEST(what_records_depend_on_never_changes_between_versions)
{
	static const struct broken cases[] = {
		{version_same, "version: 4 follows 3"},
		{version_skipped, "version: 4 follows 3"},
		{other_programme, "schema: it was posyandu-kit before"},
		{type_removed, "visit: tag 3 was removed"},
		{type_renamed, "household: tag 1 was the type family"},
		{root_removed, "visit: the root was another one"},
		{field_removed, "visit.note: tag 9 was removed"},
		{tag_reused, "visit.done: tag 6 is finished now, without formerly"},
		{type_changed, "person.name: the type was text"},
		{scale_changed, "visit.hb: the scale was 1"},
		{policy_changed, "visit.done: the policy was latest"},
		{target_changed, "visit.person: the reference led to another type"},
		{unit_changed, "visit.hb: the unit was 'g/dL'"},
		{choices_changed, "visit.group: the choices were group"},
		{list_removed, "choices.topic: was removed"},
		{code_removed, "choices.topic.kb: code 62 was removed"},
		{code_moved, "choices.group.none: had the code 0"},
	};

	ASSERT_NO_EVOLUTION(cases);
}

TEST(labels_ranges_new_fields_new_choices_and_renames_are_allowed)
{
	struct sample before;
	struct sample s;
	struct error err = {.detail = ""};

	sample_fill(&before);
	sample_fill(&s);
	s.schema.version = 4;
	s.visit[VISIT_HB].label = LABEL("Hemoglobin", "Haemoglobin");
	s.visit[VISIT_HB].refuse.high = 300;
	s.visit[VISIT_HB].personal = PERSONAL_NO;
	s.visit[VISIT_NOTE].name = TEXT("words");
	s.formerly[0] = TEXT("note");
	s.visit[VISIT_NOTE].retired = 4;
	s.visit[VISIT_FIELDS] = sample_field(10, TEXT("more"), FIELD_BOOLEAN, POLICY_LATEST);
	s.visit[VISIT_FIELDS].replaces = 9;
	s.types[TYPE_VISIT].field_count++;
	s.groups[3] = (struct choice){7, TEXT("lansia"), LABEL("Lansia", "Old"), 0};
	s.lists[LIST_GROUP].count++;
	s.groups[1].name = TEXT("pengantin");
	s.types[3] = (struct record_type){
		.tag = 4, .name = TEXT("session"), .label = LABEL("Kegiatan", "Session")};
	s.schema.type_count++;
	assert_ok(schema_check_after(&s.schema, &before.schema, &err));
	assert_string_equal(err.detail, "");
}

RUN_TESTS(CASE(the_sample_is_correct), CASE(a_schema_has_a_name_a_version_and_types),
	  CASE(names_outside_the_pattern_or_reserved_are_refused),
	  CASE(names_tags_and_codes_stand_once), CASE(tags_and_codes_have_sixteen_bits),
	  CASE(a_label_missing_in_a_language_is_refused),
	  CASE(a_policy_unfit_for_the_type_is_refused),
	  CASE(ranges_are_in_order_in_each_other_and_within_53_bits),
	  CASE(each_type_of_field_has_what_it_needs_and_nothing_else),
	  CASE(roots_and_titles_lead_somewhere_and_not_in_a_circle),
	  CASE(nothing_is_retired_in_the_future),
	  CASE(conditions_that_do_not_type_check_are_refused),
	  CASE(a_condition_has_at_most_32_nodes), CASE(a_condition_is_at_most_4_deep),
	  CASE(there_are_at_most_64_types_256_fields_and_1024_choices),
	  CASE(values_at_the_limits_are_accepted),
	  CASE(what_records_depend_on_never_changes_between_versions),
	  CASE(labels_ranges_new_fields_new_choices_and_renames_are_allowed))
