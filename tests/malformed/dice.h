/* SPDX-License-Identifier: Apache-2.0 */
/* dice: numbers that a seed determines (splitmix64). */
#ifndef SAMBUNG_TESTS_MALFORMED_DICE_H
#define SAMBUNG_TESTS_MALFORMED_DICE_H

#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t
dice_roll(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 to count - 1. */
static inline size_t
dice_below(struct dice *dice, size_t count)
{
	return (size_t)(dice_roll(dice) % count);
}

#define DICE_PICK(dice, list) ((list)[dice_below(dice, sizeof(list) / sizeof(list)[0])])

#endif
