/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim: one run. Devices, carriers and a server from tests/twin, on disks that fail (fault_disk),
 * with an oracle beside them. docs/simulation.md describes it.
 *
 * What happens is drawn from one source (`choice`), what goes wrong from another (`luck`), so that
 * a run with fewer kinds of faults stays much the same run.
 */
#ifndef SAMBUNG_TESTS_SIMULATION_SIM_H
#define SAMBUNG_TESTS_SIMULATION_SIM_H

#include "tests/simulation/fault_disk.h"
#include "tests/simulation/oracle.h"
#include "tests/twin/world.h"

/* Kinds of faults, as bits: the shrinker takes them away one by one. */
enum sim_fault {
	SIM_LOSE = 1 << 0,   /* requests and replies lost, delivered twice, delivered again later */
	SIM_CUT = 1 << 1,    /* a connection that ends within a message */
	SIM_DELAY = 1 << 2,  /* requests and replies carried by hand: late, in any order */
	SIM_CRASH = 1 << 3,  /* of a device, at any write or sync */
	SIM_DOWN = 1 << 4,   /* of the server, at any write or sync */
	SIM_TORN = 1 << 5,   /* a crash loses parts of writes; else all or nothing of them */
	SIM_ERROR = 1 << 6,  /* I/O errors */
	SIM_FULL = 1 << 7,   /* full disks */
	SIM_CLOCK = 1 << 8,  /* clocks that jump, on devices and at the server */
	SIM_KILL = 1 << 9,   /* apps and the server end and start again between two calls */
	SIM_SMALL = 1 << 10, /* small replies, so that they come in many pages */
	SIM_ALL = (1 << 11) - 1,
};
enum { SIM_FAULTS = 11 };
extern const char *const sim_fault_names[SIM_FAULTS];

struct sim_options {
	uint64_t seed;
	size_t steps;
	size_t devices;
	unsigned faults;
	const char *schema; /* path */
};

enum {
	SIM_VILLAGES = 2,
	SIM_PLACES_MAX = 24, /* records of one kind that events choose from, per village */
	SIM_FORMS = 3,
	SIM_LETTERS = 4, /* requests and replies on their way by hand, per device */
	SIM_TRIES = 4,
	SIM_TRACE = 48,
	SIM_LINE = 120,
	SIM_WHY = 400,
};

/* A form that is open: what it had shown. */
struct sim_form {
	struct sambung_edit *edit;
	uint64_t record; /* 0: a new one */
	uint32_t type;
	struct seen seen;
	char field[40]; /* what was entered last */
};

/* A change of which it is not known yet whether it is durable. */
struct sim_try {
	uint64_t record;
	struct seen seen;
	char field[40];
};

struct sim_device {
	struct sim_form forms[SIM_FORMS];
	struct sim_try tries[SIM_TRIES]; /* newest first */
	uint32_t known_n;		 /* changes that are durable for sure */
	struct buffer out[SIM_LETTERS];
	struct buffer in[SIM_LETTERS];
	size_t out_count;
	size_t in_count;
};

struct sim_places {
	char ids[SIM_PLACES_MAX][16];
	size_t count; /* ever; the last SIM_PLACES_MAX are kept */
};

struct sim {
	struct sim_options options;
	struct world *world;
	struct oracle *oracle;
	uint64_t choice;
	uint64_t luck;
	struct sim_device devices[WORLD_DEVICES_MAX];
	struct sim_places families[SIM_VILLAGES];
	struct sim_places persons[SIM_VILLAGES];
	struct sim_places visits[SIM_VILLAGES];
	unsigned schema_version;
	uint64_t promised_head; /* entries that the server has said are durable */
	size_t step;
	uint64_t changes;
	uint64_t moves;
	uint64_t crashes;
	uint64_t errors; /* of disks */
	bool failed;
	char why[SIM_WHY];
	char trace[SIM_TRACE][SIM_LINE]; /* the last events */
	size_t traced;
	uint8_t root[32]; /* of the log, at rest */
	uint64_t head;
};

/* ---- sim.c ---- */

/* Runs to the end, or to the first broken invariant (`failed`, `why`). One a process: the caller
 * forks. Returns a new run. */
struct sim *sim_run(const struct sim_options *options);
void sim_free(struct sim *sim);

uint64_t sim_choose(struct sim *sim, uint64_t below);
uint64_t sim_luck(struct sim *sim, uint64_t below);
bool sim_may(const struct sim *sim, enum sim_fault fault);
/* An invariant is broken: keeps the first reason. Returns false. */
bool sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of what happened, for those who read a failure. */
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct sambung *sim_handle(struct sim *sim, size_t device);
size_t sim_village(size_t device);
const char *sim_scope(size_t device);
extern const char *const sim_villages[SIM_VILLAGES];

/* ---- sim_form.c: forms, and what the oracle hears of them ---- */

/* Opens a form; without one if the device does not have the record. False: broken. */
bool sim_form_open(struct sim *sim, size_t device, const char *id, struct sim_form *form);
bool sim_form_create(struct sim *sim, size_t device, const char *type, struct sim_form *form);
/* Enters a value; what the schema of the device does not know is passed over. */
bool sim_form_set(struct sim *sim, struct sim_form *form, const char *field, const char *text);
/* Saves and closes it. id_out: 16 bytes, "" if nothing was saved; may be NULL. */
bool sim_form_save(struct sim *sim, size_t device, struct sim_form *form, char *id_out);
void sim_form_drop(struct sim_form *form);
void sim_forms_drop(struct sim *sim, size_t device);
/* Tells the oracle of changes that turned out to be durable. False: one that was is gone. */
bool sim_changes_learn(struct sim *sim, size_t device);
/* What the device recorded and nobody has acknowledged stands on its screens, unless the record
 * left its scope. */
bool sim_pending_shown(struct sim *sim, size_t device);
void sim_tries_forget(struct sim *sim, size_t device);

/* ---- sim_disk.c: disks that fail ---- */

/* Perhaps this step meets a fault, on the device's disk or the server's. */
void sim_disk_arm(struct sim *sim, size_t device);
/* After the step: no plan is left, and who crashed is back. False: somebody did not come back, or
 * had forgotten what was durable. */
bool sim_disk_recover(struct sim *sim, size_t device);
/* A call on this device, or at the server, may fail now: its disk did. */
bool sim_device_excused(struct sim *sim, size_t device);
bool sim_server_excused(struct sim *sim);
bool sim_server_up(struct sim *sim);

/* ---- sim_event.c ---- */

/* One thing happens. False: an invariant is broken. */
bool sim_event(struct sim *sim, size_t device);
/* Imports the families and persons with which a run begins. */
bool sim_beginning(struct sim *sim);

/* ---- sim_rest.c ---- */

/* All faults off, everybody syncs to the end, and everything is checked. */
bool sim_rest(struct sim *sim);

/* ---- sim_schema.c ---- */

/* The schema file as a later version, with a text field `extra<version>` more on family. Returns
 * JSON, freed with free. */
char *sim_schema_make(const char *path, unsigned version);

#endif
