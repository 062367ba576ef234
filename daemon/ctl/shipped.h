/* SPDX-License-Identifier: Apache-2.0 */
/* shipped: the programme's schema as it stands in the source tree, put in by the build. */
#ifndef SAMBUNG_DAEMON_CTL_SHIPPED_H
#define SAMBUNG_DAEMON_CTL_SHIPPED_H

#include <stddef.h>

extern const unsigned char shipped_schema[];
extern const size_t shipped_schema_length;

#endif
