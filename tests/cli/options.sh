#!/bin/bash
# The command line: help, version, and one clear line with status 2 for each mistake. Needs no guest.
#   SNOWGLOBE=path-of-the-emulator tests/cli/options.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  bad=1
}

# refused PART ARGUMENTS...: status 2, nothing on stdout, one line on stderr that contains PART
refused() {
  local part=$1 status
  shift
  "$snowglobe" "$@" </dev/null >"$dir/out" 2>"$dir/err"
  status=$?
  [ $status = 2 ] || complain "$*: status $status, not 2"
  [ ! -s "$dir/out" ] || complain "$*: writes to stdout"
  [ "$(wc -l <"$dir/err")" = 1 ] || complain "$*: $(wc -l <"$dir/err") lines on stderr"
  grep -q '^snowglobe: ' "$dir/err" || complain "$*: does not say who speaks"
  grep -qF -- "$part" "$dir/err" || complain "$*: '$(cat "$dir/err")' without '$part'"
}

for help in -h -help --help; do
  "$snowglobe" $help >"$dir/help" 2>"$dir/err" </dev/null || complain "$help: status $?"
  [ ! -s "$dir/err" ] || complain "$help: writes to stderr"
done
# As makefiles ask: options stand at column 0.
for option in h help version kernel initrd append m smp nographic display serial monitor debugcon device fw_cfg nic net gdb s S \
  D qmp mon chardev parallel echr nodefaults no-acpi no-shutdown action pidfile \
  no-reboot rtc smbios uuid; do
  grep -qE -- "^-$option( |$)" "$dir/help" || complain "-help does not list -$option"
done
for option in time until digest digest-every seed engine guest-unpack fail-on timeout max-ticks status-json; do
  grep -qE -- "^--$option( |\[|$)" "$dir/help" || complain "-help does not list --$option"
done
"$snowglobe" -version | grep -qE '^snowglobe [0-9]+\.[0-9]+' || complain '-version'
"$snowglobe" -help >&- 2>/dev/null && complain '-help with stdout closed: status 0'

refused "'-kernel'" -kernal x
refused "'-nographic'" -nograhpic
refused "'--digest-every'" --digest-evry 5
refused "'-serial'" --seriall stdio
refused '-kernel needs an argument' -kernel
refused '-kernel FILE is missing'
refused '-kernel FILE is missing' -nographic
refused '-initrd needs -kernel' -initrd x
refused 'disk.img: disks come later' disk.img
refused 'disks come later' -hda disk.img
refused "no log item 'foo'" -kernel k -d foo
refused 'networks come later' -kernel k -nic user
refused 'steam' -kernel k --engine steam
refused 'only once' -kernel k -serial stdio -serial stdio
refused 'no window yet' -kernel k -display gtk
refused 'tcp:1' -kernel k -serial tcp:1
refused 'iobase=0xf4' -kernel k -device isa-debug-exit,iobase=0x502
refused 'e1000' -kernel k -device e1000
refused "'uuid' is no UUID" -kernel k -smbios type=1,uuid=7
refused "'type=2' is not a type that can be set" -kernel k -smbios type=2,serial=x
refused '-uuid 1234' -kernel k -uuid 1234
refused 'string=TEXT' -kernel k -fw_cfg opt/x
refused '/nonexistent' -kernel k -fw_cfg opt/x,file=/nonexistent
for size in 0 -1 x 1x 12MB 0.1 65G 99999999999999999999 1.5k '' ' ' nan 1e3; do
  refused "-m $size" -kernel k -m "$size"
done
for cpus in 0 256 -1 two 2,cows=1 ''; do
  refused "-smp $cpus" -kernel k -smp "$cpus"
done
refused '--until soon' -kernel k --until soon
refused 'at least 1' -kernel k --digest-every 0
refused '--seed 1x' -kernel k --seed 1x
refused 'base=2023-02-29' -kernel k -rtc base=2023-02-29
refused '--time slow' -kernel k --time slow
exit $bad
