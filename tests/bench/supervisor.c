/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/supervisor.h"

#include "tests/bench/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PIECE = 256 * 1024,
	REQUEST_SIZE = 256,
	LINE_SIZE = 128,
	LINE_END = 2,
	PAUSE_NS = 1000000,
	PAUSES_REFUSED = 200, /* 0.2 s: sooner than told, so that the load is not let off */
};

/* Where in an answer the reading is: its head, then chunks, each behind its length; or why it was
 * refused. */
enum part { PART_HEAD, PART_LENGTH, PART_CHUNK, PART_TAIL, PART_REFUSAL };

/* Invariant: only `stopping` and the counts are touched by more than the reading thread. */
struct supervisor {
	pthread_t thread;
	int fd;
	char request[REQUEST_SIZE];
	uint64_t rows_least;
	enum part part;
	char line[LINE_SIZE]; /* of head, length or tail; what is longer is cut */
	size_t line_length;
	bool headed;	/* the status line was seen */
	bool is_busy;	/* … and said: come again */
	uint64_t left;	/* of a chunk, with the line's end behind it; of a refusal */
	uint64_t lines; /* of this export */
	atomic_bool stopping;
	atomic_ullong rows;
	atomic_ullong bytes;
	atomic_ullong exports;
	atomic_ullong refused;
};

/* ---- an answer ---- */

static void
send_request(struct supervisor *supervisor)
{
	size_t length = strlen(supervisor->request);

	supervisor->part = PART_HEAD;
	supervisor->headed = false;
	supervisor->left = 0;
	supervisor->lines = 0;
	if (send(supervisor->fd, supervisor->request, length, MSG_NOSIGNAL) != (ssize_t)length &&
	    !atomic_load(&supervisor->stopping)) {
		host_die("asking for an export: %s", strerror(errno));
	}
}

static void
end_export(struct supervisor *supervisor)
{
	if (supervisor->lines < supervisor->rows_least + 1) {
		host_die("an export has %llu lines", (unsigned long long)supervisor->lines);
	}
	(void)atomic_fetch_add(&supervisor->exports, 1);
	send_request(supervisor);
}

static void
come_again(struct supervisor *supervisor)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	(void)atomic_fetch_add(&supervisor->refused, 1);
	for (int i = 0; i < PAUSES_REFUSED && !atomic_load(&supervisor->stopping); i++) {
		(void)nanosleep(&pause, NULL);
	}
	send_request(supervisor);
}

static void
take_head(struct supervisor *supervisor, const char *line)
{
	static const char length[] = "Content-Length: ";

	if (!supervisor->headed) {
		supervisor->is_busy = strncmp(line, "HTTP/1.1 503", 12) == 0;
		if (!supervisor->is_busy && strncmp(line, "HTTP/1.1 200", 12) != 0) {
			host_die("an export was answered: %s", line);
		}
		supervisor->headed = true;
	} else if (strncmp(line, length, sizeof length - 1) == 0) {
		supervisor->left = strtoull(line + sizeof length - 1, NULL, 10);
	} else if (line[0] == '\0') {
		supervisor->part = supervisor->is_busy ? PART_REFUSAL : PART_LENGTH;
	}
}

/* A whole line of what is around the chunks, without its end. */
static void
take_line(struct supervisor *supervisor)
{
	const char *line = supervisor->line;

	if (supervisor->part == PART_HEAD) {
		take_head(supervisor, line);
	} else if (supervisor->part == PART_LENGTH) {
		supervisor->left = strtoull(line, NULL, 16) + LINE_END;
		supervisor->part = supervisor->left == LINE_END ? PART_TAIL : PART_CHUNK;
	} else if (line[0] == '\0') {
		end_export(supervisor);
	}
}

static void
take_letter(struct supervisor *supervisor, char letter)
{
	if (letter == '\n') {
		supervisor->line[supervisor->line_length] = '\0';
		supervisor->line_length = 0;
		take_line(supervisor);
	} else if (letter != '\r' && supervisor->line_length + 1 < sizeof supervisor->line) {
		supervisor->line[supervisor->line_length++] = letter;
	}
}

