/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of the daemon, read from a file as it does. */
#include "daemon/config.h"
#include "fuzz.h"

#include <unistd.h>

static char path[FUZZ_PATH_SIZE];

static void
remove_file(void)
{
	(void)unlink(path);
}

static void
write_file(struct span text)
{
	static int fd = -1;

	if (fd < 0) {
		fuzz_scratch(path);
		fd = mkstemp(path);
		PROPERTY(fd >= 0);
		(void)atexit(remove_file);
	}
	PROPERTY(ftruncate(fd, 0) == 0);
	PROPERTY(pwrite(fd, text.at, text.length, 0) == (ssize_t)text.length);
}

FUZZ(data, size)
{
	struct config config;
	struct error err = {0};

	write_file(span_of(data, size));
	config_default(&config);
	if (config_read(&config, path, &err) == STATUS_OK) {
		PROPERTY(memchr(config.listen, '\0', sizeof config.listen) != NULL);
		PROPERTY(config.listen[0] != '\0');
		PROPERTY(config.connections >= 8 && config.connections <= 20000);
		PROPERTY(config.threads >= 1 && config.threads <= 64);
		PROPERTY(config.memory_mb >= 16 && config.queue >= 1 && config.streams >= 1);
	} else {
		PROPERTY(err.status == STATUS_USAGE || err.status == STATUS_STORAGE);
		PROPERTY(strstr(err.detail, "line ") != NULL || err.status == STATUS_STORAGE);
	}
	return 0;
}
