#!/bin/bash
# What bash proposes for a command line, as with readline: the words that it would put where its own cut of the line
# begins. Each fixed word that it proposes is one that the program takes.
#   SNOWGLOBE=path-of-the-emulator tests/cli/completions.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
file=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/docs/snowglobe
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

[ -s "$file" ] || {
  echo 'SKIP: this build has made no completions'
  exit 77
}
# shellcheck source=/dev/null
. "$file" || exit 1
complete -p snowglobe | grep -q -- '-F _snowglobe snowglobe' || {
  echo 'FAIL: nothing is registered'
  exit 1
}

# proposals LINE: in COMPREPLY
proposals() {
  COMP_LINE=$1 COMP_POINT=${#1}
  COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
  _snowglobe
}

# expect LINE WORD...: exactly these, in any order
expect() {
  local line=$1 got want
  shift
  proposals "$line"
  got=$(printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} | sort)
  want=$(printf '%s\n' "$@" | sort)
  [ "$got" = "$want" ] || {
    printf 'FAIL: "%s": %s\n' "$line" "${got//$'\n'/ }, not ${want//$'\n'/ }"
    bad=1
  }
}

mkdir "$dir/d"
touch "$dir/kernel one" "$dir/kernel-two" "$dir/other"
cd "$dir" || exit 1
expect 'snowglobe -nogr' -nographic
expect 'snowglobe -nographic -ker' -kernel
expect 'snowglobe --ker' --kernel
expect 'snowglobe --digest' --digest --digest-every
expect 'snowglobe -kernel ker' 'kernel one' kernel-two
expect 'snowglobe   --kernel   ker' 'kernel one' kernel-two
expect 'snowglobe -kernel=ker' 'kernel one' kernel-two
expect 'snowglobe -kernel ' 'kernel one' kernel-two other d
expect 'snowglobe -append ' ''
expect 'snowglobe -append root=/dev/ker' ''
expect 'snowglobe -cpu pen' pentium pentium3
expect 'snowglobe --engine ' interp jit
expect 'snowglobe --engine=j' jit
expect 'snowglobe --time ' fast live
expect 'snowglobe -rtc b' base=
expect 'snowglobe -serial std' stdio
expect 'snowglobe -serial mon:st' stdio
expect 'snowglobe -serial file:oth' other
expect 'snowglobe --digest=oth' other
expect 'snowglobe -display ' none

# Every word is taken: whatever is said then is not about it. Of `name=` and `file:` the rest is missing.
mapfile -t options < <("$snowglobe" -help | awk '/^-/ { seen = 1; sub(/[^A-Za-z0-9_-].*/, ""); print } /^$/ && seen { exit }')
words=0
for option in "${options[@]}"; do
  proposals "snowglobe $option "
  # Without a value the next word is an option again.
  case "${COMPREPLY[*]-}" in *-help*) continue ;; esac
  for word in ${COMPREPLY[@]+"${COMPREPLY[@]}"}; do
    case $word in
    *[=:] | '' | d | other | kernel*) continue ;;
    esac
    words=$((words + 1))
    message=$(timeout 20 "$snowglobe" "$option" "$word" -kernel "$dir/nothing" 2>&1 </dev/null)
    case $message in
    *"$dir/nothing: No such file"*) ;;
    *"expected"* | *"unknown"* | *"not there"* | *"no such"*)
      printf 'FAIL: %s %s: %s\n' "$option" "$word" "$message"
      bad=1
      ;;
    esac
  done
done
[ $words -ge 10 ] || {
  printf 'FAIL: only %s words\n' $words
  bad=1
}

if command -v fish >/dev/null; then
  got=$(HOME=$dir fish --no-config -c "source '$file.fish'; complete -C 'snowglobe --engine '" | cut -f 1 | tr '\n' ' ')
  [ "$got" = 'interp jit ' ] || {
    printf 'FAIL: fish proposes "%s"\n' "$got"
    bad=1
  }
fi
exit $bad
