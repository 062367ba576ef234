/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: the schema file (docs/schema.md) as a schema.
 *
 * Only what JSON can get wrong is judged here: form, keys, names that lead nowhere. The rest is for
 * schema_check, which stands behind the codec as well.
 */
#ifndef SAMBUNG_DAEMON_SCHEMA_LOAD_H
#define SAMBUNG_DAEMON_SCHEMA_LOAD_H

#include "protocol/schema.h"

/*
 * Returns a new schema in *out: sorted, checked by itself, sealed; whether it may follow the stored
 * version is for schema_check. LIMIT: larger than SCHEMA_BYTES_MAX; INVALID names the place
 * ("visit.hb: unknown key \"unti\""). Borrows nothing from the text.
 */
enum status schema_load_json(struct span text, struct schema **out, struct error *err);

#endif
