/* SPDX-License-Identifier: Apache-2.0 */
/* wiped: memory for a library that copies secrets, overwritten when it is freed. It costs 16 bytes
 * a piece. Any thread. */
#ifndef SAMBUNG_DAEMON_WIPED_H
#define SAMBUNG_DAEMON_WIPED_H

#include <stddef.h>

/* NULL when out of memory. What it returns is freed with wiped_free and nothing else. */
void *wiped_new(size_t length);
void wiped_free(void *memory); /* takes NULL */

#endif
