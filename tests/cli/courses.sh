#!/bin/bash
# The command lines of well-known courses' makefiles, as written there (tests/courses), with `QEMU=` this emulator and the
# small kernels of tests/guest/kernels.
#   SNOWGLOBE=path-of-the-emulator tests/cli/courses.sh
set -u
snowglobe=$(realpath "${SNOWGLOBE:?the path of the emulator}") || exit 1
guest=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/tests/guest
courses=$(realpath "${BASH_SOURCE[0]%/*}/../courses")
[ -r "$guest/kernel32" ] || {
  echo 'SKIP: there is no compiler for the small kernels'
  exit 77
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  tail -n 5 out err
  bad=1
}

# course STATUS FILE TARGET KERNEL WORDS [VARIABLE=VALUE...]: the status of the recipe, which make reports if it is not 0
course() {
  local want=$1 what="$2 $3 $4 $5" status
  local args=(-f "$courses/$2" "$3" "QEMU=$snowglobe" "KERNEL=$guest/$4" "WORDS=$5")
  shift 5
  timeout 120 make --no-print-directory "${args[@]}" "$@" </dev/null >out 2>err
  status=$?
  if [ $status = 2 ]; then
    status=$(sed -n 's/^make: \*\*\* .*\] Error \([0-9]*\)$/\1/p' err)
  fi
  [ "$status" = "$want" ] || complain "$what: status ${status:-unknown}, not $want"
}

# has FILE LINE...: whole lines of it
has() {
  local file=$1 line
  shift
  for line; do
    tr -d '\r' <"$file" | grep -qxF -- "$line" || complain "$file has no line '$line'"
  done
}

# says PART...: on standard error
says() {
  local part
  for part; do
    grep -qF -- "$part" err || complain "does not say '$part'"
  done
}

# quiet: nothing from the emulator on standard error
quiet() { ! grep '^snowglobe: ' err || complain "it says something"; }

for kernel in kernel32 kernel64; do
  # xv6
  course 0 xv6.mk qemu-nox $kernel poweroff
  says '-smp 2: one processor runs'
  has out "hello from $kernel" 'memory: lower 639 KiB, upper 523200 KiB' 'power off'
  course 7 xv6.mk qemu-nox $kernel exit=3 CPUS=1 QEMUEXTRA='-nic none'
  quiet
  course 0 xv6.mk qemu $kernel poweroff
  has out "hello from $kernel" 'power off'

  # Kernel files with a serial console
  course 0 osdev.mk run-nox $kernel 'triple now'
  has out "command line: $guest/$kernel triple now" triple
  course 0 osdev.mk run-nox $kernel reboot
  has out rebooting
  course 0 osdev.mk run $kernel poweroff
  has out 'power off'
  says '-k en-us:' '-vga std:' '-boot d:'
  course 0 osdev.mk run-kvm $kernel poweroff
  has out 'power off'
  says '-enable-kvm: the guest is always emulated' 'accel=kvm: the guest is always emulated'
  course 7 osdev.mk run-icount $kernel exit=3
  says '-icount shift=auto,sleep=off: time is always counted in instructions'
  printf one >one
  course 0 osdev.mk run-modules $kernel poweroff 'MODULES=one first,one second'
  grep -q '^module: one second, 3 bytes' out || complain 'no module'

  # Debug exit
  course 0 debugexit.mk test $kernel exit=16
  quiet
  has out 'debug exit'
  course 1 debugexit.mk test $kernel exit=17
  course 1 debugexit.mk test $kernel poweroff
  # As Pintos does: the port that the device has if none is named.
  course 0 debugexit.mk test-501 $kernel exit=49
  has out 'debug exit'
  course 0 osdev.mk run-nox $kernel 'exit=49 port=1281'
  course 0 debugexit.mk test-file $kernel exit=16
  has serial.log "hello from $kernel" 'debug exit'
  course 0 debugexit.mk test-two $kernel exit=16
  has one.log 'debug exit'
  if [ ! -f two.log ] || [ -s two.log ] || [ ! -f debug.log ]; then complain 'the second port or the debug console'; fi
done

# JOS: with a port for gdb that nobody comes to, and a log.
port=$((31000 + $$ % 1000))
for kernel in kernel32 kernel64; do
  rm -f qemu.log
  course 0 jos.mk qemu-nox $kernel poweroff "GDBPORT=$port"
  quiet
  has out 'power off'
  [ -f qemu.log ] || complain 'no qemu.log'
done
[ "$(make -s -f "$courses/jos.mk" print-gdbport GDBPORT=26000)" = 26000 ] || complain print-gdbport

# A run in the background: its number is in a file as long as it runs, and SIGTERM ends it.
rm -f qemu.pid
timeout 120 make --no-print-directory -f "$courses/osdev.mk" run-log "QEMU=exec $snowglobe" "KERNEL=$guest/kernel32" \
  WORDS=idle </dev/null >out 2>err &
for ((n = 0; n < 300; n++)); do
  grep -qsx $'idle\r*' serial.log && [ -s qemu.pid ] && break
  sleep 0.1
done
has serial.log idle
kill -TERM "$(cat qemu.pid)" || complain 'it has gone'
wait $!
grep -q 'Terminated' err || complain 'it did not end by the signal'
[ ! -e qemu.pid ] || complain 'qemu.pid is still there'

# What the makefiles ask of -help
got=$(make --no-print-directory -f "$courses/xv6.mk" print-gdb "QEMU=$snowglobe" GDBPORT=26000)
[ "$got" = '-gdb tcp::26000' ] || complain "print-gdb: $got"
exit $bad
