/* SPDX-License-Identifier: Apache-2.0 */
/* two_cadres: a world in which Ani and Budi have one village, with a family of one person there,
 * imported and known to both; and how they fill in forms. */
#ifndef SAMBUNG_TESTS_TWIN_TWO_CADRES_H
#define SAMBUNG_TESTS_TWIN_TWO_CADRES_H

#include "tests/testing.h"
#include "tests/twin/world.h"

#include <stdlib.h>

#define TWO_CADRES_VILLAGE "6303072001"

struct two_cadres {
	struct world *world;
	size_t ani;
	size_t budi;
	char family[16];
	char person[16];
};

static inline struct two_cadres
two_cadres_with_a_family(uint64_t seed)
{
	struct two_cadres all = {.world = world_create(seed, getenv("SAMBUNG_SCHEMA"))};

	world_import(all.world, "family",
		     (const char *[]){"key", "K1", "village", TWO_CADRES_VILLAGE, "head", "Uji",
				      "address", "Jl. Lama", NULL});
	world_import(all.world, "person",
		     (const char *[]){"key", "P1", "family", "K1", "name", "Anak", NULL});
	world_imported_id(all.world, "family", "K1", all.family);
	world_imported_id(all.world, "person", "P1", all.person);
	all.ani = world_enrol(all.world, "Ani", TWO_CADRES_VILLAGE);
	all.budi = world_enrol(all.world, "Budi", TWO_CADRES_VILLAGE);
	world_sync(all.world, all.ani);
	world_sync(all.world, all.budi);
	return all;
}

static inline struct sambung *
handle(const struct two_cadres *all, size_t device)
{
	return all->world->devices[device].sambung;
}

static inline void
set(struct sambung_edit *edit, const char *field, const char *value)
{
	struct sambung_error err;

	assert_int_equal(sambung_edit_set(edit, field, value, &err), 0);
}

static inline void
save(struct sambung_edit *edit, const char *field, const char *value)
{
	struct sambung_error err;

	set(edit, field, value);
	assert_int_equal(sambung_edit_commit(edit, NULL, NULL, &err), 0);
}

static inline struct sambung_edit *
open_form(const struct two_cadres *all, size_t device)
{
	struct sambung_edit *edit = NULL;
	struct sambung_error err;

	assert_int_equal(sambung_edit_begin(handle(all, device), all->family, &edit, &err), 0);
	return edit;
}

static inline void
edit(const struct two_cadres *all, size_t device, const char *field, const char *value)
{
	save(open_form(all, device), field, value);
}

#endif
