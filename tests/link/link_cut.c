/* SPDX-License-Identifier: Apache-2.0 */
#include "link_cut.h"

#define ALL UINT64_MAX

/* splitmix64 (public domain, S. Vigna). */
static uint64_t
next_random(struct link_cut *cut)
{
	uint64_t z = cut->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
link_cut_start(struct link_cut *cut, const struct link_shape *shape, uint32_t connection)
{
	*cut = (struct link_cut){
		.percent = shape->cut_percent,
		.random = shape->seed + connection * UINT64_C(0x2545f4914f6cdd1d),
		.left = {ALL, ALL},
		.left_both = shape->cut_after == 0 ? ALL : shape->cut_after,
	};
}

void
link_cut_draw(struct link_cut *cut)
{
	int way;

	cut->left[LINK_UP] = ALL;
	cut->left[LINK_DOWN] = ALL;
	if (next_random(cut) % 100 < cut->percent) {
		way = next_random(cut) % 2 == 0 ? LINK_UP : LINK_DOWN;
		cut->left[way] = UINT64_C(2) << next_random(cut) % 15;
		cut->left[way] = next_random(cut) % cut->left[way];
	}
}

size_t
link_cut_take(struct link_cut *cut, int way, size_t length)
{
	uint64_t *left = &cut->left[way];
	uint64_t least = *left < cut->left_both ? *left : cut->left_both;
	size_t passing = length < least ? length : (size_t)least;

	if (*left != ALL) {
		*left -= passing;
	}
	if (cut->left_both != ALL) {
		cut->left_both -= passing;
	}
	return passing;
}

bool
link_cut_reached(const struct link_cut *cut, int way)
{
	return cut->left[way] == 0 || cut->left_both == 0;
}
