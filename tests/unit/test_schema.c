/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/crypto.h"
#include "protocol/schema.h"
#include "schema_sample.h"
#include "tests/exact.h"
#include "tests/testing.h"

static struct sample sample;

static int
set_up(__attribute__((unused)) void **state)
{
	sample_fill(&sample);
	return 0;
}

/* The encoding of the sample in a buffer that the caller finishes. */
static struct span
encoded(struct buffer *out)
{
	buffer_init(out, SCHEMA_BYTES_MAX);
	schema_encode(&sample.schema, out);
	assert_ok(buffer_status(out, "schema", NULL));
	return buffer_span(out);
}

TEST(types_fields_and_choices_are_found_by_tag_and_by_name)
{
	const struct record_type *visit = schema_type(&sample.schema, 3);

	assert_ptr_equal(visit, &sample.types[TYPE_VISIT]);
	assert_null(schema_type(&sample.schema, 4));
	assert_ptr_equal(schema_type_named(&sample.schema, TEXT("person")), &sample.types[1]);
	assert_null(schema_type_named(&sample.schema, TEXT("perso")));
	assert_ptr_equal(type_field(visit, 9), &sample.visit[VISIT_NOTE]);
	assert_null(type_field(visit, 10));
	assert_null(type_field(NULL, 1));
	assert_ptr_equal(type_field_named(visit, TEXT("hb")), &sample.visit[VISIT_HB]);
	assert_ptr_equal(list_choice(&sample.lists[LIST_TOPIC], 62), &sample.topics[2]);
	assert_null(list_choice(&sample.lists[LIST_TOPIC], 61));
	assert_ptr_equal(list_choice_named(&sample.lists[LIST_TOPIC], TEXT("asi")),
			 &sample.topics[1]);
	assert_null(list_choice_named(&sample.lists[LIST_TOPIC], TEXT("")));
}

TEST(a_former_name_finds_no_field)
{
	assert_null(type_field_named(&sample.types[TYPE_VISIT], TEXT("remark")));
}

TEST(built_in_fields_have_names_tags_and_the_policy_review)
{
	const struct record_type *visit = &sample.types[TYPE_VISIT];
	char scratch[FIELD_NAME_SIZE];

	assert_int_equal(type_tag_named(visit, TEXT("village")), TAG_VILLAGE);
	assert_int_equal(type_tag_named(visit, TEXT("same_as")), TAG_SAME_AS);
	assert_int_equal(type_tag_named(visit, TEXT("hb")), 4);
	assert_int_equal(type_tag_named(visit, TEXT("weight")), 0);
	assert_true(span_equal(type_field_name(visit, TAG_ARCHIVED, scratch), TEXT("archived")));
	assert_true(span_equal(type_field_name(visit, 4, scratch), TEXT("hb")));
	assert_true(span_equal(type_field_name(visit, 65535, scratch), TEXT("field_65535")));
	assert_true(span_equal(type_field_name(NULL, -7, scratch), TEXT("field_-7")));
	assert_int_equal(type_policy(visit, TAG_VILLAGE), POLICY_REVIEW);
	assert_int_equal(type_policy(visit, 5), POLICY_SET);
	assert_int_equal(type_policy(visit, 99), POLICY_REVIEW);
	assert_int_equal(type_policy(NULL, 5), POLICY_REVIEW);
}

TEST(words_of_the_file_and_enums_lead_to_each_other)
{
	for (unsigned i = FIELD_INTEGER; i <= FIELD_POINT; i++) {
		const char *name = field_type_name((enum field_type)i);

		assert_int_equal(field_type_named(span_of_text(name)), i);
	}
	for (unsigned i = POLICY_REVIEW; i <= POLICY_SET; i++) {
		assert_int_equal(policy_named(span_of_text(policy_name((enum policy)i))), i);
	}
	for (unsigned i = PERSONAL_IDENTITY; i <= PERSONAL_LOCATION; i++) {
		assert_int_equal(personal_named(span_of_text(personal_name((enum personal)i))), i);
	}
	for (unsigned i = RULE_ALL; i <= RULE_EMPTY; i++) {
		const char *name = rule_operator_name((enum rule_operator)i);

		assert_int_equal(rule_operator_named(span_of_text(name)), i);
	}
	assert_int_equal(field_type_named(TEXT("")), 0);
	assert_int_equal(policy_named(TEXT("latestt")), 0);
	assert_string_equal(field_type_name((enum field_type)99), "");
	assert_string_equal(rule_operator_name(RULE_LESS_EQUAL), "<=");
}

