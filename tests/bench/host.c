/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { COPY_PIECE = 1024 * 1024, SENTENCE_SIZE = 600, PINNED_SIZE = 16 };

void
host_die(const char *format, ...)
{
	va_list arguments;

	(void)fputs("bench: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputs("\n", stderr);
	exit(EXIT_FAILURE);
}

void
host_must(enum status status, const char *what, const struct error *err)
{
	char sentence[SENTENCE_SIZE];

	if (status != STATUS_OK) {
		host_die("%s: %s", what,
			 error_sentence(err, LANGUAGE_EN, sentence, sizeof sentence));
	}
}

void *
host_take(size_t count, size_t size)
{
	void *memory = calloc(count == 0 ? 1 : count, size);

	if (memory == NULL) {
		host_die("out of memory");
	}
	return memory;
}

/* ---- time, chance, cores ---- */

int64_t
host_now_ns(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double
seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

double
host_cpu_s(void)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_SELF, &usage);
	return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double
host_stolen_s(void)
{
	enum { STEAL_PLACE = 8 }; /* after "cpu": user, nice, system, idle, iowait, irq, softirq */
	char line[512];
	char *rest = line;
	char *word = NULL;
	const long ticks_per_s = sysconf(_SC_CLK_TCK);
	FILE *file = fopen("/proc/stat", "r");

	if (file == NULL) {
		return 0;
	}
	if (fgets(line, sizeof line, file) == NULL) {
		line[0] = '\0';
	}
	(void)fclose(file);
	for (int i = 0; i <= STEAL_PLACE; i++) {
		word = strtok_r(i == 0 ? line : NULL, " ", &rest);
	}
	return word == NULL ? 0 : strtod(word, NULL) / (double)ticks_per_s;
}

uint64_t
host_number(uint64_t place)
{
	uint64_t z = (place + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* The call that pins is not POSIX; the program taskset is everywhere it exists. */
void
host_pin(unsigned core, char **words)
{
	static const char mark[] = "SAMBUNG_BENCH_PINNED";
	char text[PINNED_SIZE];
	char **longer;
	size_t count = 0;

	if (getenv(mark) != NULL) {
		return;
	}
	while (words[count] != NULL) {
		count++;
	}
	longer = host_take(count + 4, sizeof *longer);
	(void)snprintf(text, sizeof text, "%u", core);
	(void)setenv(mark, text, 1);
	longer[0] = strdup("taskset");
	longer[1] = strdup("-c");
	longer[2] = text;
	memcpy(longer + 3, words, count * sizeof *longer);
	(void)execvp(longer[0], longer);
	host_die("taskset: %s", strerror(errno));
}

/* ---- folders ---- */

void
host_path(const char *folder, const char *name, char out[HOST_PATH_SIZE])
{
	int length = snprintf(out, HOST_PATH_SIZE, "%s/%s", folder, name);

	if (length < 0 || length >= HOST_PATH_SIZE) {
		host_die("a path is too long");
	}
}

void
host_folder_make(char out[HOST_PATH_SIZE])
{
	const char *base = getenv("TMPDIR");

	host_path(base != NULL ? base : "/tmp", "sambung-bench-XXXXXX", out);
	if (mkdtemp(out) == NULL) {
		host_die("%s: %s", out, strerror(errno));
	}
}

/* Calls `each` for the name of every file. */
static void
for_files(const char *folder, void (*each)(const char *folder, const char *name, const char *to),
	  const char *to)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;

	if (listing == NULL) {
		host_die("%s: %s", folder, strerror(errno));
	}
	while ((entry = readdir(listing)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			each(folder, entry->d_name, to);
		}
	}
	(void)closedir(listing);
}

static void
remove_file(const char *folder, const char *name, const char *to)
{
	char path[HOST_PATH_SIZE];

	(void)to;
	host_path(folder, name, path);
	if (remove(path) != 0) {
		host_die("%s: %s", path, strerror(errno));
	}
}

void
host_folder_remove(const char *folder)
{
	for_files(folder, remove_file, NULL);
	(void)rmdir(folder);
}

static void
copy_bytes(int in, int out, const char *name)
{
	uint8_t *piece = host_take(COPY_PIECE, 1);
	ssize_t got;

	while ((got = read(in, piece, COPY_PIECE)) > 0) {
		if (write(out, piece, (size_t)got) != got) {
			host_die("copying %s: %s", name, strerror(errno));
		}
	}
	free(piece);
	if (got < 0 || fsync(out) != 0) {
		host_die("copying %s: %s", name, strerror(errno));
	}
}

static void
copy_file(const char *folder, const char *name, const char *to)
{
	char path[HOST_PATH_SIZE];
	int in;
	int out;

	host_path(folder, name, path);
	in = open(path, O_RDONLY);
	host_path(to, name, path);
	out = open(path, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
	if (in < 0 || out < 0) {
		host_die("copying %s: %s", name, strerror(errno));
	}
	copy_bytes(in, out, name);
	(void)close(in);
	(void)close(out);
}

void
host_folder_copy(const char *from, const char *to)
{
	if (mkdir(to, S_IRWXU) != 0) {
		host_die("%s: %s", to, strerror(errno));
	}
	for_files(from, copy_file, to);
}

uint64_t
host_file_bytes(const char *folder, const char *name)
{
	char path[HOST_PATH_SIZE];
	struct stat about;

	host_path(folder, name, path);
	return stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
}

void
host_file_write(const char *folder, const char *name, const void *bytes, size_t length)
{
	char path[HOST_PATH_SIZE];
	FILE *file;

	host_path(folder, name, path);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
		host_die("%s: %s", path, strerror(errno));
	}
}
