/* SPDX-License-Identifier: Apache-2.0 */
/* aside: of which records a change in quarantine speaks, beside the one that it names. */
#ifndef SAMBUNG_DAEMON_INGEST_ASIDE_H
#define SAMBUNG_DAEMON_INGEST_ASIDE_H

#include "protocol/change.h"
#include "protocol/schema.h"

/*
 * Does its payload hang on one of these records (`ids` ascending)? By the root reference of its
 * type. Of a type that the schema lacks (or without schema) any number may be the reference, and
 * bytes that do not decode may hold an id as CBOR writes it. No payload speaks of nothing.
 */
bool aside_hangs_on(const struct schema *schema, struct span payload, const uint64_t *ids,
		    size_t id_count, struct arena *arena);

#endif
