"""A WebSocket client of plain bytes: it can send what no library would, and sees exactly what came."""

import base64
import hashlib
import json
import os
import select
import socket
import struct
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The upgrade was answered with something other than 101."""

    def __init__(self, status, headers, body):
        super().__init__(f"{status} {body!r}")
        self.status, self.headers, self.body = status, headers, body


class Closed(Exception):
    """The connection ended; `code` is None when there was no close frame."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code, self.reason = code, reason


def mask(payload, key):
    if not payload:
        return b""
    n = len(payload)
    repeated = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(n, "big")


def frame(payload, opcode=TEXT, fin=True, masked=True, rsv=0, length=None):
    """One client frame, faulty on demand. `length` lies about the size."""
    if isinstance(payload, str):
        payload = payload.encode()
    n = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", n)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + mask(payload, key)


class WebSocket:
    def __init__(self, host, port, path, headers=(), timeout=10, glue=b"", receive_buffer=None, subprotocols=None):
        self.timeout = timeout
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        if subprotocols is not None:
            lines.append(f"Sec-WebSocket-Protocol: {subprotocols}")
        lines += [f"{k}: {v}" for k, v in headers]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + glue)
        self.buffer = b""
        self.closed = None
        self.fragments = b""
        status, head = self._read_head()
        self.headers = head
        if status != 101:
            length = int(head.get("content-length", "0"))
            while len(self.buffer) < length:
                more = self.sock.recv(65536)
                if not more:
                    break
                self.buffer += more
            body, self.buffer = self.buffer[:length], self.buffer[length:]
            self.sock.close()
            raise Refused(status, head, body)
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        assert head["sec-websocket-accept"] == accept.decode()

    def _read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            more = self.sock.recv(65536)
            if not more:
                raise Closed(None, "before the answer to the upgrade")
            self.buffer += more
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        return int(first.split()[1]), {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in rest)}

    # --- sending
    def send_raw(self, data):
        self.sock.sendall(data)

    def send_text(self, text, **how):
        self.send_raw(frame(text, **how))

    def send(self, value):
        self.send_text(json.dumps(value))

    def close(self, code=1000, reason=""):
        try:
            self.send_raw(frame(struct.pack(">H", code) + reason.encode(), CLOSE))
        except OSError:
            pass

    def abort(self):
        """Ends with a reset, as a machine does that loses its power and comes back."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    # --- receiving
    def _more(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.sock], [], [], left)[0]:
            raise TimeoutError("nothing came in time")
        try:
            data = self.sock.recv(262144)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed(None, "without a close frame")
        self.buffer += data

    def next_frame(self, timeout=None):
        """(opcode, payload, fin) of the next frame, whatever it is."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        need = 2
        while True:
            if len(self.buffer) >= need:
                n, at = self.buffer[1] & 0x7F, 2
                if n == 126:
                    need, at = 4, 4
                elif n == 127:
                    need, at = 10, 10
                if len(self.buffer) >= need:
                    if n == 126:
                        n = struct.unpack(">H", self.buffer[2:4])[0]
                    elif n == 127:
                        n = struct.unpack(">Q", self.buffer[2:10])[0]
                    if len(self.buffer) >= at + n:
                        first, payload = self.buffer[0], self.buffer[at:at + n]
                        assert not self.buffer[1] & 0x80, "a server never masks (RFC 6455, 5.1)"
                        self.buffer = self.buffer[at + n:]
                        return first & 0x0F, payload, bool(first & 0x80)
            self._more(deadline)

    def recv_text(self, timeout=None):
        """The next text message; pings are answered, a close frame is answered and raised."""
        while True:
            opcode, payload, fin = self.next_frame(timeout)
            if opcode == PING:
                self.send_raw(frame(payload, PONG))
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.closed = code
                self.close(code if code != 1005 else 1000)
                raise Closed(code, payload[2:].decode())
            elif opcode in (TEXT, BINARY, 0):
                self.fragments += payload
                if fin:
                    whole, self.fragments = self.fragments, b""
                    return whole.decode()

    def recv(self, timeout=None):
        return json.loads(self.recv_text(timeout))

    def recv_until(self, wanted, timeout=None):
        """All messages up to and with the first for which `wanted(message)` holds."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        seen = []
        while True:
            message = self.recv(max(0.001, deadline - time.monotonic()))
            seen.append(message)
            if wanted(message):
                return seen

    def expect_close(self, timeout=None):
        """The code the server closes with; whatever comes before is thrown away."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        try:
            while True:
                self.recv_text(max(0.001, deadline - time.monotonic()))
        except Closed as end:
            return end.code

    def silent(self, seconds=0.3):
        """True when nothing comes for so long."""
        try:
            self.recv_text(seconds)
        except TimeoutError:
            return True
        return False
