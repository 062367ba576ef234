/* SPDX-License-Identifier: Apache-2.0 */
/* usage: ids ID STEP COUNT: so many ids of the same stream, from STEP behind that one on. */
#include "protocol/id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int count, char **words)
{
	char text[ID_TEXT_SIZE];
	struct error err;
	uint64_t id;

	if (count != 4 || id_parse(words[1], &id, &err) != STATUS_OK) {
		(void)fputs("usage: ids ID STEP COUNT\n", stderr);
		return 2;
	}
	id += strtoull(words[2], NULL, 10);
	for (unsigned long i = 0; i < strtoul(words[3], NULL, 10); i++) {
		(void)puts(id_format(id + i, text));
	}
	return 0;
}
