/* SPDX-License-Identifier: Apache-2.0 */
/* main_tls: the running server's certificate: which files, when they are read again, and which key
 * phones are told to trust. */
#ifndef SAMBUNG_DAEMON_MAIN_TLS_H
#define SAMBUNG_DAEMON_MAIN_TLS_H

#include "daemon/main_parts.h"

/* What the settings name; none: no TLS. USAGE: one without the other, or no such tls_pin. */
enum status daemon_tls_open(struct daemon *daemon, struct error *err);
/* The setting `pins` of the store, which codes carry: up to two, or nothing. Nobody else has the
 * store yet. */
enum status daemon_tls_keep_pins(struct daemon *daemon, struct error *err);
/* FOLDER_PIN, by which sambungctl knows this server; nothing without TLS. */
enum status daemon_tls_announce(struct daemon *daemon, struct error *err);
void daemon_tls_withdraw(struct daemon *daemon);
/* The same files again, while all goes on; after a failure, which is logged, the old ones serve. */
void daemon_tls_reload(struct daemon *daemon);

#endif
