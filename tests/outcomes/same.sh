#!/bin/bash
# same.sh OTHER COMMAND...: do the program `outcomes` of this build, started by COMMAND, and that of another, OTHER, print the
# same?
set -u
other=$1
shift
[ -x "$other" ] || {
  echo "SKIP: $other is not built"
  exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$other" >"$work/other" && "$@" >"$work/this" || exit 1
[ "$(wc -l <"$work/this")" -gt 1000 ] || {
  echo "FAIL: only $(wc -l <"$work/this") lines"
  exit 1
}
diff "$work/other" "$work/this" >"$work/diff" || {
  echo "FAIL: $(grep -c '^>' "$work/diff") of $(wc -l <"$work/this") sizes and forms differ:"
  head -n 30 "$work/diff"
  exit 1
}
echo "$(wc -l <"$work/this") sizes and forms of instructions"
