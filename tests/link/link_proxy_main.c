/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_proxy: the link as a program, for devices and daemons that are started by hand or by a
 * shell.
 *
 *     link_proxy SERVER-PORT [OPTION VALUE]…
 *
 *     --rtt MS  --rate BITS-PER-S                 a slow link,
 *     --apart 1                                   … and each connection one of its own
 *     --cut-percent P  --cut-after BYTES          one that breaks off (link_proxy.h),
 *     --seed N                                    … at places drawn from here
 *     --up MS  --down MS                          one that comes and goes
 *     --aim SERVER-PORT                           another server
 *     --dump PREFIX                               what passes on connection N goes to PREFIX.N.up
 *                                                 and PREFIX.N.down
 *
 * Prints "listening PORT", then a line for each connection that has ended, and after the end of
 * standard input, or a line "end", the sums. A line of options on standard input counts for the
 * connections that come after it; the answer to it is a line "so".
 */
#include "link_proxy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512, LINE_SIZE = 512, WORDS_MAX = 32 };

struct wishes {
	unsigned server_port;
	struct link_shape shape;
	char *dump; /* NULL: nothing is */
};

static void
counts_print(const char *what, uint32_t number, const struct link_counts *counts)
{
	(void)printf("%s %" PRIu32 ": requests %" PRIu32 ", up %" PRIu64 ", down %" PRIu64
		     ", cuts %" PRIu32 "\n",
		     what, number, counts->requests, counts->bytes_up, counts->bytes_down,
		     counts->cuts);
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
wish_read(const char *option, char *value, struct wishes *wishes)
{
	struct link_shape *shape = &wishes->shape;
	const struct {
		const char *option;
		unsigned *number;
	} numbers[] = {
		{"--aim", &wishes->server_port},
		{"--apart", &shape->apart},
		{"--cut-percent", &shape->cut_percent},
		{"--down", &shape->down_ms},
		{"--rate", &shape->bits_per_s},
		{"--rtt", &shape->rtt_ms},
		{"--up", &shape->up_ms},
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (strcmp(option, numbers[i].option) == 0) {
			*numbers[i].number = (unsigned)strtoul(value, NULL, 10);
			return true;
		}
	}
	if (strcmp(option, "--cut-after") == 0) {
		shape->cut_after = strtoull(value, NULL, 10);
	} else if (strcmp(option, "--seed") == 0) {
		shape->seed = strtoull(value, NULL, 10);
	} else if (strcmp(option, "--dump") == 0) {
		wishes->dump = value;
	} else {
		return false;
	}
	return true;
}

static bool
wishes_read(size_t count, char **words, struct wishes *wishes)
{
	for (size_t i = 0; i + 1 < count; i += 2) {
		if (!wish_read(words[i], words[i + 1], wishes)) {
			return false;
		}
	}
	return count % 2 == 0;
}

/* Cuts the line into its words. */
static size_t
words_cut(char *line, char *words[WORDS_MAX])
{
	static const char spaces[] = " \n";
	size_t count = 0;

	for (line += strspn(line, spaces); *line != '\0' && count < WORDS_MAX;
	     line += strspn(line, spaces)) {
		words[count++] = line;
		line += strcspn(line, spaces);
		if (*line != '\0') {
			*line++ = '\0';
		}
	}
	return count;
}

/* Until the end. */
static bool
lines_follow(struct link_proxy *proxy, struct wishes *wishes)
{
	char line[LINE_SIZE];
	char *words[WORDS_MAX];

	while (fgets(line, sizeof line, stdin) != NULL) {
		size_t count = words_cut(line, words);

		if (count == 1 && strcmp(words[0], "end") == 0) {
			return true;
		}
		if (!wishes_read(count, words, wishes)) {
			return false;
		}
		link_proxy_aim(proxy, wishes->server_port);
		link_proxy_shape(proxy, wishes->shape);
		(void)printf("so\n");
		(void)fflush(stdout);
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct wishes wishes = {0};
	struct link_watch watch = {.closed = closed};
	struct link_proxy *proxy;
	struct link_counts counts;
	struct error err;
	bool understood;

	if (argc < 2 || !wishes_read((size_t)argc - 2, argv + 2, &wishes)) {
		(void)fprintf(stderr, "usage: link_proxy SERVER-PORT [OPTION VALUE]…\n");
		return 2;
	}
	wishes.server_port = (unsigned)strtoul(argv[1], NULL, 10);
	if (wishes.dump != NULL) {
		watch.context = wishes.dump;
		watch.passed = dump;
	}
	if (link_proxy_open(&watch, &proxy, &err) != STATUS_OK) {
		(void)fprintf(stderr, "link_proxy: %s\n", err.detail);
		return 1;
	}
	link_proxy_shape(proxy, wishes.shape);
	link_proxy_aim(proxy, wishes.server_port);
	(void)printf("listening %u\n", link_proxy_port(proxy));
	(void)fflush(stdout);
	understood = lines_follow(proxy, &wishes);
	counts = link_proxy_counts(proxy);
	link_proxy_close(proxy);
	counts_print("connections", counts.connections, &counts);
	return understood ? 0 : 2;
}
