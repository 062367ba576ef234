/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a phone: restored in its place, or used as a further phone beside it. */
#include "tests/simulation/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CLONES_MAX = 3, RETURNS_MAX = 6, PATH_SIZE = 300 };

/* The key is no database: it stands in a file of the real disk. A phone that has destroyed
 * everything has none, until it is enrolled anew. */
static void
key_copy(const char *from_folder, const char *to_folder)
{
	char path[PATH_SIZE];
	uint8_t key[128];
	size_t length = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/device.key", from_folder);
	file = fopen(path, "rb");
	(void)snprintf(path, sizeof path, "%s/device.key", to_folder);
	if (file == NULL && errno == ENOENT) {
		(void)remove(path);
		return;
	}
	if (file != NULL) {
		length = fread(key, 1, sizeof key, file);
		(void)fclose(file);
	}
	file = fopen(path, "wb");
	if (length == 0 || file == NULL || fwrite(key, 1, length, file) != length ||
	    fclose(file) != 0) {
		(void)fprintf(stderr, "simulation: a key is not copied\n");
		abort();
	}
}

static void
folder_copy(const char *from, const char *to)
{
	(void)mkdir(to, S_IRWXU);
	fault_disk_copy(from, to);
	key_copy(from, to);
}

/* Half of the seeds have no copies, so that what these allow is not allowed there. */
static bool
copies_happen(const struct sim *sim, enum sim_fault kind)
{
	return sim_may(sim, kind) && sim->options.seed / 2 % 4 < 2;
}

/* All that is known of a device but its forms and letters: these are not on the disk. What a failed
 * sync did not make durable may be: a program that opens the copy finds it in the write-ahead log.
 */
static struct sim_device
known_of(struct sim *sim, const struct sim_device *from)
{
	struct sim_device copy = {.enrolled = from->enrolled,
				  .forgotten = from->forgotten,
				  .copied = true,
				  .history = oracle_author_copy(sim->oracle, &from->history),
				  .village = from->village,
				  .revoked = from->revoked,
				  .settled = from->settled,
				  .contact_ms = from->contact_ms,
				  .heard_ms = from->heard_ms,
				  .acked_high = from->acked_high};

	memcpy(copy.stood, from->stood, sizeof copy.stood);
	for (size_t i = 0; i < SIM_TRIES; i++) {
		copy.tries[i] = from->tries[i];
		copy.tries[i].seen = seen_copy(&from->tries[i].seen);
	}
	return copy;
}

static void
known_drop(struct sim_device *known)
{
	history_free(&known->history);
	for (size_t i = 0; i < SIM_TRIES; i++) {
		seen_free(&known->tries[i].seen);
	}
}

void
sim_image_drop(struct sim_image *image)
{
	char path[PATH_SIZE];

	if (image->taken) {
		(void)snprintf(path, sizeof path, "%s/device.key", image->folder);
		(void)remove(path);
		(void)remove(image->folder);
		known_drop(&image->own);
	}
	*image = (struct sim_image){.taken = false};
}

void
sim_images_drop(struct sim *sim)
{
	for (size_t i = 0; i < SIM_IMAGES; i++) {
		sim_image_drop(&sim->images[i]);
	}
}

/* As after a power cut: what was said to be recorded is there. */
bool
sim_event_image(struct sim *sim, size_t device)
{
	struct sim_image *image = &sim->images[sim->image_count % SIM_IMAGES];

	if (!copies_happen(sim, SIM_RETURN)) {
		return true;
	}
	sim_image_drop(image);
	image->taken = true;
	image->device = device;
	(void)snprintf(image->folder, sizeof image->folder, "%.200s/image%zu", sim->world->folder,
		       sim->image_count++);
	folder_copy(sim->world->devices[device].folder, image->folder);
	image->own = known_of(sim, &sim->devices[device]);
	memcpy(image->locks, sim->world->devices[device].locks, sizeof image->locks);
	return true;
}

static bool
device_open(struct sim *sim, size_t device)
{
	struct sambung_error err = {0};

	if (world_open_device(sim->world, device, &err) != 0) {
		return sim_fail(sim, "a copy of device %zu does not open: %s", device, err.detail);
	}
	return !sim->devices[device].enrolled || sim_changes_learn(sim, device);
}

/* What the phone recorded since and never sent is lost with it. */
static void
known_return(struct sim *sim, size_t device, const struct sim_image *image)
{
	struct sim_device *own = &sim->devices[device];
	struct sim_device back = known_of(sim, &image->own);

	known_drop(own);
	back.forgotten |= own->forgotten;
	back.revoked |= own->revoked;
	memcpy(back.out, own->out, sizeof back.out);
	memcpy(back.in, own->in, sizeof back.in);
	back.out_count = own->out_count;
	back.in_count = own->in_count;
	*own = back;
}

bool
sim_event_return(struct sim *sim, size_t device)
{
	struct sim_image *image = &sim->images[sim_choose(sim, SIM_IMAGES)];
	const char *folder = sim->world->devices[device].folder;

	if (!copies_happen(sim, SIM_RETURN) || !image->taken || image->device != device ||
	    sim->returns == RETURNS_MAX) {
		return true;
	}
	sim_note(sim, "device %zu is as it was after %u of %u changes", device,
		 image->own.history.count, sim->devices[device].history.count);
	fault_disk_disarm(folder);
	sim_forms_drop(sim, device);
	world_close_device(sim->world, device);
	folder_copy(image->folder, folder);
	known_return(sim, device, image);
	memcpy(sim->world->devices[device].locks, image->locks, sizeof image->locks);
	sim->world->devices[device].boots++;
	sim->returns++;
	return device_open(sim, device);
}

bool
sim_event_clone(struct sim *sim, size_t device)
{
	struct world *world = sim->world;
	size_t added = world->device_count;
	size_t most = sim->options.devices + CLONES_MAX;

	if (!copies_happen(sim, SIM_CLONE) || sim->clones == CLONES_MAX ||
	    added >= WORLD_DEVICES_MAX || most > WORLD_DEVICES_MAX) {
		return true;
	}
	added = world_add_device(world);
	world_close_device(world, added);
	folder_copy(world->devices[device].folder, world->devices[added].folder);
	world->devices[added].clock_shift_ms = world->devices[device].clock_shift_ms;
	world->devices[added].boots = (uint8_t)(world->devices[device].boots + 1);
	memcpy(world->devices[added].locks, world->devices[device].locks,
	       sizeof world->devices[added].locks);
	sim_note(sim, "device %zu is a copy of %zu", added, device);
	sim->devices[device].copied = true;
	sim->devices[added] = known_of(sim, &sim->devices[device]);
	sim->clones++;
	return device_open(sim, added);
}
