/* SPDX-License-Identifier: Apache-2.0 */
#include "scope.h"

#include "protocol/cbor.h"

void
scope_put(const struct region *scope, size_t count, struct buffer *out)
{
	cbor_put_array(out, 2 * count);
	for (size_t i = 0; i < count; i++) {
		cbor_put_uint(out, scope[i].low);
		cbor_put_uint(out, scope[i].high);
	}
}

bool
scope_get(struct span bytes, struct arena *arena, struct region **scope_out, size_t *count_out)
{
	struct reader in = reader_of(bytes);
	struct region *scope;
	size_t count;

	if (!cbor_get_array(&in, bytes.length, &count) || count % 2 != 0) {
		return false;
	}
	scope = ARENA_ARRAY(arena, struct region, count / 2);
	if (scope == NULL) {
		return false;
	}
	for (size_t i = 0; i < count / 2; i++) {
		if (!cbor_get_uint(&in, &scope[i].low) || !cbor_get_uint(&in, &scope[i].high)) {
			return false;
		}
	}
	if (in.left != 0) {
		return false;
	}
	*scope_out = scope;
	*count_out = count / 2;
	return true;
}
