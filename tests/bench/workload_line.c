/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/workload_line.h"

#include "protocol/region.h"
#include "protocol/value.h"

#include <math.h>
#include <string.h>

enum { FAMILY_KEYS = 16, VISIT_KEYS = 20 };

/* ---- values ---- */

static bool
take_text(const json_t *line, const char *key, struct arena *arena, struct span *out)
{
	const json_t *value = json_object_get(line, key);
	size_t length = json_string_length(value);
	const void *copy;

	if (!json_is_string(value)) {
		return false;
	}
	copy = arena_copy(arena, json_string_value(value), length);
	*out = span_of(copy, length);
	return copy != NULL;
}

/* null: empty. */
static bool
take_text_or_null(const json_t *line, const char *key, struct arena *arena, struct span *out)
{
	*out = span_of(NULL, 0);
	return json_is_null(json_object_get(line, key)) || take_text(line, key, arena, out);
}

static bool
take_boolean(const json_t *line, const char *key, bool *out)
{
	const json_t *value = json_object_get(line, key);

	*out = json_is_true(value);
	return json_is_boolean(value);
}

/* A decimal times 10^scale, which must be a whole number: nothing is rounded away. */
static bool
take_decimal(const json_t *line, const char *key, int scale, int64_t *out)
{
	const json_t *value = json_object_get(line, key);
	double scaled = json_number_value(value) * pow(10, scale);
	double whole = round(scaled);

	*out = (int64_t)whole;
	return json_is_number(value) && fabs(scaled - whole) < 1e-4;
}

/* null: 0, which the generator makes of none of these. */
static bool
take_decimal_or_null(const json_t *line, const char *key, int scale, int64_t *out)
{
	*out = 0;
	return json_is_null(json_object_get(line, key)) ||
	       (take_decimal(line, key, scale, out) && *out != 0);
}

/* ---- a family ---- */

bool
workload_read_family(const json_t *line, struct workload_people *people, struct arena *arena,
		     struct workload_device *device)
{
	struct workload_family *family = &device->families[people->families];
	const char *village = json_string_value(json_object_get(line, "village"));

	if (people->families == WORKLOAD_FAMILIES || json_object_size(line) != FAMILY_KEYS ||
	    village == NULL || village_parse(village, &device->village, NULL) != STATUS_OK) {
		return false;
	}
	return take_text(line, "id", arena, &people->family_ids[people->families++]) &&
	       take_text(line, "no_kk", arena, &family->no_kk) &&
	       take_text(line, "head", arena, &family->head) &&
	       take_text(line, "address", arena, &family->address) &&
	       take_text(line, "rt", arena, &family->rt) &&
	       take_text(line, "rw", arena, &family->rw) &&
	       take_decimal(line, "decile", 0, &family->decile) &&
	       take_boolean(line, "latrine", &family->latrine) &&
	       take_boolean(line, "water", &family->water) &&
	       take_boolean(line, "t4_young", &family->too_young) &&
	       take_boolean(line, "t4_old", &family->too_old) &&
	       take_boolean(line, "t4_close", &family->too_close) &&
	       take_boolean(line, "t4_many", &family->too_many);
}

/* ---- a visit ---- */

static bool
find_family(const json_t *line, const struct workload_people *people, size_t *out)
{
	const char *text = json_string_value(json_object_get(line, "family"));

	for (size_t i = 0; i < people->families && text != NULL; i++) {
		if (span_equal(span_of_text(text), people->family_ids[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* One of the family's members, each as likely as the others. */
static size_t
member_of_id(struct span id)
{
	size_t sum = 0;

	for (size_t i = 0; i < id.length; i++) {
		sum = sum * 31 + id.at[i];
	}
	return sum % WORKLOAD_MEMBERS;
}

/* A UUID seen for the first time chooses among those who are left. */
static bool
find_member(const json_t *line, struct workload_people *people, struct arena *arena,
	    struct workload_visit *visit)
{
	struct span *members = people->member_ids[visit->family];
	struct span id;
	size_t place;

	if (!take_text(line, "member", arena, &id) || id.length == 0) {
		return false;
	}
	for (size_t i = 0; i < WORKLOAD_MEMBERS; i++) {
		if (span_equal(members[i], id)) {
			visit->member = i;
			return true;
		}
	}
	place = member_of_id(id);
	for (size_t i = 0; i < WORKLOAD_MEMBERS; i++, place = (place + 1) % WORKLOAD_MEMBERS) {
		if (members[place].length == 0) {
			members[place] = id;
			visit->member = place;
			return true;
		}
	}
	return false;
}

static bool
take_group(const json_t *line, int64_t *out)
{
	static const char *const names[] = {"none", "catin", "bumil", "pascasalin", "baduta"};
	const char *text = json_string_value(json_object_get(line, "kind"));

	for (size_t i = 1; i < sizeof names / sizeof names[0] && text != NULL; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (int64_t)i;
			return true;
		}
	}
	return false;
}

/* The four topics have the same names in the schema, with codes 0 to 3. */
static bool
take_topics(const json_t *line, int64_t *out)
{
	static const char *const keys[] = {"c_gizi", "c_asi", "c_kb", "c_sanitasi"};

	*out = 0;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		bool given;

		if (!take_boolean(line, keys[i], &given)) {
			return false;
		}
		*out |= (int64_t)given << i;
	}
	return true;
}

static bool
take_day(const json_t *line, int64_t *out)
{
	const char *text = json_string_value(json_object_get(line, "date"));

	return text != NULL && day_parse(span_of_text(text), out);
}

bool
workload_read_visit(const json_t *line, struct workload_people *people, struct arena *arena,
		    struct workload_visit *out)
{
	return json_object_size(line) == VISIT_KEYS && find_family(line, people, &out->family) &&
	       find_member(line, people, arena, out) && take_day(line, &out->day) &&
	       take_group(line, &out->group) && take_topics(line, &out->topics) &&
	       take_decimal(line, "weight_kg", 3, &out->weight) &&
	       take_decimal(line, "height_cm", 1, &out->height) &&
	       take_decimal(line, "muac_mm", 0, &out->muac) &&
	       take_decimal_or_null(line, "hb_gdl", 1, &out->hb) &&
	       take_decimal_or_null(line, "gest_wk", 0, &out->gestation) &&
	       take_text_or_null(line, "ref_code", arena, &out->referral_reason) &&
	       take_decimal(line, "lat", 5, &out->latitude) &&
	       take_decimal(line, "lon", 5, &out->longitude) &&
	       take_text(line, "note", arena, &out->note);
}
