/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"
#include "change.h"

enum { STUB_KEYS = 3, STUB_N = 1, STUB_RECORD = 3, STUB_COMMITMENT = 14 };

void
change_stub_encode(const struct change_stub *stub, struct buffer *out)
{
	cbor_put_map(out, STUB_KEYS);
	cbor_put_uint(out, STUB_N);
	cbor_put_uint(out, stub->n);
	cbor_put_uint(out, STUB_RECORD);
	cbor_put_uint(out, stub->record);
	cbor_put_uint(out, STUB_COMMITMENT);
	cbor_put_bytes(out, span_of(stub->commitment, sizeof stub->commitment));
}

static bool
key_is(struct reader *in, uint64_t key)
{
	uint64_t read;

	return cbor_get_uint(in, &read) && read == key;
}

bool
change_stub_decode(struct span bytes, struct change_stub *out)
{
	struct reader in = reader_of(bytes);
	struct change_stub stub;
	uint64_t n;
	size_t pairs;

	if (!cbor_get_map(&in, STUB_KEYS, &pairs) || pairs != STUB_KEYS || !key_is(&in, STUB_N) ||
	    !cbor_get_uint_max(&in, CHANGE_N_MAX, &n) || n == 0 || !key_is(&in, STUB_RECORD) ||
	    !cbor_get_uint_max(&in, INT64_MAX, &stub.record) || stub.record == 0 ||
	    !key_is(&in, STUB_COMMITMENT) ||
	    !cbor_get_bytes_exact(&in, stub.commitment, sizeof stub.commitment) || in.left != 0) {
		return false;
	}
	stub.n = (uint32_t)n;
	*out = stub;
	return true;
}
