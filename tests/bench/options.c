/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/options.h"

#include "tests/bench/host.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void
read_number(const char *name, const char *text, double *out)
{
	char *end = NULL;
	double number = text == NULL ? -1 : strtod(text, &end);

	if (text == NULL || end == text || *end != '\0' || number < 0 || number > UINT_MAX) {
		host_die("%s takes a number", name);
	}
	*out = number;
}

void
options_read(int count, char **words, struct bench_options *options)
{
	struct {
		const char *name;
		unsigned *number;
	} const numbers[] = {
		{"--connections", &options->connections},
		{"--runs", &options->runs},
		{"--devices", &options->devices},
		{"--held", &options->held},
	};

	for (int i = 1; i < count; i++) {
		const char *value = words[i + 1];
		bool known = false;
		double number;

		if (strcmp(words[i], "--json") == 0) {
			options->json = true;
			continue;
		}
		if (strcmp(words[i], "--seconds") == 0) {
			read_number(words[i], value, &options->seconds);
			known = true;
		}
		for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++) {
			if (strcmp(words[i], numbers[j].name) == 0) {
				read_number(words[i], value, &number);
				*numbers[j].number = (unsigned)number;
				known = true;
			}
		}
		if (!known) {
			host_die("usage: [--seconds S] [--connections N] [--runs N] [--devices N] "
				 "[--held VISITS] [--json]");
		}
		i++;
	}
}
