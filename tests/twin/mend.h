/* SPDX-License-Identifier: Apache-2.0 */
/* mend: a fraud who knows how the log is made, and makes tree and checkpoints anew. */
#ifndef SAMBUNG_TESTS_TWIN_MEND_H
#define SAMBUNG_TESTS_TWIN_MEND_H

#include "daemon/trust/keys.h"

enum mending {
	MEND_ROOTS,  /* all of them follow the log as it is now, */
	MEND_SIGNED, /* … and checkpoints are signed again, */
	MEND_NEWEST, /* … but only the newest one: the others stay as they were */
};

/* In the database at `path`, which nobody has open. */
void mend(const char *path, enum mending how, const struct server_keys *keys);

#endif
