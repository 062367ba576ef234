/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_ingest: what a visit costs the server's inside - opened, written, answered - without HTTP.
 *
 *     bench_ingest [--devices 500] [--connections 32] [--runs 5] [--json]
 *
 * Each device syncs once, with 20 visits; as many parcels as there are connections go into one
 * transaction. All of it runs in one thread on a copy of a prepared server, so the figures are what
 * the parts cost (microseconds of the processor for each visit), not how fast the daemon's threads
 * are together; resting is what the writer does later, when nothing else is to be done. What each
 * table takes is told for each visit, too.
 */
#include "daemon/folder.h"
#include "daemon/machine.h"
#include "protocol/sql/sql.h"
#include "tests/bench/options.h"
#include "tests/bench/round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 32, TABLE_NAME_SIZE = 48, CHECKPOINT_EVERY = 64 /* transactions */ };

/* Seconds of the processor. */
struct costs {
	double opening;
	double writing;
	double replying;
	double moving;	/* the write-ahead log into the database */
	double resting; /* afterwards: the typed tables follow */
};

struct table {
	char name[TABLE_NAME_SIZE];
	double bytes;
};

struct tables {
	struct table at[TABLES_MAX];
	size_t count;
};

/* One run of the server's inside. */
struct inside {
	char folder[HOST_PATH_SIZE];
	char database[HOST_PATH_SIZE];
	struct server_keys keys;
	struct store *store;
	struct store *reader;
	struct catalogue *catalogue;
	struct ingest *ingest;
	struct parcel *parcels; /* of one transaction */
	struct costs costs;
	size_t visits;
};

static void
inside_open(struct inside *inside, const struct round *round, size_t parcels)
{
	struct ingest_options options = {.keys = &inside->keys, .platform = machine_platform};
	char path[HOST_PATH_SIZE];
	struct error err = {0};
	int length = snprintf(inside->folder, sizeof inside->folder, "%s-run", round->folder);

	if (length < 0 || (size_t)length >= sizeof inside->folder) {
		host_die("a path is too long");
	}
	host_folder_copy(round->folder, inside->folder);
	host_path(inside->folder, FOLDER_KEYS, path);
	host_must(keys_load(path, &inside->keys, &err), "keys", &err);
	host_path(inside->folder, FOLDER_DATABASE, inside->database);
	host_must(store_open(inside->database, STORE_WRITER, &inside->store, &err), "the writer",
		  &err);
	host_must(store_open(inside->database, STORE_READER, &inside->reader, &err), "the reader",
		  &err);
	host_must(catalogue_create(inside->store, &inside->catalogue, &err), "the schema", &err);
	options.store = inside->store;
	options.catalogue = inside->catalogue;
	host_must(ingest_create(&options, &inside->ingest, &err), "ingest", &err);
	inside->parcels = host_take(parcels, sizeof *inside->parcels);
}

static void
inside_close(struct inside *inside)
{
	free(inside->parcels);
	ingest_free(inside->ingest);
	catalogue_free(inside->catalogue);
	store_close(inside->reader);
	store_close(inside->store);
	host_folder_remove(inside->folder);
}

/* ---- what is measured ---- */

static void
open_batch(struct inside *inside, const struct load_request *requests, size_t count)
{
	double start = host_cpu_s();

	for (size_t i = 0; i < count; i++) {
		struct parcel *parcel = &inside->parcels[i];

		parcel_init(parcel);
		ingest_open(parcel, inside->reader, &inside->keys, requests[i].parcel);
		host_must(parcel->status, "opening", &parcel->error);
	}
	inside->costs.opening += host_cpu_s() - start;
}

static void
write_batch(struct inside *inside, size_t count)
{
	double start = host_cpu_s();
	struct error err = {0};

	host_must(ingest_begin(inside->ingest, &err), "begin", &err);
	for (size_t i = 0; i < count; i++) {
		host_must(ingest_parcel(inside->ingest, &inside->parcels[i], &err), "a parcel",
			  &err);
	}
	host_must(ingest_commit(inside->ingest, &err), "commit", &err);
	inside->costs.writing += host_cpu_s() - start;
}

static void
reply_batch(struct inside *inside, struct load_request *requests, size_t count)
{
	double start = host_cpu_s();
	struct error err = {0};

	for (size_t i = 0; i < count; i++) {
		struct parcel *parcel = &inside->parcels[i];

		buffer_clear(&requests[i].reply);
		host_must(ingest_reply(parcel, inside->reader, inside->catalogue, &machine_platform,
				       &requests[i].reply, &err),
			  "a reply", &err);
		host_must(ingest_session(inside->ingest, &parcel->report, &err), "a session", &err);
		inside->visits += parcel->report.acked;
		parcel_finish(parcel);
	}
	inside->costs.replying += host_cpu_s() - start;
}

