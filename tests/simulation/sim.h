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
	/* Not faults, but what an admin does and cadres do about it. */
	SIM_SCOPE = 1 << 11,   /* devices are given other villages, or another's */
	SIM_FILE = 1 << 12,    /* requests go in files */
	SIM_RESTORE = 1 << 13, /* the server is restored from an older copy */
	SIM_ENROL = 1 << 14,   /* devices are enrolled while all of this happens */
	SIM_RETURN = 1 << 15,  /* a device is restored from a copy of its own */
	SIM_CLONE = 1 << 16,   /* a copy of a device is used beside it */
	SIM_RELEASE = 1 << 17, /* what was set aside is released, or closed */
	SIM_ERASE = 1 << 18,   /* records are erased by law */
	SIM_REVOKE = 1 << 19,  /* devices are revoked, or replaced */
	SIM_LEASE = 1 << 20,   /* phones shut their records after weeks without contact */
	SIM_PIN = 1 << 21,     /* a PIN is set, changed, taken away */
	SIM_ALL = (1 << 22) - 1,
};
enum { SIM_FAULTS = 22 };
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
	SIM_FILES = 6,
	SIM_COPIES = 3,
	SIM_IMAGES = 4,
	SIM_RESTORES_MAX = 2,
	SIM_ENDED = 16,
	SIM_SPARE = 16, /* devices: for clones and who enrols */
	SIM_STOOD_MAX = 4096,
	SIM_TRIES = 4,
	SIM_TRACE = 48,
	SIM_LINE = 120,
	SIM_WHY = 400,
};

/* A form that is open: what it had shown. */
struct sim_form {
	struct sambung_edit *edit;
	uint64_t record; /* 0: a new one */
	size_t home;	 /* the oracle's place of it */
	uint32_t type;
	uint64_t version; /* of the record, and … */
	uint32_t own;	  /* … so many own changes there were, when it was opened */
	struct seen seen;
	char field[40]; /* what was entered last */
};

/* A change of which it is not known yet whether it is durable. */
struct sim_try {
	uint64_t record; /* 0: a new one */
	size_t home;
	uint64_t version; /* as in sim_form */
	uint32_t own;
	struct seen seen;
	char field[40];
};

struct sim_device {
	struct sim_form forms[SIM_FORMS];
	struct sim_try tries[SIM_TRIES]; /* newest first */
	bool enrolled;
	bool forgotten;		/* the server was restored to before its enrolment */
	bool copied;		/* another has its past as well, or had */
	bool revoked;		/* it, or a copy, or the server as it was once */
	bool stuck;		/* at rest: revoked after a fork, before it had another number */
	int64_t contact_ms;	/* by the right clock: since it last synced to the end; 0: never */
	int64_t heard_ms;	/* … and since an answer came, at most */
	struct history history; /* what it made, and its number once enrolled */
	char code[CODE_TEXT_MAX]; /* with which it is enrolling; empty: it needs one */
	size_t village;		  /* where its cadre mostly works */
	size_t settled;		  /* the latest epoch of which it has had its whole scope */
	uint32_t acked_high;	  /* places up to here were acknowledged at some time */
	/* Places of changes whose record was here when they were saved, and that nobody has told to
	 * be acknowledged, as bits. */
	uint64_t stood[SIM_STOOD_MAX / 64];
	struct buffer out[SIM_LETTERS];
	struct buffer in[SIM_LETTERS];
	size_t out_count;
	size_t in_count;
};

struct sim_places {
	char ids[SIM_PLACES_MAX][16];
	size_t count; /* ever; the last SIM_PLACES_MAX are kept */
};

/* What a phone without signal gave to a courier, and what came back so far. */
struct sim_file {
	size_t device;
	struct buffer bytes;
	struct buffer answers;
};

