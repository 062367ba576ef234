#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many devices over real HTTP on a bad network, then: every device shows what the server shows, and the independent
# checker accepts the database.
#
#   BUILD=build sh tests/days/http.sh [SEED [DEVICES [CHANGES]]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
seed=${1:-1} devices=${2:-100} changes=${3:-100}
. "$here/district.sh"

district_make
i=0
while [ "$i" -lt "$devices" ]; do
	district_code "$i"
	i=$((i + 1))
done >"$home/codes"
[ "$(wc -l <"$home/codes")" -eq "$devices" ] || die "not every device has a code"
mkdir "$home/phones"
"$BUILD/tests/days/days" "$home/phones" "$seed" 8 "$changes" <"$home/codes"
district_compare
merged=$(ctl --json log | grep -c '"kind":"change","device":[1-9]') || true
district_check
[ "$merged" -eq $((devices * changes)) ] || die "the log has $merged changes of devices, not $((devices * changes))"
echo "seed $seed: $merged changes of $devices devices, each once; all devices agree with the server"
