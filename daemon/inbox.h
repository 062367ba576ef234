/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox: files of phones without signal that somebody put into FOLDER/inbox.
 *
 * One thread looks when the daemon starts and once a minute. Each parcel of a *.carry file goes the
 * way of one that came over HTTP; the file of answers goes to FOLDER/outbox, and only when that is
 * on the disk does the file leave the inbox. One whose parcels could not all be answered yet stays
 * and is tried again: twice does no harm. What can never be answered is renamed to *.carry.bad,
 * what a copy of a phone wrote and the log does not have to *.carry.fork.
 *
 * One file at a time: beside what the requests share, at most 16 MiB of it and 64 MiB of answers.
 */
#ifndef SAMBUNG_DAEMON_INBOX_H
#define SAMBUNG_DAEMON_INBOX_H

#include "daemon/http/service.h"

struct inbox;

/* Makes both folders, starts the thread; borrows the service. */
enum status inbox_start(struct service *service, struct inbox **out, struct error *err);
/* Finishes the parcel under way and ends the thread; while the writer still runs. */
void inbox_stop(struct inbox *inbox);

#endif
