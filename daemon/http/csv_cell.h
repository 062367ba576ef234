/* SPDX-License-Identifier: Apache-2.0 */
/* csv_cell: a field's value as text in a table (RFC 4180), in the words that an import or a form
 * would take. */
#ifndef SAMBUNG_DAEMON_HTTP_CSV_CELL_H
#define SAMBUNG_DAEMON_HTTP_CSV_CELL_H

#include "protocol/schema.h"

/* Quotes the text if it has to be. With `guarded`, a text that a spreadsheet would run as a formula
 * gets an apostrophe in front; numbers with a sign stay. */
void csv_text(struct buffer *out, struct span text, bool guarded);
/* `field` NULL: a built-in one. */
void csv_value(struct buffer *out, const struct field *field, int32_t tag, struct value value);

#endif
