/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0) {
		return 0;
	}
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
builtin_wall_ms(void *context)
{
	(void)context;
	return clock_ms(CLOCK_REALTIME);
}

static int64_t
builtin_uptime_ms(void *context)
{
	(void)context;
	/* Linux has a clock that also counts the time asleep; a telephone sleeps most of the day.
	 */
#if defined(CLOCK_BOOTTIME)
	return clock_ms(CLOCK_BOOTTIME);
#else
	return clock_ms(CLOCK_MONOTONIC);
#endif
}

/* 32 hexadecimal digits out of a UUID. */
static bool
uuid_parse(const char *text, size_t length, uint8_t out[16])
{
	char digits[33];
	size_t count = 0;

	for (size_t i = 0; i < length && count < sizeof digits - 1; i++) {
		if (text[i] != '-') {
			digits[count++] = text[i];
		}
	}
	digits[count] = '\0';
	return hex_decode(digits, out, 16);
}

static void
builtin_boot_id(void *context, uint8_t out[16])
{
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);

	(void)context;
	if (fd >= 0) {
		(void)close(fd);
	}
	/* Without one, no two moments count as the same boot: the wall clock is used. */
	if (got <= 0 || !uuid_parse(text, (size_t)got, out)) {
		crypto_random(out, 16);
	}
}

static int
builtin_random(void *context, void *out, size_t length)
{
	(void)context;
	crypto_random(out, length);
	return 0;
}

static int
builtin_wait(void *context, uint32_t milliseconds)
{
	struct timespec left = {.tv_sec = (time_t)(milliseconds / 1000),
				.tv_nsec = (long)(milliseconds % 1000) * 1000000};

	(void)context;
	while (nanosleep(&left, &left) != 0 && errno == EINTR) {
	}
	return 0;
}

const struct sambung_platform platform_builtin = {
	.wall_ms = builtin_wall_ms,
	.uptime_ms = builtin_uptime_ms,
	.boot_id = builtin_boot_id,
	.random = builtin_random,
	.post = transport_http_post,
	.wait = builtin_wait,
};
