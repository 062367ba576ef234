/* SPDX-License-Identifier: Apache-2.0 */
/* load_request: one prepared parcel of the load, and what became of it. */
#ifndef SAMBUNG_TESTS_BENCH_LOAD_REQUEST_H
#define SAMBUNG_TESTS_BENCH_LOAD_REQUEST_H

#include "protocol/parcel.h"

struct load_request {
	struct span parcel; /* owned by the requests' maker */
	struct parcel_session session;
	uint32_t device;
	uint32_t first_n;
	uint32_t last_n;
	/* what the load saw */
	struct buffer reply; /* body of the last answer that was not lost */
	unsigned http;	     /* its status; 0: none came */
	unsigned attempts;
	unsigned refused;
	bool lost; /* its first answer was thrown away, as if the network had lost it */
};

#endif
