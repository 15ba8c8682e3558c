"""Receives alerts: what comes is printed, a line each, `webhook BODY` or `syslog MESSAGE`.
receiver.py ADDRESS  HTTP and syslog over TCP (RFC 6587), on free ports, which the first line tells
receiver.py PATH     syslog on a unix datagram socket"""
import http.server
import os
import socket
import sys
import threading


def say(*words):
    print(*words, flush=True)


class Webhook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        say("webhook", body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def frames(connection):
    """Octet counting: the length in decimal, a space, the message."""
    stream = connection.makefile("rb")
    while True:
        length = b""
        while not length.endswith(b" "):
            byte = stream.read(1)
            if not byte:
                return
            length += byte
        say("syslog", stream.read(int(length)).decode())


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=frames, args=(connection,), daemon=True).start()


where = sys.argv[1]
if where.startswith("/"):
    local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    local.bind(where)
    say("ready", os.getpid())
    while True:
        say("syslog", local.recv(65536).decode())
web = http.server.ThreadingHTTPServer((where, 0), Webhook)
tcp = socket.create_server((where, 0))
say("ready", web.server_address[1], tcp.getsockname()[1])
threading.Thread(target=accept, args=(tcp,), daemon=True).start()
web.serve_forever()
