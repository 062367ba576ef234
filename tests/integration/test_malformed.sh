#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A short run of malformed.sh; the suite `long` has ten thousand of each.
exec sh "$(dirname "$0")/malformed.sh" 1 1500 1500
