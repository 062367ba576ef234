/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/connections.h"
#include "tests/testing.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST = 8, MOST_OF_ADDRESS = 3, LONG_S = 3600 };

struct pair {
	int here;
	int there;
	struct connection *connection;
};

struct world {
	struct connections *all;
	int listening;
	struct sockaddr_in address;
};

static int
world_open(void **state, unsigned head_s)
{
	struct world *world = calloc(1, sizeof *world);
	const struct connections_options options = {.most = MOST,
						    .most_of_address = MOST_OF_ADDRESS,
						    .head_s = head_s,
						    .idle_s = LONG_S,
						    .owner = world};
	socklen_t size = sizeof world->address;

	assert_non_null(world);
	assert_ok(connections_start(&options, &world->all, NULL));
	world->listening = socket(AF_INET, SOCK_STREAM, 0);
	world->address.sin_family = AF_INET;
	world->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(world->listening, (struct sockaddr *)&world->address, size), 0);
	assert_int_equal(listen(world->listening, MOST), 0);
	assert_int_equal(getsockname(world->listening, (struct sockaddr *)&world->address, &size),
			 0);
	*state = world;
	return 0;
}

static int
patient(void **state)
{
	return world_open(state, LONG_S);
}

static int
hasty(void **state)
{
	return world_open(state, 1);
}

static int
world_close(void **state)
{
	struct world *world = *state;

	connections_stop(world->all);
	(void)close(world->listening);
	free(world);
	return 0;
}

