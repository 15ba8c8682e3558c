"""Sends IPv4 packets from a raw socket and tells what comes back.

Each line of standard input is one packet in hex, header included; the answer is one line: the first packet in hex that
comes from its destination to its source within 100 ms, or nothing.
"""
import socket
import sys
import time

out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
back = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))


def answer(packet):
    end = time.monotonic() + 0.1
    while (left := end - time.monotonic()) > 0:
        back.settimeout(left)
        try:
            got = back.recv(2048)
        except TimeoutError:
            break
        # its source and destination are ours, turned
        if got[12:16] == packet[16:20] and got[16:20] == packet[12:16]:
            return got.hex()
    return ""


for line in sys.stdin:
    sent = bytes.fromhex(line)
    out.sendto(sent, (socket.inet_ntoa(sent[16:20]), 0))
    print(answer(sent), flush=True)
