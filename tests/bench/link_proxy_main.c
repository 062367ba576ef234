/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_proxy: the link as a program, for devices and daemons that are started by hand.
 *
 *     link_proxy SERVER-PORT [--rtt MS] [--rate BITS-PER-S] [--dump PREFIX]
 *
 * Prints "listening PORT", then a line for each connection that has ended, and after the end of
 * standard input the sums. --dump writes what passes on connection N to PREFIX.N.up and
 * PREFIX.N.down.
 */
#include "link_proxy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512 };

static void
counts_print(const char *what, uint32_t number, const struct link_counts *counts)
{
	(void)printf("%s %" PRIu32 ": requests %" PRIu32 ", up %" PRIu64 ", down %" PRIu64 "\n",
		     what, number, counts->requests, counts->bytes_up, counts->bytes_down);
	(void)fflush(stdout);
}

static void
closed(void *context, uint32_t connection, const struct link_counts *counts)
{
	(void)context;
	counts_print("connection", connection, counts);
}

static void
dump(void *context, uint32_t connection, bool up, const void *bytes, size_t length)
{
	const char *prefix = context;
	char path[PATH_SIZE];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s.%" PRIu32 ".%s", prefix, connection,
		       up ? "up" : "down");
	file = fopen(path, "ab");
	if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
		(void)fprintf(stderr, "link_proxy: cannot write %s\n", path);
	}
}

static bool
options_read(int argc, char **argv, struct link_shape *shape, struct link_watch *watch)
{
	if (argc < 2) {
		return false;
	}
	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--rtt") == 0) {
			shape->rtt_ms = (unsigned)strtoul(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "--rate") == 0) {
			shape->bits_per_s = (unsigned)strtoul(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "--dump") == 0) {
			watch->context = argv[i + 1];
			watch->passed = dump;
		} else {
			return false;
		}
	}
	return argc % 2 == 0 && strtoul(argv[1], NULL, 10) > 0;
}

int
main(int argc, char **argv)
{
	struct link_watch watch = {.closed = closed};
	struct link_shape shape = {0};
	struct link_proxy *proxy;
	struct link_counts counts;
	struct error err;

	if (!options_read(argc, argv, &shape, &watch)) {
		(void)fprintf(stderr, "usage: link_proxy SERVER-PORT [--rtt MS] [--rate BITS-PER-S]"
				      " [--dump PREFIX]\n");
		return 2;
	}
	if (link_proxy_open(&watch, &proxy, &err) != STATUS_OK) {
		(void)fprintf(stderr, "link_proxy: %s\n", err.detail);
		return 1;
	}
	link_proxy_shape(proxy, shape);
	link_proxy_aim(proxy, (unsigned)strtoul(argv[1], NULL, 10));
	(void)printf("listening %u\n", link_proxy_port(proxy));
	(void)fflush(stdout);
	while (getchar() != EOF) {
	}
	counts = link_proxy_counts(proxy);
	link_proxy_close(proxy);
	counts_print("connections", counts.connections, &counts);
	return 0;
}
