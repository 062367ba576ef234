/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the server's database, and the bad day on which one of them is all that is left. */
#include "client/device.h"
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_ARENA = 16 << 20 };

/* Half of the seeds never see a restore, so that what it allows is not allowed there. */
static bool
restores_happen(const struct sim *sim)
{
	return sim_may(sim, SIM_RESTORE) && sim->options.seed % 4 < 2;
}

/* On another disk, which does not fail. */
static void
copy_name(struct sim *sim, struct sim_copy *copy)
{
	char folder[250];

	(void)snprintf(folder, sizeof folder, "%s/copies", sim->world->folder);
	(void)mkdir(folder, S_IRWXU);
	(void)snprintf(copy->path, sizeof copy->path, "%s/%zu.db", folder, sim->copy_count++);
}

static void
copy_drop(struct sim_copy *copy)
{
	if (copy->path[0] != '\0') {
		(void)fault_file_delete(copy->path, true);
		(void)unlink(copy->path);
	}
	*copy = (struct sim_copy){.head = 0};
}

bool
sim_event_copy(struct sim *sim, size_t device)
{
	struct sim_copy *copy = &sim->copies[sim->copy_count % SIM_COPIES];
	struct error err;

	(void)device;
	if (!restores_happen(sim) || oracle_unnoticed(sim->oracle) != UINT64_MAX) {
		return true;
	}
	copy_drop(copy);
	copy_name(sim, copy);
	copy->epoch = oracle_epoch(sim->oracle);
	copy->head = world_head(sim->world);
	for (size_t d = 0; d < sim->world->device_count; d++) {
		copy->numbers[d] = sim->devices[d].history.number;
		copy->logged[d] = oracle_logged(sim->oracle, copy->numbers[d]);
	}
	if (store_backup(sim->world->reader, copy->path, &err) == STATUS_OK) {
		return true;
	}
	copy_drop(copy);
	return sim_server_excused(sim) || sim_fail(sim, "no copy: %s", err.detail);
}

/* ---- which copy is too old ---- */

/* Can the device send its changes again from behind the first `logged` ones? The last of these
 * tells it how its chain goes on. */
static bool
still_kept(struct sim *sim, size_t device, uint32_t logged)
{
	struct local *local = sim_handle(sim, device)->local;
	struct local_change change;
	struct arena arena;
	struct error err;
	bool kept = true;

	arena_init(&arena, RECORD_ARENA);
	for (uint32_t n = logged == 0 ? 1 : logged; n <= sim_last_n(&sim->devices[device]) && kept;
	     n++) {
		kept = local_change(local, n, &arena, &change, &err) == STATUS_OK;
	}
	arena_finish(&arena);
	return kept;
}

/* Nobody has to say anything again. */
static bool
copies_kept(const struct sim *sim, const struct sim_copy *copy, const struct history *history)
{
	return oracle_copies_kept(sim->oracle, history, copy->epoch, copy->head);
}

/* Everybody still has all that the copy lacks; of copied phones, and of those that may have
 * destroyed it, it lacks nothing. */
static bool
copy_serves(struct sim *sim, const struct sim_copy *copy)
{
	bool serves = copy->path[0] != '\0';

	for (size_t d = 0; d < sim->world->device_count && serves; d++) {
		const struct sim_device *own = &sim->devices[d];

		serves = own->copied || own->revoked
				 ? copies_kept(sim, copy, &own->history)
				 : still_kept(sim, d,
					      copy->numbers[d] == own->history.number
						      ? copy->logged[d]
						      : 0);
	}
	for (size_t i = 0; i < sim->ended_count && serves; i++) {
		serves = copies_kept(sim, copy, &sim->ended[i]);
	}
	return serves;
}

/* ---- the restore ---- */

static void
file_pour(const char *from, const char *to)
{
	struct fault_file *source = fault_file_open(from, false);
	struct fault_file *target = fault_file_open(to, true);
	size_t length = source == NULL ? 0 : fault_file_size(source);
	uint8_t *bytes = malloc(length + 1);

	if (source == NULL || target == NULL || bytes == NULL ||
	    fault_file_read(source, bytes, length, 0) != length ||
	    fault_file_truncate(target, 0) != FILE_OK ||
	    fault_file_write(target, bytes, length, 0) != FILE_OK ||
	    fault_file_sync(target) != FILE_OK) {
		(void)fprintf(stderr, "simulation: a copy cannot be put in its place\n");
		abort();
	}
	free(bytes);
	fault_file_close(source);
	fault_file_close(target);
}

static void
database_replace(struct sim *sim, const struct sim_copy *copy)
{
	static const char *const beside[] = {"-wal", "-journal", "-shm"};
	char path[300];

	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/sambung.db%s", sim->world->folder, beside[i]);
		(void)fault_file_delete(path, true);
	}
	(void)snprintf(path, sizeof path, "%s/sambung.db", sim->world->folder);
	file_pour(copy->path, path);
}

