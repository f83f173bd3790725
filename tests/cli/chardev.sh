#!/bin/bash
# Serial ports of a real guest on sockets, with what shells can do: clients that come, go, come twice, or never read.
#   SNOWGLOBE=path-of-the-emulator tests/cli/chardev.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
kernel=${SNOWGLOBE_BUILD:-${snowglobe%/*}}/tests/guest/kernel32
[ -r "$kernel" ] || exit 77
dir=$(mktemp -d) || exit 1
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT
port=$((20000 + $$ % 20000))
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  tail -n 3 "$dir/err"
  bad=1
}

# guest WORDS OPTIONS...: starts it in the background
guest() {
  local words=$1
  shift
  timeout 100 "$snowglobe" -kernel "$kernel" -append "$words" -display none "$@" </dev/null >"$dir/out" 2>"$dir/err" &
  pid=$!
}

# dial: connects descriptor 3, as soon as somebody listens
dial() {
  for _ in $(seq 200); do
    { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && return 0
    sleep 0.05
  done
  complain 'nobody listens'
  exit 1
}

# ended STATUS WHAT
ended() {
  local status
  wait $pid
  status=$?
  pid=
  [ $status = "$1" ] || complain "$2: status $status, not $1"
}

# Waits for its client, and nothing is lost.
guest echo -serial "tcp:127.0.0.1:$port,server"
dial
printf 'hello\r' >&3
IFS= read -r -t 60 line <&3 || complain 'no line'
for _ in $(seq 40); do
  case $line in *hello*) break ;; esac
  IFS= read -r -t 60 line <&3 || break
done
case $line in *hello*) ;; *) complain "the line is '$line'" ;; esac
# A second one is turned away.
if exec 4<>"/dev/tcp/127.0.0.1/$port"; then
  IFS= read -r -t 60 line <&4 && complain "the second client hears '$line'"
  exec 4>&-
fi
printf 'world\r\004' >&3
cat <&3 | tr -d '\r' >"$dir/heard"
exec 3>&-
ended 1 echo
grep -qx world "$dir/heard" || complain 'no second line'
grep -qx 'end of text' "$dir/heard" || complain 'no end'
grep -q "^snowglobe: serial0: waiting for a client at tcp:127.0.0.1:$port\$" "$dir/err" || complain 'does not say that it waits'

# A client that goes in the middle of a flood, and one that never reads.
guest flood -serial "tcp::$port,server=on,wait=off" --timeout 3
dial
head -c 1000 <&3 >/dev/null
exec 3>&-
dial
ended 8 flood
exec 3>&-

# No client ever.
guest poweroff -serial "tcp::$port,server" --timeout 0.5
ended 8 'no client'
guest poweroff -serial "tcp::$port,server=on,wait=off"
ended 0 'without waiting'

# Several ports; copies; the debug console.
"$snowglobe" -kernel "$kernel" -append poweroff -display none -chardev "file,id=f,path=$dir/file,logfile=$dir/log" \
  -serial chardev:f -serial null -serial file:"$dir/third" -debugcon file:"$dir/debug" </dev/null >"$dir/out" 2>"$dir/err" ||
  complain "files: status $?"
grep -q 'power off' "$dir/file" || complain 'no output in the file'
cmp "$dir/file" "$dir/log" || complain 'the copy differs'
if [ ! -e "$dir/third" ] || [ ! -e "$dir/debug" ] || [ -s "$dir/err" ]; then complain 'files'; fi
exit $bad
