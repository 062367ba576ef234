/* SPDX-License-Identifier: Apache-2.0 */
/* A phone's file whose changes the log can have in no other way: an admin adopts them. */
#include "handle.h"
#include "protocol/json.h"

#include <stdlib.h>

struct adopting {
	struct adoption *adoption;
	struct adopt_count sum; /* of all transactions so far */
	bool begun;
};

static void
adopting_free(void *own)
{
	struct adopting *adopting = own;

	adoption_free(adopting->adoption);
	free(adopting);
}

enum status
adopt_open(struct call *call, struct store *reader, struct error *err)
{
	struct adopting *adopting = calloc(1, sizeof *adopting);

	if (adopting == NULL) {
		return fail(err, STATUS_MEMORY, "a file");
	}
	call->own = adopting;
	call->own_free = adopting_free;
	return adoption_open(buffer_span(&call->body), reader, call->service->keys,
			     &adopting->adoption, err);
}

static void
add(struct adopting *adopting, const struct adopt_count *count)
{
	struct adopt_count *sum = &adopting->sum;

	sum->device = count->device;
	sum->number = count->number;
	sum->adopted += count->adopted;
	sum->quarantined += count->quarantined;
	/* Later ones find what the first have brought. */
	sum->before = adopting->begun ? sum->before : count->before;
	sum->missing = count->missing;
	adopting->begun = true;
}

static void
key_count(struct json *json, const char *key, uint32_t count)
{
	json_put_key(json, key);
	json_put_uint(json, count);
}

static void
write_sum(struct call *call, const struct adopt_count *sum)
{
	struct json json = json_start(&call->out);

	json_put_object(&json);
	key_count(&json, "device", sum->device);
	key_count(&json, "number", sum->number);
	key_count(&json, "adopted", sum->adopted);
	key_count(&json, "quarantined", sum->quarantined);
	key_count(&json, "before", sum->before);
	key_count(&json, "missing", sum->missing);
	json_put_object_end(&json);
	json_put_line_end(&json);
}

enum status
adopt_write(struct call *call, struct ingest *ingest, struct error *err)
{
	struct adopting *adopting = call->own;
	const struct adopt_order order = {.reason = buffer_span(&call->reason),
					  .user = call->caller.user};
	struct adopt_count count;
	enum status status = ingest_adopt(ingest, adopting->adoption, &order, &count, err);

	if (status != STATUS_OK) {
		return status;
	}
	add(adopting, &count);
	call->again = count.more;
	if (!count.more) {
		write_sum(call, &adopting->sum);
	}
	return STATUS_OK;
}
