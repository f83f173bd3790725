#!/bin/bash
# What a course's grader does: starts the kernel by make, held; connects to gdb's port; sets breakpoints and lets it go on
# without ever acknowledging a packet; takes a reply that begins with T05 for a breakpoint; interrupts it; ends it.
#   SNOWGLOBE=path-of-the-emulator tests/cli/grader.sh
set -u
snowglobe=$(realpath "${SNOWGLOBE:?the path of the emulator}") || exit 1
guest=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/tests/guest
courses=$(realpath "${BASH_SOURCE[0]%/*}/../courses")
[ -r "$guest/kernel32" ] || {
  echo 'SKIP: there is no compiler for the small kernels'
  exit 77
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
make=''
mkfifo input && exec 4<>input || exit 1

fail() {
  printf 'FAIL: %s\n' "$1"
  tail -n 20 out
  [ -z "$make" ] || kill "$make"
  exit 1
}

# send COMMAND: as a packet, with nothing before it
send() {
  local n sum=0
  for ((n = 0; n < ${#1}; n++)); do
    sum=$((sum + $(printf '%d' "'${1:n:1}")))
  done
  printf '$%s#%02x' "$1" $((sum % 256)) >&3
}

# stop PATTERN: within 30 seconds comes a reply that matches
buffer=''
stop() {
  local c end=$((SECONDS + 30))
  while [ $SECONDS -lt $end ]; do
    if [[ $buffer =~ \$([^#]*)#[0-9a-f][0-9a-f] ]]; then
      buffer=${buffer#*"${BASH_REMATCH[0]}"}
      # shellcheck disable=SC2254 # a pattern
      case ${BASH_REMATCH[1]} in $1) return ;; esac
      continue
    fi
    IFS= read -r -N 1 -t 1 -u 3 c && buffer+=$c
  done
  fail "no reply $1, but '$buffer'"
}

# within 30 seconds the output has such a line
output() {
  local n
  for ((n = 0; n < 300; n++)); do
    tr -d '\r' <out | grep -qxE -- "$1" && return
    sleep 0.1
  done
  fail "no line '$1'"
}

for kernel in kernel32 kernel64; do
  # Nobody may be there before.
  port=$((25000 + $$ % 5000))
  while (exec 3<>"/dev/tcp/localhost/$port") 2>/dev/null; do port=$((port + 1)); done
  : >out
  make -s --no-print-directory -f "$courses/jos.mk" qemu-nox-gdb "QEMU=$snowglobe" "KERNEL=$guest/$kernel" WORDS=idle \
    GDBPORT=$port QEMUEXTRA='-pidfile pid' <input >out 2>&1 &
  make=$!
  output '\*\*\* Now run .*'
  for ((n = 0; n < 150; n++)); do
    exec 3<>"/dev/tcp/localhost/$port" && break
    sleep 0.1
  done 2>/dev/null
  [ "$n" -lt 150 ] || fail "nobody listens at port $port"
  pid=$(cat pid)
  address() { nm "$guest/$kernel" | sed -n "s/^0*\([0-9a-f]*\) T $1\$/\1/p"; }
  act=$(address act)
  send "Z1,$(address kmain),1"
  send "Z1,$act,1"
  send c
  stop 'T05*'
  ! grep -q 'hello from' out || fail 'it went on before kmain()'
  send c
  stop 'T05*'
  output 'all programs have ended: .*'
  ! grep -qx 'idle' out || fail 'it went on after act()'
  # The address, in the processor's registers.
  if [ $kernel = kernel64 ]; then
    send p10
    stop "$(printf '%08x' "0x$act" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/')00000000"
  else
    send p8
    stop "$(printf '%08x' "0x$act" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/')*"
  fi
  # `monitor info status`, in hexadecimal both ways
  send "qRcmd,$(printf 'info status' | od -An -v -tx1 | tr -d ' \n')"
  stop "*$(printf paused | od -An -v -tx1 | tr -d ' \n')*"
  send c
  output idle
  printf '\003' >&3
  stop 'T02*'
  send c
  sleep 0.2
  kill -TERM $make
  wait $make
  make=''
  exec 3>&-
  for ((n = 0; n < 100; n++)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  ! kill -0 "$pid" 2>/dev/null || fail "process $pid is still there"
done
exit 0
