/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/figures.h"

#include "tests/bench/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

enum { LINE_SIZE = 256, COMMAND_SIZE = 1024 };

void
figures_add(struct figures *figures, const char *name, double value)
{
	size_t i = 0;

	while (i < figures->row_count && strcmp(figures->rows[i].name, name) != 0) {
		i++;
	}
	if (i == FIGURES_NAMES_MAX || figures->rows[i].count == FIGURES_RUNS_MAX) {
		host_die("too many figures");
	}
	if (i == figures->row_count) {
		figures->rows[figures->row_count++].name = name;
	}
	figures->rows[i].runs[figures->rows[i].count++] = value;
}

static int
compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

struct spread {
	double median;
	double least;
	double greatest;
	int runs;
};

static struct spread
spread_of(const double *runs, size_t count)
{
	double sorted[FIGURES_RUNS_MAX];

	memcpy(sorted, runs, count * sizeof sorted[0]);
	qsort(sorted, count, sizeof sorted[0], compare_doubles);
	return (struct spread){
		.median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
		.least = sorted[0],
		.greatest = sorted[count - 1],
		.runs = (int)count,
	};
}

double
figures_median(const struct figures *figures, const char *name)
{
	for (size_t i = 0; i < figures->row_count; i++) {
		if (strcmp(figures->rows[i].name, name) == 0) {
			return spread_of(figures->rows[i].runs, figures->rows[i].count).median;
		}
	}
	return 0;
}

/* ---- where it was measured ---- */

static void
read_cpu_model(char out[LINE_SIZE])
{
	char line[LINE_SIZE];
	FILE *file = fopen("/proc/cpuinfo", "r");

	(void)snprintf(out, LINE_SIZE, "unknown");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
			(void)snprintf(out, LINE_SIZE, "%.*s", (int)strcspn(colon + 2, "\n"),
				       colon + 2);
			break;
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
}

static const char *
commit_name(void)
{
	const char *commit = getenv("SAMBUNG_COMMIT");

	return commit != NULL ? commit : "unknown";
}

/* The program by its last name: where it stands on this machine tells nothing. */
static void
command_text(char *const *words, char out[COMMAND_SIZE])
{
	const char *slash = strrchr(words[0], '/');
	size_t length = 0;

	for (size_t i = 0; words[i] != NULL && length < COMMAND_SIZE; i++) {
		const char *word = i == 0 && slash != NULL ? slash + 1 : words[i];
		int more = snprintf(out + length, COMMAND_SIZE - length, "%s%s", i == 0 ? "" : " ",
				    word);

		length += more > 0 ? (size_t)more : 0;
	}
}

/* ---- telling ---- */

static void
print_json(const struct figures *figures, const char *benchmark, const char *command)
{
	char model[LINE_SIZE];
	json_t *least = json_object();
	json_t *greatest = json_object();
	json_t *all = json_object();
	int runs = 0;

	read_cpu_model(model);
	(void)json_object_set_new(all, "benchmark", json_string(benchmark));
	for (size_t i = 0; i < figures->row_count; i++) {
		const char *name = figures->rows[i].name;
		struct spread spread = spread_of(figures->rows[i].runs, figures->rows[i].count);

		(void)json_object_set_new(all, name, json_real(spread.median));
		(void)json_object_set_new(least, name, json_real(spread.least));
		(void)json_object_set_new(greatest, name, json_real(spread.greatest));
		/* What is told once, as what was offered, has one run. */
		runs = runs < spread.runs ? spread.runs : runs;
	}
	(void)json_object_set_new(all, "runs", json_integer(runs));
	(void)json_object_set_new(all, "min", least);
	(void)json_object_set_new(all, "max", greatest);
	(void)json_object_set_new(
		all, "machine",
		json_pack("{s:i,s:s}", "cores", (int)sysconf(_SC_NPROCESSORS_ONLN), "cpu", model));
	(void)json_object_set_new(all, "commit", json_string(commit_name()));
	(void)json_object_set_new(all, "command", json_string(command));
	(void)json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
	(void)printf("\n");
	json_decref(all);
}

static void
print_table(const struct figures *figures, const char *benchmark, const char *command)
{
	char model[LINE_SIZE];

	read_cpu_model(model);
	(void)printf("%s  (%ld cores, %s; commit %s; %s)\n", benchmark,
		     sysconf(_SC_NPROCESSORS_ONLN), model, commit_name(), command);
	(void)printf("  %-28s %14s %14s %14s\n", "", "median", "least", "greatest");
	for (size_t i = 0; i < figures->row_count; i++) {
		struct spread spread = spread_of(figures->rows[i].runs, figures->rows[i].count);

		(void)printf("  %-28s %14.6g %14.6g %14.6g\n", figures->rows[i].name, spread.median,
			     spread.least, spread.greatest);
	}
}

void
figures_print(const struct figures *figures, const char *benchmark, bool json, char *const *words)
{
	char command[COMMAND_SIZE];

	command_text(words, command);
	if (json) {
		print_json(figures, benchmark, command);
	} else {
		print_table(figures, benchmark, command);
	}
	(void)fflush(stdout);
}
