/* SPDX-License-Identifier: Apache-2.0 */
/* dictionary_1: the preset deflate dictionary of number 1, trained from made-up text (train.py).
 * Once a device has it, its bytes never change: new bytes get a new number. */
#ifndef SAMBUNG_PROTOCOL_DICTIONARY_1_H
#define SAMBUNG_PROTOCOL_DICTIONARY_1_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t dictionary_1[];
extern const size_t dictionary_1_size;

#endif
