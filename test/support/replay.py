"""Sends the frames of a capture that went to one station, with the pauses that they had:
replay.py INTERFACE FILE MAC; the file is pcap with microseconds, in the byte order of this host."""
import socket
import struct
import sys
import time

interface, path, mac = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3].replace(":", ""))
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((interface, 0))
sent = 0
with open(path, "rb") as capture:
    assert capture.read(24)[:4] == struct.pack("I", 0xA1B2C3D4), "no such pcap"
    began = offset = None
    while header := capture.read(16):
        seconds, micros, captured, length = struct.unpack("IIII", header)
        frame = capture.read(captured)
        if frame[:6] != mac or captured < length:
            continue
        at = seconds + micros / 1e6
        if began is None:
            began, offset = time.monotonic(), at
        time.sleep(max(0, began + at - offset - time.monotonic()))
        raw.send(frame)
        sent += 1
print(sent)