/* As `sambungctl restore` does it. */
static enum status
epoch_begin(struct sim *sim, struct epoch *out, struct error *err)
{
	struct world *world = sim->world;
	struct store *store;
	char path[300];
	enum status status;

	(void)snprintf(path, sizeof path, "%s/sambung.db", world->folder);
	status = store_open(path, STORE_WRITER, &store, err);
	if (status == STATUS_OK) {
		status = ingest_epoch_begin(store, &world->keys, &world->platform, out, err);
		store_close(store);
	}
	return status == STATUS_OK ? world_start_server(world, err) : status;
}

/* Who was enrolled since is a stranger until she shows her certificate. */
static void
forgotten_learn(struct sim *sim)
{
	struct device row;
	struct arena arena;
	struct error err;

	arena_init(&arena, 1 << 20);
	for (size_t d = 0; d < sim->world->device_count; d++) {
		enum status status = store_device(sim->world->store, sim->devices[d].history.number,
						  &arena, &row, &err);

		sim->devices[d].forgotten |= sim->devices[d].enrolled && status == STATUS_NOT_FOUND;
	}
	arena_finish(&arena);
}

/* What is left to do once the older database is in its place and the oracle knows. */
static bool
go_on(struct sim *sim)
{
	sim->restores++;
	/* Nor is a phone restored that knows what is on no phone any more. */
	sim_images_drop(sim);
	sim->promised_head = world_head(sim->world);
	forgotten_learn(sim);
	return sim_observe(sim);
}

static void
put_back(struct sim *sim, const struct sim_copy *copy)
{
	sim_note(sim, "the server is as it was at entry %llu of %llu",
		 (unsigned long long)copy->head, (unsigned long long)world_head(sim->world));
	fault_disk_disarm(sim->world->folder);
	world_stop_server(sim->world);
	database_replace(sim, copy);
}

static bool
restore(struct sim *sim, const struct sim_copy *copy)
{
	struct epoch epoch = {.cut = 0};
	struct error err;

	put_back(sim, copy);
	if (epoch_begin(sim, &epoch, &err) != STATUS_OK) {
		return sim_fail(sim, "a copy is no database: %s", err.detail);
	}
	if (epoch.cut != copy->head) {
		return sim_fail(sim, "the copy had %llu entries and has %llu",
				(unsigned long long)copy->head, (unsigned long long)epoch.cut);
	}
	oracle_restore(sim->oracle, copy->epoch, copy->head);
	return go_on(sim);
}

/* ---- and nobody says so ---- */

/* docs/decisions/0019 says why these are left out: two copies of a phone, one in each history; an
 * answer of the lost one that comes when a phone is in the other; a second set-back before the
 * first is noticed. */
static bool
may_be_unnoticed(const struct sim *sim, const struct sim_copy *copy)
{
	bool may = sim->options.seed / 8 % 2 == 0 && copy->epoch == oracle_epoch(sim->oracle) &&
		   oracle_unnoticed(sim->oracle) == UINT64_MAX;

	for (size_t d = 0; d < sim->world->device_count && may; d++) {
		may = !sim->devices[d].copied;
	}
	return may;
}

static void
answers_drop(struct sim *sim)
{
	for (size_t d = 0; d < sim->world->device_count; d++) {
		for (size_t i = 0; i < SIM_LETTERS; i++) {
			buffer_clear(&sim->devices[d].in[i]);
		}
	}
	for (size_t i = 0; i < SIM_FILES; i++) {
		buffer_clear(&sim->files[i].answers);
	}
}

static bool
set_back(struct sim *sim, const struct sim_copy *copy)
{
	const uint64_t head = copy->head;
	struct error err;

	sim_note(sim, "nobody says that");
	put_back(sim, copy);
	if (world_start_server(sim->world, &err) != STATUS_OK) {
		return sim_fail(sim, "a copy is no database: %s", err.detail);
	}
	for (size_t i = 0; i < SIM_COPIES; i++) {
		if (sim->copies[i].head > head) {
			copy_drop(&sim->copies[i]);
		}
	}
	answers_drop(sim);
	sim->set_backs++;
	oracle_set_back(sim->oracle, head);
	return go_on(sim);
}

/* Whoever still is in the log that was lost so shares no more with a copy than with this one. */
static bool
goes_too_far(const struct sim *sim, const struct sim_copy *copy)
{
	return copy->epoch == oracle_epoch(sim->oracle) &&
	       copy->head > oracle_unnoticed(sim->oracle);
}

bool
sim_event_restore(struct sim *sim, size_t device)
{
	struct sim_copy *copy = &sim->copies[sim_choose(sim, SIM_COPIES)];

	(void)device;
	if (!restores_happen(sim) || sim->restores == SIM_RESTORES_MAX) {
		return true;
	}
	if (!copy_serves(sim, copy) || goes_too_far(sim, copy)) {
		return true;
	}
	return may_be_unnoticed(sim, copy) ? set_back(sim, copy) : restore(sim, copy);
}
