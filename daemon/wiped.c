/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wiped.h"

#include "protocol/crypto.h"

#include <stdint.h>
#include <stdlib.h>

/* Before each piece, and as strictly aligned as anything. */
union head {
	size_t length;
	max_align_t alignment;
};

void *
wiped_new(size_t length)
{
	union head *head;

	if (length > SIZE_MAX - sizeof *head) {
		return NULL;
	}
	head = malloc(sizeof *head + length);
	if (head == NULL) {
		return NULL;
	}
	head->length = length;
	return head + 1;
}

void
wiped_free(void *memory)
{
	union head *head = memory;

	if (head == NULL) {
		return;
	}
	head--;
	crypto_wipe(head + 1, head->length);
	free(head);
}
