# `tools/bench boot`, `memory` and `idle`: the whole machine. Sourced by tools/bench.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what tools/bench sets and reads

bench_boot() {
  local i append='console=ttyS0 quiet panic=-1 rdinit=/bench-init' start
  make_bench_initrd
  : >"$work/boots"
  for ((i = 1; i <= ${runs:-5}; i++)); do
    ours "$work/marks.out" "$append"
    awk -F '\t' '{ split($1, w, " ") } w[1] == "@@BOOT" { print w[2], $2, $3 }' "$work/marks.out" | tee -a "$work/boots" |
      awk -v i="$i" '{ printf "run %d: %.0f million instructions, %.2f s processor time, %.2f s\n", i, $1 / 1e6, $2 / 1e9, $3 / 1e9 }'
  done
  # The emulator's own start, most of it unpacking the kernel: a run that stops at the first instruction.
  local TIMEFORMAT='%U %S'
  start=$({ time "$emulator" -kernel "$kernel" -initrd "$work/initrd.gz" -append "$append" -nographic -nic none \
    --until 1 </dev/null >/dev/null 2>"$work/start.log"; } 2>&1 | awk '{ printf "%.2f", $1 + $2 }')
  set -- "$(cut -d ' ' -f 1 "$work/boots" | median)" "$(cut -d ' ' -f 2 "$work/boots" | median)"
  awk -v t="$1" -v n="$2" -v s="$start" 'BEGIN {
    printf "\nmedian: %.0f million instructions in %.2f s, of which %.2f s before the first\n", t / 1e6, n / 1e9, s
    printf "        %.0f MIPS from the first instruction on\n\n", t / (n / 1e9 - s) / 1e6 }'
  verdict "boot to the shell, with the emulator's start" "$(awk -v t="$1" -v n="$2" 'BEGIN { printf "%.0f", t * 1000 / n }')" \
    at-least "$FLOOR_BOOT_MIPS" MIPS
}

# at_console STEP... : the ordinary guest at a terminal, with $machine_options
machine_options=()
at_console() {
  "$work/console" --log "$work/console.log" expect '# ' "$@" -- "$emulator" -kernel "$kernel" -initrd "$shell_initrd" \
    -append 'console=ttyS0 quiet panic=-1' -nographic -nic none -no-reboot ${machine_options[@]+"${machine_options[@]}"} && return
  say "the end of the console:"
  tail -n 20 "$work/console.log" | sed 's/^/  | /' >&2
  die -s 2 "the guest did not answer"
}

# What the guest has not touched is at most what its kernel calls free; a page that was used and given
# back counts here as untouched, so this asks for more than the floor's words do.
bench_memory() {
  local mib out free rss peak touched
  for mib in 128 1024; do
    machine_options=(-m "$mib")
    out=$(at_console settle 1 send 'grep MemFree /proc/meminfo\r' line MemFree memory) || exit
    free=$(awk '$1 == "MemFree:" { print $2 }' <<<"$out")
    read -r rss peak < <(sed -n 's/^memory //p' <<<"$out")
    touched=$((mib * 1024 - free))
    printf -- '-m %-5s touched at most %d MiB, resident %d MiB, at the peak %d MiB\n' \
      $mib $((touched / 1024)) $((rss / 1024)) $((peak / 1024))
    verdict "resident beyond that, -m $mib" $(((rss - touched + 1023) / 1024)) at-most "$FLOOR_MEMORY_MIB" MiB
  done
}

bench_idle() {
  local out median worst
  out=$(at_console settle 3 cpu 20 echo 60 send 'while :; do :; done &\r' settle 1 echo 60) || exit
  verdict "idle guest at a terminal, of a core" "$(sed -n 's/^cpu //p' <<<"$out")" below "$FLOOR_IDLE_PERCENT" %
  read -r median worst < <(sed -n 's/^echo //p' <<<"$out" | head -n 1)
  verdict "key to echo, idle guest (worst $worst)" "$median" at-most "$FLOOR_ECHO_MS" ms
  read -r median worst < <(sed -n 's/^echo //p' <<<"$out" | tail -n 1)
  verdict "key to echo, busy guest (worst $worst)" "$median" at-most "$FLOOR_ECHO_MS" ms
}
