"""Clients of a listener that ask much and read little.

streams.py ask HOST PORT PATH COUNT     one after the other, each with a wrong token; prints {"200": n, ...}
streams.py hold HOST PORT PATH COUNT    that many at once, then idles; prints {"200": n, ..., "closed": n}
streams.py drip HOST PORT PATH COUNT    that many at once whose headers have no end, a byte ten times a second; prints "open"
streams.py stuck HOST PORT PATH         reads the first bytes and no more; prints "open"
"""
import json
import resource
import socket
import sys
import time


def connect(host, port, path, headers=""):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(20)
    sock.connect((host, port))
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
    return sock


def status(sock):
    try:
        first = sock.recv(64)
    except OSError:
        return "closed"
    return first.split()[1].decode() if first.startswith(b"HTTP/1.1 ") else "closed"


def count(codes):
    told = {}
    for code in codes:
        told[code] = told.get(code, 0) + 1
    print(json.dumps(told), flush=True)


def ask(host, port, path):
    sock = connect(host, port, path, "Authorization: Bearer nonsense\r\n")
    code = status(sock)
    sock.close()
    return code


def drip(held):
    """Sends on whatever comes back; who was let go of is gone."""
    while True:
        for sock in list(held):
            try:
                sock.sendall(b"a")
            except OSError:
                held.remove(sock)
        time.sleep(0.1)


def try_connect(host, port, path):
    try:
        return connect(host, port, path)
    except OSError:
        return None


what, host, port, path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
if what == "ask":
    count([ask(host, port, path) for _ in range(int(sys.argv[5]))])
elif what == "hold":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    held = [try_connect(host, port, path) for _ in range(int(sys.argv[5]))]
    count([status(sock) if sock else "closed" for sock in held])
    time.sleep(600)
elif what == "drip":
    held = [socket.create_connection((host, port)) for _ in range(int(sys.argv[5]))]
    for sock in held:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX: ".encode())
    print("open", flush=True)
    drip(held)
else:
    sock = connect(host, port, path)
    print("open", status(sock), flush=True)
    time.sleep(600)
