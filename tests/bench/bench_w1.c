/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_w1: what a day's sync costs a cadre.
 *
 *     bench_w1 [--runs N] [--no-link] [--synced] [--fill N] [--free-notes] [--annotate] [--json]
 *
 * Each run: a new device that knows 40 families and has synced (schema, scope and cursor settled).
 * Another device of the village changes 5 of the families and syncs. The first records the
 * workload's 20 visits and syncs once: that sync is counted, at the socket, HTTP headers included
 * (those of TCP and IP not). First with one field changed in each of the 5 families, then ("whole")
 * on a server of its own with every field changed.
 *
 * The counted sync goes over an emulated link of 600 ms round trip and 40 kbit/s each way
 * (link_proxy.h), and `seconds` is from asking for the connection to having the reply in the
 * database; --no-link leaves the link out. --synced and its opposite are in bench_client_phone.h.
 * --fill imports N families of another village first: seqs as long as in a store in use.
 * --free-notes gives each visit a sentence as its note. --annotate prints the bytes of the first
 * run one by one, and what they are, before the figures.
 */
#include "bench_client_annotate.h"
#include "bench_client_phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 7, VISITS = 20, CHANGED = 5, SYNC_LATER_S = 1500 };

struct options {
	unsigned runs;
	unsigned fill;
	enum bench_clock clock;
	bool link;
	bool free_notes;
	bool annotate;
	bool json;
};

/* One field of each family changed, or all. */
enum extent { FIELDS, WHOLE, EXTENTS };

static const struct bench_names names[EXTENTS] = {
	[FIELDS] = {"requests", "connections", "bytes_up", "bytes_down", "bytes_total", "seconds"},
	[WHOLE] = {"whole_requests", "whole_connections", "whole_bytes_up", "whole_bytes_down",
		   "whole_bytes_total", "whole_seconds"},
};

/* As a cadre might write them. */
static const char *const sentences[VISITS] = {
	"Ibu mengeluh pusing sejak kemarin sore, saya sarankan banyak istirahat.",
	"Anak baru sembuh dari batuk pilek, nafsu makannya mulai kembali.",
	"Neneknya ikut mendengarkan dan bertanya soal bubur saring.",
	"Pintu terkunci pagi tadi, baru bertemu setelah zuhur di rumah mertua.",
	"Suaminya kerja di Batam, pulang dua bulan sekali.",
	"Kartu KIA hilang waktu banjir, mohon dibantu gantinya.",
	"Sumur mulai keruh, mereka membeli galon untuk memasak.",
	"Sudah tiga hari tidak minum pil karena mual, akan dicoba malam hari.",
	"Bayinya tidur pulas, penimbangan memakai dacin milik Bu RT.",
	"Calon pengantin perempuan masih takut diambil darah.",
	"Rencana melahirkan di bidan Ratmi, tas perlengkapan belum siap.",
	"Bantuan beras bulan lalu belum diterima padahal namanya ada di daftar.",
	"Keluarga ini akan pindah ke Cirebon setelah panen.",
	"Jahitan bekas operasi kering dan tidak nyeri lagi.",
	"Anaknya lebih suka jajan ciki daripada makan siang.",
	"Minta dijelaskan lagi cara pasang implan dan efek sampingnya.",
	"Atap dapur bocor sehingga asap tungku masuk ke kamar.",
	"Telur dari program dibagi juga untuk kakaknya yang masih TK.",
	"Tekanan darahnya diukur dua kali karena alatnya sempat eror.",
	"Janji datang ke balai desa hari Sabtu bersama ibu mertuanya.",
};

/* ---- the others ---- */

/* One field of each: two texts, a number, two booleans; or all that a family has. */
static size_t
fields_choose(struct change *change, size_t place, enum extent extent)
{
	static const int32_t tags[CHANGED] = {3, 9, 13, 6, 17};

	if (extent == WHOLE) {
		/* All but the village: that would be a move. */
		return change->field_count - 1;
	}
	for (size_t i = 0; i < change->field_count; i++) {
		if (change->fields[i].tag == tags[place]) {
			change->fields[0] = change->fields[i];
		}
	}
	return 1;
}

/* A family becomes what another one is; so that no field stays as it was, booleans are turned
 * round and the decile goes up. */
static void
family_change(struct bench_phone *phone, const struct workload_device *device, size_t place,
	      enum extent extent)
{
	struct change_field fields[WORKLOAD_FIELDS_MAX];
	struct change_field before[WORKLOAD_FIELDS_MAX];
	struct change change;
	struct change was;
	size_t family = 3 + place * 8;