static uint64_t
count_lines(const char *at, size_t length)
{
	const char *end = at + length;
	uint64_t lines = 0;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		lines++;
	}
	return lines;
}

/* As much of a chunk as is there; returns how much. */
static size_t
take_chunk(struct supervisor *supervisor, const char *at, size_t length)
{
	size_t taken = length < supervisor->left ? length : (size_t)supervisor->left;
	uint64_t lines = count_lines(at, taken);

	supervisor->left -= taken;
	if (supervisor->left == 0) {
		supervisor->part = PART_LENGTH;
		lines--; /* the end of the chunk is none of the table */
	}
	supervisor->lines += lines;
	(void)atomic_fetch_add(&supervisor->rows, lines);
	return taken;
}

static size_t
take_refusal(struct supervisor *supervisor, size_t length)
{
	size_t taken = length < supervisor->left ? length : (size_t)supervisor->left;

	supervisor->left -= taken;
	if (supervisor->left == 0) {
		come_again(supervisor);
	}
	return taken;
}

static void
take_piece(struct supervisor *supervisor, const char *at, size_t length)
{
	(void)atomic_fetch_add(&supervisor->bytes, length);
	while (length > 0) {
		size_t taken = 1;

		if (supervisor->part == PART_CHUNK) {
			taken = take_chunk(supervisor, at, length);
		} else if (supervisor->part == PART_REFUSAL) {
			taken = take_refusal(supervisor, length);
		} else {
			take_letter(supervisor, *at);
		}
		at += taken;
		length -= taken;
	}
}

/* ---- the thread ---- */

static void *
read_exports(void *context)
{
	struct supervisor *supervisor = context;
	char *piece = host_take(PIECE, 1);
	ssize_t got;

	send_request(supervisor);
	while ((got = recv(supervisor->fd, piece, PIECE, 0)) > 0) {
		take_piece(supervisor, piece, (size_t)got);
	}
	if (!atomic_load(&supervisor->stopping)) {
		host_die("the daemon broke off an export");
	}
	free(piece);
	return NULL;
}

static int
open_socket(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		host_die("connecting: %s", strerror(errno));
	}
	return fd;
}

struct supervisor *
supervisor_start(uint16_t port, const char *token, uint64_t rows_least)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct supervisor *supervisor = host_take(1, sizeof *supervisor);
	int length = snprintf(supervisor->request, sizeof supervisor->request,
			      "GET /v1/export/visit.csv HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
			      "Authorization: Bearer %s\r\n\r\n",
			      port, token);

	if (length < 0 || (size_t)length >= sizeof supervisor->request) {
		host_die("a token is too long");
	}
	supervisor->rows_least = rows_least;
	supervisor->fd = open_socket(port);
	if (pthread_create(&supervisor->thread, NULL, read_exports, supervisor) != 0) {
		host_die("a thread for the supervisor");
	}
	while (atomic_load(&supervisor->rows) == 0) {
		(void)nanosleep(&pause, NULL);
	}
	return supervisor;
}

void
supervisor_count(const struct supervisor *supervisor, struct supervisor_counts *out)
{
	struct timespec cpu = {0};
	clockid_t clock;

	if (pthread_getcpuclockid(supervisor->thread, &clock) != 0 ||
	    clock_gettime(clock, &cpu) != 0) {
		host_die("the processor's time of a thread");
	}
	out->rows = atomic_load(&supervisor->rows);
	out->bytes = atomic_load(&supervisor->bytes);
	out->exports = atomic_load(&supervisor->exports);
	out->refused = atomic_load(&supervisor->refused);
	out->cpu_s = (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
}

void
supervisor_stop(struct supervisor *supervisor)
{
	atomic_store(&supervisor->stopping, true);
	(void)shutdown(supervisor->fd, SHUT_RDWR);
	(void)pthread_join(supervisor->thread, NULL);
	(void)close(supervisor->fd);
	free(supervisor);
}
