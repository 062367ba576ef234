/* SPDX-License-Identifier: Apache-2.0 */
#include "client/query.h"

/* The day shown in the date field of that name. */
static bool
date_shown(const struct record_type *type, const struct record *record, const char *name,
	   int64_t *day_out)
{
	const struct field *field = type_field_named(type, span_of_text(name));
	struct value value;

	if (field == NULL || field->type != FIELD_DATE) {
		return false;
	}
	value = record_shown(record, type, field->tag);
	if (value.form != VALUE_INTEGER) {
		return false;
	}
	*day_out = value.integer;
	return true;
}

static bool
is_archived(const struct record_type *type, const struct record *record)
{
	return record_shown(record, type, TAG_ARCHIVED).form != VALUE_EMPTY;
}

static bool
is_finished(const struct record_type *type, const struct record *record)
{
	const struct field *field = type_field_named(type, span_of_text("status"));
	const struct choice *choice;
	struct value value;

	if (field == NULL || field->type != FIELD_CHOICE) {
		return false;
	}
	value = record_shown(record, type, field->tag);
	if (value.form != VALUE_INTEGER || value.integer < 0 || value.integer > SCHEMA_TAG_MAX) {
		return false;
	}
	choice = list_choice(field->choices, (uint32_t)value.integer);
	return choice != NULL && (span_equal(choice->name, span_of_text("done")) ||
				  span_equal(choice->name, span_of_text("dropped")));
}

struct later {
	const struct record_type *type;
	int64_t date;
	bool found;
};

static enum status
later_look(void *context, const struct record *record, struct error *err)
{
	struct later *later = context;
	int64_t date;

	(void)err;
	if (date_shown(later->type, record, "date", &date) && date > later->date &&
	    !is_archived(later->type, record)) {
		later->found = true;
	}
	/* One is enough; later->found tells that it was no failure. */
	return later->found ? STATUS_STALE : STATUS_OK;
}

/* Has a later record of the same kind been made for the same person? */
static enum status
is_followed(struct sambung *device, const struct record_type *type, const struct record *record,
	    bool *followed_out, struct error *err)
{
	struct later later = {.type = type};
	uint64_t parent = device_parent(device, record);
	enum status status = STATUS_OK;

	if (parent != 0 && date_shown(type, record, "date", &later.date)) {
		status = local_records_below(device->local, type->tag, parent, later_look, &later,
					     err);
	}
	*followed_out = later.found;
	return later.found ? STATUS_OK : status;
}

enum status
query_due(struct sambung *device, const struct record *record, int64_t today, bool *due_out,
	  struct error *err)
{
	const struct record_type *type = schema_type(device->schema, record->type);
	bool followed = false;
	int64_t day;
	enum status status;

	*due_out = false;
	if (type == NULL || is_archived(type, record)) {
		return STATUS_OK;
	}
	if (date_shown(type, record, "due_date", &day) && day <= today &&
	    !is_finished(type, record)) {
		*due_out = true;
		return STATUS_OK;
	}
	if (!date_shown(type, record, "next_date", &day) || day > today) {
		return STATUS_OK;
	}
	status = is_followed(device, type, record, &followed, err);
	*due_out = !followed;
	return status;
}

static uint8_t
lower(uint8_t letter)
{
	return letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter - 'A' + 'a') : letter;
}

static bool
text_holds(struct span text, struct span match)
{
	for (size_t start = 0; start + match.length <= text.length; start++) {
		size_t length = 0;

		while (length < match.length &&
		       lower(text.at[start + length]) == lower(match.at[length])) {
			length++;
		}
		if (length == match.length) {
			return true;
		}
	}
	return false;
}

bool
query_matches(const struct record_type *type, const struct record *record, struct span match)
{
	for (size_t i = 0; i < record->field_count; i++) {
		int32_t tag = record->fields[i].tag;
		struct value value =
			field_shown(record, &record->fields[i], type_policy(type, tag));

		if (tag > 0 && value.form == VALUE_TEXT && text_holds(value.text, match)) {
			return true;
		}
	}
	return false;
}
