/* SPDX-License-Identifier: Apache-2.0 */
#include "link_proxy.h"

#include "link_cut.h"
#include "link_lane.h"
#include "link_meter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	QUEUED_MAX = 64 * 1024, /* bytes under way; more are not read */
};

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct connection {
	bool used;
	uint32_t number;
	int client;
	int server;
	int64_t opened_ns;
	int64_t free_ns[2]; /* as of the proxy, if it is a link of its own */
	struct link_shape shape;
	struct link_cut cut;
	struct link_lane lanes[2];
	struct link_meter meter;
	struct link_counts counts;
};

struct link_proxy {
	struct link_watch watch;
	pthread_t thread;
	int door;
	int stop[2]; /* a pipe: closing its end stops the thread */
	unsigned port;
	/* the thread's */
	struct connection connections[LINK_CONNECTIONS_MAX];
	int64_t free_ns[2]; /* when a direction of the link has nothing more on the air */
	uint32_t number;
	/* shared */
	pthread_mutex_t lock;
	unsigned server_port;
	struct link_shape shape;
	int64_t shaped_ns;
	struct link_counts counts;
};

static int64_t
now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static struct sockaddr_in
loopback(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* ---- counting ---- */

static void
counts_add(struct link_counts *counts, int way, size_t length, uint32_t heads)
{
	*(way == LINK_UP ? &counts->bytes_up : &counts->bytes_down) += length;
	counts->requests += heads;
}

static void
piece_count(struct link_proxy *proxy, struct connection *connection, int way, const uint8_t *bytes,
	    size_t length)
{
	uint32_t heads = way == LINK_UP ? link_meter_take(&connection->meter, bytes, length) : 0;

	if (proxy->watch.passed != NULL) {
		proxy->watch.passed(proxy->watch.context, connection->number, way == LINK_UP, bytes,
				    length);
	}
	counts_add(&connection->counts, way, length, heads);
	(void)pthread_mutex_lock(&proxy->lock);
	counts_add(&proxy->counts, way, length, heads);
	(void)pthread_mutex_unlock(&proxy->lock);
}

static void
cut_count(struct link_proxy *proxy, struct connection *connection)
{
	connection->counts.cuts++;
	(void)pthread_mutex_lock(&proxy->lock);
	proxy->counts.cuts++;
	(void)pthread_mutex_unlock(&proxy->lock);
}

/* ---- windows ---- */

/* Whether the link is down, and how long until that changes; 0: never. */
static bool
link_is_down(struct link_proxy *proxy, int64_t *left_ns_out)
{
	struct link_shape shape;
	int64_t at;

	(void)pthread_mutex_lock(&proxy->lock);
	shape = proxy->shape;
	at = now_ns() - proxy->shaped_ns;
	(void)pthread_mutex_unlock(&proxy->lock);
	*left_ns_out = 0;
	if (shape.down_ms == 0) {
		return false;
	}
	at %= ((int64_t)shape.up_ms + shape.down_ms) * NS_PER_MS;
	if (at < shape.up_ms * NS_PER_MS) {
		*left_ns_out = shape.up_ms * NS_PER_MS - at;
		return false;
	}
	*left_ns_out = ((int64_t)shape.up_ms + shape.down_ms) * NS_PER_MS - at;
	return true;
}

/* ---- one connection ---- */

/* When the last byte of so many, read now, arrives at the other end. */
static int64_t
arrival(struct link_proxy *proxy, struct connection *connection, int way, size_t length)
{
	int64_t *free_ns =
		connection->shape.apart != 0 ? &connection->free_ns[way] : &proxy->free_ns[way];
	int64_t rtt = connection->shape.rtt_ms * NS_PER_MS;
	int64_t leaves = now_ns();

	if (way == LINK_UP && leaves < connection->opened_ns + rtt) {
		leaves = connection->opened_ns + rtt;
	}
	if (connection->shape.bits_per_s > 0) {
		if (leaves < *free_ns) {
			leaves = *free_ns;
		}
		leaves += (int64_t)length * 8 * NS_PER_S / connection->shape.bits_per_s;
		*free_ns = leaves;
	}
	return leaves + rtt / 2;
}

/* What of the bytes just read goes on. */
static void
packet_cut(struct connection *connection, int way, struct link_packet *packet)
{
	if (packet->length == 0) {
		return;
	}
	if (way == LINK_UP && link_meter_between(&connection->meter)) {
		link_cut_draw(&connection->cut);
	}
	packet->length = link_cut_take(&connection->cut, way, packet->length);
	packet->cut = link_cut_reached(&connection->cut, way);
	if (packet->cut) {
		connection->lanes[LINK_UP].read_all = true;
		connection->lanes[LINK_DOWN].read_all = true;
	}
}

static bool
lane_read(struct link_proxy *proxy, struct connection *connection, int way)
{
	struct link_lane *lane = &connection->lanes[way];
	struct link_packet *packet;
	ssize_t got;

	if (lane->read_all) {
		return true;
	}
	packet = calloc(1, sizeof *packet);
	if (packet == NULL) {
		return false;
	}
	got = recv(lane->from, packet->bytes, sizeof packet->bytes, 0);
	if (got < 0) {
		free(packet);
		return errno == EAGAIN || errno == EINTR;
	}
	packet->length = (size_t)got;
	lane->read_all = got == 0;
	packet_cut(connection, way, packet);
	packet->arrives_ns = arrival(proxy, connection, way, packet->length);
	link_lane_append(lane, packet);
	if (packet->cut) {
		cut_count(proxy, connection);
	}
	if (packet->length > 0) {
		piece_count(proxy, connection, way, packet->bytes, packet->length);
	}
	return true;
}

static void
connection_end(struct link_proxy *proxy, struct connection *connection)
{
	link_lane_drop(&connection->lanes[LINK_UP]);
	link_lane_drop(&connection->lanes[LINK_DOWN]);
	(void)close(connection->client);
	(void)close(connection->server);
	connection->used = false;
	if (proxy->watch.closed != NULL) {
		proxy->watch.closed(proxy->watch.context, connection->number, &connection->counts);
	}
}

static int
server_connect(unsigned port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
connection_begin(struct link_proxy *proxy, struct connection *connection)
{
	const int one = 1;
	unsigned port;

	memset(connection, 0, sizeof *connection);
	connection->client = accept(proxy->door, NULL, NULL);
	if (connection->client < 0) {
		return;
	}
	(void)pthread_mutex_lock(&proxy->lock);
	port = proxy->server_port;
	connection->shape = proxy->shape;
	proxy->counts.connections++;
	(void)pthread_mutex_unlock(&proxy->lock);
	connection->server = server_connect(port);
	if (connection->server < 0) {
		(void)close(connection->client);
		return;
	}
	(void)setsockopt(connection->client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(connection->server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	connection->used = true;
	connection->number = ++proxy->number;
	connection->counts.connections = 1;
	connection->opened_ns = now_ns();
	link_cut_start(&connection->cut, &connection->shape, connection->number);
	connection->lanes[LINK_UP] =
		(struct link_lane){.from = connection->client, .to = connection->server};
	connection->lanes[LINK_DOWN] =
		(struct link_lane){.from = connection->server, .to = connection->client};
}

/* ---- the loop ---- */

struct waiting {
	struct pollfd fds[2 + 2 * LINK_CONNECTIONS_MAX];
	int64_t until_ns; /* the next arrival; 0: none */
};

static void
lane_wait(const struct link_lane *lane, struct waiting *waiting, struct pollfd *from,
	  struct pollfd *to)
{
	if (!lane->read_all && lane->queued < QUEUED_MAX) {
		from->events |= POLLIN;
	}
	if (lane->first == NULL) {
		return;
	}
	if (lane->first->arrives_ns <= now_ns()) {
		to->events |= POLLOUT;
	} else if (waiting->until_ns == 0 || lane->first->arrives_ns < waiting->until_ns) {
		waiting->until_ns = lane->first->arrives_ns;
	}
}

/* Cuts what there is, and what asks for a connection, while the link is down. */
static void
link_apply_window(struct link_proxy *proxy, struct waiting *waiting)
{
	int64_t left_ns;
	bool down = link_is_down(proxy, &left_ns);
	int64_t until_ns = now_ns() + left_ns;

	if (left_ns != 0 && (waiting->until_ns == 0 || until_ns < waiting->until_ns)) {
		waiting->until_ns = until_ns;
	}
	for (size_t i = 0; i < LINK_CONNECTIONS_MAX && down; i++) {
		if (proxy->connections[i].used) {
			cut_count(proxy, &proxy->connections[i]);
			connection_end(proxy, &proxy->connections[i]);
		}
	}
}

/* poll passes over what has a negative number. */
static void
waiting_fill(struct link_proxy *proxy, struct waiting *waiting)
{
	bool room = false;

	waiting->until_ns = 0;
	link_apply_window(proxy, waiting);
	for (size_t i = 0; i < LINK_CONNECTIONS_MAX; i++) {
		const struct connection *connection = &proxy->connections[i];
		struct pollfd *client = &waiting->fds[2 + 2 * i];
		struct pollfd *server = client + 1;

		*client = (struct pollfd){.fd = connection->used ? connection->client : -1};
		*server = (struct pollfd){.fd = connection->used ? connection->server : -1};
		if (connection->used) {
			lane_wait(&connection->lanes[LINK_UP], waiting, client, server);
			lane_wait(&connection->lanes[LINK_DOWN], waiting, server, client);
			/* A closed socket is always ready: it is asked only when something is
			 * wanted of it. */
			client->fd = client->events == 0 ? -1 : client->fd;
			server->fd = server->events == 0 ? -1 : server->fd;
		} else {
			room = true;
		}
	}
	waiting->fds[0] = (struct pollfd){.fd = proxy->stop[0], .events = POLLIN};
	waiting->fds[1] = (struct pollfd){.fd = room ? proxy->door : -1, .events = POLLIN};
}

static int
waiting_ms(const struct waiting *waiting)
{
	int64_t left = waiting->until_ns - now_ns();

	if (waiting->until_ns == 0) {
		return -1;
	}
	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

static void
connection_serve(struct link_proxy *proxy, struct connection *connection,
		 const struct pollfd *ready)
{
	const short there = POLLIN | POLLHUP | POLLERR;
	bool alive = true;

	if ((ready[0].events & POLLIN) != 0 && (ready[0].revents & there) != 0) {
		alive = lane_read(proxy, connection, LINK_UP);
	}
	if (alive && (ready[1].events & POLLIN) != 0 && (ready[1].revents & there) != 0) {
		alive = lane_read(proxy, connection, LINK_DOWN);
	}
	alive = alive && link_lane_write(&connection->lanes[LINK_UP], now_ns()) &&
		link_lane_write(&connection->lanes[LINK_DOWN], now_ns());
	if (!alive || (connection->lanes[LINK_UP].ended && connection->lanes[LINK_DOWN].ended)) {
		connection_end(proxy, connection);
	}
}

static void
connections_accept(struct link_proxy *proxy)
{
	for (size_t i = 0; i < LINK_CONNECTIONS_MAX; i++) {
		if (!proxy->connections[i].used) {
			connection_begin(proxy, &proxy->connections[i]);
			return;
		}
	}
}

static void *
proxy_run(void *context)
{
	struct link_proxy *proxy = context;
	struct waiting waiting;

	for (;;) {
		waiting_fill(proxy, &waiting);
		(void)poll(waiting.fds, sizeof waiting.fds / sizeof waiting.fds[0],
			   waiting_ms(&waiting));
		if (waiting.fds[0].revents != 0) {
			break;
		}
		for (size_t i = 0; i < LINK_CONNECTIONS_MAX; i++) {
			if (proxy->connections[i].used) {
				connection_serve(proxy, &proxy->connections[i],
						 &waiting.fds[2 + 2 * i]);
			}
		}
		if (waiting.fds[1].revents != 0) {
			connections_accept(proxy);
		}
	}
	for (size_t i = 0; i < LINK_CONNECTIONS_MAX; i++) {
		if (proxy->connections[i].used) {
			connection_end(proxy, &proxy->connections[i]);
		}
	}
	return NULL;
}

/* ---- from outside ---- */

static bool
door_open(struct link_proxy *proxy)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof address;

	proxy->door = socket(AF_INET, SOCK_STREAM, 0);
	if (proxy->door < 0 ||
	    bind(proxy->door, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(proxy->door, LINK_CONNECTIONS_MAX) != 0 ||
	    getsockname(proxy->door, (struct sockaddr *)&address, &size) != 0) {
		return false;
	}
	proxy->port = ntohs(address.sin_port);
	return true;
}

enum status
link_proxy_open(const struct link_watch *watch, struct link_proxy **out, struct error *err)
{
	struct link_proxy *proxy = calloc(1, sizeof *proxy);

	if (proxy == NULL) {
		return fail(err, STATUS_MEMORY, "proxy");
	}
	if (watch != NULL) {
		proxy->watch = *watch;
	}
	if (!door_open(proxy) || pipe(proxy->stop) != 0) {
		if (proxy->door >= 0) {
			(void)close(proxy->door);
		}
		free(proxy);
		return fail(err, STATUS_INTERNAL, "proxy: errno %d", errno);
	}
	(void)pthread_mutex_init(&proxy->lock, NULL);
	if (pthread_create(&proxy->thread, NULL, proxy_run, proxy) != 0) {
		(void)close(proxy->door);
		(void)close(proxy->stop[0]);
		(void)close(proxy->stop[1]);
		free(proxy);
		return fail(err, STATUS_MEMORY, "thread");
	}
	*out = proxy;
	return STATUS_OK;
}

void
link_proxy_close(struct link_proxy *proxy)
{
	if (proxy == NULL) {
		return;
	}
	(void)close(proxy->stop[1]);
	(void)pthread_join(proxy->thread, NULL);
	(void)close(proxy->stop[0]);
	(void)close(proxy->door);
	(void)pthread_mutex_destroy(&proxy->lock);
	free(proxy);
}

unsigned
link_proxy_port(const struct link_proxy *proxy)
{
	return proxy->port;
}

void
link_proxy_aim(struct link_proxy *proxy, unsigned server_port)
{
	(void)pthread_mutex_lock(&proxy->lock);
	proxy->server_port = server_port;
	(void)pthread_mutex_unlock(&proxy->lock);
}

void
link_proxy_shape(struct link_proxy *proxy, struct link_shape shape)
{
	(void)pthread_mutex_lock(&proxy->lock);
	proxy->shape = shape;
	proxy->shaped_ns = now_ns();
	(void)pthread_mutex_unlock(&proxy->lock);
}

struct link_counts
link_proxy_counts(struct link_proxy *proxy)
{
	struct link_counts counts;

	(void)pthread_mutex_lock(&proxy->lock);
	counts = proxy->counts;
	(void)pthread_mutex_unlock(&proxy->lock);
	return counts;
}

void
link_proxy_reset(struct link_proxy *proxy)
{
	(void)pthread_mutex_lock(&proxy->lock);
	proxy->counts = (struct link_counts){0};
	(void)pthread_mutex_unlock(&proxy->lock);
}
