/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form: values as people write them, and the checks a schema makes of them.
 *
 * The text side of docs/schema.md "Values": decimals with a point in the shown unit, true|false,
 * YYYY-MM-DD, choices by name, sets "a,b" or "+a,-b", references by id, points "lat,lon", empty
 * clears. The same checks judge a change that arrives at the daemon.
 */
#ifndef SAMBUNG_PROTOCOL_FORM_H
#define SAMBUNG_PROTOCOL_FORM_H

#include "merge.h"

/*
 * Text to value. For a set the result is the pair (added, removed) relative to `shown`, the mask in
 * the form; a pair (0, 0) means nothing changes. Texts borrow from `text`. The status (one of
 * status_is_invalid) is the rule that is broken, the detail the field and the allowed range or
 * choices, never the value itself.
 */
enum status value_from_text(const struct record_type *type, int32_t tag, struct span text,
			    int64_t shown, struct value *out, struct error *err);

/* A value against its field's type, refuse range, text bound and choices (a choice that the schema
 * does not know is refused here; a set's unknown bits too). Empty always fits. */
enum status value_check(const struct record_type *type, int32_t tag, struct value value,
			struct error *err);

/* A whole change against its type; creation: required fields are there and not empty, and so is the
 * village or the reference that is the type's root; else MISSING. Fields that the schema does not
 * know are left alone. */
enum status change_check(const struct record_type *type, const struct change *change,
			 struct error *err);

#endif