TEST(a_label_is_given_in_the_language_asked_for)
{
	const struct label *label = &sample.types[TYPE_FAMILY].label;

	assert_true(span_equal(label_in(label, LANGUAGE_ID), TEXT("Keluarga")));
	assert_true(span_equal(label_in(label, LANGUAGE_EN), TEXT("Family")));
}

TEST(sorting_orders_everything_and_fields_keep_their_lists)
{
	struct choice_list group = sample.lists[LIST_GROUP];
	struct record_type family = sample.types[TYPE_FAMILY];
	struct field first = sample.visit[0];
	struct choice choice = sample.groups[0];

	sample.lists[0] = sample.lists[1];
	sample.lists[1] = group;
	sample.visit[VISIT_GROUP].choices = &sample.lists[1];
	sample.visit[VISIT_TOPICS].choices = &sample.lists[0];
	sample.types[0] = sample.types[2];
	sample.types[2] = family;
	sample.visit[0] = sample.visit[8];
	sample.visit[8] = first;
	sample.groups[0] = sample.groups[2];
	sample.groups[2] = choice;
	schema_sort(&sample.schema);

	assert_ok(schema_check(&sample.schema, NULL));
	assert_true(span_equal(type_field(schema_type(&sample.schema, 3), 3)->choices->name,
			       TEXT("group")));
	assert_true(span_equal(type_field(schema_type(&sample.schema, 3), 5)->choices->name,
			       TEXT("topic")));
}

static void
assert_same_field(const struct field *a, const struct field *b)
{
	assert_true(span_equal(a->name, b->name));
	assert_true(span_equal(a->unit, b->unit));
	assert_int_equal(a->tag, b->tag);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->policy, b->policy);
	assert_int_equal(a->personal, b->personal);
	assert_int_equal(a->scale, b->scale);
	assert_int_equal(a->refuse.set, b->refuse.set);
	assert_int_equal(a->refuse.low, b->refuse.low);
	assert_int_equal(a->refuse.high, b->refuse.high);
	assert_int_equal(a->warn.low, b->warn.low);
	assert_int_equal(a->text_max, b->text_max);
	assert_int_equal(a->target, b->target);
	assert_int_equal(a->required, b->required);
	assert_int_equal(a->condition == NULL, b->condition == NULL);
	assert_int_equal(a->choices == NULL, b->choices == NULL);
	assert_int_equal(a->formerly_count, b->formerly_count);
}

TEST(a_decoded_schema_holds_what_was_encoded)
{
	struct buffer bytes;
	struct schema *decoded;
	struct error err;
	const struct record_type *visit;

	assert_ok(schema_decode(encoded(&bytes), &decoded, &err));
	assert_true(span_equal(decoded->name, sample.schema.name));
	assert_int_equal(decoded->version, 3);
	assert_int_equal(decoded->lists[LIST_TOPIC].choices[2].retired, 2);
	visit = schema_type(decoded, 3);
	assert_int_equal(visit->root, 1);
	assert_int_equal(visit->title[0], 2);
	for (size_t i = 0; i < VISIT_FIELDS; i++) {
		assert_same_field(&visit->fields[i], &sample.visit[i]);
	}
	assert_ptr_equal(visit->fields[VISIT_TOPICS].choices, &decoded->lists[LIST_TOPIC]);
	assert_int_equal(visit->rules[RULE_ANAEMIA].when->parts[1].values[0].integer, 110);
	assert_true(visit->rules[RULE_LATE].when->days_since);
	schema_free(decoded);
	buffer_finish(&bytes);
}

TEST(the_hash_is_that_of_the_canonical_bytes)
{
	struct buffer bytes;
	struct span span = encoded(&bytes);
	struct schema *decoded;
	uint8_t hash[32];

	sha256(&span, 1, hash);
	assert_ok(schema_decode(span, &decoded, NULL));
	assert_memory_equal(decoded->hash, hash, sizeof hash);
	assert_ok(schema_seal(&sample.schema, NULL));
	assert_memory_equal(sample.schema.hash, hash, sizeof hash);
	schema_free(decoded);
	buffer_finish(&bytes);
}

