"""Many short connections, one after the other.

load.py serve HOST PORT... FIRST            a process per port; prints "ready"
load.py connect HOST PORT... FIRST COUNT RATE    prints [[local port, port, start in wall ms], ...]
FIRST closes first: `client` or `server`. RATE is connections per second, 0 as many as there can be.
"""
import ctypes
import json
import os
import socket
import sys
import time


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def serve(host, ports, first):
    listeners = []
    for port in ports:
        listener = socket.socket(family_of(host))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(4096)
        listeners.append(listener)
    print("ready", flush=True)
    for listener in listeners[1:]:
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: ends with its parent
            listeners[0] = listener
            break
    while True:
        sock, _ = listeners[0].accept()
        if first == "client":
            sock.recv(1)
        sock.close()


def connect(host, ports, first, count, rate):
    made = []
    begin = time.monotonic()
    for n in range(count):
        if rate:
            time.sleep(max(0, begin + n / rate - time.monotonic()))
        port = ports[n % len(ports)]
        start = time.time() * 1000
        sock = socket.socket(family_of(host))
        sock.connect((host, port))
        made.append((sock.getsockname()[1], port, start))
        if first == "server":
            sock.recv(1)
        sock.close()
    print(json.dumps(made), flush=True)


command, host, *rest = sys.argv[1:]
if command == "serve":
    serve(host, [int(port) for port in rest[:-1]], rest[-1])
else:
    *ports, first, count, rate = rest
    connect(host, [int(port) for port in ports], first, int(count), int(rate))
