#!/bin/bash
# Monitor, QMP, logs and traces of a real guest, as scripts drive them.
#   SNOWGLOBE=path-of-the-emulator tests/cli/monitor.sh
set -u
snowglobe=${SNOWGLOBE:?the path of the emulator}
guests=${snowglobe%/*}/tests/guest
[ -r "$guests/kernel32" ] || exit 77
dir=$(mktemp -d) || exit 1
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT
bad=0

complain() {
  printf 'FAIL: %s\n' "$1"
  tail -n 5 "$dir/out" "$dir/err"
  bad=1
}

# run BITS OPTIONS...: a guest to its end, standard input from $dir/in; prints its status
run() {
  local bits=$1
  shift
  timeout 100 "$snowglobe" -kernel "$guests/kernel$bits" -display none "$@" <"$dir/in" >"$dir/out" 2>"$dir/err"
  printf '%s' $?
}

# says TEXT WHAT: a line (without the echo of the editor) has it
says() { grep -qF -e "$1" "$dir/out" || complain "$2: no '$1'"; }

# The monitor on standard input and output: paused at the start, at a breakpoint, then to the end.
for bits in 32 64; do
  r=$([ $bits = 32 ] && echo EIP || echo RIP)
  printf '%s\n' 'info status' 'info registers' 'x/2xw 0x100000' 'sum 0x100000 16' 'info mem' 'info gdt' "p 6*7" \
    'info version' 'info pic' 'info uart' 'info nothing' 'q' >"$dir/in"
  status=$(run $bits -S -serial null -monitor stdio)
  [ "$status" = 0 ] || complain "kernel$bits: status $status"
  says "monitor - type 'help' for more information" "kernel$bits"
  says '(qemu) ' "kernel$bits"
  says 'VM status: paused (prelaunch)' "kernel$bits"
  says '0000000000100000: 0x1badb002' "kernel$bits"
  says 'EIP=' "kernel$bits"
  says '0x2a' "kernel$bits"
  says "unknown command: 'info nothing'" "kernel$bits"

  : >"$dir/in"
  status=$(run $bits -append ' ' -serial "file:$dir/serial" --until 2000000 --digest)
  digest=$(grep -h '^digest' "$dir/out" "$dir/err")
  [ -n "$digest" ] || complain "kernel$bits: no digest"

  # Whatever is logged or traced, the run is the same.
  for how in '-d int,cpu_reset' '-d in_asm' '-d exec' '--trace insn' '--trace mem,0x100000-0x10ffff' '--trace io --trace int'; do
    # shellcheck disable=SC2086 # words
    again=$(run $bits -append ' ' -serial "file:$dir/serial2" $how -D "$dir/log" --until 2000000 --digest)
    [ "$again" = "$status" ] || complain "kernel$bits $how: status $again, not $status"
    [ "$(grep -h '^digest' "$dir/out" "$dir/err")" = "$digest" ] || complain "kernel$bits $how: another digest"
    [ -s "$dir/log" ] || complain "kernel$bits $how: nothing is logged"
    cmp -s "$dir/serial" "$dir/serial2" || complain "kernel$bits $how: other output"
    case $how in *int,*)
      grep -q 'v=20 e=0000 i=0' "$dir/log" || complain "kernel$bits: -d int shows no timer interrupt"
      grep -q "^$r=" "$dir/log" || complain "kernel$bits: -d int shows no $r"
      ;;
    esac
  done
  # Nor does it matter that somebody looks at it.
  # shellcheck disable=SC2016 # the monitor's $
  printf '%s\n' 'info registers' 'info tlb' 'info idt' 'info lapic' 'info pagewalk 0x100000' 'x/8i $pc' 'c' >"$dir/in"
  again=$(run $bits -S -append ' ' -serial "file:$dir/serial2" -monitor stdio --until 2000000 --digest)
  [ "$again" = "$status" ] || complain "kernel$bits with a monitor: status $again, not $status"
  [ "$(grep -h '^digest' "$dir/out" "$dir/err")" = "$digest" ] || complain "kernel$bits with a monitor: another digest"
done

# What is wrong says so.
: >"$dir/in"
[ "$(run 32 -d foo)" = 2 ] || complain '-d foo is taken'
grep -q "no log item 'foo'" "$dir/err" || complain '-d foo: no line'
[ "$(run 32 --trace foo)" = 2 ] || complain '--trace foo is taken'
"$snowglobe" -d help >"$dir/out" || complain '-d help fails'
says 'cpu_reset' '-d help'

command -v python3 >/dev/null || exit $bad

# Monitor and QMP on sockets: a client for each.
timeout 100 "$snowglobe" -kernel "$guests/kernel32" -append echo -display none -name globe -serial null -S \
  -monitor "unix:$dir/mon,server,nowait" -qmp "unix:$dir/qmp,server=on,wait=off" </dev/null >"$dir/out" 2>"$dir/err" &
pid=$!
python3 - "$dir" <<'END' || complain 'sockets'
import json, os, socket, sys, time

def dial(name):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(50)
    for _ in range(200):
        try:
            s.connect(os.path.join(sys.argv[1], name))
            return s
        except OSError:
            time.sleep(0.05)
    sys.exit(name + ': nobody listens')

def until(s, end):
    b = b''
    while not b.endswith(end):
        d = s.recv(65536)
        assert d, b
        b += d
    return b

def hmp(line):
    mon.sendall(line.encode() + b'\n')
    return until(mon, b'(qemu) ').decode()

mon, qmp = dial('mon'), dial('qmp')
lines = qmp.makefile('r')
assert b'monitor' in until(mon, b'(qemu) ')
assert json.loads(lines.readline())['QMP']['version']['package'] == 'Snowglobe'

events = []
def ask(name, **arguments):
    qmp.sendall(json.dumps({'execute': name, 'arguments': arguments, 'id': name}).encode())
    while True:
        answer = json.loads(lines.readline())
        if 'event' not in answer:
            assert answer['id'] == name, answer
            return answer.get('return', answer)
        events.append(answer['event'])

def wait(event):
    while event not in events:
        answer = json.loads(lines.readline())
        events.append(answer['event'])
    events.clear()

assert ask('query-status')['error']['class'] == 'CommandNotFound'
ask('qmp_capabilities')
assert ask('query-status')['status'] == 'prelaunch'
assert ask('query-name')['name'] == 'globe'
assert [c['label'] for c in ask('query-chardev')], 'no character device'
ask('cont')
wait('RESUME')
assert 'running' in hmp('info status')
hmp('stop')
wait('STOP')
assert ask('query-status')['running'] is False
a = ask('human-monitor-command', **{'command-line': 'info registers'})
assert 'EIP=' in a and '\r' not in a, a
assert 'CPU#0' in hmp('info registers')
ask('pmemsave', val=0x100000, size=4, filename=os.path.join(sys.argv[1], 'dump'))
assert open(os.path.join(sys.argv[1], 'dump'), 'rb').read() == bytes.fromhex('02b0ad1b')
mon.sendall(b'step\n')
b = until(mon, b'(qemu) ').decode()
assert '0x00' in b, b
hmp('system_reset')
hmp('c')
wait('RESET')
ask('send-key', keys=[{'type': 'qcode', 'data': 'a'}])
ask('quit')
wait('SHUTDOWN')
END
wait $pid
status=$?
pid=
[ $status = 0 ] || complain "quit by QMP: status $status"
exit $bad