static void
move_batches(struct inside *inside)
{
	double start = host_cpu_s();
	struct error err = {0};

	host_must(store_checkpoint(inside->store, false, &err), "the write-ahead log", &err);
	inside->costs.moving += host_cpu_s() - start;
}

static void
run_batches(struct inside *inside, const struct round *round, size_t together)
{
	unsigned transactions = 0;

	for (size_t i = 0; i < round->count; i += together) {
		struct load_request *requests = &round->requests[i];
		size_t left = round->count - i;
		size_t count = left < together ? left : together;

		open_batch(inside, requests, count);
		write_batch(inside, count);
		reply_batch(inside, requests, count);
		if (++transactions % CHECKPOINT_EVERY == 0 || left <= together) {
			move_batches(inside);
		}
	}
}

static void
rest(struct inside *inside)
{
	double start = host_cpu_s();
	struct error err = {0};
	bool behind = true;

	while (behind) {
		host_must(ingest_rest(inside->ingest, &behind, &err), "resting", &err);
	}
	host_must(store_checkpoint(inside->store, false, &err), "the write-ahead log", &err);
	inside->costs.resting += host_cpu_s() - start;
}

/* ---- the disk ---- */

static void
read_tables(const char *database, struct tables *out)
{
	static const char text[] =
		"SELECT 'disk_' || name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC";
	const struct sql_options options = {.access = SQL_READ, .busy_ms = 1000, .cache_kib = 4096};
	struct error err = {0};
	struct statement *s;
	struct sql *sql;
	bool row = true;

	host_must(sql_open(database, &options, &sql, &err), "the database", &err);
	s = sql_prepare(sql, text, &err);
	out->count = 0;
	while (row) {
		host_must(sql_row(s, &row, &err), "the tables", &err);
		if (row && out->count < TABLES_MAX) {
			struct table *table = &out->at[out->count++];
			struct span name = sql_text(s, 0);

			(void)snprintf(table->name, sizeof table->name, "%.*s", (int)name.length,
				       (const char *)name.at);
			table->bytes = sql_real(s, 1);
		}
	}
	sql_close(sql);
}

/* What the tables have grown by, for each visit; small change only in the sum. */
static void
add_tables(struct figures *figures, const struct tables *before, const struct tables *after,
	   double visits)
{
	double sum = 0;

	for (size_t i = 0; i < after->count; i++) {
		double grown = after->at[i].bytes;

		for (size_t k = 0; k < before->count; k++) {
			if (strcmp(before->at[k].name, after->at[i].name) == 0) {
				grown -= before->at[k].bytes;
			}
		}
		sum += grown;
		if (grown / visits >= 1) {
			figures_add(figures, after->at[i].name, grown / visits);
		}
	}
	figures_add(figures, "disk_bytes_per_visit", sum / visits);
}

/* ---- the program ---- */

static void
measure(const struct round *round, size_t together, struct tables *tables, struct figures *figures)
{
	struct inside inside = {.visits = 0};
	const struct costs *costs = &inside.costs;
	struct tables before;
	double visits;

	inside_open(&inside, round, together);
	read_tables(inside.database, &before);
	run_batches(&inside, round, together);
	rest(&inside);
	visits = (double)inside.visits;
	if (inside.visits != round->count * ROUND_VISITS) {
		host_die("%zu visits were merged, not %zu", inside.visits,
			 round->count * ROUND_VISITS);
	}
	figures_add(figures, "opening_us", costs->opening / visits * 1e6);
	figures_add(figures, "writing_us", costs->writing / visits * 1e6);
	figures_add(figures, "replying_us", costs->replying / visits * 1e6);
	figures_add(figures, "moving_us", costs->moving / visits * 1e6);
	figures_add(figures, "all_us",
		    (costs->opening + costs->writing + costs->replying + costs->moving) / visits *
			    1e6);
	figures_add(figures, "resting_us", costs->resting / visits * 1e6);
	read_tables(inside.database, tables);
	add_tables(figures, &before, tables, visits);
	inside_close(&inside);
}

int
main(int count, char **words)
{
	struct bench_options options = {.devices = 500, .connections = 32, .runs = 5};
	struct figures figures = {.row_count = 0};
	struct tables tables[FIGURES_RUNS_MAX]; /* the figures borrow their names */
	struct round round;

	options_read(count, words, &options);
	if (options.runs > FIGURES_RUNS_MAX || options.connections == 0) {
		host_die("at most %d runs, at least one connection", FIGURES_RUNS_MAX);
	}
	store_process_start();
	round_make(options.devices, DISTRICT_ALL, &round);
	for (unsigned i = 0; i < options.runs; i++) {
		measure(&round, options.connections, &tables[i], &figures);
	}
	round_free(&round);
	figures_print(&figures, "ingest", options.json, words);
	return 0;
}
