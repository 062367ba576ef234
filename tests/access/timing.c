/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the time of an answer tell whether a record is outside of one's scope or does not exist?
 *
 * usage: timing PORT HEADER_FILE IDS_A IDS_B SAMPLES SEED PATH [JSON]
 * Asks GET PATH, or POST PATH with that JSON, on one connection, SAMPLES times of each file's ids
 * in an order drawn from SEED; an id takes the place of each @ of PATH and JSON. HEADER_FILE has
 * the one line that says who asks. Prints U, z, p and the medians of the Mann-Whitney test; exit
 * status 0 if p > 0.01, 1 if the two are told apart, 2 if it could not ask, or was answered
 * otherwise about the one than about the other.
 */
#include "protocol/bytes.h"
#include "rank.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	IDS_MAX = 64,
	LINE_SIZE = 256,
	ANSWER_SIZE = 64 * 1024,
	WARM_UPS = 3,
	EXIT_TOLD_APART = 1,
	EXIT_BROKEN = 2
};

struct ids {
	char text[IDS_MAX][LINE_SIZE];
	size_t count;
};

struct asking {
	int fd;
	const char *header;
	const char *path;
	const char *body; /* NULL: it is a GET */
	char answer[ANSWER_SIZE];
	int http; /* of the last answer */
};

static void
broken(const char *what)
{
	(void)fprintf(stderr, "timing: %s: %s\n", what, strerror(errno));
	exit(EXIT_BROKEN);
}

static void
read_lines(const char *path, struct ids *out)
{
	FILE *file = fopen(path, "r");

	out->count = 0;
	if (file == NULL) {
		broken(path);
	}
	while (out->count < IDS_MAX && fgets(out->text[out->count], LINE_SIZE, file) != NULL) {
		char *line = out->text[out->count];

		line[strcspn(line, "\r\n")] = '\0';
		out->count += *line != '\0';
	}
	(void)fclose(file);
	if (out->count == 0) {
		broken(path);
	}
}

static int
connect_to(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		broken("connecting");
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	return fd;
}

static double
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Is the whole answer there? */
static int
is_whole(const char *answer, size_t length)
{
	const char *body = strstr(answer, "\r\n\r\n");
	const char *field = strstr(answer, "Content-Length: ");

	return body != NULL && field != NULL && field < body &&
	       length >= (size_t)(body + 4 - answer) + strtoul(field + 16, NULL, 10);
}

/* The template with the id for each @. */
static void
fill(const char *template, const char *id, char out[LINE_SIZE])
{
	size_t length = 0;

	for (; *template != '\0'; template ++) {
		size_t left = LINE_SIZE - length;
		int wrote = *template == '@' ? snprintf(out + length, left, "%s", id)
					     : snprintf(out + length, left, "%c", *template);

		if (wrote < 0 || (size_t)wrote >= left) {
			errno = ENOBUFS;
			broken("a path or a body");
		}
		length += (size_t)wrote;
	}
}

/* Microseconds from the first byte out to the last byte in. */
static double
ask(struct asking *asking, const char *id)
{
	char request[4 * LINE_SIZE];
	char about[LINE_SIZE] = "";
	char path[LINE_SIZE] = "";
	char body[LINE_SIZE] = "";
	size_t length = 0;
	int wanted;
	double begun;

	fill(asking->path, id, path);
	if (asking->body != NULL) {
		fill(asking->body, id, body);
		(void)snprintf(about, sizeof about,
			       "\r\nContent-Type: application/json\r\nContent-Length: %zu",
			       strlen(body));
	}
	wanted = snprintf(request, sizeof request,
			  "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n\r\n%s",
			  asking->body == NULL ? "GET" : "POST", path, asking->header, about, body);
	begun = now_us();
	if (wanted < 0 || (size_t)wanted >= sizeof request ||
	    send(asking->fd, request, (size_t)wanted, 0) != wanted) {
		broken("asking");
	}
	asking->answer[0] = '\0';
	while (!is_whole(asking->answer, length)) {
		ssize_t got =
			recv(asking->fd, asking->answer + length, ANSWER_SIZE - 1 - length, 0);

		if (got <= 0) {
			broken("the answer");
		}
		length += (size_t)got;
		asking->answer[length] = '\0';
	}
	asking->http = (int)strtol(asking->answer + strlen("HTTP/1.1 "), NULL, 10);
	return now_us() - begun;
}

static uint64_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static void
warm_up(struct asking *asking, const struct ids *ids)
{
	for (int round = 0; round < WARM_UPS; round++) {
		for (size_t i = 0; i < ids->count; i++) {
			(void)ask(asking, ids->text[i]);
		}
	}
}

/* As many of each, in an order that has nothing to do with time. */
static void
sample(struct asking *asking, const struct ids ids[2], size_t samples, uint64_t seed,
       double *times[2])
{
	uint64_t state = seed;
	size_t taken[2] = {0, 0};

	while (taken[0] + taken[1] < 2 * samples) {
		size_t left = 2 * samples - taken[0] - taken[1];
		size_t which = next_random(&state) % left < samples - taken[0] ? 0 : 1;
		const struct ids *of = &ids[which];

		times[which][taken[which]++] =
			ask(asking, of->text[next_random(&state) % of->count]);
	}
}

int
main(int count, char **words)
{
	static struct asking asking;
	static struct ids ids[2];
	static struct ids header;
	double *times[2];
	struct rank rank;
	size_t samples;

	if (count != 8 && count != 9) {
		(void)fputs("usage: timing PORT HEADER_FILE IDS_A IDS_B SAMPLES SEED PATH [JSON]\n",
			    stderr);
		return EXIT_BROKEN;
	}
	read_lines(words[2], &header);
	read_lines(words[3], &ids[0]);
	read_lines(words[4], &ids[1]);
	samples = strtoul(words[5], NULL, 10);
	times[0] = calloc(samples, sizeof *times[0]);
	times[1] = calloc(samples, sizeof *times[1]);
	if (samples == 0 || times[0] == NULL || times[1] == NULL) {
		broken("memory");
	}
	asking.header = header.text[0];
	asking.path = words[7];
	asking.body = count == 9 ? words[8] : NULL;
	asking.fd = connect_to(words[1]);
	warm_up(&asking, &ids[0]);
	(void)printf("first HTTP %d, ", asking.http);
	warm_up(&asking, &ids[1]);
	(void)printf("second HTTP %d; ", asking.http);
	sample(&asking, ids, samples, strtoull(words[6], NULL, 10), times);
	if (!rank_compare(times[0], samples, times[1], samples, &rank)) {
		broken("comparing");
	}
	(void)printf("%zu samples each: U %.0f, z %+.3f, p %.4f, medians %.1f and %.1f us\n",
		     samples, rank.u, rank.z, rank.p, rank.median_a, rank.median_b);
	(void)close(asking.fd);
	free(times[0]);
	free(times[1]);
	return rank.p > 0.01 ? 0 : EXIT_TOLD_APART;
}
