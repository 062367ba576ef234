/* SPDX-License-Identifier: Apache-2.0 */
/* fork_sample: what a server says to a device that was restored from a copy, written by hand. */
#ifndef SAMBUNG_TESTS_UNIT_FORK_SAMPLE_H
#define SAMBUNG_TESTS_UNIT_FORK_SAMPLE_H

#include "device_world.h"
#include "protocol/fork.h"

enum { HEIR = 88, GRANDCHILD = 99, SCOPE_VERSION = 40 };

static const struct cursor at_100 = {100, 100, CURSOR_ID_END};

/* ---- what the server says ---- */

/* Every change of the last request gets a seq, and the loop of pages ends at 100. */
static void
acknowledge(struct world *w, uint64_t first_seq)
{
	struct ack_run run = {w->head.first_n, w->head.count, first_seq};
	struct reply reply = world_reply(w);

	reply.acks = &run;
	reply.ack_count = w->head.count > 0;
	reply.to = at_100;
	assert_ok(world_answer(w, &reply));
}

static struct reply
reply_with_status(const struct world *w, enum status status)
{
	struct reply reply = world_reply(w);

	reply.status = status;
	return reply;
}

/* "fork" to a request with what waits. */
static void
fork_is_told(struct world *w, uint32_t first_n)
{
	struct reply reply;

	world_request(w);
	reply = reply_with_status(w, STATUS_FORK);
	reply.send_from = first_n;
	assert_ok(world_answer(w, &reply));
	assert_true(w->again);
}

/* What answers the asking that was opened last. */
static struct certificate
certificate_for(struct world *w, uint32_t number)
{
	struct certificate certificate = {.device = number,
					  .cadre = span_of_text("Siti"),
					  .scope = w->scope,
					  .scope_count = w->scope_count,
					  .issued = WORLD_TIME_MS / 1000,
					  .parent = w->head.device,
					  .parent_n = w->head.continuing_n};

	assert_true(w->head.continues);
	memcpy(certificate.origin, "SMBG", ORIGIN_SIZE);
	memcpy(certificate.device_key, w->head.continuing_key, SIGN_PUBLIC_SIZE);
	return certificate;
}

static int
certificate_is_given(struct world *w, const struct certificate *certificate)
{
	struct reply reply = reply_with_status(w, STATUS_FORK);
	struct buffer issued;
	int failed;

	buffer_init(&issued, 4096);
	certificate_issue(certificate, w->log_secret, &issued);
	reply.certificate = buffer_span(&issued);
	reply.certified_scope_version = SCOPE_VERSION;
	failed = world_answer(w, &reply);
	buffer_finish(&issued);
	return failed;
}

static void
number_is_given(struct world *w, uint32_t number)
{
	struct certificate certificate;

	world_request(w);
	certificate = certificate_for(w, number);
	assert_ok(certificate_is_given(w, &certificate));
	assert_true(w->again);
}

static void
forks(struct world *w, uint32_t first_n, uint32_t number)
{
	fork_is_told(w, first_n);
	number_is_given(w, number);
	assert_int_equal(world_state(w).device, number);
}

/* ---- what the device has ---- */

static uint64_t
family(struct world *w, const char *head)
{
	return world_record(w, "family", FIELDS("head", head));
}

/* A family that the log has as n 1. */
static uint64_t
family_that_is_logged(struct world *w)
{
	uint64_t id = family(w, "Ani");

	world_request(w);
	acknowledge(w, 10);
	return id;
}

#endif
