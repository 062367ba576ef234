/* SPDX-License-Identifier: Apache-2.0 */
/* check_store FOLDER: prints what is wrong with a server's database, or that all is well. */
#include "tests/check/check_store.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	struct error err;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: check_store FOLDER\n");
		return 2;
	}
	if (check_store_database(argv[1], &err) != STATUS_OK) {
		(void)fprintf(stderr, "check_store: %s\n", err.detail);
		return 1;
	}
	(void)printf(
		"check_store: log, chains, tree, checkpoint, quarantine, people and records agree\n");
	return 0;
}
