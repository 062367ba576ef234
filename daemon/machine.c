/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/machine.h"

#include <sys/resource.h>
#include <time.h>

bool
machine_files(unsigned count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return false;
	}
	if (limit.rlim_cur < count) {
		limit.rlim_cur = limit.rlim_max < count ? limit.rlim_max : count;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur >= count;
}

static int64_t
wall_ms(void *context)
{
	struct timespec now = {0};

	(void)context;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
system_random(void *context, void *out, size_t length)
{
	(void)context;
	crypto_random(out, length);
}

const struct platform machine_platform = {.now_ms = wall_ms, .random = system_random};
