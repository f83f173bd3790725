#!/bin/bash
# program.sh PROGRAM [ARGUMENT...]: runs a test that has a program of its own (saveload.c, keys.c) with kernel and
# initial RAM disk before the arguments.
set -u
program=$1
shift
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
files=$("$here/../../tools/guest/fetch" amd64) || {
  echo "SKIP: the guest's packages cannot be fetched"
  exit 77
}
exec "$program" "$(sed -n 's/^kernel=//p' <<<"$files")" "$(sed -n 's/^initrd=//p' <<<"$files")" "$@"
