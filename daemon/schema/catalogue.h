/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue: the schema versions that the store holds, decoded once and kept until the end. Any
 * thread may ask; what it hands out is never freed or changed before catalogue_free. */
#ifndef SAMBUNG_DAEMON_SCHEMA_CATALOGUE_H
#define SAMBUNG_DAEMON_SCHEMA_CATALOGUE_H

#include "daemon/store/store.h"

struct catalogue;

enum status catalogue_create(struct store *store, struct catalogue **out, struct error *err);
void catalogue_free(struct catalogue *catalogue);
/* Takes a schema that was just stored. */
enum status catalogue_add(struct catalogue *catalogue, struct schema *schema, struct error *err);
/* NULL if there is no such version; 0: the newest. */
const struct schema *catalogue_schema(struct catalogue *catalogue, uint32_t version);

#endif
