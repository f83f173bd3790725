#!/bin/bash
# tailcalls.sh OBJDUMP LIBCPU: every instruction function must reach the next one by a jump, else blocks that follow each
# other use up the host's stack. Looks for indirect calls in them, of x86-64 and of AArch64.
set -u
command -v "$1" >/dev/null || {
  echo 'SKIP: no objdump'
  exit 77
}
found=$("$1" -d --no-show-raw-insn "$2" | awk '
  /^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3) }
  /call +\*|\tblr\t/ && name ~ /^(x_|f_)/ { print name }
  / <x_[A-Za-z0-9_]*>:$/ { n++ }
  END { print n > "/dev/stderr" }' 2>/tmp/tailcalls.$$ | sort -u)
n=$(cat /tmp/tailcalls.$$)
rm -f /tmp/tailcalls.$$
[ "${n:-0}" -gt 500 ] || {
  echo "FAIL: only ${n:-0} instruction functions seen"
  exit 1
}
[ -z "$found" ] || {
  echo "FAIL: no tail call in:"
  echo "$found"
  exit 1
}
echo "$n functions"
