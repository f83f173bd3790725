#!/bin/bash
# The manual page is sound, and each option of -help stands in it and in each shell's completions, once.
#   SNOWGLOBE=path-of-the-emulator tests/cli/manual.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
made=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/docs
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  bad=1
}

# times COUNT FILE PATTERN: lines of the file that match
times() {
  [ "$(grep -cE -- "$3" "$made/$2")" = "$1" ] || complain "$2 has not $1 lines like '$3'"
}

[ -s "$made/snowglobe.1" ] || {
  echo 'SKIP: this build has made no manual page'
  exit 77
}
mapfile -t options < <("$snowglobe" -help | awk '/^-/ { seen = 1; sub(/[^A-Za-z0-9_-].*/, ""); print } /^$/ && seen { exit }')
[ ${#options[@]} -ge 20 ] || complain "-help lists ${#options[@]} options"
for option in "${options[@]}"; do
  name=${option#-}
  name=${name#-}
  roff=${name//-/\\\\-}
  case $option in
  --*)
    times 1 snowglobe.1 "^\.It Fl Fl \\\\&$roff( |\$)"
    times 1 snowglobe.fish " -l $name "
    ;;
  *)
    times 1 snowglobe.1 "^\.It Fl \\\\&$roff( |\$)"
    times 1 snowglobe.fish " -[so] $name "
    ;;
  esac
  times 1 _snowglobe "^  '\*$option(=-)?\["
  # In bash all names are words of one line.
  times 1 snowglobe "\*\) words='([^']* )?$option( [^']*)?'"
done
times ${#options[@]} snowglobe.1 '^\.It Fl '
times ${#options[@]} _snowglobe "^  '\*-"
times $((${#options[@]} + 1)) snowglobe.fish '^complete '
! grep -n '@[A-Z]*@' "$made"/snowglobe* "$made/_snowglobe" || complain 'a mark of the template is left'

# What a tool says of it, if there is one. The pages that it refers to need not be installed.
if command -v mandoc >/dev/null; then
  lint=$(mandoc -Tlint "$made/snowglobe.1" 2>&1 | grep -v 'referenced manual not found\|outdated mandoc.db')
  [ -z "$lint" ] || complain "mandoc: $lint"
fi
if command -v groff >/dev/null; then
  lint=$(groff -ww -mandoc -Tascii -z "$made/snowglobe.1" 2>&1)
  [ -z "$lint" ] || complain "groff: $lint"
fi
for shell in zsh fish; do
  file=_snowglobe
  [ $shell = zsh ] || file=snowglobe.fish
  if command -v $shell >/dev/null; then
    $shell -n "$made/$file" || complain "$shell does not take $file"
  fi
done
exit $bad
