/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"
#include "tests/testing.h"

#include <stdlib.h>
#include <unistd.h>

struct config_state {
	struct config config;
	struct error err;
	char path[64];
};

static int
state_create(void **state)
{
	struct config_state *s = calloc(1, sizeof *s);
	int fd;

	assert_non_null(s);
	config_default(&s->config);
	(void)snprintf(s->path, sizeof s->path, "test_config_XXXXXX");
	fd = mkstemp(s->path);
	assert_true(fd >= 0);
	(void)close(fd);
	*state = s;
	return 0;
}

static int
state_free(void **state)
{
	struct config_state *s = *state;

	(void)unlink(s->path);
	free(s);
	return 0;
}

static enum status
read_text(struct config_state *s, const char *text)
{
	FILE *file = fopen(s->path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return config_read(&s->config, s->path, &s->err);
}

TEST(without_a_file_the_defaults_count)
{
	struct config_state *s = *state;

	(void)unlink(s->path);
	assert_ok(config_read(&s->config, s->path, &s->err));
	assert_string_equal(s->config.listen, "127.0.0.1:8420");
	assert_int_equal(s->config.queue, 1000);
	assert_int_equal(s->config.lease_days, 30);
}

TEST(a_line_changes_its_setting_and_no_other)
{
	struct config_state *s = *state;

	assert_ok(read_text(s, "; comment\n\nqueue = 7\nlisten = [::1]:9000\n"));
	assert_int_equal(s->config.queue, 7);
	assert_string_equal(s->config.listen, "[::1]:9000");
	assert_int_equal(s->config.threads, 4);
}

TEST(an_unknown_setting_is_named_with_its_line)
{
	struct config_state *s = *state;

	assert_int_equal(read_text(s, "queue = 7\ncolour = red\n"), STATUS_USAGE);
	assert_contains(s->err.detail, "line 2");
	assert_contains(s->err.detail, "\"colour\"");
}

TEST(the_first_mistake_is_the_one_that_is_told)
{
	struct config_state *s = *state;

	assert_int_equal(read_text(s, "queue = 0\ncolour = red\n"), STATUS_USAGE);
	assert_contains(s->err.detail, "line 1");
	assert_contains(s->err.detail, "1 to 100000");
}

TEST(sections_are_refused)
{
	struct config_state *s = *state;

	assert_int_equal(read_text(s, "[server]\nqueue = 7\n"), STATUS_USAGE);
	assert_contains(s->err.detail, "[server]");
}

TEST(a_line_that_is_no_setting_is_refused)
{
	struct config_state *s = *state;

	assert_int_equal(read_text(s, "hello\n"), STATUS_USAGE);
	assert_contains(s->err.detail, "line 1");
}

TEST(numbers_stay_within_their_bounds)
{
	struct config_state *s = *state;

	assert_ok(config_set(&s->config, "threads", "1", &s->err));
	assert_ok(config_set(&s->config, "threads", "64", &s->err));
	assert_int_equal(config_set(&s->config, "threads", "65", &s->err), STATUS_USAGE);
	assert_int_equal(config_set(&s->config, "threads", "0", &s->err), STATUS_USAGE);
	assert_int_equal(config_set(&s->config, "threads", "-1", &s->err), STATUS_USAGE);
	assert_int_equal(config_set(&s->config, "threads", "4x", &s->err), STATUS_USAGE);
	assert_int_equal(config_set(&s->config, "threads", "", &s->err), STATUS_USAGE);
	assert_int_equal(config_set(&s->config, "threads", "99999999999999999999", &s->err),
			 STATUS_USAGE);
	assert_int_equal(s->config.threads, 64);
}

TEST(a_text_that_is_too_long_is_refused)
{
	struct config_state *s = *state;
	char text[CONFIG_TEXT_SIZE + 1];

	memset(text, '1', sizeof text);
	text[CONFIG_TEXT_SIZE] = '\0';
	assert_int_equal(config_set(&s->config, "listen", text, &s->err), STATUS_USAGE);
	text[CONFIG_TEXT_SIZE - 1] = '\0';
	assert_ok(config_set(&s->config, "listen", text, &s->err));
}

TEST(the_description_is_a_file_that_can_be_read)
{
	struct config_state *s = *state;
	struct buffer text;

	buffer_init(&text, 64 * 1024);
	config_describe(&text);
	buffer_append_byte(&text, '\0');
	assert_contains((const char *)text.at, "; memory_mb = 128\n");
	assert_ok(read_text(s, (const char *)text.at));
	buffer_finish(&text);
}

#define CONFIG_CASE(sentence) CASE_WITH(sentence, state_create, state_free)

RUN_TESTS(CONFIG_CASE(without_a_file_the_defaults_count),
	  CONFIG_CASE(a_line_changes_its_setting_and_no_other),
	  CONFIG_CASE(an_unknown_setting_is_named_with_its_line),
	  CONFIG_CASE(the_first_mistake_is_the_one_that_is_told), CONFIG_CASE(sections_are_refused),
	  CONFIG_CASE(a_line_that_is_no_setting_is_refused),
	  CONFIG_CASE(numbers_stay_within_their_bounds),
	  CONFIG_CASE(a_text_that_is_too_long_is_refused),
	  CONFIG_CASE(the_description_is_a_file_that_can_be_read))
