/* SPDX-License-Identifier: Apache-2.0 */
/* adopted: what an admin does with a phone's file, and what the server makes of it. */
#ifndef SAMBUNG_TESTS_TWIN_ADOPTED_H
#define SAMBUNG_TESTS_TWIN_ADOPTED_H

#include "tests/twin/two_cadres.h"
#include "tests/twin/verified.h"

#include <string.h>

/* A new record of name, value, name, value, …, NULL. */
static inline void
adopted_create(const struct two_cadres *all, size_t device, const char *type,
	       const char *const *fields, char id_out[16])
{
	struct sambung_edit *form;
	struct sambung_error err;

	assert_int_equal(sambung_edit_create(handle(all, device), type, &form, &err), 0);
	for (; fields[0] != NULL; fields += 2) {
		set(form, fields[0], fields[1]);
	}
	assert_int_equal(sambung_edit_commit(form, id_out, NULL, &err), 0);
}

static inline int
adopted_keep(void *context, struct sambung_bytes bytes)
{
	struct buffer *out = context;

	buffer_clear(out);
	buffer_append(out, bytes.at, bytes.length);
	return out->status != STATUS_OK;
}

/* The file that the phone writes. */
static inline void
adopted_file(const struct two_cadres *all, size_t device, struct buffer *out)
{
	struct sambung_carried carried;
	struct sambung_error err;

	assert_int_equal(sambung_carry_out(handle(all, device), adopted_keep, out, &carried, &err),
			 0);
}

/* One transaction, as the daemon's writer runs it: what is refused has written nothing. */
static inline enum status
adopted_try(const struct two_cadres *all, const struct adoption *adoption, struct span reason,
	    struct adopt_count *out, struct error *err)
{
	struct ingest *ingest = all->world->ingest;
	const struct adopt_order order = {.reason = reason};
	struct error late;
	enum status status;

	assert_ok(ingest_begin(ingest, &late));
	status = ingest_adopt(ingest, adoption, &order, out, err);
	assert_true(status == STATUS_OK || status == STATUS_INVALID);
	assert_ok(ingest_commit(ingest, &late));
	return status;
}

/* Adopts all of it; the sum. */
static inline struct adopt_count
adopted(const struct two_cadres *all, const struct buffer *file)
{
	struct adopt_count sum = {.more = true};
	struct adoption *adoption;
	struct error err = {.status = STATUS_OK};
	bool first = true;

	assert_ok(adoption_open(buffer_span(file), all->world->reader, &all->world->keys, &adoption,
				&err));
	while (sum.more) {
		struct adopt_count count;

		if (adopted_try(all, adoption, span_of_text("HP hilang"), &count, &err) !=
		    STATUS_OK) {
			print_error("%s\n", err.detail);
			_fail(__FILE__, __LINE__);
		}
		sum.before = first ? count.before : sum.before;
		sum.adopted += count.adopted;
		sum.quarantined += count.quarantined;
		sum.device = count.device;
		sum.number = count.number;
		sum.missing = count.missing;
		sum.more = count.more;
		first = false;
	}
	adoption_free(adoption);
	return sum;
}

static inline void
adopted_refused_for(const struct two_cadres *all, const struct buffer *file, struct span reason,
		    const char *part)
{
	const uint64_t head = world_head(all->world);
	struct adoption *adoption = NULL;
	struct adopt_count count;
	struct error err = {.status = STATUS_OK};
	enum status status = adoption_open(buffer_span(file), all->world->reader, &all->world->keys,
					   &adoption, &err);

	if (status == STATUS_OK) {
		status = adopted_try(all, adoption, reason, &count, &err);
	}
	assert_int_not_equal(status, STATUS_OK);
	if (strstr(err.detail, part) == NULL) {
		print_error("'%s' does not say '%s'\n", err.detail, part);
		_fail(__FILE__, __LINE__);
	}
	assert_int_equal(world_head(all->world), head);
	adoption_free(adoption);
}

/* The detail of the refusal has that part. */
static inline void
adopted_refused(const struct two_cadres *all, const struct buffer *file, const char *part)
{
	adopted_refused_for(all, file, span_of_text("HP hilang"), part);
}

static inline enum device_state
adopted_state(const struct two_cadres *all, uint32_t number)
{
	struct arena arena;
	struct device device;
	struct error err;

	arena_init(&arena, 1 << 16);
	assert_ok(store_device(all->world->store, number, &arena, &device, &err));
	arena_finish(&arena);
	return device.state;
}

static inline void
adopted_count_finding(void *context, const struct finding *finding)
{
	(void)finding;
	(*(uint64_t *)context)++;
}

#endif
