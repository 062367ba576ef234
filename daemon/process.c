/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/process.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

void
process_close(void)
{
	const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
	/* A core that goes into a pipe heeds no limit. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void
process_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path == NULL ? 0 : strlen(path);
	int fd;

	/* A file, or (with an @ in place of the NUL) a name of Linux's own. */
	if (length < 2 || length >= sizeof address.sun_path || strchr("/@", path[0]) == NULL) {
		return;
	}
	memcpy(address.sun_path, path, length);
	if (path[0] == '@') {
		address.sun_path[0] = '\0';
	}
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0) {
		return;
	}
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	(void)close(fd);
}
