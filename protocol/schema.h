/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: the programme as data - record types, fields, choices, policies and rules.
 *
 * The daemon builds a schema from its JSON file; devices decode it from canonical CBOR, whose
 * SHA-256 is the schema's identity. Both then hold the same struct. Strings borrow from the
 * schema's own memory and live as long as it does. A schema never changes once made.
 */
#ifndef SAMBUNG_PROTOCOL_SCHEMA_H
#define SAMBUNG_PROTOCOL_SCHEMA_H

#include "arena.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SCHEMA_BYTES_MAX = 256 * 1024,
	SCHEMA_TYPES_MAX = 64,
	SCHEMA_FIELDS_MAX = 256, /* a type */
	SCHEMA_LISTS_MAX = 256,
	SCHEMA_CHOICES_MAX = 1024, /* in all lists together */
	SCHEMA_SET_CODE_MAX = 62,  /* codes of a list that a set uses: a set is a 63-bit mask */
	SCHEMA_NAME_MAX = 31,	   /* bytes: [a-z][a-z0-9_]{0,30} */
	SCHEMA_TITLE_MAX = 4,
	SCHEMA_FORMERLY_MAX = 16, /* earlier names of a field */
	SCHEMA_SCALE_MAX = 6,
	SCHEMA_TEXT_MAX = 2000, /* bytes */
	SCHEMA_RULES_MAX = 256, /* a type */
	SCHEMA_TAG_MAX = 65535, /* of types and fields; also the highest choice code */
	RULE_NODES_MAX = 32,
	RULE_DEPTH_MAX = 4,
	RULE_VALUES_MAX = 64, /* of one `in` */
};

/* Integers of a schema and of its records have 53 bits, as many as JSON readers keep. */
#define SCHEMA_INTEGER_MAX ((INT64_C(1) << 53) - 1)

/* The two arguments of a "%.*s": a name, cut in case it is none. */
#define NAME_ARGS(span) (int)utf8_cut((span), SCHEMA_NAME_MAX), (const char *)(span).at

/* Fields that every record has; their tags stand beside the schema's own, which are positive. */
enum { TAG_VILLAGE = -1, TAG_ARCHIVED = -2, TAG_SAME_AS = -3 };

/* The numbers of the next three enums are part of the schema's CBOR. */
enum field_type {
	FIELD_INTEGER = 1,
	FIELD_BOOLEAN,
	FIELD_CHOICE,
	FIELD_SET,
	FIELD_DATE,
	FIELD_TEXT,
	FIELD_REFERENCE,
	FIELD_POINT,
};
enum policy { POLICY_REVIEW = 1, POLICY_LATEST, POLICY_MAX, POLICY_MIN, POLICY_ONCE, POLICY_SET };
enum personal {
	PERSONAL_NO = 0,
	PERSONAL_IDENTITY,
	PERSONAL_HEALTH,
	PERSONAL_CONTACT,
	PERSONAL_LOCATION
};

struct label {
	struct span id;
	struct span en;
};

struct choice {
	uint32_t code; /* 0 to 65535 */
	struct span name;
	struct label label;
	uint32_t retired; /* schema version that retired it; 0: in use */
};

struct choice_list {
	struct span name;
	struct choice *choices; /* ascending code */
	size_t count;
};

struct range {
	bool set;
	int64_t low; /* stored units, inclusive */
	int64_t high;
};

enum rule_operator {
	RULE_ALL = 1,
	RULE_ANY,
	RULE_NOT,
	RULE_EQUAL,
	RULE_NOT_EQUAL,
	RULE_LESS,
	RULE_LESS_EQUAL,
	RULE_MORE,
	RULE_MORE_EQUAL,
	RULE_IN,
	RULE_EMPTY,
};

/* A node of a condition. Comparisons look at one field, or at the days since a date field. */
struct condition {
	enum rule_operator op;
	struct condition *parts; /* all, any: count parts; not: one */
	int32_t tag;		 /* comparisons, in, empty */
	bool days_since;	 /* the left side is (today - field) in days */
	struct value *values;	 /* comparisons: one; in: count values (choices as codes) */
	size_t count;
};

