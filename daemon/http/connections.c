/* SPDX-License-Identifier: Apache-2.0 */
#include "connections.h"

#include "waiting.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	LOOK_EVERY_MS = 500,
	CROWDED_S = 5,
	CROWDED_EIGHTHS = 7, /* of all places are taken */
	SHELVES = 256,
	SECOND_MS = 1000,
};

struct connection {
	struct connections *all;
	struct connection *previous;
	struct connection *next;
	struct connection *beside; /* on the shelf of its address */
	int fd;
	struct address address;
	bool rests;
	int64_t since_ms; /* rests, or has its time */
	int64_t until_ms; /* 0: no end */
};

struct connections {
	struct connections_options options;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t stopped;
	bool stopping;
	size_t count;
	struct connection *first;
	struct connection *shelves[SHELVES];
};

/* ---- addresses ---- */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static void
full_address(const struct sockaddr *from, uint8_t out[ADDRESS_SIZE])
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	memset(out, 0, ADDRESS_SIZE);
	if (from->sa_family == AF_INET) {
		memcpy(&four, from, sizeof four);
		memcpy(out, mapped, sizeof mapped);
		memcpy(out + sizeof mapped, &four.sin_addr, sizeof four.sin_addr);
	} else if (from->sa_family == AF_INET6) {
		memcpy(&six, from, sizeof six);
		memcpy(out, &six.sin6_addr, ADDRESS_SIZE);
	}
}

/* Of IPv6 only what names a network: whoever has one has 2^64 addresses in it. */
static void
narrow(uint8_t at[ADDRESS_SIZE])
{
	if (memcmp(at, mapped, sizeof mapped) != 0) {
		memset(at + ADDRESS_SIZE / 2, 0, ADDRESS_SIZE / 2);
	}
}

void
address_of(const struct sockaddr *peer, const struct sockaddr *own, struct address *out)
{
	uint8_t own_address[ADDRESS_SIZE];

	full_address(peer, out->at);
	full_address(own, own_address);
	out->own = memcmp(out->at, own_address, ADDRESS_SIZE) == 0;
	narrow(out->at);
}

bool
address_read(const char *text, struct address *out)
{
	char plain[INET6_ADDRSTRLEN];
	bool bracketed = *text == '[';
	size_t length = bracketed ? strcspn(++text, "]") : strlen(text);
	const char *colon = memchr(text, ':', length);

	/* 192.0.2.7:4711, and not 2001:db8::7 */
	if (!bracketed && colon != NULL && strchr(colon + 1, ':') == NULL) {
		length = (size_t)(colon - text);
	}
	if (length >= sizeof plain || (bracketed && text[length] != ']')) {
		return false;
	}
	memcpy(plain, text, length);
	plain[length] = '\0';
	out->own = false;
	if (inet_pton(AF_INET6, plain, out->at) == 1) {
		narrow(out->at);
		return true;
	}
	memcpy(out->at, mapped, sizeof mapped);
	return inet_pton(AF_INET, plain, out->at + sizeof mapped) == 1;
}

static struct connection **
shelf_of(struct connections *all, const struct address *address)
{
	unsigned sum = 0;

	for (size_t i = 0; i < ADDRESS_SIZE; i++) {
		sum = sum * 31 + address->at[i];
	}
	return &all->shelves[sum % SHELVES];
}

static void
address_of_socket(int fd, struct address *out)
{
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
	socklen_t peer_size = sizeof peer;
	socklen_t own_size = sizeof own;

	/* One that has gone already has no address; it takes none of anybody's places. */
	(void)getpeername(fd, (struct sockaddr *)&peer, &peer_size);
	(void)getsockname(fd, (struct sockaddr *)&own, &own_size);
	address_of((const struct sockaddr *)&peer, (const struct sockaddr *)&own, out);
}

/* ---- who takes too long ---- */

static void
look(struct connections *all)
{
	int64_t now_ms = monotonic_ms();
	bool crowded = all->count * 8 >= (size_t)all->options.most * CROWDED_EIGHTHS;

	for (struct connection *each = all->first; each != NULL; each = each->next) {
		bool late = each->until_ms != 0 && now_ms > each->until_ms;

		if (crowded && each->rests) {
			late = late || now_ms > each->since_ms + CROWDED_S * SECOND_MS;
		}
		if (late) {
			(void)shutdown(each->fd, SHUT_RDWR);
			each->until_ms = 0;
			each->rests = false;
		}
	}
}

