"""HTTP as bytes: send exactly these, see exactly what comes."""

import socket
import time


class Raw:
    def __init__(self, port, timeout=10):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout)
        self.buffer = b""

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def answer(self, head_only=False):
        """(status, headers, body) of the next answer."""
        while b"\r\n\r\n" not in self.buffer:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError(f"closed after {self.buffer!r}")
            self.buffer += more
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        status = int(first.split()[1])
        length = 0 if head_only or status < 200 or status in (204, 304) else int(headers.get("content-length", "0"))
        while len(self.buffer) < length:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed inside the body")
            self.buffer += more
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return status, headers, body

    def closed(self, seconds=5):
        """True when the server ends the connection within that time; what it still sends is thrown away."""
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                self.sock.settimeout(max(0.01, deadline - time.monotonic()))
                if not self.sock.recv(65536):
                    return True
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        return False
