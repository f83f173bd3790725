#!/bin/bash
# saveload.sh PROGRAM POINTS TICKS: runs the save-and-load proof along the boot (saveload.c).
set -u
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
files=$("$here/../../tools/guest/fetch" amd64) || {
  echo "SKIP: the guest's packages cannot be fetched"
  exit 77
}
exec "$1" "$(sed -n 's/^kernel=//p' <<<"$files")" "$(sed -n 's/^initrd=//p' <<<"$files")" "$2" "$3"
