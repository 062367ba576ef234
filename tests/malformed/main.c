/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malformed: thousands of things that are wrong, at a running daemon.
 *
 *     malformed parcels  CODE CODE VILLAGE FIXTURES ROUTES PID SEED COUNT
 *     malformed requests FIXTURES ROUTES PID SEED COUNT
 *     malformed files    CODE CODE VILLAGE FOLDER SEED COUNT
 *
 * Each is judged by what has to come back, and every few hundred the length of the log by what has
 * to be in it. After half of them the daemon's memory may not grow any more. Prints what is not so
 * and at the end one line with what was counted; exit 1 if anything was not so. The same seed says
 * the same, apart from what the server draws (numbers, keys).
 */
#include "parcels.h"
#include "requests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_EVERY = 250,
	/* What a second half may add to the peak: arenas and SQLite's page caches are as large as
	 * the largest request so far, on each of the daemon's threads, and the allocator keeps
	 * some. */
	SLACK_KIB = 8 * 1024,
	MOST_KIB = 256 * 1024,
	KEY_SIGNER = 1,
	KEY_OTHER = 2,
	KEY_FILES = 3,
};

/* ---- the daemon from outside ---- */

/* A line of /proc/PID/status in KiB; ends the program if the process is gone. */
static unsigned long
memory_kib(const char *pid, const char *name)
{
	char path[64];
	char line[256];
	unsigned long kib = 0;
	FILE *stream;

	(void)snprintf(path, sizeof path, "/proc/%s/status", pid);
	stream = fopen(path, "r");
	while (stream != NULL && fgets(line, sizeof line, stream) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0) {
			kib = strtoul(line + strlen(name), NULL, 10);
		}
	}
	if (stream == NULL || kib == 0) {
		(void)printf("not so: the daemon is alive\n");
		exit(1);
	}
	(void)fclose(stream);
	return kib;
}

struct peak {
	const char *pid;
	unsigned long half_kib;
	unsigned long end_kib;
};

/* Its peak counts from now on: what made the server, with a password to stretch, took more than any
 * of what comes. Where that is not allowed the peak is the older one. */
static void
forget_peak(const char *pid)
{
	char path[64];
	FILE *stream;

	(void)snprintf(path, sizeof path, "/proc/%s/clear_refs", pid);
	stream = fopen(path, "w");
	if (stream != NULL) {
		(void)fputs("5", stream);
		(void)fclose(stream);
	}
}

/* A sanitizer keeps shadows of some terabytes, and what was freed. */
static bool
is_sanitized(const char *pid)
{
	return memory_kib(pid, "VmSize:") > 1024UL * 1024 * 1024;
}

static void
judge_peak(const struct peak *peak)
{
	const struct heard none = {.http = 0};
	char text[120];

	(void)snprintf(text, sizeof text, "%lu KiB after the first half, %lu KiB at the end",
		       peak->half_kib, peak->end_kib);
	if (peak->end_kib > peak->half_kib + SLACK_KIB) {
		fault(&none, "its memory does not grow with what comes", text);
	}
	if (!is_sanitized(peak->pid) && peak->end_kib > MOST_KIB) {
		fault(&none, "its memory stays below 256 MiB", text);
	}
}

/* How many entries the log has. */
static uint64_t
log_size(struct asker *asker)
{
	struct buffer text;
	struct heard heard;
	uint64_t size = 0;
	const char *line;

	buffer_init(&text, 4096);
	buffer_printf(&text,
		      "GET /v1/checkpoint HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
		      asker->fixtures.token);
	wire_ask(&asker->wire, buffer_span(&text), false, &heard);
	buffer_finish(&text);
	line = heard.http == 200 ? memchr(heard.body.at, '\n', heard.body.length) : NULL;
	if (line == NULL) {
		fault(&heard, "the daemon tells how long its log is", "a checkpoint");
		return 0;
	}
	size = strtoull(line + 1, NULL, 10);
	return size;
}

static void
judge_log(struct asker *asker, uint64_t wanted, const char *when)
{
	uint64_t size = log_size(asker);

	if (size != wanted) {
		const struct heard none = {.http = 0};
		char text[160];

		(void)snprintf(text, sizeof text,
			       "%" PRIu64 " entries instead of %" PRIu64 ", at or before %s", size,
			       wanted, when);
		fault(&none, "the log has what has to be in it and nothing else", text);
		exit(1);
	}
}

/* ---- parcels ---- */

static void
sender_make(struct sender *sender, char **words, uint8_t key, uint64_t seed)
{
	memset(sender, 0, sizeof *sender);
	sender->forge = calloc(1, sizeof *sender->forge);
	sender->other = calloc(1, sizeof *sender->other);
	if (sender->forge == NULL || sender->other == NULL) {
		exit(2);
	}
	forge_init(sender->forge, key);
	forge_init(sender->other, (uint8_t)(key + 1));
	forge_enrol(sender->forge, words[0]);
	forge_enrol(sender->other, words[1]);
	sender->village = strtoll(words[2], NULL, 10);
	sender->dice.state = seed;
	wire_init(&sender->wire,
		  (uint16_t)strtoul(strrchr(sender->forge->code.url, ':') + 1, NULL, 10));
}

