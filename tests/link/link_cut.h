/* SPDX-License-Identifier: Apache-2.0 */
/* link_cut: where a connection of the emulated link breaks off. */
#ifndef SAMBUNG_TESTS_LINK_LINK_CUT_H
#define SAMBUNG_TESTS_LINK_LINK_CUT_H

#include "link_proxy.h"

enum link_way { LINK_UP = 0, LINK_DOWN = 1 };

struct link_cut {
	unsigned percent;
	uint64_t random;
	uint64_t left[2];   /* bytes that still pass; UINT64_MAX: all */
	uint64_t left_both; /* … up and down together */
};

/* For one connection, whose places follow from the shape's seed and its number. */
void link_cut_start(struct link_cut *cut, const struct link_shape *shape, uint32_t connection);
/* A request begins: is it to be cut, and where? */
void link_cut_draw(struct link_cut *cut);
/* How many of so many bytes still pass. */
size_t link_cut_take(struct link_cut *cut, int way, size_t length);
bool link_cut_reached(const struct link_cut *cut, int way);

#endif
