#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ten thousand malformed parcels, half of them correctly sealed and signed, and as many requests.
exec sh "$(dirname "$0")/malformed.sh" 1 10000 10000
