#!/bin/bash
# docs/compat.md speaks of each option of the program, those without a line in -help too, and of each flag that the
# makefiles and scripts of courses pass to QEMU; and what it calls the same, differing, a warning or not there is so.
#   SNOWGLOBE=path-of-the-emulator tests/cli/compat.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
cd "${BASH_SOURCE[0]%/*}/../.." || exit 1
table=docs/compat.md
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  bad=1
}

# flags: the first column of the tables of flags, one flag on each line, with its state
flags() {
  awk -F '|' '
    /^## / { flags = $0 == "## Flags" }
    flags && /^\| `/ {
      n = split($2, words, "`")
      state = $4 == "" ? "own" : $3
      gsub(/ /, "", state)
      for (i = 2; i <= n; i += 2) {
        sub(/ .*/, "", words[i])
        sub(/^-*/, "", words[i])
        print words[i], state
      }
    }' $table
}
spoken=$(flags)

declare -A argument=()
while read -r option kind; do
  argument[$option]=$kind
done < <(sed -nE '/struct option options\[\]/,/^};/s/^ *\{"([^"]*)", *"--?", *(ARG_[A-Z]*),.*/\1 \2/p' host/options.c)
shown=$("$snowglobe" -help | awk '/^-/ { seen = 1; print } /^$/ && seen { exit }' | grep -c '^-')
[ ${#argument[@]} -ge "$shown" ] || complain "the table has ${#argument[@]} options, and -help $shown"
for option in "${!argument[@]}"; do
  [ "$(grep -c "^$option " <<<"$spoken")" = 1 ] || complain "$table does not speak of -$option, or more than once"
done
for flag in m smp drive serial nographic S gdb s p D hda hdb net redir k vnc netdev device object display no-reboot kernel \
  initrd append cdrom boot snapshot loadvm monitor qmp pidfile icount rtc enable-kvm d; do
  grep -q "^$flag " <<<"$spoken" || complain "$table does not speak of -$flag"
done
for words in isa-debug-exit e1000 filter-dump hostfwd '-j SEED'; do
  grep -qF -- "$words" $table || complain "$table does not speak of $words"
done

# A flag is known to the program if it is not called otherwise. One with a warning is taken, with a line about it; one that is
# not there is refused.
kernel=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/tests/guest/kernel32
warnings=0
while read -r flag state; do
  [ "$state" = notthere ] || [ -n "${argument[$flag]-}" ] || complain "-$flag is called '$state', but is not there"
  value=()
  [ "${argument[$flag]-}" = ARG_NONE ] || value=(x)
  case $state in
  warning)
    [ -e "$kernel" ] || continue
    warnings=$((warnings + 1))
    "$snowglobe" -kernel "$kernel" -append exit=3 -nographic "-$flag" ${value[@]+"${value[@]}"} </dev/null >"$dir/out" 2>"$dir/err"
    status=$?
    [ $status = 7 ] || complain "-$flag: status $status"
    grep -q "^snowglobe: -${flag}[ :]" "$dir/err" || complain "-$flag: no warning: $(cat "$dir/err")"
    ;;
  notthere)
    "$snowglobe" -kernel "$kernel" "-$flag" ${value[@]+"${value[@]}"} </dev/null >"$dir/out" 2>"$dir/err"
    status=$?
    [ $status = 2 ] || complain "-$flag: status $status: it is there"
    ;;
  esac
done <<<"$spoken"
[ ! -e "$kernel" ] || [ $warnings -ge 5 ] || complain "$warnings flags with a warning"
exit $bad
