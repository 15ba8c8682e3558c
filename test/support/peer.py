"""The other end of the tests' connections: takes commands as JSON lines, answers each with one.

A command is {"n": number, "op": ..., ...}; its answer {"n": the same, ...}, with "error" and the errno's name when a
call failed. Listeners serve until the process ends. Connections that are held have a number for later commands.
"""
import ctypes
import errno
import json
import os
import socket
import struct
import sys
import threading

held = {}
out = threading.Lock()


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def take(sock, size):
    """Reads so many bytes, or what there is before the end."""
    got = b""
    while len(got) < size:
        chunk = sock.recv(min(65536, size - len(got)))
        if not chunk:
            break
        got += chunk
    return got


def serve_one(sock, how):
    mode = how["mode"]
    try:
        if mode == "close":  # neither reads nor writes
            sock.close()
            return
        if mode == "echo":
            while True:
                data = sock.recv(65536)
                if not data:
                    break
                sock.sendall(data)
        else:
            take(sock, how.get("receive", 0))
            sock.sendall(b"a" * how.get("send", 0))
            if mode == "reset":
                reset(sock)
                return
            if mode == "answer":  # the client closes first
                take(sock, 1 << 62)
        sock.close()
    except OSError:
        sock.close()


def accept_all(listener, how):
    while True:
        sock, _ = listener.accept()
        if how["mode"] == "close":
            sock.close()
        else:
            threading.Thread(target=serve_one, args=(sock, how), daemon=True).start()


def family_of(command):
    return socket.AF_INET6 if ":" in command["host"] else socket.AF_INET


def listen(command):
    listener = socket.socket(family_of(command))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family_of(command) == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind((command["host"], command.get("port", 0)))
    listener.listen(4096)
    answer = {"port": listener.getsockname()[1]}
    if command.get("worker"):
        reading, writing = os.pipe()
        worker = os.fork()
        if worker == 0:
            ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: ends with its parent
            os.close(0)
            os.write(writing, b"x")
            while True:
                sock, _ = listener.accept()
                serve_one(sock, command)
        os.read(reading, 1)
        answer["worker"] = worker
    elif command["mode"] != "idle":  # idle: the kernel shakes hands, nobody accepts
        threading.Thread(target=accept_all, args=(listener, command), daemon=True).start()
    held[f"listener {answer['port']}"] = listener
    return answer


def connect(command):
    sock = socket.socket(family_of(command))
    answer = {}
    try:
        if "patience_ms" in command:
            sock.setsockopt(socket.IPPROTO_TCP, 18, command["patience_ms"])  # TCP_USER_TIMEOUT
        sock.settimeout(command.get("seconds"))
        if "source" in command:
            sock.bind((command["source"], command.get("source_port", 0)))
        try:
            sock.connect((command["host"], command["port"]))
        finally:
            answer["port"] = sock.getsockname()[1]
        if command.get("end") == "hold":
            held[command["n"]] = sock
            return answer
        sock.sendall(b"q" * command.get("send", 0))
        answer["received"] = len(take(sock, command.get("receive", 0)))
        if command.get("end") == "reset":
            reset(sock)
        else:
            sock.close()
    except OSError as error:
        answer["error"] = errno.errorcode.get(error.errno or errno.ETIMEDOUT, str(error))
        sock.close()
    return answer


def say(command):
    """Sends a text on a held connection and waits for it to come back."""
    sock = held[command["connection"]]
    text = command["text"].encode()
    try:
        sock.sendall(text)
        return {"reply": take(sock, len(text)).decode()}
    except OSError as error:
        return {"error": errno.errorcode.get(error.errno or errno.ETIMEDOUT, str(error))}


def end(command):
    sock = held.pop(command["connection"])
    if command.get("how") == "reset":
        reset(sock)
    else:
        sock.close()
    return {}


OPS = {"listen": listen, "connect": connect, "say": say, "end": end}


def work(command):
    try:
        answer = OPS[command["op"]](command)
    except OSError as error:
        answer = {"error": errno.errorcode.get(error.errno or 0, str(error))}
    with out:
        print(json.dumps({"n": command["n"], **answer}), flush=True)


def main():
    for line in sys.stdin:
        command = json.loads(line)
        if command["op"] == "listen":  # may fork: in the main thread
            work(command)
        else:
            threading.Thread(target=work, args=(command,), daemon=True).start()
    os._exit(0)


main()