/* A copy of the server's database. */
struct sim_copy {
	char path[300]; /* empty: none */
	uint32_t epoch;
	uint64_t head;
	uint32_t numbers[WORLD_DEVICES_MAX]; /* of each device then, … */
	uint32_t logged[WORLD_DEVICES_MAX];  /* … and how many of its changes */
};

/* A copy of a device's disk, as it was once. */
struct sim_image {
	bool taken;
	size_t device; /* that it is of */
	char folder[256];
	struct sim_device own; /* what is known of it; no forms, tries and letters */
	struct world_lock locks[WORLD_LOCKS];
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
	struct sim_file files[SIM_FILES];
	size_t file_count; /* ever */
	struct sim_copy copies[SIM_COPIES];
	size_t copy_count; /* ever */
	struct sim_image images[SIM_IMAGES];
	size_t image_count;		 /* ever */
	struct history ended[SIM_ENDED]; /* installations that were revoked and are no more */
	size_t ended_count;
	unsigned erasures;
	unsigned revocations;
	unsigned texts;	   /* that nobody else writes */
	bool clock_jumped; /* some clock did, once */
	unsigned restores;
	unsigned set_backs; /* of them: that nobody told of */
	unsigned returns;   /* of devices, from images of theirs */
	unsigned clones;
	unsigned forks;
	unsigned releases;
	unsigned schema_version;
	uint64_t promised_head; /* entries that the server has said are durable */
	size_t step;
	uint64_t changes;
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
extern const char *const sim_villages[SIM_VILLAGES];
extern const char sim_district[];
/* Reads what the log has more than before. False: it breaks a rule. */
bool sim_observe(struct sim *sim);
/* Asks the device for its number. False: it had another before and was never copied, or it does not
 * say again under the new one what the log lacks. */
bool sim_number_ask(struct sim *sim, size_t device);

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
/* n of the last change that it made for sure. */
uint32_t sim_last_n(const struct sim_device *device);
/* Change n as the device keeps it, decoded as well, all of it in the arena. */
enum status sim_change_kept(struct sim *sim, size_t device, uint32_t n, struct arena *arena,
			    struct frozen *frozen_out, struct change *change_out,
			    struct error *err);
/* Tells the oracle of changes that turned out to be durable. False: one that was is gone. */
bool sim_changes_learn(struct sim *sim, size_t device);
/* What the device recorded and nobody has acknowledged stands on its screens; also if the record
 * left its scope, unless it had done so when it was saved. */
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

/* ---- sim_event.c: the table, and what a cadre does ---- */

/* One thing happens. False: an invariant is broken. */
bool sim_event(struct sim *sim, size_t device);
bool sim_event_form(struct sim *sim, size_t device);
void sim_places_add(struct sim_places *places, const char *id);
/* NULL: there is none yet. Mostly one of a few, where people get in each other's way. */
const char *sim_places_choose(struct sim *sim, const struct sim_places *places);
extern const char *const sim_addresses[3];
extern const char *const sim_dates[3];

/* Each of the following is an event: false if an invariant is broken. */

/* ---- sim_exchange.c ---- */

bool sim_event_sync(struct sim *sim, size_t device);
bool sim_event_request(struct sim *sim, size_t device);
bool sim_event_carry(struct sim *sim, size_t device);
bool sim_event_answer(struct sim *sim, size_t device);
bool sim_event_meanwhile(struct sim *sim, size_t device);
/* May the server answer so, to one that a restored server forgot or of which there are copies? */
bool sim_server_may_answer(const struct sim *sim, size_t device, int status);
/* May an exchange end so, whatever the network did? */
bool sim_sync_may_fail_with(const struct sim *sim, size_t device, int status);

/* ---- sim_file.c ---- */

bool sim_event_file_out(struct sim *sim, size_t device);
bool sim_event_file_carry(struct sim *sim, size_t device);
bool sim_event_file_in(struct sim *sim, size_t device);
bool sim_event_detour(struct sim *sim, size_t device);
/* Each file is delivered once more, and its answers are taken. */
bool sim_files_deliver(struct sim *sim);
/* At rest: each file is delivered once more, and its answers are taken; the log stays as it is. */
bool sim_files_late(struct sim *sim);

/* ---- sim_server.c ---- */

bool sim_event_settle(struct sim *sim, size_t device);
bool sim_event_import(struct sim *sim, size_t device);
bool sim_event_tidy(struct sim *sim, size_t device);
bool sim_event_restart(struct sim *sim, size_t device);
bool sim_event_schema(struct sim *sim, size_t device);
bool sim_event_scope(struct sim *sim, size_t device);
bool sim_event_handover(struct sim *sim, size_t device);
/* Imports the families and persons with which a run begins. */
bool sim_beginning(struct sim *sim);

/* ---- sim_restore.c ---- */

bool sim_event_copy(struct sim *sim, size_t device);
bool sim_event_restore(struct sim *sim, size_t device);

/* ---- sim_image.c ---- */

bool sim_event_image(struct sim *sim, size_t device);
bool sim_event_return(struct sim *sim, size_t device);
bool sim_event_clone(struct sim *sim, size_t device);
void sim_images_drop(struct sim *sim);

/* One copy is given up. */
void sim_image_drop(struct sim_image *image);

/* ---- sim_erase.c ---- */

bool sim_event_erase(struct sim *sim, size_t device);
/* The server writes its database anew, so that nothing of what was erased is in its file. */
bool sim_event_erase_finish(struct sim *sim, size_t device);
/* At rest: nothing of what was erased is left at the server, and all devices have said so; … */
bool sim_erase_rest(struct sim *sim);
/* … nor on this device, and of its other changes nothing is missing. */
bool sim_erase_check_device(struct sim *sim, size_t device);

/* ---- sim_revoke.c ---- */

bool sim_event_revoke(struct sim *sim, size_t device);
/* The device says that it destroys what it held. False: it had no reason, or its queue waits. */
bool sim_device_ended(struct sim *sim, size_t device, const struct sambung_state *state);
/* At rest: what those had made is in the log. */
bool sim_ended_check(struct sim *sim);

/* ---- sim_phone.c ---- */

void sim_lease_begin(struct sim *sim);
bool sim_event_silence(struct sim *sim, size_t device);
bool sim_event_pin(struct sim *sim, size_t device);
bool sim_lease_over(struct sim *sim, size_t device);
/* An answer may have come; `whole`: all of them. */
void sim_contact_note(struct sim *sim, size_t device, bool whole);
/* Shut in time, and then shut, with its counts to be seen. */
bool sim_lease_look(struct sim *sim, size_t device);
/* The simulation looks at what a phone's lease has shut, as nobody else can: with the server's key.
 * Nothing else may happen to the phone until it is closed again. */
void sim_shut_open(struct sim *sim, size_t device);
void sim_shut_close(struct sim *sim, size_t device);
/* A call on the device may end so: it was revoked, or its lease is over. */
bool sim_phone_excuses(struct sim *sim, size_t device, int status);

/* ---- sim_admin.c ---- */

/* Who is held is allowed. */
bool sim_event_allow(struct sim *sim, size_t device);
bool sim_event_release(struct sim *sim, size_t device);
bool sim_event_close(struct sim *sim, size_t device);

/* ---- sim_enrol.c ---- */

/* One more cadre gets a phone. */
bool sim_event_enrol(struct sim *sim, size_t device);
/* A device that is not enrolled tries it. */
bool sim_enrol_try(struct sim *sim, size_t device);
/* … without faults. */
bool sim_enrol_rest(struct sim *sim, size_t device);

/* ---- sim_rest.c ---- */

/* All faults off, everybody syncs to the end, and everything is checked. */
bool sim_rest(struct sim *sim);

/* ---- sim_schema.c ---- */

/* The schema file as a later version, with a text field `extra<version>` more on family. Returns
 * JSON, freed with free. */
char *sim_schema_make(const char *path, unsigned version);

#endif
