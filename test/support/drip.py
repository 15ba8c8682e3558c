"""SYNs to ascending closed ports, from several sources, at a steady rate until it is ended:
drip.py RATE VICTIM SOURCE [VICTIM SOURCE]...  (SYNs per second from each; IPv4 or IPv6)"""
import socket
import struct
import sys
import time


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Source:
    def __init__(self, victim, source):
        self.family = socket.AF_INET6 if ":" in victim else socket.AF_INET
        self.to = victim
        self.pseudo = (
            socket.inet_pton(self.family, source) + socket.inet_pton(self.family, victim) + struct.pack("!II", 20, 6)
        )
        self.raw = socket.socket(self.family, socket.SOCK_RAW, socket.IPPROTO_TCP)
        self.raw.bind((source, 0))

    def send(self, n):
        fields = [40000 + n % 20000, 10000 + n % 20000, n, 0, 5 << 4, 2, 1024, 0, 0]
        fields[7] = checksum(self.pseudo + struct.pack("!HHIIBBHHH", *fields))
        try:
            self.raw.sendto(struct.pack("!HHIIBBHHH", *fields), (self.to, 0))
        except OSError:
            pass  # the link is down, or its queue full


rate = float(sys.argv[1])
sources = [Source(*pair) for pair in zip(sys.argv[2::2], sys.argv[3::2])]
print("ready", flush=True)
n = 0
begin = time.monotonic()
while True:
    for source in sources:
        source.send(n)
    n += 1
    time.sleep(max(0, begin + n / rate - time.monotonic()))
