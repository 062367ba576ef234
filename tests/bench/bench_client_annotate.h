/* SPDX-License-Identifier: Apache-2.0 */
/* bench_client_annotate: the bytes of one exchange, range by range. */
#ifndef SAMBUNG_TESTS_BENCH_BENCH_CLIENT_ANNOTATE_H
#define SAMBUNG_TESTS_BENCH_BENCH_CLIENT_ANNOTATE_H

#include "bench_client.h"

struct annotation;

/* Returns a new one. */
struct annotation *annotation_open(void);
void annotation_close(struct annotation *annotation);
/* For the proxy: keeps what passes on its newest connection. Borrowed. */
const struct link_watch *annotation_watch(const struct annotation *annotation);
/* Prints the newest connection, one request and one reply, opened with the server's key. */
void annotation_print(const struct annotation *annotation, const struct bench_server *server);

#endif
