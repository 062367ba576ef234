/* SPDX-License-Identifier: Apache-2.0 */
/* workload_change: the mapping to tags and values of the shipped schema. */
#include "protocol/schema.h"
#include "tests/bench/workload.h"

/* Of the shipped schema. */
enum family_tag {
	FAMILY_NO_KK = 1,
	FAMILY_HEAD = 2,
	FAMILY_RW = 5,
	FAMILY_RT = 6,
	FAMILY_WATER_UNSAFE = 13,
	FAMILY_LATRINE_UNSAFE = 14,
	FAMILY_TOO_YOUNG = 15,
	FAMILY_TOO_OLD = 16,
	FAMILY_TOO_CLOSE = 17,
	FAMILY_TOO_MANY = 18,
};
enum person_tag { PERSON_FAMILY = 1, PERSON_NAME = 2 };
enum visit_tag {
	VISIT_PERSON = 1,
	VISIT_DATE = 2,
	VISIT_GROUP = 3,
	VISIT_HB = 4,
	VISIT_TOPICS = 5,
	VISIT_WEIGHT = 6,
	VISIT_HEIGHT = 7,
	VISIT_MUAC = 8,
	VISIT_GESTATION = 9,
	VISIT_POINT = 11,
	VISIT_NOTE = 12,
	VISIT_REFERRAL_REASON = 53,
};

uint32_t
workload_family_n(size_t device, size_t family)
{
	return (uint32_t)(device * WORKLOAD_RECORDS + family + 1);
}

uint32_t
workload_person_n(size_t device, size_t family, size_t member)
{
	return (uint32_t)(device * WORKLOAD_RECORDS + WORKLOAD_FAMILIES +
			  family * WORKLOAD_MEMBERS + member + 1);
}

static void
begin(struct change *change, uint32_t type, struct change_field *fields)
{
	change->type = type;
	change->base.epoch = 0;
	change->base.version = 0;
	change->fields = fields;
	change->field_count = 0;
}

static void
put(struct change *change, int32_t tag, struct value value)
{
	change->fields[change->field_count++] = (struct change_field){.tag = tag, .value = value};
}

void
workload_family_change(const struct workload_device *device, size_t family,
		       struct change_field *fields, struct change *change)
{
	const struct workload_family *from = &device->families[family];

	begin(change, WORKLOAD_FAMILY, fields);
	put(change, FAMILY_NO_KK, value_text(from->no_kk));
	put(change, FAMILY_HEAD, value_text(from->head));
	put(change, WORKLOAD_FAMILY_ADDRESS, value_text(from->address));
	put(change, FAMILY_RW, value_text(from->rw));
	put(change, FAMILY_RT, value_text(from->rt));
	put(change, WORKLOAD_FAMILY_DECILE, value_integer(from->decile));
	put(change, FAMILY_WATER_UNSAFE, value_boolean(!from->water));
	put(change, FAMILY_LATRINE_UNSAFE, value_boolean(!from->latrine));
	put(change, FAMILY_TOO_YOUNG, value_boolean(from->too_young));
	put(change, FAMILY_TOO_OLD, value_boolean(from->too_old));
	put(change, FAMILY_TOO_CLOSE, value_boolean(from->too_close));
	put(change, FAMILY_TOO_MANY, value_boolean(from->too_many));
	put(change, TAG_VILLAGE, value_integer((int64_t)device->village));
}

void
workload_person_change(size_t member, uint64_t family_id, struct change_field *fields,
		       struct change *change)
{
	/* The lines tell nothing of a person but the UUID; a name is required. */
	static const char *const names[WORKLOAD_MEMBERS] = {"Anggota satu", "Anggota dua",
							    "Anggota tiga"};

	begin(change, WORKLOAD_PERSON, fields);
	put(change, PERSON_FAMILY, value_integer((int64_t)family_id));
	put(change, PERSON_NAME, value_text(span_of_text(names[member])));
}

void
workload_visit_change(const struct workload_visit *visit, uint64_t person_id,
		      struct change_field *fields, struct change *change)
{
	begin(change, WORKLOAD_VISIT, fields);
	put(change, VISIT_PERSON, value_integer((int64_t)person_id));
	put(change, VISIT_DATE, value_integer(visit->day));
	put(change, VISIT_GROUP, value_integer(visit->group));
	if (visit->hb != 0) {
		put(change, VISIT_HB, value_integer(visit->hb));
	}
	if (visit->topics != 0) {
		put(change, VISIT_TOPICS, value_pair(visit->topics, 0));
	}
	put(change, VISIT_WEIGHT, value_integer(visit->weight));
	put(change, VISIT_HEIGHT, value_integer(visit->height));
	put(change, VISIT_MUAC, value_integer(visit->muac));
	if (visit->gestation != 0) {
		put(change, VISIT_GESTATION, value_integer(visit->gestation));
	}
	put(change, VISIT_POINT, value_pair(visit->latitude, visit->longitude));
	if (visit->note.length > 0) {
		put(change, VISIT_NOTE, value_text(visit->note));
	}
	if (visit->referral_reason.length > 0) {
		put(change, VISIT_REFERRAL_REASON, value_text(visit->referral_reason));
	}
}
