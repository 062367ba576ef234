/* SPDX-License-Identifier: Apache-2.0 */
/* process: what a program tells the system about itself. */
#ifndef SAMBUNG_DAEMON_PROCESS_H
#define SAMBUNG_DAEMON_PROCESS_H

/*
 * No core file and no look into its memory by other programs of the same user from now on: both
 * would have keys, tokens and people in them. Before the first secret is read. Where the system has
 * no such thing, nothing happens.
 */
void process_close(void);

/*
 * Tells the service manager that started this process `state`, such as "READY=1" (sd_notify(3)), if
 * it asked for that in NOTIFY_SOCKET. Nothing depends on whether it hears.
 */
void process_notify(const char *state);

#endif
