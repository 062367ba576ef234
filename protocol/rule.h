/* SPDX-License-Identifier: Apache-2.0 */
/* rule: evaluates a schema's conditions on one record; the same on device and daemon. */
#ifndef SAMBUNG_PROTOCOL_RULE_H
#define SAMBUNG_PROTOCOL_RULE_H

#include "merge.h"

/*
 * A comparison with an empty field is false (so is !=); `empty` is the way to ask. A choice
 * compares by code, a set is `in` if it holds any of the values and `=` if it holds exactly that
 * one. `today` in days since 1970-01-01.
 */
bool condition_holds(const struct condition *condition, const struct record_type *type,
		     const struct record *record, int64_t today);

#endif