TEST(a_small_schema_has_these_bytes)
{
	struct buffer bytes;
	struct field field = sample_field(1, TEXT("n"), FIELD_INTEGER, POLICY_MAX);
	struct condition when = {.op = RULE_EMPTY, .tag = 1};
	struct rule rule = {TEXT("r"), TEXT("info"), LABEL("a", "b"), TEXT(""), &when};
	struct record_type type = {.tag = 7,
				   .name = TEXT("t"),
				   .label = LABEL("a", "b"),
				   .fields = &field,
				   .field_count = 1,
				   .rules = &rule,
				   .rule_count = 1};

	field.label = LABEL("a", "b");
	field.refuse = (struct range){true, -1, 24};
	sample.schema =
		(struct schema){.name = TEXT("s"), .version = 1, .types = &type, .type_count = 1};
	encoded(&bytes);
	assert_hex(bytes.at, bytes.length,
		   "a3 01 6173 02 01 04 81"
		   "a5 01 07 02 6174 03 82 6161 6162"
		   "06 81 a6 01 01 02 616e 03 82 6161 6162 04 01 05 03 09 82 20 1818"
		   "07 81 a4 01 6172 02 64696e666f 03 82 6161 6162 05 a2 01 0b 03 01");
	buffer_finish(&bytes);
}

TEST(a_cut_schema_is_malformed_at_every_length)
{
	struct buffer bytes;
	struct span span = encoded(&bytes);
	struct schema *decoded = NULL;

	for (size_t length = 0; length < span.length; length++) {
		uint8_t *cut = exact_copy(span_of(span.at, length));

		assert_int_equal(schema_decode(span_of(cut, length), &decoded, NULL),
				 STATUS_MALFORMED);
		free(cut);
	}
	assert_null(decoded);
	buffer_finish(&bytes);
}

TEST(bytes_after_the_schema_are_malformed)
{
	struct buffer bytes;
	struct schema *decoded;

	encoded(&bytes);
	buffer_append_byte(&bytes, 0);
	assert_int_equal(schema_decode(buffer_span(&bytes), &decoded, NULL), STATUS_MALFORMED);
	buffer_finish(&bytes);
}

