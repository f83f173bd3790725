#!/bin/bash
# Debugs one of the small kernels of tests/guest/kernels from outside.
#
#   gdb.sh MODE SNOWGLOBE KERNEL
#
#   session     gdb: breakpoints set before anything runs, steps, watchpoints, memory, and on to the guest's own end
#   switch      gdb: single steps from 32-bit to 64-bit code (kernel64)
#   interrupt   gdb: Ctrl-C; a client that is killed; a program of the other kind
#   digests     gdb changes nothing that the guest does
#   grader      packets as simple programs send them, without acknowledgements
# shellcheck disable=SC2016 # gdb's variables and packets begin with a dollar sign
set -u
mode=$1 snowglobe=$2 kernel=$3
work=$(mktemp -d) || exit 1
pid=''
finish() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

fail() {
  echo "FAIL: $*"
  tail -n 40 "$work/gdb" "$work/serial" "$work/err" 2>/dev/null
  exit 1
}

if [ "$mode" != grader ] && ! command -v gdb >/dev/null; then
  echo "SKIP: gdb is not installed"
  exit 77
fi

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
  local left=$(($1 * 20))
  shift
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || fail "waited in vain: $*"
    sleep 0.05
  done
}

# start APPEND OPTIONS...: runs the kernel in the background
start() {
  local append=$1
  shift
  rm -f "$work/socket"
  : >"$work/serial"
  timeout 250 "$snowglobe" -kernel "$kernel" -append "$append" -display none -serial "file:$work/serial" \
    -gdb "unix:$work/socket,server=on,wait=off" "$@" </dev/null >"$work/out" 2>"$work/err" &
  pid=$!
  wait_for 20 test -S "$work/socket"
}

# ended STATUS: the guest's end
ended() {
  local status
  wait "$pid"
  status=$?
  pid=''
  [ $status = "$1" ] || fail "status $status, not $1"
}

# debug FILE COMMANDS...: one gdb session
debug() {
  local file=$1
  shift
  {
    printf '%s\n' 'set pagination off' 'set confirm off' 'set width 0' "file $file" "target remote $work/socket"
    printf '%s\n' "$@"
  } >"$work/commands"
  timeout 200 gdb -nx -batch -x "$work/commands" >"$work/gdb" 2>&1
}

# has REGEX...: lines of gdb's
has() {
  local regex
  for regex; do
    grep -qE -- "$regex" "$work/gdb" || fail "gdb has no line '$regex'"
  done
}

case $kernel in
*64) ip=rip ;;
*) ip=eip ;;
esac

case $mode in
session)
  start 'exit=5 hz=1000' -S --time fast
  debug "$kernel" 'hbreak kmain' 'break irq' 'stepi' 'p/x $cr0' 'continue' 'bt' 'next' 'next' \
    'next' 'finish' 'info threads' 'maintenance packet Qqemu.PhyMemMode:1' 'x/1xw 0x100000' \
    'maintenance packet Qqemu.PhyMemMode:0' 'maintenance packet qqemu.sstepbits' 'p/x $ftag' 'p $xmm0' 'monitor help' \
    'delete 2' 'break putch' 'continue' 'up' 'delete' 'watch ticks' 'continue' 'continue' 'p ticks' 'delete' 'rwatch ticks' \
    'continue' 'delete' 'set $save = $sp' "set \$$ip = \$$ip" 'p $sp == $save' 'p keys = 7' 'p keys' \
    'detach'
  has '^start \(\) at' 'Breakpoint 1, kmain \(magic=732803074' '^\$1 = (\[ PE ET \]|0x11)' \
    '^#1 .* (long_entry|main32) ' 'serial_init' 'processor 0' '^0x100000:.*0x1badb002$' 'received: "ENABLE=1,NOIRQ=2,NOTIMER=4"' \
    'uint128 = 0' 'putch \(c=' 'Hardware watchpoint [0-9]+: ticks' 'Old value = [0-9]+' 'New value = [0-9]+' \
    'Hardware read watchpoint [0-9]+: ticks' '= 7$' 'Inferior 1 \(Remote target\) detached'
  ended 11
  grep -q 'debug exit' "$work/serial" || fail 'the guest did not get to its end'
  # Seen from gdb to the end; and ended from there.
  start 'exit=5' -S --time fast
  debug "$kernel" 'continue'
  has 'exited with code 013' # octal
  ended 11
  start spin -S
  debug "$kernel" 'break act' 'continue' 'kill'
  has 'Breakpoint 1, act'
  ended 0
  ;;
switch)
  start 'exit=0' -S --time fast
  debug "$kernel" 'break enter_long' 'break *long_entry' 'continue' 'stepi 13' 'info registers rip cs cr0 efer' 'stepi' \
    'info registers rip cs' 'delete 2' 'stepi 7' 'info registers rip rsp' 'x/i $pc' 'info line' 'detach'
  has '^cs +0x10 ' '^cr0 .*PE .*PG' '^efer .*LME LMA' '^rip .*<enter_long\+[0-9]+>' '^rip .*<long_entry>' '^cs +0x8 ' \
    '^rip .*<kmain>'
  ended 1
  ;;
