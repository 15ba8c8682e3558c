"""Clients of a listener that ask much and read little.

streams.py ask HOST PORT PATH COUNT     one request after the other; prints {"200": n, ...}
streams.py hold HOST PORT PATH COUNT    that many at once, then idles; prints {"200": n, ..., "closed": n}
streams.py stuck HOST PORT PATH         reads the first bytes and no more; prints "open"
"""
import json
import socket
import sys
import time


def connect(host, port, path):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(10)
    sock.connect((host, port))
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    sock.sendall(request.encode())
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


def attempt(host, port, path, held):
    try:
        sock = connect(host, port, path)
    except OSError:
        return "closed"
    code = status(sock)
    if held is not None and code == "200":
        held.append(sock)
    else:
        sock.close()
    return code


what, host, port, path = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
if what == "ask":
    count([attempt(host, port, path, None) for _ in range(int(sys.argv[5]))])
elif what == "hold":
    held = []
    count([attempt(host, port, path, held) for _ in range(int(sys.argv[5]))])
    time.sleep(600)
else:
    sock = connect(host, port, path)
    print("open", status(sock), flush=True)
    time.sleep(600)
