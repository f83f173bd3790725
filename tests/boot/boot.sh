#!/bin/bash
# Boots one of Debian's kernels and checks what comes of it.
#
#   boot.sh MODE[:GUEST] SNOWGLOBE [ARGUMENT]
#
# GUEST is amd64 (the default), i386 (686-pae), i386-686 (without PAE, on a Pentium III) or compat (amd64 with 32-bit
# programs).
#
#   check          host-unpacked boot to the shell, `uname -a`, power off, status 0
#   no-acpi        the same without ACPI: interrupts by the MP table, and no way to turn the power off
#   guest-unpack   the same, the kernel unpacking itself
#   selftest       time, floating point, hashing, processes, signals, vulnerabilities in the guest
#   shell          commands typed into the interactive shell, `reboot` with -no-reboot
#   digests        equal digests at 20 points of two runs, the second with the host busy
#   pvh VMLINUX    the unpacked kernel by its PVH entry; VMLINUX is the program that unpacks it
#   engines        equal digests at 20 points in both engines
#   same OTHER     equal digests at 20 points in the build OTHER
#   mean OTHER     the same, SNOWGLOBE being the mean build: it says that it saved and loaded behind each event
#   same-programs OTHER, same-selftest OTHER
#                  the same, through the first programs of the self-test, and through all of it to the end
set -u
mode=${1%%:*} snowglobe=$2 other=${3-} guest=amd64
case $1 in *:*) guest=${1#*:} ;; esac
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)

# paths GUEST: what tools/guest/fetch has for it
paths() {
  "$here/../../tools/guest/fetch" "$1" --tests || {
    echo "SKIP: the guest's packages cannot be fetched" >&2
    exit 77
  }
}
case $guest in
compat)
  files=$(paths i386 | grep -v '^kernel=') || exit 77
  files+=$'\n'$(paths amd64 | grep '^kernel=') || exit 77
  ;;
*) files=$(paths "$guest") || exit 77 ;;
esac
options=() words=''
if [ "$guest" = i386-686 ]; then
  options=(-cpu pentium3) words=old-processor
fi
kernel=$(sed -n 's/^kernel=//p' <<<"$files")
initrd=$(sed -n 's/^initrd=//p' <<<"$files")
testrd=$(sed -n 's/^testrd=//p' <<<"$files")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAIL: $*"
  tail -n 40 "$work"/out* 2>/dev/null
  exit 1
}

# run WHERE INITRD APPEND OPTIONS...: standard output to WHERE
run() {
  local to=$1 rd=$2 append=$3
  shift 3
  "$snowglobe" -kernel "$kernel" -initrd "$rd" -append "console=ttyS0 panic=-1 $append $words" -nographic -nic none \
    -no-reboot --time fast ${options[@]+"${options[@]}"} "$@" >"$to" 2>"$work/err"
}

# The 32-bit kernels take three times as long to the prompt.
points=20 every=80000000 rd=$initrd append=quiet last='^root@snowglobe:'
[ "$guest" = amd64 ] || every=250000000
until=$((points * every))

# Twenty digests or more, from the kernel's entry to the prompt (unless a mode says otherwise); what goes to standard
# error to $2.err.
digests() {
  local snowglobe=$1 to=$2
  shift 2
  "$snowglobe" -kernel "$kernel" -initrd "$rd" -append "console=ttyS0 $append panic=-1 $words" -serial file:"$work/serial" \
    -display none -no-reboot ${options[@]+"${options[@]}"} --digest --digest-every $every --until $until \
    "$@" </dev/null >"$to" 2>"$to.err" || fail "status $? of $snowglobe: $(cat "$to.err")"
  [ "$(grep -c '^digest [0-9]* [0-9a-f]\{64\}$' "$to")" -ge $points ] || fail "fewer than $points digests from $snowglobe"
  grep -q "$last" "$work/serial" || fail "no line $last from $snowglobe"
}

