/* SPDX-License-Identifier: Apache-2.0 */
/* form_parts: what reading and checking of values share; nobody else includes this. */
#ifndef SAMBUNG_PROTOCOL_FORM_PARTS_H
#define SAMBUNG_PROTOCOL_FORM_PARTS_H

#include "schema.h"

/* Village, archived, same_as. */
bool form_is_built_in(int32_t tag);
/* The bit of that choice in a set's mask; of all that the list has. */
uint64_t form_choice_bit(const struct choice *choice);
uint64_t form_known_mask(const struct choice_list *list);
/* Fails with NOT_CHOICE and the names that there are. */
enum status form_unknown_choice(const struct choice_list *list, struct error *err);
/* Puts the field's name in front of the detail unless `status` is OK; returns `status`. */
enum status form_in_field(const struct record_type *type, int32_t tag, enum status status,
			  struct error *err);

#endif