	workload_family_change(device, family, before, &was);
	workload_family_change(device, (family + 20) % WORKLOAD_FAMILIES, fields, &change);
	for (size_t i = 0; i < change.field_count; i++) {
		if (fields[i].value.form == VALUE_BOOLEAN) {
			fields[i].value = value_boolean(!before[i].value.boolean);
		} else if (fields[i].tag == WORKLOAD_FAMILY_DECILE) {
			fields[i].value = value_integer(before[i].value.integer % 10 + 1);
		}
	}
	change.field_count = fields_choose(&change, place, extent);
	bench_phone_record(phone, phone->families[family], &change);
}

static void
others_change(const struct bench_server *server, const struct workload_device *device,
	      enum extent extent)
{
	struct bench_phone phone;
	char name[32];

	(void)snprintf(name, sizeof name, "other-%zu", device->index);
	bench_phone_open(server, name, "Yuli Rahmah", device->village, &phone);
	(void)bench_phone_sync(&phone);
	bench_phone_know(&phone, WORKLOAD_FAMILIES);
	for (size_t i = 0; i < CHANGED; i++) {
		family_change(&phone, device, i, extent);
	}
	(void)bench_phone_sync(&phone);
	bench_phone_close(&phone);
}

/* ---- one run ---- */

static void
day_record(struct bench_phone *phone, const struct workload_device *device,
	   const struct options *options)
{
	int64_t last = 0;

	for (size_t i = 0; i < device->visit_count; i++) {
		struct workload_visit visit = device->visits[i];

		if (options->free_notes) {
			visit.note = span_of_text(sentences[i]);
		}
		bench_phone_visit(phone, options->clock, &visit);
		last = visit.time;
	}
	bench_phone_clock(phone, options->clock, last + SYNC_LATER_S);
}

static void
run_one(const struct bench_server *server, const struct workload_device *device, enum extent extent,
	const struct options *options, struct figures *figures)
{
	struct sambung_result result;
	struct bench_phone phone;
	char name[32];

	bench_server_import(server, device, WORKLOAD_FAMILIES);
	(void)snprintf(name, sizeof name, "device-%zu", device->index);
	bench_phone_open(server, name, "Siti Marlina", device->village, &phone);
	(void)bench_phone_sync(&phone);
	bench_phone_know(&phone, WORKLOAD_FAMILIES);
	others_change(server, device, extent);
	day_record(&phone, device, options);
	result = bench_phone_measure(server, &phone, options->link, &names[extent], figures);
	if (result.acked != VISITS || result.received != CHANGED) {
		host_die("%u changes acknowledged, %u records received", result.acked,
			 result.received);
	}
	bench_phone_close(&phone);
}

/* All runs of one extent, on a server of their own. */
static void
runs_make(const struct options *options, enum extent extent, struct figures *figures)
{
	const struct workload_order order = {.devices = options->runs, .visits = VISITS};
	struct workload *workload = bench_workload_open(&order);
	struct annotation *annotation = annotation_open();
	const struct workload_device *device;
	struct bench_server server;

	bench_server_open(annotation_watch(annotation), &server);
	if (options->fill > 0) {
		bench_server_fill(&server, options->fill);
	}
	while ((device = bench_workload_next(workload)) != NULL) {
		run_one(&server, device, extent, options, figures);
		if (options->annotate && device->index == 0) {
			annotation_print(annotation, &server);
		}
	}
	bench_server_close(&server);
	annotation_close(annotation);
	workload_close(workload);
}

/* ---- the program ---- */

static bool
options_read(int argc, char **argv, struct options *out)
{
	*out = (struct options){.runs = RUNS, .link = true};
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--json") == 0) {
			out->json = true;
		} else if (strcmp(argv[i], "--no-link") == 0) {
			out->link = false;
		} else if (strcmp(argv[i], "--synced") == 0) {
			out->clock = BENCH_CLOCK_SYNCED;
		} else if (strcmp(argv[i], "--free-notes") == 0) {
			out->free_notes = true;
		} else if (strcmp(argv[i], "--annotate") == 0) {
			out->annotate = true;
		} else if (strcmp(argv[i], "--runs") == 0 && more) {
			out->runs = (unsigned)strtoul(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--fill") == 0 && more) {
			out->fill = (unsigned)strtoul(argv[++i], NULL, 10);
		} else {
			return false;
		}
	}
	return out->runs > 0 && out->runs <= FIGURES_RUNS_MAX;
}

int
main(int argc, char **argv)
{
	static struct figures figures;
	struct options options;

	if (!options_read(argc, argv, &options)) {
		host_die("bench_w1: its options stand at the head of its source");
	}
	runs_make(&options, FIELDS, &figures);
	runs_make(&options, WHOLE, &figures);
	figures_print(&figures, "W1", options.json, argv);
	return 0;
}
