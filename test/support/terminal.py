"""Runs a command in a terminal of its own: terminal.py COLUMNS ROWS COMMAND...

What the command writes there comes out as it is. Each line of standard input does something: `keys HEX`,
`size COLUMNS ROWS`, `signal N`. Standard error says its process id, and when it has ended its exit code (negative: the
signal), and whether the terminal's settings are what they were.
"""
import fcntl, os, pty, select, signal, struct, sys, termios


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


master, slave = pty.openpty()
resize(slave, int(sys.argv[1]), int(sys.argv[2]))
before = termios.tcgetattr(slave)
# It is what a shell is to its job, so that the job can be stopped.
os.setsid()
fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
for each in signal.SIGHUP, signal.SIGTTOU:
    signal.signal(each, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os.close(master)
    os.setpgid(0, 0)
    os.tcsetpgrp(slave, os.getpid())
    for each in signal.SIGHUP, signal.SIGTTOU:
        signal.signal(each, signal.SIG_DFL)
    for fd in range(3):
        os.dup2(slave, fd)
    os.environ["TERM"] = "xterm"
    os.execvp(sys.argv[3], sys.argv[3:])
print(f"pid {pid}", file=sys.stderr, flush=True)
child = os.pidfd_open(pid)
wanted = b""
inputs = [master, 0, child]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if master in ready:
        os.write(1, os.read(master, 65536))
        continue
    if child in ready:
        break
    data = os.read(0, 65536)
    if not data:
        inputs.remove(0)
        os.kill(pid, signal.SIGKILL)  # the test is over
    wanted += data
    while b"\n" in wanted:
        line, wanted = wanted.split(b"\n", 1)
        what, *args = line.decode().split()
        if what == "keys":
            os.write(master, bytes.fromhex(args[0]))
        elif what == "size":
            resize(master, int(args[0]), int(args[1]))
        elif what == "signal":
            os.kill(pid, int(args[0]))
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
same = termios.tcgetattr(slave)[:4] == before[:4]
print(f"ended {status} {'restored' if same else 'changed'}", file=sys.stderr, flush=True)