static void
sender_end(struct sender *sender)
{
	wire_finish(&sender->wire);
	forge_finish(sender->forge);
	forge_finish(sender->other);
	free(sender->forge);
	free(sender->other);
}

/* Half of them signed. */
static void
send_parcel(struct sender *sender, unsigned number)
{
	static void (*const wrongs[])(struct sender *) = {
		wrong_head,   wrong_head,   wrong_body,	  wrong_body,	wrong_change,
		wrong_change, wrong_change, altered_body, altered_body, altered_body,
	};

	if (number % 2 == 0) {
		DICE_PICK(&sender->dice, wrongs)(sender);
	} else {
		unsealed(sender);
	}
}

static int
run_parcels(char **words)
{
	struct sender sender;
	struct asker asker;
	struct peak peak = {.pid = words[5]};
	unsigned count = (unsigned)strtoul(words[7], NULL, 10);
	uint64_t began;

	sender_make(&sender, words, KEY_SIGNER, strtoull(words[6], NULL, 10));
	asker_init(&asker, words[3], words[4], 0);
	began = log_size(&asker);
	forget_peak(peak.pid);
	for (unsigned i = 0; i < count; i++) {
		send_parcel(&sender, i);
		if (i % LOOK_EVERY == LOOK_EVERY - 1 || i + 1 == count) {
			char when[32];

			(void)snprintf(when, sizeof when, "parcel %u", i + 1);
			sender_goes_on(&sender);
			judge_log(&asker, began + sender.aside + sender.honest, when);
		}
		if (i + 1 == count / 2) {
			peak.half_kib = memory_kib(peak.pid, "VmHWM:");
		}
	}
	peak.end_kib = memory_kib(peak.pid, "VmHWM:");
	judge_peak(&peak);
	farewell(&sender);
	judge_log(&asker, began + sender.aside + sender.honest + FAREWELL_ENTRIES, "the farewell");
	(void)printf("parcels %u signed %u aside %u honest %u peak %lu %lu\n",
		     sender.signed_count + sender.other_count, sender.signed_count, sender.aside,
		     sender.honest, peak.half_kib, peak.end_kib);
	asker_finish(&asker);
	sender_end(&sender);
	return faults() == 0 ? 0 : 1;
}

static int
run_files(char **words)
{
	struct sender sender;
	unsigned aside = 0;
	unsigned files;

	sender_make(&sender, words, KEY_FILES, strtoull(words[4], NULL, 10));
	files = wrong_files(&sender, words[3], (unsigned)strtoul(words[5], NULL, 10), &aside);
	(void)printf("files %u aside %u\n", files, aside);
	sender_end(&sender);
	return 0;
}

/* ---- requests ---- */

static void
send_request(struct asker *asker)
{
	static void (*const wrongs[])(struct asker *) = {
		wrong_method,  wrong_path,   wrong_path,   wrong_path,	  wrong_query,
		wrong_query,   wrong_caller, wrong_caller, wrong_headers, wrong_headers,
		wrong_framing, wrong_json,   wrong_json,   wrong_json,	  wrong_json,
		wrong_table,   wrong_file,
	};

	/* A schema takes as long as twenty others. */
	if (dice_below(&asker->dice, 60) == 0) {
		wrong_schema(asker);
	} else if (dice_below(&asker->dice, 30) == 0) {
		pipelined(asker);
	} else {
		DICE_PICK(&asker->dice, wrongs)(asker);
	}
}

static int
run_requests(char **words)
{
	struct asker asker;
	struct peak peak = {.pid = words[2]};
	unsigned count = (unsigned)strtoul(words[4], NULL, 10);
	unsigned look = LOOK_EVERY;
	uint64_t began;

	asker_init(&asker, words[0], words[1], strtoull(words[3], NULL, 10));
	began = log_size(&asker);
	forget_peak(peak.pid);
	while (asker.count < count) {
		send_request(&asker);
		if (asker.count >= look || asker.count >= count) {
			char when[32];

			(void)snprintf(when, sizeof when, "request %u", asker.count);
			judge_log(&asker, began + asker.entries, when);
			look += LOOK_EVERY;
		}
		if (peak.half_kib == 0 && asker.count >= count / 2) {
			peak.half_kib = memory_kib(peak.pid, "VmHWM:");
		}
	}
	peak.end_kib = memory_kib(peak.pid, "VmHWM:");
	judge_peak(&peak);
	(void)printf("requests %u routes %zu entries %u peak %lu %lu\n", asker.count,
		     asker.row_count, asker.entries, peak.half_kib, peak.end_kib);
	asker_finish(&asker);
	return faults() == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 10 && strcmp(argv[1], "parcels") == 0) {
		return run_parcels(argv + 2);
	}
	if (argc == 8 && strcmp(argv[1], "files") == 0) {
		return run_files(argv + 2);
	}
	if (argc == 7 && strcmp(argv[1], "requests") == 0) {
		return run_requests(argv + 2);
	}
	(void)fprintf(stderr, "usage: malformed parcels|requests|files ...\n");
	return 2;
}
