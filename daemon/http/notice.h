/* SPDX-License-Identifier: Apache-2.0 */
/* notice: a phone shows that this server was set back, and the admin is told. */
#ifndef SAMBUNG_DAEMON_HTTP_NOTICE_H
#define SAMBUNG_DAEMON_HTTP_NOTICE_H

#include "daemon/ingest/ingest.h"

/* ingest_notice; says in the daemon's log what became of it. In the writer's thread, before a
 * batch. */
enum status notice_parcel(struct parcel *parcel, struct ingest *ingest, struct error *err);

#endif
