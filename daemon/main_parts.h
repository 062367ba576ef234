/* SPDX-License-Identifier: Apache-2.0 */
/* main_parts: the parts of a running server, from its lock file to its network threads. */
#ifndef SAMBUNG_DAEMON_MAIN_PARTS_H
#define SAMBUNG_DAEMON_MAIN_PARTS_H

#include "daemon/head.h"
#include "daemon/http/server.h"
#include "daemon/inbox.h"

struct daemon {
	const char *directory;
	struct config config;
	char url[SERVER_URL_SIZE];
	struct tls *tls; /* NULL: none */
	int lock;	 /* descriptor of the lock file; -1: not held */
	struct server_keys keys;
	struct store *store;
	struct catalogue *catalogue;
	struct ingest *ingest;
	struct mover *mover; /* of the write-ahead log, beside the writer */
	struct inbox *inbox;
	struct head_keeper *head;
	struct service service;
	bool has_service;
	bool announced;
	struct server *server;
};

/* Fills in what follows `config`, and answers requests when it returns. After a failure daemon_end
 * cleans up as well. BUSY: another daemon runs on this folder. */
enum status daemon_start(struct daemon *daemon, struct error *err);
/* Finishes what is under way, writes what waits, closes everything. */
void daemon_end(struct daemon *daemon);

#endif
