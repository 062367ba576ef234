/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/load.h"

#include "tests/bench/host.h"
#include "tests/bench/load_connection.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { NS_PER_MS = 1000000, HTTP_OK = 200, HTTP_BUSY = 503 };
#define NS_PER_S INT64_C(1000000000)

/* A parcel that is to be sent again. */
struct again {
	int64_t due_ns;
	size_t index;
};

struct load {
	const struct load_options *options;
	struct load_request *requests;
	size_t count;
	struct load_result *result;
	int64_t start_ns;
	struct connection *connections;
	struct pollfd *polls;
	size_t *current; /* by connection: index of its request */
	int64_t *due_ns; /* by connection: when its request was due */
	size_t *idle;	 /* connections without a request */
	size_t idle_count;
	size_t next;	     /* first request that never was sent */
	int64_t next_due_ns; /* open: when it is */
	struct again *again; /* a heap, the earliest first */
	size_t again_count;
	size_t answered;
	double *latency_ms; /* of the answered */
};

/* ---- what is sent again, a binary heap ---- */

static void
again_swap(struct again *a, struct again *b)
{
	struct again kept = *a;

	*a = *b;
	*b = kept;
}

static void
again_push(struct load *load, size_t index, int64_t due_ns)
{
	size_t at = load->again_count++;

	load->again[at] = (struct again){.due_ns = due_ns, .index = index};
	while (at > 0 && load->again[at].due_ns < load->again[(at - 1) / 2].due_ns) {
		again_swap(&load->again[at], &load->again[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static struct again
again_pop(struct load *load)
{
	struct again first = load->again[0];
	size_t at = 0;

	load->again[0] = load->again[--load->again_count];
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
			if (child < load->again_count &&
			    load->again[child].due_ns < load->again[least].due_ns) {
				least = child;
			}
		}
		if (least == at) {
			return first;
		}
		again_swap(&load->again[at], &load->again[least]);
		at = least;
	}
}

/* ---- what is due ---- */

/* Exponential gaps: each device decides for itself. */
static int64_t
gap_ns(const struct load *load)
{
	double chance = ((double)(host_number(load->next) >> 11) + 1) / 9007199254740993.0;

	return (int64_t)(-log(chance) / load->options->per_second * 1e9);
}

/* The next parcel that is due by now, if any. */
static bool
take_due(struct load *load, int64_t now_ns, struct again *out)
{
	if (load->again_count > 0 && load->again[0].due_ns <= now_ns) {
		*out = again_pop(load);
		return true;
	}
	if (load->next == load->count || load->next_due_ns > now_ns) {
		return false;
	}
	out->index = load->next;
	out->due_ns = load->options->per_second > 0 ? load->next_due_ns : now_ns;
	load->next++;
	if (load->options->per_second > 0) {
		load->next_due_ns += gap_ns(load);
	}
	return true;
}

static int
poll_ms(const struct load *load, int64_t now_ns)
{
	int64_t due = INT64_MAX;

	if (load->idle_count == 0) {
		return -1;
	}
	if (load->next < load->count) {
		due = load->next_due_ns;
	}
	if (load->again_count > 0 && load->again[0].due_ns < due) {
		due = load->again[0].due_ns;
	}
	if (due == INT64_MAX) {
		return -1;
	}
	return due <= now_ns ? 0 : (int)((due - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* ---- answers ---- */

/* From one to three seconds. */
static int64_t
patience_ns(size_t index, unsigned attempts)
{
	return NS_PER_S + (int64_t)(host_number(index << 8 | attempts) % (2 * NS_PER_S));
}

static int64_t
told_ns(const struct connection *connection)
{
	if (connection->retry_after_s == 0) {
		host_die("a busy daemon does not say when to come again");
	}
	return connection->retry_after_s * NS_PER_S;
}

static bool
is_lost(const struct load *load, size_t index)
{
	return !load->requests[index].lost &&
	       host_number(index ^ UINT64_C(0x5eed) << 40) % 100 < load->options->lost_percent;
}

static void
keep_answer(struct load *load, size_t place, size_t index, int64_t now_ns)
{
	struct load_request *request = &load->requests[index];
	int64_t window_ns = (int64_t)(load->options->window_s * 1e9);

	buffer_append_span(&request->reply, connection_body(&load->connections[place]));
	load->latency_ms[load->answered++] = (double)(now_ns - load->due_ns[place]) / NS_PER_MS;
	load->result->answered_in_window += now_ns - load->start_ns <= window_ns;
}

static void
take_answer(struct load *load, size_t place, int64_t now_ns)
{
	struct connection *connection = &load->connections[place];
	size_t index = load->current[place];
	struct load_request *request = &load->requests[index];

	load->result->bytes_down += connection->in.length;
	request->http = connection->http;
	if (connection->http == HTTP_BUSY) {
		load->result->refused++;
		request->refused++;
		again_push(load, index, now_ns + told_ns(connection));
	} else if (connection->http == HTTP_OK && is_lost(load, index)) {
		load->result->lost++;
		request->lost = true;
		again_push(load, index, now_ns + patience_ns(index, request->attempts));
	} else {
		keep_answer(load, place, index, now_ns);
	}
	connection->state = CONNECTION_IDLE;
	if (connection->closes || load->options->fresh) {
		connection_close(connection);
	}
}

static void
take_break(struct load *load, size_t place, int64_t now_ns)
{
	size_t index = load->current[place];

	if (!load->options->fresh) {
		host_die("the daemon broke off a connection");
	}
	load->result->broken++;
	connection_close(&load->connections[place]);
	load->connections[place].state = CONNECTION_IDLE;
	again_push(load, index, now_ns + patience_ns(index, load->requests[index].attempts));
}

/* After each step of a connection. */
static void
look_at(struct load *load, size_t place, int64_t now_ns)
{
	struct connection *connection = &load->connections[place];
	struct pollfd *poll = &load->polls[place];

	if (connection->state == CONNECTION_BROKEN) {
		take_break(load, place, now_ns);
		load->idle[load->idle_count++] = place;
	} else if (connection->state == CONNECTION_DONE) {
		take_answer(load, place, now_ns);
		load->idle[load->idle_count++] = place;
	}
	poll->fd = connection->state == CONNECTION_IDLE ? -1 : connection->fd;
	poll->events = connection->state == CONNECTION_SENDING ? POLLOUT : POLLIN;
}

static void
send_due(struct load *load, int64_t now_ns)
{
	struct again due;

	while (load->idle_count > 0 && take_due(load, now_ns, &due)) {
		size_t place = load->idle[--load->idle_count];
		struct load_request *request = &load->requests[due.index];
		struct connection *connection = &load->connections[place];

		load->current[place] = due.index;
		load->due_ns[place] = due.due_ns;
		request->attempts++;
		connection_post(connection, load->options->port, request->parcel);
		load->result->requests++;
		load->result->bytes_up += connection->out.length;
		look_at(load, place, now_ns);
	}
}

static void
go_on(struct load *load)
{
	int ready =
		poll(load->polls, (nfds_t)load->options->connections, poll_ms(load, host_now_ns()));

	for (size_t i = 0; i < load->options->connections && ready > 0; i++) {
		if (load->polls[i].fd >= 0 && load->polls[i].revents != 0) {
			ready--;
			connection_go_on(&load->connections[i]);
			look_at(load, i, host_now_ns());
		}
	}
}

/* ---- the whole ---- */

static void
allow_connections(unsigned count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count + 64) {
		limit.rlim_cur = count + 64;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
			host_die("%u connections are more than this machine allows", count);
		}
	}
}

static void
load_init(struct load *load)
{
	unsigned connections = load->options->connections;

	allow_connections(connections);
	load->connections = host_take(connections, sizeof *load->connections);
	load->polls = host_take(connections, sizeof *load->polls);
	load->current = host_take(connections, sizeof *load->current);
	load->due_ns = host_take(connections, sizeof *load->due_ns);
	load->idle = host_take(connections, sizeof *load->idle);
	load->again = host_take(load->count, sizeof *load->again);
	load->latency_ms = host_take(load->count, sizeof *load->latency_ms);
	for (size_t i = 0; i < connections; i++) {
		connection_init(&load->connections[i]);
		load->polls[i].fd = -1;
		load->idle[load->idle_count++] = connections - 1 - i;
	}
	for (size_t i = 0; i < load->count; i++) {
		buffer_clear(&load->requests[i].reply);
		load->requests[i].attempts = 0;
		load->requests[i].refused = 0;
		load->requests[i].lost = false;
	}
}

static void
load_finish(struct load *load)
{
	for (size_t i = 0; i < load->options->connections; i++) {
		connection_finish(&load->connections[i]);
	}
	free(load->connections);
	free(load->polls);
	free(load->current);
	free(load->due_ns);
	free(load->idle);
	free(load->again);
	free(load->latency_ms);
}

static int
compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static void
sum_up(struct load *load)
{
	struct load_result *result = load->result;

	qsort(load->latency_ms, load->count, sizeof load->latency_ms[0], compare_doubles);
	result->p50_ms = load->latency_ms[load->count / 2];
	result->p99_ms = load->latency_ms[load->count * 99 / 100];
	result->max_ms = load->latency_ms[load->count - 1];
	result->seconds = (double)(host_now_ns() - load->start_ns) / 1e9;
}

void
load_run(const struct load_options *options, struct load_request *requests, size_t count,
	 struct load_result *out)
{
	struct load load = {
		.options = options, .requests = requests, .count = count, .result = out};
	double cpu_s;
	double stolen_s;

	memset(out, 0, sizeof *out);
	if (count == 0) {
		return;
	}
	load_init(&load);
	cpu_s = host_cpu_s();
	stolen_s = host_stolen_s();
	load.start_ns = host_now_ns();
	load.next_due_ns = load.start_ns;
	while (load.answered < count) {
		send_due(&load, host_now_ns());
		if (load.answered < count) {
			go_on(&load);
		}
	}
	sum_up(&load);
	out->cpu_s = host_cpu_s() - cpu_s;
	out->stolen_s = host_stolen_s() - stolen_s;
	load_finish(&load);
}
