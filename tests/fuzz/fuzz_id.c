/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "protocol/id.h"
#include "protocol/region.h"

/* How an id that was read would have been written. */
static void
spell_plainly(char *text)
{
	for (char *at = text; *at != '\0'; at++) {
		if (*at >= 'A' && *at <= 'Z') {
			*at = (char)(*at - 'A' + 'a');
		}
		if (*at == 'o') {
			*at = '0';
		} else if (*at == 'i' || *at == 'l') {
			*at = '1';
		}
	}
}

static void
check_id_text(char *text)
{
	char written[ID_TEXT_SIZE];
	struct error err = {0};
	uint64_t id = 0;

	if (id_parse(text, &id, &err) != STATUS_OK) {
		PROPERTY(id == 0 &&
			 (err.status == STATUS_NOT_ID || err.status == STATUS_MISTYPED_ID));
		return;
	}
	PROPERTY(id_valid(id));
	PROPERTY(id_make(id_stream(id), id_n(id)) == id);
	spell_plainly(text);
	PROPERTY(strcmp(id_format(id, written), text) == 0);
	/* One wrong symbol is always seen. */
	for (size_t i = 1; text[i] != '\0'; i++) {
		written[i] = text[i] == 'z' ? '0' : 'z';
		PROPERTY(id_parse(written, &id, NULL) != STATUS_OK);
		written[i] = text[i];
	}
}

static void
check_id_number(struct span bytes)
{
	char written[ID_TEXT_SIZE];
	uint64_t again = 0;
	uint64_t id;

	if (bytes.length < 8) {
		return;
	}
	id = get_le64(bytes.at);
	PROPERTY(strlen(id_format(id, written)) < ID_TEXT_SIZE);
	PROPERTY((id_parse(written, &again, NULL) == STATUS_OK) == id_valid(id));
	PROPERTY(again == (id_valid(id) ? id : 0));
}

static void
check_region_text(const char *text)
{
	char written[REGION_TEXT_SIZE];
	struct region region;
	struct region again;
	uint64_t village;
	bool is_village = village_parse(text, &village, NULL) == STATUS_OK;

	if (region_parse(text, &region, NULL) != STATUS_OK) {
		PROPERTY(!is_village);
		return;
	}
	PROPERTY(region_valid(region));
	PROPERTY(region_covers(region, region.low) && region_covers(region, region.high));
	PROPERTY(is_village == (region.low == region.high));
	PROPERTY(region_parse(region_format(region, written), &again, NULL) == STATUS_OK);
	PROPERTY(again.low == region.low && again.high == region.high);
	for (const char *at = written; *at != '\0'; text++) {
		if (*text != '.') {
			PROPERTY(*text == *at++);
		}
	}
}

FUZZ(data, size)
{
	char *text = fuzz_text(span_of(data, size));

	check_region_text(text);
	check_id_text(text);
	check_id_number(span_of(data, size));
	free(text);
	return 0;
}