interrupt)
  start spin --time fast
  wait_for 60 grep -q spin "$work/serial"
  printf '%s\n' 'set pagination off' "target remote $work/socket" "shell touch $work/going1" 'continue' \
    'x/i $pc' "shell touch $work/going2" 'continue' 'x/i $pc' >"$work/commands"
  gdb -nx -batch -x "$work/commands" "$kernel" >"$work/gdb" 2>&1 &
  gdb=$!
  for n in 1 2; do
    wait_for 60 test -e "$work/going$n"
    sleep 1
    kill -INT $gdb
  done
  wait $gdb
  [ "$(grep -c 'received signal SIGINT' "$work/gdb")" = 2 ] || fail 'no two interruptions'
  has '^=> 0x[0-9a-f]+ <spin>:.*jmp'
  # A killed client leaves nothing behind.
  printf '%s\n' "target remote $work/socket" 'break *$pc' 'shell echo here' 'shell sleep 100' >"$work/commands"
  gdb -nx -batch -x "$work/commands" "$kernel" >"$work/gdb" 2>&1 &
  gdb=$!
  wait_for 60 grep -q here "$work/gdb"
  kill -KILL $gdb
  wait $gdb 2>/dev/null
  # gdb with a program of the other kind gives up once.
  other=${kernel%??}$((96 - ${kernel: -2}))
  debug "$other"
  has "Remote 'g' packet|in remote 'g' packet"
  debug "$other" 'p/x $sp' 'p $pc' 'kill'
  has '^\$1 = 0x[0-9a-f]+$' '^\$2 = \(void \(\*\)\(\)\) 0x1[0-9a-f]{5}'
  ended 0
  ;;
digests)
  digests() {
    [ "$(grep -c '^digest [0-9]* [0-9a-f]\{64\}$' "$work/$1")" -ge 40 ] || fail 'fewer than 40 digests'
  }
  options=(--time fast --digest-every 200000 --until 25000000)
  start 'hz=1000 exit=0' "${options[@]}" --digest="$work/plain"
  ended 1
  digests plain
  start 'hz=1000 exit=0' "${options[@]}" --digest="$work/seen" -S
  debug "$kernel" 'break tasks_next' 'watch ticks' 'continue' 'continue' 'continue' 'continue' 'stepi 3000' 'bt' \
    'delete' 'break putch if c == 65' 'step' 'step' 'step' 'step' 'finish' 'info registers' 'x/64x 0x100000' 'delete' \
    'continue'
  ended 1
  has 'New value = 2' 'exited with code 01'
  cmp "$work/plain" "$work/seen" || fail 'the digests differ'
  ;;
grader)
  # address SYMBOL
  address() {
    nm "$kernel" | awk -v name="$1" '$3 == name { print $1 }' | sed 's/^0*//'
  }
  # packet TEXT: sends it as it is, with its checksum
  packet() {
    local n sum=0 text=$1
    for ((n = 0; n < ${#text}; n++)); do
      sum=$((sum + $(printf '%d' "'${text:n:1}")))
    done
    printf '$%s#%02x' "$text" $((sum % 256)) >&3
  }
  # reply: the next packet's content in $answer
  reply() {
    local c
    answer=''
    while IFS= read -r -n 1 -t 60 c <&3 && [ "$c" != "\$" ]; do :; done
    [ "$c" = "\$" ] || fail 'no reply'
    while IFS= read -r -n 1 -t 60 c <&3 && [ "$c" != '#' ]; do answer+=$c; done
    IFS= read -r -n 2 -t 60 c <&3
  }
  # expect PATTERN
  expect() {
    reply
    # shellcheck disable=SC2254 # a pattern
    case $answer in
    $1) ;;
    *) fail "reply '$answer', not '$1'" ;;
    esac
  }
  port=$((20000 + RANDOM % 20000))
  : >"$work/serial"
  timeout 250 "$snowglobe" -kernel "$kernel" -append flood -display none -serial "file:$work/serial" -gdb "tcp::$port" \
    </dev/null >"$work/out" 2>"$work/err" &
  pid=$!
  wait_for 60 test -s "$work/serial"
  exec 3<>"/dev/tcp/127.0.0.1/$port" || fail 'cannot connect'
  printf '$c#63' >&3
  packet "Z1,$(address putch),1"
  expect OK
  expect 'T05*'
  # Half a packet, then a second client while the first is there: neither does harm.
  printf '$m1000' >&3
  exec 4<>"/dev/tcp/127.0.0.1/$port" && printf '$g#67' >&4
  exec 4>&-
  packet "z1,$(address putch),1"
  expect OK
  printf '$c#63' >&3
  sleep 0.3
  printf '\003' >&3
  expect 'T02*'
  packet 'm100000,4'
  expect '02b0ad1b'
  printf '$c#63' >&3
  sleep 0.3
  before=$(wc -c <"$work/serial")
  sleep 0.3
  [ "$(wc -c <"$work/serial")" -gt "$before" ] || fail 'it does not run on'
  # The client vanishes while it holds the machine: it runs on, and another can come.
  printf '\003' >&3
  expect 'T02*'
  exec 3>&-
  sleep 0.3
  before=$(wc -c <"$work/serial")
  sleep 0.3
  [ "$(wc -c <"$work/serial")" -gt "$before" ] || fail 'it does not run on without the client'
  exec 3<>"/dev/tcp/127.0.0.1/$port" || fail 'cannot connect again'
  printf '$?#3f' >&3
  expect 'T05*'
  kill -TERM "$pid"
  ended 143
  ;;
*)
  echo "gdb.sh: unknown mode $mode" >&2
  exit 2
  ;;
esac
echo "ok $mode"
