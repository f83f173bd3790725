# Words that every script here speaks: messages, steps with times, retries, folders.
# Sourced by bash with `set -u`; defines functions and a few variables, does nothing else.
# shellcheck shell=bash

# The repository's root, as an absolute path.
# shellcheck disable=SC2034 # for the scripts that source this
SNOWGLOBE_ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)

# say TEXT...: one line for a person. Results that another program reads go to stdout, all else here.
say() { printf '%s\n' "$*" >&2; }

# die [-s STATUS] TEXT...: one line, then the end of the script (status 1 unless given).
die() {
  local status=1
  if [ "$1" = -s ]; then
    status=$2
    shift 2
  fi
  say "${0##*/}: $*"
  exit "$status"
}

# have COMMAND: is it installed?
have() { command -v "$1" >/dev/null 2>&1; }

# cache_dir: prints the folder for what can be fetched or made again.
cache_dir() {
  local base=${XDG_CACHE_HOME:-}
  # The XDG rules: a relative path there counts as unset.
  case $base in
  /*) ;;
  *) base=${HOME:?neither XDG_CACHE_HOME nor HOME is set}/.cache ;;
  esac
  printf '%s/snowglobe\n' "$base"
}

# now_ms: milliseconds of the wall clock.
now_ms() {
  local t=${EPOCHREALTIME/[.,]/}
  printf '%s\n' "${t%???}"
}

# seconds FROM_MS: the time since then as "1.2 s" or "3 min 05 s".
seconds() {
  local ms=$(($(now_ms) - $1))
  if [ "$ms" -lt 100000 ]; then
    printf '%d.%d s\n' $((ms / 1000)) $((ms % 1000 / 100))
  else
    printf '%d min %02d s\n' $((ms / 60000)) $((ms / 1000 % 60))
  fi
}

# retry TIMES PAUSE COMMAND...: runs it until it succeeds; the pause (seconds) grows each time.
retry() {
  local times=$1 pause=$2 i
  shift 2
  for ((i = 1; ; i++)); do
    "$@" && return 0
    [ "$i" -ge "$times" ] && return 1
    say "      that failed; trying again in $((pause * i)) s ($((i + 1)) of $times)"
    sleep $((pause * i))
  done
}

# step N OF TEXT announces a step; step_done [TEXT] ends it with its time.
STEP_BEGAN=0
step() {
  STEP_BEGAN=$(now_ms)
  say "[$1/$2] $3"
}
step_done() { say "      ${1:-done} ($(seconds "$STEP_BEGAN"))"; }

# quietly LOG COMMAND...: its output goes to LOG; a terminal shows the last line, anything else a
# line every ten seconds. On failure the log's last 30 lines are printed. Gives the command's status.
# The command stays in the foreground so that Ctrl-C reaches it.
quietly() {
  local log=$1 status
  shift
  mkdir -p "${log%/*}"
  # The command's own stdin is the caller's: sudo and apt may ask on it.
  "$@" 2>&1 | show_progress "$log"
  status=${PIPESTATUS[0]}
  if [ "$status" != 0 ]; then
    say "      failed; the end of $log:"
    tail -n 30 "$log" | sed 's/^/      | /' >&2
  fi
  return "$status"
}

show_progress() {
  local line width=${COLUMNS:-80} shown=$SECONDS
  : >"$1"
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$line" >>"$1"
    if [ -t 2 ]; then
      line=${line//[^[:print:]]/ }
      printf '\r\033[K      %s' "${line:0:width-7}" >&2
    elif [ $((SECONDS - shown)) -ge 10 ]; then
      shown=$SECONDS
      say "      ... ${line:0:100}"
    fi
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}
