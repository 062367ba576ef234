/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_keys: the canonical CBOR of a schema.
 *
 * A schema is a map with these keys, ascending. A key whose value is 0, false, empty or not set is
 * absent. Enums are written as their numbers, a label as [id, en], a range as [low, high], a
 * field's list of choices as its place in the schema's array of lists, counted from 1. Arrays are
 * in the order of schema_sort, rules in that of the file.
 */
#ifndef SAMBUNG_PROTOCOL_SCHEMA_KEYS_H
#define SAMBUNG_PROTOCOL_SCHEMA_KEYS_H

enum schema_key {
	KEY_SCHEMA_NAME = 1,
	KEY_SCHEMA_VERSION = 2,
	KEY_SCHEMA_LISTS = 3,
	KEY_SCHEMA_TYPES = 4,
};
enum list_key { KEY_LIST_NAME = 1, KEY_LIST_CHOICES = 2 };
enum choice_key {
	KEY_CHOICE_CODE = 1,
	KEY_CHOICE_NAME = 2,
	KEY_CHOICE_LABEL = 3,
	KEY_CHOICE_RETIRED = 4,
};
enum type_key {
	KEY_TYPE_TAG = 1,
	KEY_TYPE_NAME = 2,
	KEY_TYPE_LABEL = 3,
	KEY_TYPE_ROOT = 4,  /* tag of a field */
	KEY_TYPE_TITLE = 5, /* array of tags */
	KEY_TYPE_FIELDS = 6,
	KEY_TYPE_RULES = 7,
	KEY_TYPE_RETIRED = 8,
};
enum field_key {
	KEY_FIELD_TAG = 1,
	KEY_FIELD_NAME = 2,
	KEY_FIELD_LABEL = 3,
	KEY_FIELD_TYPE = 4,
	KEY_FIELD_POLICY = 5,
	KEY_FIELD_PERSONAL = 6,
	KEY_FIELD_SCALE = 7,
	KEY_FIELD_UNIT = 8,
	KEY_FIELD_REFUSE = 9,
	KEY_FIELD_WARN = 10,
	KEY_FIELD_TEXT_MAX = 11,
	KEY_FIELD_CHOICES = 12,
	KEY_FIELD_TARGET = 13, /* tag of a type */
	KEY_FIELD_REQUIRED = 14,
	KEY_FIELD_CONDITION = 15,
	KEY_FIELD_RETIRED = 16,
	KEY_FIELD_REPLACES = 17, /* tag of a field */
	KEY_FIELD_FORMERLY = 18, /* array of texts */
	KEY_FIELD_PLACE = 19,	 /* in the form, from 0; absent: 0 */
};
enum rule_key {
	KEY_RULE_NAME = 1,
	KEY_RULE_LEVEL = 2,
	KEY_RULE_LABEL = 3,
	KEY_RULE_SOURCE = 4,
	KEY_RULE_WHEN = 5,
};
enum condition_key {
	KEY_CONDITION_OPERATOR = 1,
	KEY_CONDITION_PARTS = 2, /* all, any, not */
	KEY_CONDITION_TAG = 3,
	KEY_CONDITION_DAYS_SINCE = 4,
	KEY_CONDITION_VALUES = 5, /* comparisons and in: array of values */
};

#endif
