/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world: real devices and the real ingest in one process, joined without a network.
 *
 * Devices are libsambung's own, each in a folder; the server is a store, an ingest and a reader.
 * What stands between them is world_post: from the world's seed it loses requests, loses replies
 * after the server has acted, delivers twice, and delivers old requests again later. Clock and
 * randomness come from the seed too, so a seed gives the same run again.
 *
 * A `tolerant` world is one whose disks may fail (tests/simulation): what the server then cannot do
 * is undone and refused, as the daemon does it, and a side whose disk is `dead` neither sends nor
 * answers. Any other world dies instead.
 */
#ifndef SAMBUNG_TESTS_TWIN_WORLD_H
#define SAMBUNG_TESTS_TWIN_WORLD_H

#include "client/include/sambung.h"
#include "daemon/ingest/ingest.h"

enum { WORLD_DEVICES_MAX = 64, WORLD_OLD_REQUESTS = 32, WORLD_LOCKS = 2, WORLD_PIN = 8 };

struct world_lock {
	struct sambung_lock lock;
	char pin[WORLD_PIN]; /* empty: there is none */
};

struct world_device {
	struct world *world;
	unsigned number; /* index in the world */
	char folder[256];
	struct sambung *sambung;
	int64_t clock_shift_ms;		      /* how wrong its wall clock is */
	uint8_t boots;			      /* of its machine since it was enrolled */
	struct world_lock locks[WORLD_LOCKS]; /* that its cadre knows, the newest first */
};

struct world_faults {
	/* Chances in 256. */
	unsigned lose_request;
	unsigned lose_reply;
	unsigned twice;
	unsigned old_again;
	unsigned cut_request; /* the connection ends within it */
	unsigned cut_reply;
	/* Signal comes in windows that let so many bytes through, both ways, before everything
	 * under way is lost; 0: it does not. Only with these does a sync try again by itself. */
	size_t window;
};

struct world {
	uint64_t random;
	int64_t now_ms;
	char folder[200];
	struct store *store;
	struct store *reader;
	struct catalogue *catalogue;
	struct server_keys keys;
	struct platform platform;
	struct ingest *ingest;
	struct world_device devices[WORLD_DEVICES_MAX];
	size_t device_count;
	struct world_faults faults;
	size_t window_used;
	uint16_t lease_days;
	uint32_t room; /* bytes a reply may have at most; 0: as many as the device says */
	bool tolerant;
	bool (*dead)(const char *folder);      /* NULL: no disk ever is */
	int64_t server_shift_ms;	       /* how wrong the server's clock is */
	struct buffer old[WORLD_OLD_REQUESTS]; /* requests that the server has seen */
	size_t old_count;
	uint64_t requests;
	uint64_t requests_lost;
	uint64_t replies_lost;
	uint64_t cuts;
	uint64_t replies_repeated;
	uint64_t cut;
	uint64_t server_failures; /* answers of HTTP 5xx */
	unsigned backups;
};

/* A new world in a folder of its own; dies with a message when it can't be made. schema_path: JSON
 * file. */
struct world *world_create(uint64_t seed, const char *schema_path);
/* Removes the folder too. */
void world_free(struct world *world);

/* The daemon ends and starts again: what it had only in memory is gone. */
void world_restart_server(struct world *world);
/* The same in two steps; of the second the status tells, and after a failure it is still ended. */
void world_stop_server(struct world *world);
enum status world_start_server(struct world *world, struct error *err);

/* A consistent copy of the database as it is now, for world_restore; returns its
 * number. */
unsigned world_backup(struct world *world);
/* The copy takes the database's place, and a new epoch begins, as by `sambungctl restore`. */
void world_restore(struct world *world, unsigned backup);
/* The same, but nobody and nothing says so: the machine is as it was then. */
void world_set_back(struct world *world, unsigned backup);

uint64_t world_random(struct world *world, uint64_t below);
/* One more enrolled device for a scope such as "6303072001"; returns its index. */
size_t world_enrol(struct world *world, const char *cadre, const char *village);
/* The same in steps, with the world's faults between them (the third is sambung_enrol): a code of
 * CODE_TEXT_MAX bytes, and one more device that is open and not enrolled. */
enum status world_code(struct world *world, const char *cadre, const char *village, char *code_out);
size_t world_add_device(struct world *world);
/* The machine of a device, whose network leads to the world's server. */
struct sambung_platform world_platform(struct world_device *device);
/* Closes and opens a device's folder again, as when the app was killed. */
void world_reopen(struct world *world, size_t device);
/* The same in two steps; the second returns sambung_open's status. */
void world_close_device(struct world *world, size_t device);
int world_open_device(struct world *world, size_t device, struct sambung_error *err);
/* A parcel comes to the server, which answers. False: lost on the way, or an error of HTTP. */
bool world_deliver(struct world *world, struct span request, struct buffer *reply);
/* Imports a row of name, cell, name, cell, …, NULL; "key" is the first cell. Dies if it is refused.
 */
enum status world_import(struct world *world, const char *type, const char *const *cells);
/* The record id that an import made for a key. */
void world_imported_id(struct world *world, const char *type, const char *key, char id_out[16]);
/* Settles at the server; the status tells. */
enum status world_settle(struct world *world, const char *id, const char *field, const char *value);
enum status world_load_schema(struct world *world, const char *json, size_t length);
/* The device's villages change: these codes, ended by NULL. The status tells; a world that is not
 * tolerant dies if they are refused. */
enum status world_scope(struct world *world, size_t device, const char *const *villages);
/* All villages of one device go to another; the status tells. */
enum status world_handover(struct world *world, size_t from, size_t to);
/* An admin releases change n of a device from quarantine; *count_out: and what followed. */
enum status world_release(struct world *world, size_t device, uint32_t n, uint64_t *count_out);
/* An admin gives it to the record with that id, or makes its record below that one. */
enum status world_reassign(struct world *world, size_t device, uint32_t n, const char *to,
			   uint64_t *count_out);
/* An admin closes it, for the reason "test". */
enum status world_close_change(struct world *world, size_t device, uint32_t n);
/* The same by the number that it has in the log. */
enum status world_release_of(struct world *world, uint32_t number, uint32_t n, uint64_t *count_out);
enum status world_close_of(struct world *world, uint32_t number, uint32_t n);
/* An admin erases a record and all below it, for the reason "request"; the status tells. */
enum status world_erase(struct world *world, const char *id);
/* How many devices the erasure of that record has told, and how many of them have not said that it
 * is gone. */
void world_erasure(struct world *world, const char *id, size_t *told_out, size_t *waits_out);
/* An admin lets all of the device's family go on; the status tells. */
enum status world_allow(struct world *world, size_t device);
/* An admin revokes the device, with its family; the status tells. */
enum status world_revoke(struct world *world, size_t device);
/* … and gives its cadre a code (CODE_TEXT_MAX bytes) for another phone. */
enum status world_replace(struct world *world, size_t device, char *code_out);
/* seq of the last log entry. */
uint64_t world_head(struct world *world);
/* Syncs without faults until synced; dies when it can't. */
void world_sync(struct world *world, size_t device);
/* Syncs under the world's faults; whether it succeeded. */
bool world_try_sync(struct world *world, size_t device);
/* The lines of all records of a type as the device, or the server for that device's scope, shows
 * them. */
void world_dump_device(struct world *world, size_t device, const char *type, struct buffer *out);
void world_dump_server(struct world *world, const char *type, const char *village,
		       struct buffer *out);
/* … for the scope that the server gives the device now. */
void world_dump_scope(struct world *world, size_t device, const char *type, struct buffer *out);

#endif
