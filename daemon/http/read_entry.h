/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_entry: whoever reads personal data leaves an entry of the log: user, route and filter.
 *
 * The filter is what was asked for, as far as it is something that can be asked for: a record id, a
 * record type, a device's number, a region, a place in the log. Whatever else somebody typed is
 * `?`: an entry stays for ever, and words about a person who is not the record's would outlive her
 * erasure.
 */
#ifndef SAMBUNG_DAEMON_HTTP_READ_ENTRY_H
#define SAMBUNG_DAEMON_HTTP_READ_ENTRY_H

#include "daemon/http/call.h"

/* In the writer, before the first byte is sent. Of a session that asked for the same some minutes
 * ago the log has it already. */
enum status read_entry_write(struct call *call, struct ingest *ingest, struct error *err);

#endif
