# `tools/bench interp`: programs in the emulator and in Bochs. Sourced by tools/bench.
# shellcheck shell=bash
# shellcheck disable=SC2154 # what tools/bench sets

BOCHS_PACKAGES=(bochs bochsbios vgabios xorriso isolinux syslinux-common)
BOCHS_TIMEOUT_S=1800

# One ISO with the kernel and the RAM disk that the emulator gets, started by ISOLINUX.
make_iso() {
  local tree=$work/iso
  mkdir -p "$tree/isolinux" || exit 2
  cp "$kernel" "$tree/vmlinuz" && cp "$work/initrd.gz" "$tree/initrd.gz" &&
    cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$tree/isolinux/" || exit 2
  printf '%s\n' 'default bench' 'prompt 0' 'timeout 0' 'label bench' ' kernel /vmlinuz' \
    " append initrd=/initrd.gz $1" >"$tree/isolinux/isolinux.cfg"
  quietly "$work/iso.log" xorriso -as mkisofs -quiet -o "$work/bench.iso" -b isolinux/isolinux.bin \
    -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$tree" || die -s 2 "cannot make the ISO"
}

# bochs_run MARKS: the ISO in Bochs. Its only headless display listens on a port: no network for it.
bochs_run() {
  local alone=()
  if unshare -n true 2>/dev/null; then
    alone=(unshare -n)
  elif unshare -rn true 2>/dev/null; then
    alone=(unshare -rn)
  fi
  # The debugger that Debian builds in waits for `c`.
  echo c >"$work/debugger"
  sed "s|@ISO@|$work/bench.iso|; s|@SERIAL@|$work/com1|" tools/bench.d/bochsrc >"$work/bochsrc"
  "$work/marks" --fifo "$work/com1" --timeout $BOCHS_TIMEOUT_S \
    --log "$work/bochs.log" -- ${alone[@]+"${alone[@]}"} \
    bochs -q -f "$work/bochsrc" -rc "$work/debugger" >"$1" && return
  say "the end of what Bochs wrote:"
  tail -n 20 "$work/bochs.log" | sed 's/^/  | /' >&2
  die -s 2 "Bochs did not come to the end"
}

# collect WHO MARKS: appends `WHO NAME NANOSECONDS TICKS CHECK` lines to $work/samples; the boot is a
# program, too.
collect() {
  awk -F '\t' -v who="$1" '
    { split($1, w, " ") }
    w[1] == "@@BOOT" { print who, "boot", $2, w[2], "-" }
    w[1] == "@@BEGIN" { begin[w[2]] = $2 }
    w[1] == "@@END" { took[w[2]] = $2 - begin[w[2]] }
    w[1] == "@@RESULT" { printf "%s %s %.0f %s %s\n", who, w[2], took[w[2]], w[3], w[4] }' "$2" >>"$work/samples"
}

# value WHO NAME FIELD: the median over the runs (field 3 nanoseconds, 4 ticks); nothing if not measured
value() { awk -v who="$1" -v name="$2" -v field="$3" '$1 == who && $2 == name { print $field }' "$work/samples" | median; }

