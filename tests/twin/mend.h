/* SPDX-License-Identifier: Apache-2.0 */
/* mend: a fraud who knows how the log is made, and makes tree and checkpoints anew. */
#ifndef SAMBUNG_TESTS_TWIN_MEND_H
#define SAMBUNG_TESTS_TWIN_MEND_H

#include "daemon/trust/keys.h"

enum mending {
	MEND_TREE,   /* the roots of subtrees follow the log as it is now, */
	MEND_ROOTS,  /* … and so do those of all checkpoints, */
	MEND_SIGNED, /* … which are signed again */
};

/* In the database at `path`, which nobody has open. */
void mend(const char *path, enum mending how, const struct server_keys *keys);

#endif
