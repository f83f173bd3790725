#!/bin/bash
# How a run ends: each status, with the small kernels of tests/guest/kernels, within its budget and with nothing left over.
#   SNOWGLOBE=path-of-the-emulator tests/cli/ends.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
guest=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/tests/guest
[ -r "$guest/kernel32" ] || exit 77
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  tail -n 3 "$dir/out" "$dir/err"
  bad=1
}

# ends STATUS REASON PART WORDS OPTIONS...: the guest that gets WORDS; PART is on stderr, or nothing is
ends() {
  local want=$1 reason=$2 part=$3 words=$4 status kernel
  shift 4
  for kernel in kernel32 kernel64; do
    rm -f "$dir/status"
    timeout 120 "$snowglobe" -kernel "$guest/$kernel" -append "$words" -nographic --status-json "$dir/status" "$@" \
      </dev/null >"$dir/out" 2>"$dir/err"
    status=$?
    [ $status = "$want" ] || complain "$kernel $words $*: status $status, not $want"
    grep -qF "\"status\": $want," "$dir/status" || complain "$kernel $words $*: no status in the file"
    grep -qF "\"reason\": \"$reason\"" "$dir/status" || complain "$kernel $words $*: not '$reason' in the file"
    case $words-$reason in
    flood-* | *-bad-input) ;; # too long ago, and not at all
    *) grep -qF "\"hello from $kernel\"" "$dir/status" || complain "$kernel $words $*: no lines in the file" ;;
    esac
    if [ -n "$part" ]; then
      grep -qF -- "$part" "$dir/err" || complain "$kernel $words $*: no '$part'"
    else
      [ ! -s "$dir/err" ] || complain "$kernel $words $*: writes to stderr"
    fi
  done
}

all=panic,triple-fault,halt,text=never
ends 0 power-off '' poweroff --fail-on $all --timeout 100 --max-ticks 100000000000
ends 0 reset '' reboot -no-reboot --fail-on $all
ends 0 reset '' reboot -action reboot=shutdown
ends 1 debug-exit '' exit=0 --fail-on $all
ends 7 debug-exit '' exit=3
ends 255 debug-exit '' exit=127
ends 4 panic 'the guest has panicked: Kernel panic - not syncing: test' panic --fail-on $all
ends 10 halted 'halted for ever' panic
ends 6 triple-fault 'triple fault' triple --fail-on $all
ends 0 triple-fault 'triple fault' triple -no-reboot
ends 8 max-ticks 'used up its 50000000 ticks' triple --max-ticks 50000000
ends 10 halted 'halted for ever' halt --fail-on $all
ends 10 halted 'halted for ever' halt
ends 8 timeout '--timeout is over' spin --fail-on $all --timeout 0.5
ends 8 timeout '--timeout is over' flood --fail-on $all --timeout 0.5
ends 8 timeout '--timeout is over' idle --fail-on $all --timeout 0.5 --time live
ends 8 max-ticks 'used up its 30000000 ticks' spin --max-ticks 30000000
ends 8 max-ticks 'used up' flood --max-ticks 30000000
ends 8 max-ticks 'used up' idle --max-ticks 30000000000 --time fast
ends 12 text 'line 20 of a flood' flood --fail-on 'text=^line (20|30) of'
ends 12 text 'hello from kernel' poweroff --fail-on panic --fail-on 'text=^hello'
ends 2 bad-input 'text=(:' poweroff --fail-on 'text=('
ends 4 panic 'no RSDP' poweroff -no-acpi --fail-on panic

# A reset without -no-reboot is a reset.
ends 0 power-off '' 'reboot=triple boots=3' --fail-on panic,halt

# Equal ends at equal ticks.
for kernel in kernel32 kernel64; do
  for n in 1 2; do
    "$snowglobe" -kernel "$guest/$kernel" -append panic -display none -serial null --fail-on panic --digest --time fast \
      </dev/null >"$dir/$n" 2>/dev/null
    [ $? = 4 ] || complain "$kernel: status"
  done
  cmp "$dir/1" "$dir/2" || complain "$kernel: two ends differ"
done

# By a signal: in good order, with the file written, and then by that signal.
"$snowglobe" -kernel "$guest/kernel32" -append spin -nographic --status-json "$dir/status" -pidfile "$dir/pid" \
  </dev/null >"$dir/out" 2>"$dir/err" &
pid=$!
for _ in $(seq 200); do
  [ -s "$dir/out" ] && break
  sleep 0.05
done
[ "$(cat "$dir/pid")" = $pid ] || complain 'the pid file'
kill -s TERM $pid
wait $pid
status=$?
[ $status = 143 ] || complain "SIGTERM: status $status"
grep -qF '"reason": "signal"' "$dir/status" || complain 'SIGTERM: no status in the file'
[ ! -e "$dir/pid" ] || complain 'SIGTERM: the pid file is left'

# A crash of the emulator is no end of the guest.
"$snowglobe" -kernel "$guest/kernel32" -append spin -nographic --timeout 100 </dev/null >"$dir/out" 2>"$dir/err" &
pid=$!
for _ in $(seq 200); do
  [ -s "$dir/out" ] && break
  sleep 0.05
done
kill -s SEGV $pid
wait $pid
status=$?
[ $status = 14 ] || complain "a crash: status $status, not 14"
grep -qF 'a fault of the emulator' "$dir/err" || complain 'a crash: says nothing'
exit $bad