/* Whatever is read must encode to the bytes it was read from. */
TEST(no_flipped_bit_gives_a_schema_that_is_not_canonical)
{
	struct buffer bytes;
	struct span span = encoded(&bytes);

	for (size_t i = 0; i < span.length * 8; i++) {
		struct schema *decoded;
		struct buffer again;

		bytes.at[i / 8] ^= (uint8_t)(1U << i % 8);
		if (schema_decode(span, &decoded, NULL) == STATUS_OK) {
			buffer_init(&again, SCHEMA_BYTES_MAX);
			schema_encode(decoded, &again);
			assert_true(span_equal(buffer_span(&again), span));
			buffer_finish(&again);
			schema_free(decoded);
		}
		bytes.at[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	buffer_finish(&bytes);
}

static enum status
decode_hex(const char *hex)
{
	uint8_t bytes[256];
	struct schema *decoded = NULL;
	size_t length = strlen(hex) / 2;
	enum status status;

	assert_true(length <= sizeof bytes && hex_decode(hex, bytes, length));
	status = schema_decode(span_of(bytes, length), &decoded, NULL);
	schema_free(decoded);
	return status;
}

TEST(keys_out_of_order_twice_or_unknown_are_malformed)
{
	/* The small schema above without its rule, correct first. */
	assert_int_equal(decode_hex("a30161730201048"
				    "1a40107026174038261616162"
				    "0681a50101"
				    "02616e"
				    "038261616162"
				    "0401"
				    "0503"),
			 STATUS_OK);
	assert_int_equal(decode_hex("a30201016173048"
				    "1a40107026174038261616162"
				    "0681a5010102616e03826161616204010503"),
			 STATUS_MALFORMED);
	assert_int_equal(decode_hex("a401617302010201048"
				    "1a40107026174038261616162"
				    "0681a5010102616e03826161616204010503"),
			 STATUS_MALFORMED);
	assert_int_equal(decode_hex("a401617302010481a40107026174038261616162"
				    "0681a5010102616e038261616162040105030500"),
			 STATUS_MALFORMED);
}

TEST(a_default_that_is_written_out_is_malformed)
{
	/* scale 0 of an integer */
	assert_int_equal(decode_hex("a301617302010481a40107026174038261616162"
				    "0681a6010102616e038261616162040105030700"),
			 STATUS_MALFORMED);
}

TEST(values_under_a_connective_are_malformed)
{
	/* {operator all, values [1]}: parts and values share their count */
	assert_int_equal(decode_hex("a301617302010481a40107026174038261616162"
				    "0681a6010102616e038261616162040105030fa201010581"
				    "01"),
			 STATUS_MALFORMED);
}

TEST(a_decoded_schema_passes_the_same_checks)
{
	struct buffer bytes;
	struct schema *decoded;
	struct error err;

	sample.visit[VISIT_HB].warn.high = 251;
	assert_int_equal(schema_decode(encoded(&bytes), &decoded, &err), STATUS_INVALID);
	assert_string_equal(err.detail, "visit.hb: warn outside refuse");
	buffer_finish(&bytes);
}

TEST(unsorted_types_are_refused_by_the_decoder)
{
	struct buffer bytes;
	struct schema *decoded;
	struct record_type family = sample.types[0];

	sample.types[0] = sample.types[1];
	sample.types[1] = family;
	assert_int_equal(schema_decode(encoded(&bytes), &decoded, NULL), STATUS_INVALID);
	buffer_finish(&bytes);
}

TEST(a_schema_beyond_its_limit_is_neither_sealed_nor_read)
{
	static uint8_t long_text[SCHEMA_BYTES_MAX + 1];
	struct schema *decoded;

	memset(long_text, 'a', sizeof long_text);
	sample.rules[RULE_LATE].source = span_of(long_text, sizeof long_text);
	assert_int_equal(schema_seal(&sample.schema, NULL), STATUS_LIMIT);
	assert_int_equal(schema_decode(span_of(long_text, sizeof long_text), &decoded, NULL),
			 STATUS_LIMIT);
}

TEST(freeing_no_schema_is_allowed)
{
	struct schema *schema = schema_create();

	assert_non_null(schema);
	schema_free(schema);
	schema_free(NULL);
}

RUN_TESTS(CASE_WITH(types_fields_and_choices_are_found_by_tag_and_by_name, set_up, NULL),
	  CASE_WITH(a_former_name_finds_no_field, set_up, NULL),
	  CASE_WITH(built_in_fields_have_names_tags_and_the_policy_review, set_up, NULL),
	  CASE(words_of_the_file_and_enums_lead_to_each_other),
	  CASE_WITH(a_label_is_given_in_the_language_asked_for, set_up, NULL),
	  CASE_WITH(sorting_orders_everything_and_fields_keep_their_lists, set_up, NULL),
	  CASE_WITH(a_decoded_schema_holds_what_was_encoded, set_up, NULL),
	  CASE_WITH(the_hash_is_that_of_the_canonical_bytes, set_up, NULL),
	  CASE_WITH(a_small_schema_has_these_bytes, set_up, NULL),
	  CASE_WITH(a_cut_schema_is_malformed_at_every_length, set_up, NULL),
	  CASE_WITH(bytes_after_the_schema_are_malformed, set_up, NULL),
	  CASE_WITH(no_flipped_bit_gives_a_schema_that_is_not_canonical, set_up, NULL),
	  CASE(keys_out_of_order_twice_or_unknown_are_malformed),
	  CASE(a_default_that_is_written_out_is_malformed),
	  CASE(values_under_a_connective_are_malformed),
	  CASE_WITH(a_decoded_schema_passes_the_same_checks, set_up, NULL),
	  CASE_WITH(unsorted_types_are_refused_by_the_decoder, set_up, NULL),
	  CASE_WITH(a_schema_beyond_its_limit_is_neither_sealed_nor_read, set_up, NULL),
	  CASE(freeing_no_schema_is_allowed))