# What Bochs' figures belong to, besides the processor: the programs, how they are compiled, the kernel.
guest_key() {
  { cat tools/bench.d/guest/* "$kernel"; printf '%s\n' "${GUEST_FLAGS[@]}" "$(gcc -dumpfullversion)"; } | cksum | cut -d ' ' -f 1
}

# Takes Bochs' samples from a file that --json wrote; it has one program a line.
read_bochs_file() {
  local name
  grep -qF "\"guest\": \"$(guest_key)\"" "$bochs_file" ||
    say "note: $bochs_file was measured with another compiler, kernel or version of the programs"
  grep -qF "\"processor\": \"$(cpu_model)\"" "$bochs_file" ||
    say "note: $bochs_file was measured on another processor"
  for name in boot "${programs[@]}"; do
    sed -n "s/.*\"name\": \"$name\".*\"bochs_ns\": \[\([0-9, ]*\)\].*\"bochs_ticks\": \([0-9]*\).*/\1 \2/p" "$bochs_file" |
      tr -d , | awk -v name="$name" '{ for (i = 1; i < NF; i++) print "bochs", name, $i, $NF, "-" }' >>"$work/samples"
  done
  grep -q '^bochs ' "$work/samples" || die -s 2 "no figures of Bochs in $bochs_file"
}

check_results() {
  local name want got
  for name in "${programs[@]}"; do
    want=$(awk -v name="$name" '$1 == name { print $2 }' tools/bench.d/programs)
    while read -r got; do
      [ "$got" = "ours $want" ] || [ "$got" = "bochs $want" ] || [ "$got" = 'bochs -' ] || {
        say "$name: wrong result: $got, not $want"
        failed=1
      }
    done < <(awk -v name="$name" '$2 == name { print $1, $5 }' "$work/samples")
  done
}

# samples_of WHO NAME: as a JSON list
samples_of() { awk -v who="$1" -v name="$2" '$1 == who && $2 == name { printf "%s%s", n++ ? ", " : "", $3 }' "$work/samples"; }

write_json() {
  local name comma=
  {
    printf '{\n  "bench": "interp",\n  "date": "%s",\n  "processor": "%s",\n  "guest": "%s",\n  "kernel": "%s",\n' \
      "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(cpu_model)" "$(guest_key)" "$(cat "${kernel%/*}/package" 2>/dev/null)"
    printf '  "geometric_mean": %s,\n  "floors_met": %s,\n  "programs": [' "${geomean:-null}" \
      "$([ "$failed" = 0 ] && echo true || echo false)"
    for name in boot "${programs[@]}"; do
      printf '%s\n    {"name": "%s", "ticks": %.0f, "ours_ns": [%s], "bochs_ns": [%s], "bochs_ticks": %.0f}' "$comma" "$name" \
        "$(value ours "$name" 4)" "$(samples_of ours "$name")" "$(samples_of bochs "$name")" "$(value bochs "$name" 4)"
      comma=,
    done
    printf '\n  ]\n}\n'
  } >"$json" || die -s 2 "cannot write $json"
}

bench_interp() {
  local name append i ratio geomean='' list
  [ ${#programs[@]} != 0 ] || programs=("${known[@]}")
  runs=${runs:-1}
  if [ "$bochs" = 1 ] && [ -z "$bochs_file" ]; then
    packages_install "$yes" "${BOCHS_PACKAGES[@]}" || die -s 2 "Bochs is missing; --no-bochs goes without"
  fi

  list=$(IFS=,; printf %s "${programs[*]}")
  # Mitigations would be on in Bochs' processor and off in ours; the same kernel code shall run in both.
  append="console=ttyS0 quiet panic=-1 mitigations=off rdinit=/bench-init bench=$list"
  make_bench_initrd "${programs[@]}"
  : >"$work/samples"

  say "snowglobe ..."
  ours "$work/marks.out" "$append"
  collect ours "$work/marks.out"
  if [ -n "$bochs_file" ]; then
    read_bochs_file
  elif [ "$bochs" = 1 ]; then
    make_iso "$append"
  fi
  for ((i = 1; i <= runs; i++)); do
    if [ "$bochs" = 1 ] && [ -z "$bochs_file" ]; then
      say "bochs ... (run $i of $runs; some minutes, most of them for its boot)"
      bochs_run "$work/marks.out"
      collect bochs "$work/marks.out"
    fi
    say "snowglobe ... (run $i of $runs)"
    ours "$work/marks.out" "$append"
    collect ours "$work/marks.out"
  done
  check_results

  printf '%s; %s\n' "$(cpu_model)" "$(cat "${kernel%/*}/package" 2>/dev/null)"
  printf 'processor seconds, median of the runs; MIPS: million instructions per processor second\n\n'
  printf '%-10s %9s %9s %7s %8s %8s %8s\n' program 'ours s' 'bochs s' ratio 'M insns' 'ours' 'bochs'
  for name in boot "${programs[@]}"; do
    printf '%s %s %s %s %s\n' "$name" "$(value ours "$name" 3)" "$(value ours "$name" 4)" \
      "$(value bochs "$name" 3)" "$(value bochs "$name" 4)"
  done | awk '
    {
      ours = $2 / 1e9; ticks = $3 / 1e6; bochs = $4 / 1e9
      # The boots differ: in Bochs the kernel unpacks itself.
      if (NF < 5) printf "%-10s %9.3f %9s %7s %8.0f %8.0f\n", $1, ours, "-", "-", ticks, ticks / ours
      else printf "%-10s %9.3f %9.3f %7s %8.0f %8.0f %8.0f\n", $1, ours, bochs, \
        $1 == "boot" ? "-" : sprintf("%.2f", bochs / ours), ticks, ticks / ours, \
        ($1 == "boot" ? $5 / 1e6 : ticks) / bochs
    }'
  printf '\n'

  if [ "$bochs" = 1 ]; then
    geomean=$(for name in "${programs[@]}"; do
      printf '%s %s\n' "$(value ours "$name" 3)" "$(value bochs "$name" 3)"
    done | awk '$1 > 0 && $2 > 0 { sum += log($2 / $1); n++ } END { if (n) printf "%.2f", exp(sum / n) }')
    if [ ${#programs[@]} = ${#known[@]} ]; then
      verdict "times Bochs, geometric mean" "$geomean" at-least "$FLOOR_GEOMEAN" ""
    else
      printf '%-44s %9s       (not judged: not all programs)\n' "times Bochs, geometric mean" "$geomean"
    fi
    for name in $FLOOR_RATIO_OF; do
      ratio=$(awk -v a="$(value ours "$name" 3)" -v b="$(value bochs "$name" 3)" 'BEGIN { if (a > 0 && b > 0) printf "%.2f", b / a }')
      [ -z "$ratio" ] || verdict "times Bochs, $name" "$ratio" at-least "$FLOOR_RATIO" ""
    done
  fi
  for name in intmix boot; do
    [ -z "$(value ours $name 3)" ] ||
      verdict "$name" "$(awk -v n="$(value ours $name 3)" -v t="$(value ours $name 4)" 'BEGIN { printf "%.0f", t * 1000 / n }')" \
        at-least "$([ $name = boot ] && echo "$FLOOR_BOOT_MIPS" || echo "$FLOOR_MIPS")" MIPS
  done
  [ -z "$json" ] || write_json
}
