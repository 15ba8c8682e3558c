"""Clients that go away in the middle, with a reset: leave.py COUNT unix PATH TEXT, or leave.py COUNT tcp HOST PORT TEXT.
Half of them send only half of the text, half all of it and leave before the answer can be there."""
import socket
import struct
import sys

count, kind, *rest = sys.argv[1:]
*where, text = rest
text = text.encode().decode("unicode_escape").encode()
for n in range(int(count)):
    client = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
    client.connect(where[0] if kind == "unix" else (where[0], int(where[1])))
    client.sendall(text[: len(text) // 2] if n % 2 else text)
    if kind == "tcp":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