case $mode in
check)
  run "$work/out" "$initrd" check </dev/null || fail "status $?"
  grep -q '^Linux .* GNU/Linux' "$work/out" || fail 'no uname line'
  for line in 'SMBIOS 2.8 present' 'DMI: Snowglobe pc-1, BIOS' 'found SMP MP-table at \[mem 0x000f5040-0x000f504f\]'; do
    grep -q "$line" "$work/out" || fail "no line '$line'"
  done
  # Nothing but what QEMU's pc says too.
  if grep -E 'WARNING|BUG:|Oops|Call Trace|\[Firmware|unchecked MSR' "$work/out"; then fail 'the kernel complains'; fi
  ;;
no-acpi)
  run "$work/out" "$initrd" 'check acpi=off' -smbios type=1,product=Room </dev/null
  status=$?
  [ $status = 10 ] || fail "status $status"
  for line in '^Linux .* GNU/Linux' 'DMI: Snowglobe Room' 'MPTABLE: OEM ID: SNOWGLOB' 'IOAPIC\[0\]: apic_id 0' \
    'reboot: System halted'; do
    grep -q "$line" "$work/out" || fail "no line '$line'"
  done
  ;;
guest-unpack)
  run "$work/out" "$initrd" check --guest-unpack </dev/null || fail "status $?"
  grep -q '^Linux .* GNU/Linux' "$work/out" || fail 'no uname line'
  ;;
pvh)
  "$other" "$kernel" "$work/vmlinux" || fail 'the kernel cannot be unpacked'
  kernel=$work/vmlinux
  run "$work/out" "$initrd" check </dev/null || fail "status $?"
  grep -q '^Linux .* GNU/Linux' "$work/out" || fail 'no uname line'
  grep -q 'ACPI: RSDP 0x00000000000F5' "$work/out" || fail 'no ACPI tables'
  ;;
selftest)
  run "$work/out" "$testrd" selftest </dev/null || fail "status $?"
  grep -q 'SELFTEST DONE 0 failed' "$work/out" || fail 'the self-test'
  grep -E '^(PASS|FAIL) ' "$work/out"
  ;;
shell)
  # shellcheck disable=SC2016 # the guest's shell adds
  printf 'echo one$((1 + 1))two\ncat /proc/cpuinfo\nreboot -f\n' >"$work/in"
  run "$work/out" "$initrd" quiet <"$work/in" || fail "status $?"
  grep -q 'one2two' "$work/out" || fail 'the shell did not answer'
  grep -q 'GenuineIntel' "$work/out" || fail 'no processor'
  ;;
digests)
  digests "$snowglobe" "$work/one"
  # The second run with a busy host: one process that we end by its id.
  (while :; do :; done) &
  busy=$!
  digests "$snowglobe" "$work/two"
  kill "$busy"
  wait "$busy" 2>/dev/null
  cmp "$work/one" "$work/two" || fail 'two runs differ'
  ;;
engines)
  digests "$snowglobe" "$work/one" --engine interp
  digests "$snowglobe" "$work/two" --engine jit
  cmp "$work/one" "$work/two" || fail 'the engines differ'
  ;;
same | same-programs | same-selftest | mean)
  # The self-test sleeps until tick 4.8e9; clocks and awk follow to 5.4e9, md5sum of 64 MiB to 6.4e9, and it powers off
  # at about 14.5e9.
  case $mode in
  same-programs) every=320000000 until=6400000000 rd=$testrd append=selftest last='^PASS float' ;;
  same-selftest) every=640000000 until=40000000000 rd=$testrd append=selftest last='^SELFTEST DONE 0 failed' ;;
  esac
  [ -x "$other" ] || {
    echo "SKIP: $other is not built"
    exit 77
  }
  digests "$snowglobe" "$work/one"
  digests "$other" "$work/two"
  cmp "$work/one" "$work/two" || fail 'the builds differ'
  if [ "$mode" = mean ]; then
    line=$(grep -o 'mean build: .*' "$work/one.err") || fail "$snowglobe does not say what it saved and loaded"
    read -r events shakes < <(tr -cs '0-9\n' ' ' <<<"$line")
    if [ "$events" != "$shakes" ] || [ "$events" -lt 100 ]; then fail "$line"; fi
    echo "$line"
  fi
  ;;
*)
  echo "boot.sh: unknown mode $mode" >&2
  exit 2
  ;;
esac
echo "ok $mode"
