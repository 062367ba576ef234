/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_sample: a small schema in plain structs, whole and correct, for tests to use or to break.
 *
 * Nothing in it is allocated: a test fills one in (sample_fill), changes what it likes and forgets
 * it. The arrays have room for one more item than is used.
 */
#ifndef SAMBUNG_TESTS_UNIT_SCHEMA_SAMPLE_H
#define SAMBUNG_TESTS_UNIT_SCHEMA_SAMPLE_H

#include "protocol/schema.h"

#include <string.h>

#define TEXT(literal) ((struct span){(const uint8_t *)(literal), sizeof(literal) - 1})
#define LABEL(id, en) ((struct label){TEXT(id), TEXT(en)})

enum { LIST_GROUP, LIST_TOPIC };
enum { TYPE_FAMILY, TYPE_PERSON, TYPE_VISIT };
/* Places of the visit's fields; the tag is one more. */
enum {
	VISIT_PERSON,
	VISIT_DATE,
	VISIT_GROUP,
	VISIT_HB,
	VISIT_TOPICS,
	VISIT_DONE,
	VISIT_NEXT,
	VISIT_POINT,
	VISIT_NOTE,
	VISIT_FIELDS,
};
enum { RULE_ANAEMIA, RULE_LATE };

struct sample {
	struct choice groups[4];
	struct choice topics[4];
	struct choice_list lists[3];
	struct field family[3];
	struct field person[4];
	struct field visit[VISIT_FIELDS + 1];
	struct value values[4];
	struct condition shown_hb; /* group in (catin, bumil) */
	struct condition parts[2]; /* group = bumil, hb < 110 */
	struct condition anaemia;
	struct condition late; /* days since next_date > 0 */
	struct span formerly[1];
	struct rule rules[3];
	struct record_type types[4];
	struct schema schema;
};

static inline void
sample_fill_lists(struct sample *s)
{
	s->groups[0] = (struct choice){0, TEXT("none"), LABEL("Bukan", "None"), 0};
	s->groups[1] = (struct choice){1, TEXT("catin"), LABEL("Catin", "Bride"), 0};
	s->groups[2] = (struct choice){2, TEXT("bumil"), LABEL("Bumil", "Pregnant"), 0};
	s->topics[0] = (struct choice){0, TEXT("gizi"), LABEL("Gizi", "Food"), 0};
	s->topics[1] = (struct choice){1, TEXT("asi"), LABEL("ASI", "Milk"), 0};
	s->topics[2] = (struct choice){62, TEXT("kb"), LABEL("KB", "Planning"), 2};
	s->lists[LIST_GROUP] = (struct choice_list){TEXT("group"), s->groups, 3};
	s->lists[LIST_TOPIC] = (struct choice_list){TEXT("topic"), s->topics, 3};
}

static inline struct field
sample_field(int32_t tag, struct span name, enum field_type type, enum policy policy)
{
	return (struct field){.tag = tag,
			      .name = name,
			      .type = type,
			      .policy = policy,
			      .label = LABEL("Isian", "Field")};
}

static inline void
sample_fill_visit(struct sample *s)
{
	struct field *f = s->visit;

	f[VISIT_PERSON] = sample_field(1, TEXT("person"), FIELD_REFERENCE, POLICY_REVIEW);
	f[VISIT_PERSON].target = 2;
	f[VISIT_PERSON].required = true;
	f[VISIT_DATE] = sample_field(2, TEXT("date"), FIELD_DATE, POLICY_REVIEW);
	f[VISIT_DATE].required = true;
	f[VISIT_GROUP] = sample_field(3, TEXT("group"), FIELD_CHOICE, POLICY_REVIEW);
	f[VISIT_GROUP].choices = &s->lists[LIST_GROUP];
	f[VISIT_HB] = sample_field(4, TEXT("hb"), FIELD_INTEGER, POLICY_REVIEW);
	f[VISIT_HB].scale = 1;
	f[VISIT_HB].unit = TEXT("g/dL");
	f[VISIT_HB].refuse = (struct range){true, 30, 250};
	f[VISIT_HB].warn = (struct range){true, 70, 180};
	f[VISIT_HB].personal = PERSONAL_HEALTH;
	f[VISIT_HB].condition = &s->shown_hb;
	f[VISIT_TOPICS] = sample_field(5, TEXT("topics"), FIELD_SET, POLICY_SET);
	f[VISIT_TOPICS].choices = &s->lists[LIST_TOPIC];
	f[VISIT_DONE] = sample_field(6, TEXT("done"), FIELD_BOOLEAN, POLICY_LATEST);
	f[VISIT_NEXT] = sample_field(7, TEXT("next_date"), FIELD_DATE, POLICY_MIN);
	f[VISIT_POINT] = sample_field(8, TEXT("point"), FIELD_POINT, POLICY_LATEST);
	f[VISIT_POINT].scale = 5;
	f[VISIT_NOTE] = sample_field(9, TEXT("note"), FIELD_TEXT, POLICY_REVIEW);
	f[VISIT_NOTE].text_max = 20;
	f[VISIT_NOTE].formerly = s->formerly;
	f[VISIT_NOTE].formerly_count = 1;
	s->formerly[0] = TEXT("remark");
}

