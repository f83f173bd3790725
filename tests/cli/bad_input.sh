#!/bin/bash
# Files that are missing, no files, damaged, or too large: one clear line on stderr and status 2. Needs no guest.
#   SNOWGLOBE=path-of-the-emulator tests/cli/bad_input.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  bad=1
}

# refused PART ARGUMENTS...: soon, with status 2, nothing on stdout, one line on stderr that contains PART. On a slow host
# a step of more than a second has told its progress before.
refused() {
  local part=$1 status
  shift
  timeout 60 "$snowglobe" "$@" </dev/null >"$dir/out" 2>"$dir/err"
  status=$?
  sed -i '/^snowglobe: [a-z ]* \.\.\.$/d' "$dir/err"
  [ $status = 2 ] || complain "$*: status $status, not 2"
  [ ! -s "$dir/out" ] || complain "$*: writes to stdout"
  [ "$(wc -l <"$dir/err")" = 1 ] || complain "$*: $(wc -l <"$dir/err") lines on stderr: $(cat "$dir/err")"
  grep -q '^snowglobe: ' "$dir/err" || complain "$*: does not say who speaks"
  grep -qF -- "$part" "$dir/err" || complain "$*: '$(cat "$dir/err")' without '$part'"
}

# With and without a display option: its note comes only when something starts.
for display in -nographic '-display none' ''; do
  # shellcheck disable=SC2086
  refused "$dir/nothing: No such file or directory" $display -kernel "$dir/nothing"
done
refused "$dir: is a directory" -kernel "$dir"
: >"$dir/empty"
refused "$dir/empty: the file is empty" -kernel "$dir/empty"
if [ "$(id -u)" != 0 ]; then
  echo secret >"$dir/secret"
  chmod 0 "$dir/secret"
  refused "$dir/secret: Permission denied" -kernel "$dir/secret"
fi

# No kernel at all, in different ways.
echo text >"$dir/text"
refused 'kernel' -kernel "$dir/text"
refused "does not fit into the guest's memory" -m 16 -kernel /dev/zero
head -c 100000 /dev/zero >"$dir/zeros"
refused 'kernel' -kernel "$dir/zeros"
head -c 300000 /dev/urandom >"$dir/noise"
refused 'kernel' -kernel "$dir/noise"
# The right signatures and then nothing.
{
  head -c 497 /dev/zero
  printf '\x1f'
  head -c 12 /dev/zero
  printf '\x55\xaa\xeb\x66HdrS\x0f\x02'
} >"$dir/cut"
refused 'kernel' -kernel "$dir/cut"
for size in 514 1024 16384; do
  {
    cat "$dir/cut"
    head -c $size /dev/zero
  } >"$dir/longer"
  refused 'kernel' -kernel "$dir/longer"
  {
    cat "$dir/cut"
    head -c $size /dev/zero | tr '\0' '\377'
  } >"$dir/longer"
  refused 'kernel' -kernel "$dir/longer"
done

# ELF files: this system's own programs are none that can start here.
if [ "$(head -c 4 "$snowglobe" | tail -c 3)" = ELF ]; then
  refused "$snowglobe: " -kernel "$snowglobe"
fi
# A multiboot header and an ELF file that ends there; modules.
{
  printf '\x7fELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0\0\0\x10\0\x34\0\0\0'
  head -c 20 /dev/zero
  printf '\x02\xb0\xad\x1b\3\0\0\0\xfb\x4f\x52\xe4'
  head -c 500 /dev/zero
} >"$dir/multiboot"
refused "$dir/multiboot: a multiboot header without addresses, and the ELF file's program headers are damaged" \
  -kernel "$dir/multiboot"
refused "$dir/nothing: No such file or directory" -kernel "$dir/multiboot" -initrd "$dir/text words,$dir/nothing words"
refused "-initrd: there are 64 modules at most" -kernel "$dir/multiboot" \
  -initrd "$(for _ in $(seq 65); do printf '%s,' "$dir/text"; done)"

# The RAM disk is looked at before the kernel is.
refused "$dir/nothing: No such file or directory" -kernel "$dir/text" -initrd "$dir/nothing"
refused "$dir: is a directory" -kernel "$dir/text" -initrd "$dir"
refused "$dir/empty: the file is empty" -kernel "$dir/text" -initrd "$dir/empty"
truncate -s 300M "$dir/large"
refused "$dir/large: does not fit into the guest's memory" -kernel "$dir/text" -initrd "$dir/large" -m 256

# Outputs that cannot be made.
refused "$dir/no/log: No such file or directory" -kernel "$dir/text" -serial file:"$dir/no/log"
refused "$dir/no/digest: No such file or directory" -kernel "$dir/text" -nographic --digest="$dir/no/digest"

# With a real kernel, if there is one.
kernel=${SNOWGLOBE_GUEST_DIR:+$SNOWGLOBE_GUEST_DIR/amd64/kernel/vmlinuz}
if [ -r "$kernel" ]; then
  size=$(stat -c %s "$kernel")
  for part in 600 5000 20000 $((size / 2)) $((size - size / 10)); do
    head -c "$part" "$kernel" >"$dir/part"
    refused 'kernel' -kernel "$dir/part"
  done
  head -c 125M /dev/zero >"$dir/big"
  refused 'init' -kernel "$kernel" -initrd "$dir/big" -m 128
  refused 'memory' -kernel "$kernel" -m 4
  refused 'command line' -kernel "$kernel" -append "$(head -c 5000 /dev/zero | tr '\0' x)"
fi
exit $bad
