/* SPDX-License-Identifier: Apache-2.0 */
/* bench_device_parts: what bench_device measures, by file. Each adds a run's figures. */
#ifndef SAMBUNG_TESTS_BENCH_BENCH_DEVICE_PARTS_H
#define SAMBUNG_TESTS_BENCH_BENCH_DEVICE_PARTS_H

#include "bench_client_phone.h"

/* Median, of figures that it sorts. */
double bench_median(double *figures, size_t count);

/* ---- bench_device_memory.c ---- */

/* The sambung command syncs the 20 visits that wait in a (closed) device's folder, with each of two
 * devices; beside it a process that merely opens libcurl and SQLite. */
void bench_memory(const struct bench_phone phones[2], struct figures *figures);

/* ---- bench_device_years.c ---- */

/* Five years of work with 60 families, all acknowledged. The device is closed after it. */
void bench_years_make(const struct bench_server *server, struct bench_phone *phone);
void bench_years(const struct bench_phone *phone, struct figures *figures);

#endif
