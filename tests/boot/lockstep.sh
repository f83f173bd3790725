#!/bin/bash
# lockstep.sh PROGRAM GUEST MODEL TICKS: both engines in lockstep (cosim.c) along the boot of GUEST's kernel on processor
# MODEL and the self-test behind it.
set -u
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
files=$("$here/../../tools/guest/fetch" "$2" --tests) || {
  echo "SKIP: the guest's packages cannot be fetched"
  exit 77
}
exec "$1" "$(sed -n 's/^kernel=//p' <<<"$files")" "$(sed -n 's/^testrd=//p' <<<"$files")" "$3" "$4"