struct field {
	int32_t tag;	/* 1 to 65535 */
	uint32_t place; /* in a form: fields stand there in the order of the schema file */
	struct span name;
	struct label label;
	enum field_type type;
	enum policy policy;
	enum personal personal;
	unsigned scale; /* 0 to 6; integer and point */
	struct span unit;
	struct range refuse;
	struct range warn;
	uint32_t text_max;		   /* bytes; text only */
	const struct choice_list *choices; /* choice and set */
	uint32_t target;		   /* reference: tag of the type it leads to */
	bool required;			   /* must be set, not empty, in the change that creates */
	struct condition *condition;	   /* shown in forms only if true; NULL: always */
	uint32_t retired;
	int32_t replaces;      /* tag of the field this one takes over from; 0: none */
	struct span *formerly; /* earlier names */
	size_t formerly_count;
};

struct rule {
	struct span name;
	struct span level; /* info, warn, risk */
	struct label label;
	struct span source;
	struct condition *when;
};

struct record_type {
	uint32_t tag; /* 1 to 65535 */
	struct span name;
	struct label label;
	int32_t root; /* tag of the reference that leads towards the family; 0: the record has a
			 village of its own */
	int32_t title[SCHEMA_TITLE_MAX]; /* fields that tell records apart; may be none */
	size_t title_count;
	struct field *fields; /* ascending tag */
	size_t field_count;
	struct rule *rules;
	size_t rule_count;
	uint32_t retired;
};

struct schema {
	struct arena arena;
	struct span name;
	uint32_t version;
	struct choice_list *lists;
	size_t list_count;
	struct record_type *types; /* ascending tag */
	size_t type_count;
	uint8_t hash[32]; /* SHA-256 of the canonical CBOR; set by schema_decode and schema_seal */
};

/* An empty schema to be filled in; NULL if out of memory. */
struct schema *schema_create(void);
void schema_free(struct schema *schema);

/* Appends the canonical CBOR. */
void schema_encode(const struct schema *schema, struct buffer *out);
/* Computes schema->hash from the encoding. */
enum status schema_seal(struct schema *schema, struct error *err);
/* Returns a new schema in *out; refuses what schema_check refuses. */
enum status schema_decode(struct span cbor, struct schema **out, struct error *err);

/*
 * Refuses what docs/schema.md lists under "What the loader refuses", naming the place
 * ("visit.hb: warn outside refuse"). `schema` must have its arrays sorted (schema_sort).
 */
enum status schema_check(const struct schema *schema, struct error *err);
/* That, and with `previous` (may be NULL) what must not change between versions. The device library
 * has no use for it and does without its 2 KB. */
enum status schema_check_after(const struct schema *schema, const struct schema *previous,
			       struct error *err);
void schema_sort(struct schema *schema);

const struct record_type *schema_type(const struct schema *schema, uint32_t tag);
const struct record_type *schema_type_named(const struct schema *schema, struct span name);
const struct field *type_field(const struct record_type *type, int32_t tag);
/* Does the field lead to another record? same_as does in every type, also in none (NULL). */
bool type_is_reference(const struct record_type *type, int32_t tag);
/* By present name, not by a former one. */
const struct field *type_field_named(const struct record_type *type, struct span name);
const struct choice *list_choice(const struct choice_list *list, uint32_t code);
const struct choice *list_choice_named(const struct choice_list *list, struct span name);

/* Policy of a field, built-in tags included; review for what the schema does not know. */
enum policy type_policy(const struct record_type *type, int32_t tag);
/* "village", "archived", "same_as", the field's name, or "field_<tag>" written to `scratch`. */
enum { FIELD_NAME_SIZE = 40 };
struct span type_field_name(const struct record_type *type, int32_t tag,
			    char scratch[FIELD_NAME_SIZE]);
/* The built-in tag of that name, or the field's; 0 if there is none. */
int32_t type_tag_named(const struct record_type *type, struct span name);

struct span label_in(const struct label *label, enum language language);
const char *field_type_name(enum field_type type);
const char *policy_name(enum policy policy);
const char *personal_name(enum personal personal); /* "" for PERSONAL_NO */
/* 0 if there is none of that name. */
enum field_type field_type_named(struct span name);
enum policy policy_named(struct span name);
enum personal personal_named(struct span name);
enum rule_operator rule_operator_named(struct span name);
const char *rule_operator_name(enum rule_operator op);

#endif
