/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: what a benchmark program needs of the machine - a way to die, clocks, folders, and the real
 * sambungd as a process of its own.
 *
 * A benchmark that cannot go on has no figure to give, so everything here ends the program with a
 * sentence when it fails.
 */
#ifndef SAMBUNG_TESTS_BENCH_HOST_H
#define SAMBUNG_TESTS_BENCH_HOST_H

#include "protocol/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { HOST_PATH_SIZE = 512 };

_Noreturn void host_die(const char *format, ...) PRINTF_LIKE(1, 2);
/* Dies with err's sentence unless the status is OK. */
void host_must(enum status status, const char *what, const struct error *err);
/* Zeroed memory. */
void *host_take(size_t count, size_t size);

int64_t host_now_ns(void);
/* Seconds of the processor that this process has used. */
double host_cpu_s(void);
/* Seconds that all processors together gave to other guests of the machine since its start, as
 * /proc/stat tells; 0 where it does not. */
double host_stolen_s(void);
/* A number from 0 to 2^64 - 1 that a place determines (splitmix64). */
uint64_t host_number(uint64_t place);
/* Runs the program again on one core; comes back once it stands there. */
void host_pin(unsigned core, char **words);

/* A new empty folder below TMPDIR. */
void host_folder_make(char out[HOST_PATH_SIZE]);
/* With what is in it; it must not have folders. */
void host_folder_remove(const char *folder);
/* Copies the files of one folder into a new one, and waits until they are on the disk. */
void host_folder_copy(const char *from, const char *to);
/* "<folder>/<name>"; a name may be "". */
void host_path(const char *folder, const char *name, char out[HOST_PATH_SIZE]);
uint64_t host_file_bytes(const char *folder, const char *name);
void host_file_write(const char *folder, const char *name, const void *bytes, size_t length);

enum { HOST_CORE_ANY = -1 };

struct host_daemon {
	pid_t pid;
	uint16_t port;
};
struct host_usage {
	double cpu_s; /* from start to end, all threads */
	double peak_rss_mib;
};

/* On a server's folder, with the settings that stand there; on one core, or HOST_CORE_ANY. */
void host_daemon_start(const char *folder, int core, struct host_daemon *out);
/* What its threads have done so far, in the order in which it started them; returns how many there
 * are. */
enum { HOST_THREADS_MAX = 80 };
struct host_thread {
	unsigned long id;
	double cpu_s;
	double wait_s; /* ready to go on, but no core was free */
};
size_t host_daemon_threads(const struct host_daemon *daemon,
			   struct host_thread out[HOST_THREADS_MAX]);
double host_daemon_peak_mib(const struct host_daemon *daemon);
/* Dies if it did not end well. */
void host_daemon_stop(struct host_daemon *daemon, struct host_usage *out);

#endif
