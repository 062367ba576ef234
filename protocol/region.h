/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region: Kemendagri region codes and the ranges of villages they stand for.
 *
 * A code has 2 (province), 4 (kabupaten), 6 (kecamatan) or 10 digits (village), with or without
 * dots (63.03.07.2001). A village is kept as its 10-digit number; a scope is an inclusive range of
 * village numbers. 0 is no village.
 */
#ifndef SAMBUNG_PROTOCOL_REGION_H
#define SAMBUNG_PROTOCOL_REGION_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

enum { REGION_TEXT_SIZE = 11, REGION_DOTTED_SIZE = 14 };

struct region {
	uint64_t low;  /* first village number of the region */
	uint64_t high; /* last one; low == high for a village */
};

/* Fails with NOT_REGION. */
enum status region_parse(const char *text, struct region *out, struct error *err);
/* A 10-digit code only; fails with NOT_VILLAGE. */
enum status village_parse(const char *text, uint64_t *village_out, struct error *err);
/* True if low..high is exactly a region of 2, 4, 6 or 10 digits. */
bool region_valid(struct region region);
bool region_covers(struct region region, uint64_t village);
/* True if any of the `count` regions covers the village. */
bool regions_cover(const struct region *regions, size_t count, uint64_t village);
/* True if one of the `count` regions covers all of that one. */
bool regions_cover_region(const struct region *regions, size_t count, struct region region);
/* The list becomes the shortest of the same villages, ascending: what another region of it covers
 * goes. Returns how many are left. (Regions lie inside one another or apart.) */
size_t regions_merge(struct region *regions, size_t count);
/* Plain digits ("6303072001", "630307"); `out` has REGION_TEXT_SIZE bytes; returns out. */
char *region_format(struct region region, char *out);
char *village_format(uint64_t village, char *out);

#endif
