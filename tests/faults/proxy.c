/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy: a network that breaks where it is told to.
 *
 *     proxy FILE
 *
 * Prints "listening PORT" and serves one connection after the other. FILE is read anew for each:
 *
 *     SERVER-PORT pass 0     everything goes through
 *     SERVER-PORT drop 0     the request goes through; the server's answer is taken and thrown away
 *     SERVER-PORT up N       N bytes of the request go through, then both sides are cut off
 *     SERVER-PORT down N     N bytes of the answer go through, then both sides are cut off
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 4096, WORD = 16 };

struct plan {
	unsigned port;
	char mode[WORD];
	unsigned long bytes;
};

static bool
plan_read(const char *path, struct plan *out)
{
	FILE *file = fopen(path, "r");
	char line[64] = "";
	char *rest;

	if (file == NULL) {
		return false;
	}
	(void)fgets(line, sizeof line, file);
	(void)fclose(file);
	out->port = (unsigned)strtoul(line, &rest, 10);
	rest += strspn(rest, " ");
	(void)snprintf(out->mode, sizeof out->mode, "%.*s", (int)strcspn(rest, " "), rest);
	rest += strcspn(rest, " ");
	out->bytes = strtoul(rest, NULL, 10);
	return out->port != 0;
}

static struct sockaddr_in
loopback(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static bool
send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0) {
			return false;
		}
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

/* Passes on one piece, at most *budget bytes of it; false at the end or when the budget is used
 * up. */
static bool
pass_on(int from, int to, unsigned long *budget)
{
	char piece[PIECE];
	ssize_t got = recv(from, piece, sizeof piece, 0);
	size_t length = got <= 0 ? 0 : (size_t)got;

	if (got <= 0) {
		return false;
	}
	if (length > *budget) {
		length = *budget;
	}
	*budget -= length;
	return send_all(to, piece, length) && *budget > 0;
}

/* The server's answer comes to nobody. */
static void
throw_away(int server)
{
	char piece[PIECE];

	(void)recv(server, piece, sizeof piece, 0);
}

static void
serve(int client, int server, const struct plan *plan)
{
	unsigned long up = strcmp(plan->mode, "up") == 0 ? plan->bytes : (unsigned long)-1;
	unsigned long down = strcmp(plan->mode, "down") == 0 ? plan->bytes : (unsigned long)-1;
	bool drop = strcmp(plan->mode, "drop") == 0;
	struct pollfd ready[2] = {{.fd = client, .events = POLLIN},
				  {.fd = server, .events = POLLIN}};

	while (up > 0 && down > 0 && poll(ready, 2, -1) > 0) {
		if (ready[1].revents != 0 && drop) {
			throw_away(server);
			return;
		}
		if ((ready[1].revents != 0 && !pass_on(server, client, &down)) ||
		    (ready[0].revents != 0 && !pass_on(client, server, &up))) {
			return;
		}
	}
}

static void
serve_one(int client, const char *path)
{
	struct plan plan = {.port = 0};
	struct sockaddr_in address;
	int server = socket(AF_INET, SOCK_STREAM, 0);

	if (server >= 0 && plan_read(path, &plan)) {
		address = loopback(plan.port);
		if (connect(server, (struct sockaddr *)&address, sizeof address) == 0) {
			serve(client, server, &plan);
		}
	}
	if (server >= 0) {
		(void)close(server);
	}
	(void)close(client);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof address;
	int door = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 2 || door < 0 || bind(door, (struct sockaddr *)&address, size) != 0 ||
	    listen(door, 16) != 0 || getsockname(door, (struct sockaddr *)&address, &size) != 0) {
		(void)fprintf(stderr, "usage: proxy FILE\n");
		return 2;
	}
	(void)printf("listening %u\n", (unsigned)ntohs(address.sin_port));
	(void)fflush(stdout);
	for (;;) {
		int client = accept(door, NULL, NULL);

		if (client >= 0) {
			serve_one(client, argv[1]);
		}
	}
}
