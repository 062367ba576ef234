/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <time.h>

enum {
	RETRY_LEAST_S = 2,
	RETRY_MOST_S = 20,
	MS_A_DAY = 86400000,
	LIST_SHARE = 4, /* beside syncs all lists have one part in so many of a core */
	PAUSE_MOST_MS = 500,
};

enum status
service_init(struct service *service, size_t memory, size_t turns, struct error *err)
{
	if (pthread_mutex_init(&service->mutex, NULL) != 0) {
		return fail(err, STATUS_MEMORY, "the service");
	}
	if (!monotonic_condition(&service->idle)) {
		(void)pthread_mutex_destroy(&service->mutex);
		return fail(err, STATUS_MEMORY, "the service");
	}
	service->closing = false;
	service->detached = false;
	service->calls = 0;
	service->noting = false;
	service->memory_left = memory;
	service->turns = turns;
	service->turns_left = turns;
	return STATUS_OK;
}

void
service_finish(struct service *service)
{
	(void)pthread_cond_destroy(&service->idle);
	(void)pthread_mutex_destroy(&service->mutex);
}

enum status
service_submit(struct service *service, struct job *job, struct error *err)
{
	enum status status;

	/* Held while submitting: after service_close nobody is inside the writer. */
	(void)pthread_mutex_lock(&service->mutex);
	if (service->closing) {
		status = fail(err, STATUS_BUSY, "the server is ending");
	} else {
		status = writer_submit(service->writer, job, err);
	}
	(void)pthread_mutex_unlock(&service->mutex);
	return status;
}

void
service_report(struct service *service, const struct sync_session *session)
{
	(void)pthread_mutex_lock(&service->mutex);
	if (!service->detached) {
		writer_report(service->writer, session);
	}
	(void)pthread_mutex_unlock(&service->mutex);
}

void
service_close(struct service *service)
{
	(void)pthread_mutex_lock(&service->mutex);
	service->closing = true;
	(void)pthread_mutex_unlock(&service->mutex);
}

void
service_detach(struct service *service)
{
	(void)pthread_mutex_lock(&service->mutex);
	service->detached = true;
	(void)pthread_mutex_unlock(&service->mutex);
}

void
service_enter(struct service *service)
{
	(void)pthread_mutex_lock(&service->mutex);
	service->calls++;
	(void)pthread_mutex_unlock(&service->mutex);
}

void
service_leave(struct service *service)
{
	(void)pthread_mutex_lock(&service->mutex);
	if (--service->calls == 0) {
		(void)pthread_cond_broadcast(&service->idle);
	}
	(void)pthread_mutex_unlock(&service->mutex);
}

void
service_wait_idle(struct service *service, unsigned seconds)
{
	struct timespec until;
	int waited = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	(void)pthread_mutex_lock(&service->mutex);
	while (service->calls > 0 && waited == 0) {
		waited = pthread_cond_timedwait(&service->idle, &service->mutex, &until);
	}
	(void)pthread_mutex_unlock(&service->mutex);
}

enum status
service_reserve(struct service *service, size_t bytes, struct error *err)
{
	bool granted = false;

	(void)pthread_mutex_lock(&service->mutex);
	if (bytes <= service->memory_left) {
		service->memory_left -= bytes;
		granted = true;
	}
	(void)pthread_mutex_unlock(&service->mutex);
	return granted ? STATUS_OK : fail(err, STATUS_BUSY, "too many requests at once");
}

void
service_release(struct service *service, size_t bytes)
{
	(void)pthread_mutex_lock(&service->mutex);
	service->memory_left += bytes;
	(void)pthread_mutex_unlock(&service->mutex);
}

enum status
service_take_turn(struct service *service, struct error *err)
{
	bool granted = false;

	(void)pthread_mutex_lock(&service->mutex);
	if (service->turns_left > 0) {
		service->turns_left--;
		granted = true;
	}
	(void)pthread_mutex_unlock(&service->mutex);
	return granted ? STATUS_OK : fail(err, STATUS_BUSY, "the queue is full");
}

void
service_give_turn(struct service *service)
{
	(void)pthread_mutex_lock(&service->mutex);
	service->turns_left++;
	(void)pthread_mutex_unlock(&service->mutex);
}

bool
service_begin_note(struct service *service)
{
	bool granted;

	(void)pthread_mutex_lock(&service->mutex);
	granted = !service->noting && !service->closing && service->turns_left > 0;
	if (granted) {
		service->noting = true;
		service->turns_left--;
	}
	(void)pthread_mutex_unlock(&service->mutex);
	return granted;
}

void
service_end_note(struct service *service)
{
	(void)pthread_mutex_lock(&service->mutex);
	service->noting = false;
	service->turns_left++;
	(void)pthread_mutex_unlock(&service->mutex);
}

unsigned
service_list_pause_ms(struct service *service, int64_t worked_us)
{
	int64_t pause_ms;
	bool idle;

	(void)pthread_mutex_lock(&service->mutex);
	/* One that is ending waits for its lists. */
	idle = service->turns_left == service->turns || service->closing;
	(void)pthread_mutex_unlock(&service->mutex);
	if (idle) {
		return 0;
	}
	pause_ms = worked_us * (LIST_SHARE * (int64_t)readers_lists(service->readers) - 1) / 1000;
	return pause_ms < PAUSE_MOST_MS ? (unsigned)pause_ms : PAUSE_MOST_MS;
}

int64_t
service_now_ms(const struct service *service)
{
	return service->platform.now_ms(service->platform.context);
}

int64_t
service_today(const struct service *service)
{
	return service_now_ms(service) / MS_A_DAY;
}

unsigned
service_retry_after(const struct service *service)
{
	uint8_t random[4];

	service->platform.random(service->platform.context, random, sizeof random);
	return RETRY_LEAST_S + get_le32(random) % (RETRY_MOST_S - RETRY_LEAST_S + 1);
}