static void *
watch(void *context)
{
	struct connections *all = context;
	struct timespec until;

	(void)pthread_mutex_lock(&all->mutex);
	while (!all->stopping) {
		look(all);
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_EVERY_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		(void)pthread_cond_timedwait(&all->stopped, &all->mutex, &until);
	}
	(void)pthread_mutex_unlock(&all->mutex);
	return NULL;
}

enum status
connections_start(const struct connections_options *options, struct connections **out,
		  struct error *err)
{
	struct connections *all = calloc(1, sizeof *all);

	if (all == NULL) {
		return fail(err, STATUS_MEMORY, "the list of connections");
	}
	all->options = *options;
	if (pthread_mutex_init(&all->mutex, NULL) != 0) {
		free(all);
		return fail(err, STATUS_MEMORY, "the list of connections");
	}
	if (!monotonic_condition(&all->stopped)) {
		(void)pthread_mutex_destroy(&all->mutex);
		free(all);
		return fail(err, STATUS_MEMORY, "the list of connections");
	}
	if (pthread_create(&all->thread, NULL, watch, all) != 0) {
		(void)pthread_cond_destroy(&all->stopped);
		(void)pthread_mutex_destroy(&all->mutex);
		free(all);
		return fail(err, STATUS_MEMORY, "a thread for the connections");
	}
	*out = all;
	return STATUS_OK;
}

void
connections_stop(struct connections *connections)
{
	if (connections == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&connections->mutex);
	connections->stopping = true;
	(void)pthread_cond_signal(&connections->stopped);
	(void)pthread_mutex_unlock(&connections->mutex);
	(void)pthread_join(connections->thread, NULL);
	(void)pthread_cond_destroy(&connections->stopped);
	(void)pthread_mutex_destroy(&connections->mutex);
	free(connections);
}

/* ---- coming and going ---- */

static void
rest(struct connection *connection, unsigned seconds)
{
	connection->rests = true;
	connection->since_ms = monotonic_ms();
	connection->until_ms = connection->since_ms + (int64_t)seconds * SECOND_MS;
}

static size_t
count_of_address(struct connections *all, const struct address *address)
{
	size_t count = 0;

	for (struct connection *each = *shelf_of(all, address); each != NULL; each = each->beside) {
		count += memcmp(each->address.at, address->at, ADDRESS_SIZE) == 0;
	}
	return count;
}

struct connection *
connection_enter(struct connections *connections, int fd)
{
	struct connection *connection = calloc(1, sizeof *connection);
	struct connection **shelf;

	if (connection == NULL) {
		return NULL;
	}
	connection->all = connections;
	connection->fd = fd;
	address_of_socket(fd, &connection->address);
	(void)pthread_mutex_lock(&connections->mutex);
	rest(connection, connections->options.head_s);
	if (!connection->address.own && count_of_address(connections, &connection->address) >=
						connections->options.most_of_address) {
		(void)shutdown(fd, SHUT_RDWR);
	}
	shelf = shelf_of(connections, &connection->address);
	connection->beside = *shelf;
	*shelf = connection;
	connection->next = connections->first;
	if (connections->first != NULL) {
		connections->first->previous = connection;
	}
	connections->first = connection;
	connections->count++;
	(void)pthread_mutex_unlock(&connections->mutex);
	return connection;
}

void
connection_leave(struct connection *connection)
{
	struct connections *all;
	struct connection **place;

	if (connection == NULL) {
		return;
	}
	all = connection->all;
	(void)pthread_mutex_lock(&all->mutex);
	place = shelf_of(all, &connection->address);
	while (*place != connection) {
		place = &(*place)->beside;
	}
	*place = connection->beside;
	if (connection->previous != NULL) {
		connection->previous->next = connection->next;
	} else {
		all->first = connection->next;
	}
	if (connection->next != NULL) {
		connection->next->previous = connection->previous;
	}
	all->count--;
	(void)pthread_mutex_unlock(&all->mutex);
	free(connection);
}

void
connection_allow(struct connection *connection, unsigned seconds)
{
	if (connection == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&connection->all->mutex);
	connection->rests = false;
	connection->since_ms = monotonic_ms();
	connection->until_ms =
		seconds == 0 ? 0 : connection->since_ms + (int64_t)seconds * SECOND_MS;
	(void)pthread_mutex_unlock(&connection->all->mutex);
}

void
connection_rest(struct connection *connection)
{
	if (connection == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&connection->all->mutex);
	rest(connection, connection->all->options.idle_s);
	(void)pthread_mutex_unlock(&connection->all->mutex);
}

void *
connection_owner(const struct connection *connection)
{
	return connection->all->options.owner;
}

struct address
connection_address(const struct connection *connection)
{
	static const struct address own = {.own = true};

	return connection == NULL ? own : connection->address;
}
