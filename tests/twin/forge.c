/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge DATABASE SERVER.KEY SQL: alters a server's database and makes tree and checkpoints anew,
 * with the server's own key, as somebody could who owns the machine. No daemon may run.
 */
#include "tests/twin/alter.h"
#include "tests/twin/mend.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	struct server_keys keys;
	struct error err;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: forge DATABASE SERVER.KEY SQL\n");
		return 2;
	}
	if (crypto_init(&err) != STATUS_OK || keys_load(argv[2], &keys, &err) != STATUS_OK) {
		(void)fprintf(stderr, "forge: %s\n", err.detail);
		return 1;
	}
	alter_run(argv[1], argv[3]);
	mend(argv[1], MEND_SIGNED, &keys);
	return 0;
}
