/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of what was erased. */
#include "protocol/change.h"
#include "protocol/id.h"
#include "protocol/message.h"
#include "tests/vectors/vectors.h"
#include "tests/vectors/vectors_example.h"

#include <string.h>

void
vector_change_stub(struct vector *vector)
{
	struct change_stub stub = {.n = 1201, .record = id_make(EXAMPLE_DEVICE, 7)};

	vector->comment = "what stands where a change of an erased record stood";
	memset(stub.commitment, 0x5c, sizeof stub.commitment);
	vector_number(vector, "n", stub.n);
	vector_number(vector, "record", (int64_t)stub.record);
	vector_bytes(vector, "commitment", span_of(stub.commitment, sizeof stub.commitment));
	change_stub_encode(&stub, &vector->bytes);
}

void
vector_reply_erased(struct vector *vector)
{
	uint64_t erased[] = {id_make(EXAMPLE_DEVICE, 7), id_make(0x2468ace0, 40)};
	struct exception exception = {.n = 9, .kind = EXCEPTION_ERASED};
	struct reply reply = {
		.server_time_ms = (EXAMPLE_TIME + 61) * 1000 + 250,
		.epoch = EXAMPLE_EPOCH,
		.from = {12, 12, CURSOR_ID_END},
		.to = {17, 17, CURSOR_ID_END},
		.erased = erased,
		.erased_count = 2,
		.exceptions = &exception,
		.exception_count = 1,
	};
	struct buffer packed;

	vector->comment =
		"reply that tells what was legally erased, and a change that came too late";
	vector_number(vector, "server_time_ms", reply.server_time_ms);
	vector_number(vector, "epoch", reply.epoch);
	vector_number(vector, "from", (int64_t)reply.from.complete);
	vector_number(vector, "to", (int64_t)reply.to.complete);
	vector_number(vector, "erased_0", (int64_t)erased[0]);
	vector_number(vector, "erased_1", (int64_t)erased[1]);
	vector_number(vector, "n", exception.n);
	vector_number(vector, "kind", exception.kind);
	buffer_init(&packed, MESSAGE_REPLY_MAX);
	vector_require(vector, reply_pack(&reply, &packed, NULL) == STATUS_OK, "packing a reply");
	example_reply_stored(vector, buffer_span(&packed), &vector->bytes);
	buffer_finish(&packed);
}