static inline void
sample_fill_rules(struct sample *s)
{
	s->values[0] = value_integer(1);
	s->values[1] = value_integer(2);
	s->values[2] = value_integer(110);
	s->values[3] = value_integer(0);
	s->shown_hb = (struct condition){.op = RULE_IN, .tag = 3, .values = s->values, .count = 2};
	s->parts[0] =
		(struct condition){.op = RULE_EQUAL, .tag = 3, .values = s->values + 1, .count = 1};
	s->parts[1] =
		(struct condition){.op = RULE_LESS, .tag = 4, .values = s->values + 2, .count = 1};
	s->anaemia = (struct condition){.op = RULE_ALL, .parts = s->parts, .count = 2};
	s->late = (struct condition){
		.op = RULE_MORE, .tag = 7, .days_since = true, .values = s->values + 3, .count = 1};
	s->rules[RULE_ANAEMIA] =
		(struct rule){TEXT("anaemia"), TEXT("risk"), LABEL("Anemia", "Anaemia"),
			      TEXT("guide"), &s->anaemia};
	s->rules[RULE_LATE] = (struct rule){.name = TEXT("late"),
					    .level = TEXT("info"),
					    .label = LABEL("Lewat", "Late"),
					    .when = &s->late};
}

static inline void
sample_fill(struct sample *s)
{
	memset(s, 0, sizeof *s);
	sample_fill_lists(s);
	sample_fill_rules(s);
	sample_fill_visit(s);
	s->family[0] = sample_field(1, TEXT("head"), FIELD_TEXT, POLICY_REVIEW);
	s->family[0].text_max = 120;
	s->family[0].required = true;
	s->person[0] = sample_field(1, TEXT("family"), FIELD_REFERENCE, POLICY_REVIEW);
	s->person[0].target = 1;
	s->person[1] = sample_field(2, TEXT("name"), FIELD_TEXT, POLICY_ONCE);
	s->person[1].text_max = 120;
	s->types[TYPE_FAMILY] = (struct record_type){.tag = 1,
						     .name = TEXT("family"),
						     .label = LABEL("Keluarga", "Family"),
						     .fields = s->family,
						     .field_count = 1};
	s->types[TYPE_PERSON] = (struct record_type){.tag = 2,
						     .name = TEXT("person"),
						     .label = LABEL("Anggota", "Person"),
						     .root = 1,
						     .fields = s->person,
						     .field_count = 2};
	s->types[TYPE_VISIT] = (struct record_type){.tag = 3,
						    .name = TEXT("visit"),
						    .label = LABEL("Kunjungan", "Visit"),
						    .root = 1,
						    .title = {2, 1},
						    .title_count = 2,
						    .fields = s->visit,
						    .field_count = VISIT_FIELDS,
						    .rules = s->rules,
						    .rule_count = 2};
	s->schema.name = TEXT("posyandu-kit");
	s->schema.version = 3;
	s->schema.lists = s->lists;
	s->schema.list_count = 2;
	s->schema.types = s->types;
	s->schema.type_count = 3;
}

#endif
