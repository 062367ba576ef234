/* SPDX-License-Identifier: Apache-2.0 */
/* config: the daemon's settings. One table in config.c declares them; D/sambungd.conf, its first
 * version and --help follow it. */
#ifndef SAMBUNG_DAEMON_CONFIG_H
#define SAMBUNG_DAEMON_CONFIG_H

#include "protocol/bytes.h"

enum { CONFIG_TEXT_SIZE = 128 };

struct config {
	char listen[CONFIG_TEXT_SIZE];
	unsigned connections;
	unsigned idle_s;
	unsigned receive_s;
	unsigned queue;
	unsigned lease_days;
	unsigned streams;
	unsigned memory_mb;
	unsigned threads;
	char url[CONFIG_TEXT_SIZE];
	char tls_certificate[CONFIG_TEXT_SIZE];
	char tls_key[CONFIG_TEXT_SIZE];
	char tls_pin[CONFIG_TEXT_SIZE];
	char tls_pin_next[CONFIG_TEXT_SIZE];
	unsigned head_s;
	unsigned address_connections;
	unsigned address_attempts;
	unsigned device_requests;
	unsigned vacuum_at;
	unsigned proxy; /* 1: there is one */
};

void config_default(struct config *out);
/* Reads the file over what is in *config; a missing file changes nothing. USAGE names line and
 * setting. */
enum status config_read(struct config *config, const char *path, struct error *err);
/* USAGE: no such setting, or a value outside its range. */
enum status config_set(struct config *config, const char *name, const char *value,
		       struct error *err);
/* Appends a file with every setting, its default and what it does, all commented out. */
void config_describe(struct buffer *out);

#endif
