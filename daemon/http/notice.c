/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#include "daemon/log.h"

#include <inttypes.h>

enum status
notice_parcel(struct parcel *parcel, struct ingest *ingest, struct error *err)
{
	const struct request_head *head = &parcel->head;
	const struct epoch *began = &parcel->began;
	const bool lacked = !parcel->witness_fits;
	enum status status = ingest_notice(ingest, parcel, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (began->epoch != 0) {
		log_event(LOG_ERROR,
			  "device %" PRIu32 " has a checkpoint of %" PRIu64 " entries, which this "
			  "server signed and its log does not contain: it was set back, or its "
			  "database was rewritten. Epoch %" PRIu32 " begins, and phones send again "
			  "what they keep: see \"Set back unnoticed\" in operating.md",
			  head->device, head->shown.size, began->epoch);
	} else if (parcel->shown && lacked && parcel->witness_fits) {
		log_event(LOG_WARNING,
			  "the checkpoint of %" PRIu64 " entries that device %" PRIu32 " shows is "
			  "this log's, but the database lacks its row: run sambungctl verify",
			  head->shown.size, head->device);
	}
	return STATUS_OK;
}
