"""What hangs on an interface, as JSON: programs at TCX ingress and egress, and whether there is one at XDP."""
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys

BPF_PROG_QUERY = 16
TCX_INGRESS, TCX_EGRESS = 46, 47
BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)


def count(ifindex, attach_type):
    ids = ctypes.create_string_buffer(256)
    attr = ctypes.create_string_buffer(
        struct.pack("IIIIQI", ifindex, attach_type, 0, 0, ctypes.addressof(ids), 64), 128
    )
    if libc.syscall(BPF, BPF_PROG_QUERY, attr, 64) != 0:
        error = ctypes.get_errno()
        if error == 22:  # EINVAL: a kernel without TCX
            return 0
        raise OSError(error, os.strerror(error))
    return struct.unpack_from("I", attr, 24)[0]


name = sys.argv[1]
link = json.loads(subprocess.check_output(["ip", "-j", "link", "show", "dev", name]))[0]
index = socket.if_nametoindex(name)
xdp = 1 if "xdp" in link else 0
print(json.dumps({"ingress": count(index, TCX_INGRESS), "egress": count(index, TCX_EGRESS), "xdp": xdp}))
