"""Sends frames as they are: frames.py INTERFACE; each line of standard input is one frame in hex."""
import socket
import sys

raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
for line in sys.stdin:
    raw.send(bytes.fromhex(line))
