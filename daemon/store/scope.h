/* SPDX-License-Identifier: Apache-2.0 */
/* scope: the regions of a device or code as they stand in a column: CBOR [low, high, low, high …].
 */
#ifndef SAMBUNG_DAEMON_STORE_SCOPE_H
#define SAMBUNG_DAEMON_STORE_SCOPE_H

#include "protocol/arena.h"
#include "protocol/bytes.h"
#include "protocol/region.h"

void scope_put(const struct region *scope, size_t count, struct buffer *out);
/* False on anything else, or when the arena is exhausted. */
bool scope_get(struct span bytes, struct arena *arena, struct region **scope_out,
	       size_t *count_out);

#endif
