/* SPDX-License-Identifier: Apache-2.0 */
#include "region.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VILLAGE_MAX UINT64_C(9999999999)

/* How many villages a region of the four levels spans. */
static const uint64_t level_size[] = {1, 10000, 1000000, 100000000};
enum { LEVELS = sizeof level_size / sizeof level_size[0] };

static int
level_of_digits(size_t digits)
{
	switch (digits) {
	case 10:
		return 0;
	case 6:
		return 1;
	case 4:
		return 2;
	case 2:
		return 3;
	default:
		return -1;
	}
}

/* Dots may stand after the 2nd, 4th and 6th digit, all or none. */
static bool
dots_fit(const char *text, size_t digits, size_t dots)
{
	size_t seen = 0;

	if (dots == 0) {
		return true;
	}
	for (const char *at = text; *at != '\0'; at++) {
		if (*at != '.') {
			seen++;
		} else if (seen != 2 && seen != 4 && seen != 6) {
			return false;
		}
	}
	return dots == (digits == 10 ? 3 : digits / 2 - 1);
}

enum status
region_parse(const char *text, struct region *out, struct error *err)
{
	uint64_t code = 0;
	size_t digits = 0;
	size_t dots = 0;
	int level;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '.' && digits > 0 && at[-1] != '.' && at[1] != '\0') {
			dots++;
		} else if (*at >= '0' && *at <= '9' && digits < 10) {
			code = code * 10 + (uint64_t)(*at - '0');
			digits++;
		} else {
			return fail(err, STATUS_NOT_REGION, "%s", "");
		}
	}
	level = level_of_digits(digits);
	if (level < 0 || code == 0 || !dots_fit(text, digits, dots)) {
		return fail(err, STATUS_NOT_REGION, "%s", "");
	}
	out->low = code * level_size[level];
	out->high = out->low + level_size[level] - 1;
	return STATUS_OK;
}

enum status
village_parse(const char *text, uint64_t *village_out, struct error *err)
{
	struct region region;

	if (region_parse(text, &region, NULL) != STATUS_OK || region.low != region.high) {
		return fail(err, STATUS_NOT_VILLAGE, "%s", "");
	}
	*village_out = region.low;
	return STATUS_OK;
}

static int
region_level(struct region region)
{
	for (int level = 0; level < LEVELS; level++) {
		if (region.high - region.low + 1 == level_size[level] &&
		    region.low % level_size[level] == 0) {
			return level;
		}
	}
	return -1;
}

bool
region_valid(struct region region)
{
	return region.low > 0 && region.high <= VILLAGE_MAX && region.low <= region.high &&
	       region_level(region) >= 0;
}

bool
region_covers(struct region region, uint64_t village)
{
	return village >= region.low && village <= region.high;
}

bool
regions_cover(const struct region *regions, size_t count, uint64_t village)
{
	for (size_t i = 0; i < count; i++) {
		if (region_covers(regions[i], village)) {
			return true;
		}
	}
	return false;
}

bool
regions_cover_region(const struct region *regions, size_t count, struct region region)
{
	for (size_t i = 0; i < count; i++) {
		if (regions[i].low <= region.low && region.high <= regions[i].high) {
			return true;
		}
	}
	return false;
}

/* By the first village; of two that begin alike the larger one first. */
static int
compare_regions(const void *one, const void *other)
{
	const struct region *a = one;
	const struct region *b = other;

	if (a->low != b->low) {
		return a->low < b->low ? -1 : 1;
	}
	return (a->high < b->high) - (a->high > b->high);
}

size_t
regions_merge(struct region *regions, size_t count)
{
	size_t kept = 0;

	if (count > 1) {
		qsort(regions, count, sizeof regions[0], compare_regions);
	}
	for (size_t i = 0; i < count; i++) {
		/* What covers it stands before it, and is the last one kept. */
		if (kept == 0 || regions[i].high > regions[kept - 1].high) {
			regions[kept++] = regions[i];
		}
	}
	return kept;
}

char *
region_format(struct region region, char *out)
{
	static const int digits[] = {10, 6, 4, 2};
	int level = region_level(region);

	if (level < 0) {
		level = 0;
	}
	(void)snprintf(out, REGION_TEXT_SIZE, "%0*" PRIu64, digits[level],
		       region.low / level_size[level] % (VILLAGE_MAX + 1));
	return out;
}

char *
village_format(uint64_t village, char *out)
{
	struct region region = {village, village};

	return region_format(region, out);
}
