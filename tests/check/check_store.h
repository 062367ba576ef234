/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_store: an independent look at a server's database. It reads the tables with SQL of its own,
 * not through daemon/store, and shares with the product only the formats (protocol/).
 *
 * It checks: 1. seq runs from 1 to the counter without a gap and `received` never decreases. 2.
 * every commitment is that of its salt and payload. 3. each stream's changes are n = 1, 2, 3 … in
 * the order of the log, up to what is acknowledged, and its chain is the one kept. 4. the tree over
 * the recomputed headers has the roots that are stored, and the newest checkpoint's. 5. merging the
 * log again gives each record's state, and no record without a log. 6. each quarantined change is
 * listed, and nothing else. 7. each epoch of the table begins with an entry, at the end of the one
 * before.
 */
#ifndef SAMBUNG_TESTS_CHECK_STORE_H
#define SAMBUNG_TESTS_CHECK_STORE_H

#include "protocol/status.h"

/* `folder` holds sambung.db and server.key. OK, or MALFORMED with the first thing that is wrong. */
enum status check_store_database(const char *folder, struct error *err);

#endif
