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

# Words of the monitor, what `info` shows and commands of QMP stand in their sections, and in the manual those of the first
# kind. What is called not there is not.
kernel=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/tests/guest/kernel32
# section NAME: the words in backquotes of its tables, those that are there first, then, behind a line "-", those that are not
section() {
  awk -F '|' -v name="## $1" '
    /^## / { in_it = $0 == name }
    in_it && /^\| .*`/ {
      n = split($2, words, "`")
      for (i = 2; i <= n; i += 2)
        if ($3 ~ /not there/) away = away words[i] "\n"
        else print words[i]
    }
    END { printf "-\n%s", away }' $table
}
compare() {
  local word name=$1 there away
  there=$(section "$name" | sed '/^-$/,$d')
  away=$(section "$name" | sed '1,/^-$/d')
  shift
  [ $# -ge 10 ] || complain "only $# words: $*"
  for word; do
    grep -qxF -- "$word" <<<"$there" || grep -qxF -- "$word" <<<"$away" || complain "$name of $table does not speak of $word"
  done
  for word; do
    # QMP has it, to say that there is no display.
    [ "$name $word" != 'QMP screendump' ] || continue
    ! grep -qxF -- "$word" <<<"$away" || complain "$word is there"
  done
}
if [ -e "$kernel" ]; then
  machine=("$snowglobe" -kernel "$kernel" -append spin -display none -serial null)
  printf 'help\ninfo\nquit\n' | timeout 60 "${machine[@]}" -monitor stdio | tr -d '\r' >"$dir/monitor"
  mapfile -t words < <(sed -n '1,/^(qemu) info$/s/^\([a-z][a-z_0-9]*\)[ |].*-- .*/\1/p' "$dir/monitor")
  mapfile -t shown < <(sed -n '/^(qemu) info$/,$s/^info \([a-z_0-9]*\).*-- .*/\1/p' "$dir/monitor")
  [ ${#words[@]} -ge 20 ] || complain "words of the monitor: ${words[*]}"
  [ ${#shown[@]} -ge 20 ] || complain "words of info: ${shown[*]}"
  compare Monitor "${words[@]}" "${shown[@]}"
  for word in "${words[@]}"; do
    grep -qE "^\.(It|Sh)? ?Cm( .*)? ?$word( |\$)" docs/manual/snowglobe.1.in || complain "the manual does not speak of $word"
  done
  printf '{"execute":"qmp_capabilities"}\n{"execute":"query-commands"}\n{"execute":"quit"}\n' |
    timeout 60 "${machine[@]}" -qmp stdio | tr '{' '\n' | sed -n 's/^"name": "\([^"]*\)".*/\1/p' >"$dir/qmp"
  mapfile -t words <"$dir/qmp"
  compare QMP "${words[@]}"
fi

# A flag is known to the program if it is not called otherwise. One with a warning is taken, with a line about it; one that is
# not there is refused.
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
