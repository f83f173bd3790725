#!/bin/bash
# Runs one of the small kernels of tests/guest/kernels to its end.
#
#   kernels.sh MODE SNOWGLOBE KERNEL [OTHER]
#
#   programs   three user programs run, are switched, and end right; debug exit
#   ends       each way to end a run has its line and status
#   faults     faults of programs and of the kernel are reported
#   reboot     a reset by the chipset and by a triple fault starts the kernel again, with its module
#   modules    modules, command line and memory map arrive
#   echo       bytes go in and out
#   digests    equal digests in two runs, and in the build OTHER if it is there
set -u
mode=$1 snowglobe=$2 kernel=$3 other=${4-}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAIL: $*"
  tail -n 20 "$work/out" "$work/err"
  exit 1
}

# run STATUS APPEND OPTIONS...
run() {
  local want=$1 append=$2 status
  shift 2
  timeout 250 "$snowglobe" -kernel "$kernel" -append "$append" -nographic --time fast "$@" >"$work/out" 2>"$work/err"
  status=$?
  tr -d '\r' <"$work/out" >"$work/lines"
  [ $status = "$want" ] || fail "$append: status $status, not $want"
}

# has LINE...: whole lines of the last run
has() {
  local line
  for line; do
    grep -qxF -- "$line" "$work/lines" || fail "no line '$line'"
  done
}

lacks() {
  ! grep -qxF -- "$1" "$work/lines" || fail "a line '$1'"
}

programs() {
  has 'counter: 5 ticks have passed' 'task 1 exits with 0' 'sieve: primes below 200000: 17984' 'task 2 exits with 0' \
    'strings: sum 3367313300' 'task 3 exits with 0'
}

case $mode in
programs)
  run 11 exit=5 -no-reboot </dev/null
  has "hello from ${kernel##*/}" 'debug exit'
  programs
  grep -qE '^all programs have ended: [0-9]+ ticks, ([6-9]|[1-9][0-9]+) switches, 12 page faults' "$work/lines" ||
    fail 'no switches'
  # Ten times as many interrupts, the same results.
  run 1 'exit=0 hz=1000' -no-reboot </dev/null
  programs
  grep -qE ' [0-9]{2,} switches, 12 page faults' "$work/lines" || fail 'fewer switches'
  ;;
ends)
  run 0 '' -no-reboot </dev/null
  has 'power off'
  run 0 poweroff </dev/null
  run 255 exit=127 </dev/null
  run 0 reboot -no-reboot </dev/null
  has rebooting
  run 0 triple -no-reboot </dev/null
  has triple
  run 10 panic </dev/null
  has 'Kernel panic - not syncing: test'
  run 10 halt </dev/null
  has halt
  run 0 spin --until 200ms </dev/null
  has spin
  run 0 idle --until 10s </dev/null
  has idle
  run 0 flood --until 100ms </dev/null
  has 'line 20 of a flood without end'
  ;;
faults)
  run 0 user-fault </dev/null
  grep -qE '^user fault: vector 14 error 5 address 100000 at [0-9a-f]+$' "$work/lines" || fail 'no fault'
  has 'task 1 is ended' 'task 2 exits with 0' 'task 3 exits with 0' 'power off'
  lacks 'task 1 exits with 0'
  run 10 kernel-fault </dev/null
  grep -qE '^kernel fault: vector 6 error 0 address 0 at [0-9a-f]+$' "$work/lines" || fail 'no fault'
  has 'Kernel panic - not syncing: fault in the kernel'
  ;;
reboot)
  printf 'module one' >"$work/one"
  for how in cf9 triple; do
    run 0 "hz=1000 reboot=$how boots=3" -initrd "$work/one" </dev/null
    has 'boot 1' 'boot 2' 'boot 3' 'power off'
    [ "$(grep -cE '^module: .*/one, 10 bytes, sum [0-9a-f]+$' "$work/lines")" = 3 ] || fail "$how: no three modules"
    [ "$(grep '^module' "$work/lines" | sort -u | wc -l)" = 1 ] || fail "$how: the module differs"
  done
  ;;
modules)
  seq 1 20000 >"$work/one"
  printf two >"$work/two,2"
  run 1 'exit=0 words "as they are"' -m 64 -initrd "$work/one a  b,$work/two,,2" </dev/null
  sum=$(od -An -v -tu1 -w1 "$work/one" | awk '{ s = (s * 31 + $1) % 4294967296 } END { printf "%x", s }')
  has "loader: snowglobe" "command line: $kernel exit=0 words \"as they are\"" \
    'memory: lower 639 KiB, upper 64448 KiB' 'map: 00 bytes 09fc00 type 1' 'map: 0100000 bytes 03ef0000 type 1' \
    "module: $work/one a  b, 108894 bytes, sum $sum" "module: $work/two,2, 3 bytes, sum 1c24c"
  programs
  ;;
echo)
  printf 'hello\rworld\r\004' | run 1 echo
  has hello world 'end of text'
  ;;
digests)
  digests() {
    "$1" -kernel "$kernel" -append "hz=1000 idle" -display none -serial null --digest-every 3000000 \
      --until 120000000 </dev/null >"$2" 2>"$work/err" || fail "status $?"
    [ "$(grep -c '^digest [0-9]* [0-9a-f]\{64\}$' "$2")" -ge 40 ] || fail 'fewer than 40 digests'
  }
  digests "$snowglobe" "$work/out"
  digests "$snowglobe" "$work/two"
  cmp "$work/out" "$work/two" || fail 'two runs differ'
  [ "$(cut -d' ' -f3 "$work/out" | sort -u | wc -l)" -ge 40 ] || fail 'digests that are equal'
  if [ -n "$other" ] && [ -x "$other" ]; then
    digests "$other" "$work/two"
    cmp "$work/out" "$work/two" || fail "differs from $other"
  fi
  ;;
*)
  echo "kernels.sh: unknown mode $mode" >&2
  exit 2
  ;;
esac
echo "ok $mode"