/* Somebody comes from 127.0.0.<last>. */
static struct pair
come(struct world *world, uint8_t last)
{
	struct sockaddr_in from = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(0x7f000000U + last)};
	const struct timeval patience = {.tv_sec = 30};
	struct pair pair = {.there = socket(AF_INET, SOCK_STREAM, 0)};

	/* For an end that never comes. */
	assert_int_equal(
		setsockopt(pair.there, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(bind(pair.there, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(
		connect(pair.there, (struct sockaddr *)&world->address, sizeof world->address), 0);
	pair.here = accept(world->listening, NULL, NULL);
	pair.connection = connection_enter(world->all, pair.here);
	assert_non_null(pair.connection);
	return pair;
}

static void
go(struct pair *pair)
{
	connection_leave(pair->connection);
	(void)close(pair->here);
	(void)close(pair->there);
}

/* Waits for the end, if there is none yet. */
static bool
is_ended(const struct pair *pair)
{
	char byte;

	return recv(pair->there, &byte, 1, 0) == 0;
}

static bool
is_open(const struct pair *pair)
{
	char byte;

	return recv(pair->there, &byte, 1, MSG_DONTWAIT) < 0;
}

TEST(an_address_has_so_many_and_no_more)
{
	struct world *world = *state;
	struct pair pairs[MOST_OF_ADDRESS + 1];
	struct pair other;

	for (int i = 0; i <= MOST_OF_ADDRESS; i++) {
		pairs[i] = come(world, 2);
	}
	assert_true(is_open(&pairs[MOST_OF_ADDRESS - 1]));
	assert_true(is_ended(&pairs[MOST_OF_ADDRESS]));
	other = come(world, 3);
	assert_true(is_open(&other));
	go(&other);
	for (int i = 0; i <= MOST_OF_ADDRESS; i++) {
		go(&pairs[i]);
	}
	other = come(world, 2);
	assert_true(is_open(&other));
	go(&other);
}

TEST(this_machine_has_as_many_as_there_are)
{
	struct world *world = *state;
	struct pair pairs[MOST_OF_ADDRESS + 1];

	for (int i = 0; i <= MOST_OF_ADDRESS; i++) {
		pairs[i] = come(world, 1);
		assert_true(connection_address(pairs[i].connection).own);
	}
	assert_true(is_open(&pairs[MOST_OF_ADDRESS]));
	for (int i = 0; i <= MOST_OF_ADDRESS; i++) {
		go(&pairs[i]);
	}
}

TEST(whose_head_does_not_come_in_time_is_shut_down_and_whose_does_is_not)
{
	struct world *world = *state;
	struct pair slow = come(world, 2);
	struct pair quick = come(world, 2);
	struct pair resting = come(world, 3);

	connection_allow(quick.connection, 0);
	connection_rest(resting.connection);
	assert_true(is_ended(&slow));
	assert_true(is_open(&quick));
	assert_true(is_open(&resting));
	go(&slow);
	go(&quick);
	go(&resting);
}

TEST(what_has_its_time_ends_with_it)
{
	struct world *world = *state;
	struct pair pair = come(world, 2);

	connection_allow(pair.connection, 1);
	assert_true(is_ended(&pair));
	go(&pair);
}

TEST(where_places_are_rare_who_rests_gives_way)
{
	struct world *world = *state;
	struct pair pairs[MOST - 1];

	for (uint8_t i = 0; i < MOST - 1; i++) {
		pairs[i] = come(world, 1);
	}
	connection_allow(pairs[0].connection, 0);
	for (uint8_t i = 1; i < MOST - 1; i++) {
		assert_true(is_ended(&pairs[i]));
	}
	assert_true(is_open(&pairs[0]));
	for (uint8_t i = 0; i < MOST - 1; i++) {
		go(&pairs[i]);
	}
}

static struct address
six(const char *peer, const char *own)
{
	struct sockaddr_in6 from = {.sin6_family = AF_INET6};
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	struct address address;

	assert_int_equal(inet_pton(AF_INET6, peer, &from.sin6_addr), 1);
	assert_int_equal(inet_pton(AF_INET6, own, &to.sin6_addr), 1);
	address_of((const struct sockaddr *)&from, (const struct sockaddr *)&to, &address);
	return address;
}

TEST(of_ipv6_the_first_half_counts_and_ipv4_within_it_counts_whole)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct address a = six("2001:db8:1:2::1", "2001:db8:9::1");
	struct address b = six("2001:db8:1:2:ffff::9", "2001:db8:9::1");
	struct address c = six("2001:db8:1:3::1", "2001:db8:9::1");
	struct address mapped = six("::ffff:10.1.2.3", "::ffff:10.0.0.1");
	struct address plain;

	(void)state;
	assert_memory_equal(a.at, b.at, ADDRESS_SIZE);
	assert_memory_not_equal(a.at, c.at, ADDRESS_SIZE);
	assert_false(a.own);
	assert_true(six("2001:db8:9::1", "2001:db8:9::1").own);
	assert_false(six("2001:db8:9::2", "2001:db8:9::1").own);
	assert_int_equal(inet_pton(AF_INET, "10.1.2.3", &four.sin_addr), 1);
	address_of((const struct sockaddr *)&four, (const struct sockaddr *)&four, &plain);
	assert_memory_equal(plain.at, mapped.at, ADDRESS_SIZE);
	assert_true(plain.own);
	assert_false(mapped.own);
}

TEST(an_address_that_a_proxy_names_is_the_same_as_one_that_comes_itself)
{
	static const char *const none[] = {
		"",
		"unknown",
		"10.1.2",
		"[2001:db8:1:2::1",
		"10.1.2.3.4.5.6.7",
		"2001:db8:1:2::1%eth0",
		":4711",
		"10.1.2.300",
		"2001:0db8:0001:0002:0000:0000:0000:0000:0000:0000:0000:0001",
	};
	const struct address four = six("::ffff:10.1.2.3", "::ffff:10.0.0.1");
	const struct address wide = six("2001:db8:1:2::1", "2001:db8:9::1");
	struct address read;

	(void)state;
	assert_true(address_read("10.1.2.3", &read));
	assert_memory_equal(read.at, four.at, ADDRESS_SIZE);
	assert_false(read.own);
	assert_true(address_read("10.1.2.3:4711", &read));
	assert_memory_equal(read.at, four.at, ADDRESS_SIZE);
	assert_true(address_read("::ffff:10.1.2.3", &read));
	assert_memory_equal(read.at, four.at, ADDRESS_SIZE);
	assert_true(address_read("2001:db8:1:2:ffff::9", &read));
	assert_memory_equal(read.at, wide.at, ADDRESS_SIZE);
	assert_true(address_read("[2001:db8:1:2::7]:4711", &read));
	assert_memory_equal(read.at, wide.at, ADDRESS_SIZE);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		assert_false(address_read(none[i], &read));
	}
}

#define PATIENT_CASE(sentence) CASE_WITH(sentence, patient, world_close)

RUN_TESTS(PATIENT_CASE(an_address_has_so_many_and_no_more),
	  PATIENT_CASE(this_machine_has_as_many_as_there_are),
	  CASE_WITH(whose_head_does_not_come_in_time_is_shut_down_and_whose_does_is_not, hasty,
		    world_close),
	  PATIENT_CASE(what_has_its_time_ends_with_it),
	  PATIENT_CASE(where_places_are_rare_who_rests_gives_way),
	  CASE(of_ipv6_the_first_half_counts_and_ipv4_within_it_counts_whole),
	  CASE(an_address_that_a_proxy_names_is_the_same_as_one_that_comes_itself))
