# SPDX-License-Identifier: MIT
"""One serial line of a guest, seen from the host: a thread keeps reading, so that the guest never waits for us."""

import re
import select
import socket
import threading
import time
from pathlib import Path


class Ended(Exception):
    """The guest's end of the line is gone."""


class Line:
    """The tools listen and QEMU connects, so that not a byte is lost at the start.

    `data` only grows; `position` is where the next `expect` begins to look. Both are guarded by `changed`.
    """

    def __init__(self, path: Path, log: Path | None = None):
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen(1)
        self._socket: socket.socket | None = None
        self._log = open(log, "wb", buffering=0) if log else None
        self.changed = threading.Condition()
        self.data = bytearray()
        self.position = 0
        self.ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            self._socket, _ = self._server.accept()
            while select.select([self._socket], [], [])[0] and self.catch_up():
                pass
        except (OSError, ValueError):
            pass  # closed by close()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def catch_up(self) -> bool:
        """Takes what QEMU has already sent. Of two lines, what came on the one before something on the other is so there before
        it, too, whichever thread runs first. False: there will be nothing more."""
        if not self._socket:
            return True
        with self.changed:
            try:
                chunk = self._socket.recv(1 << 20, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return True
            if self._log:
                self._log.write(chunk)
            self.data += chunk
            self.changed.notify_all()
        return bool(chunk)

    def send(self, text: str | bytes) -> None:
        assert self._socket, "nothing has connected to this line"
        self._socket.sendall(text.encode() if isinstance(text, str) else text)

    def expect(self, pattern: str, timeout: float) -> re.Match[bytes]:
        """Waits until the pattern appears after the last match. Raises TimeoutError or Ended, each with the last lines."""
        expression = re.compile(pattern.encode(), re.MULTILINE)
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                if match := expression.search(self.data, self.position):
                    self.position = match.end()
                    return match
                left = deadline - time.monotonic()
                if self.ended:
                    raise Ended(f"the machine stopped before {pattern!r} appeared. Its last lines:\n{self.tail()}")
                if left <= 0:
                    raise TimeoutError(f"{pattern!r} did not appear in {timeout:g} s. The last lines:\n{self.tail()}")
                self.changed.wait(left)

    def wait_for_end(self, timeout: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.ended, timeout)

    def text(self) -> str:
        return bytes(self.data).decode("utf-8", "replace")

    def tail(self, lines: int = 20) -> str:
        return "\n".join("    " + line.rstrip() for line in self.text().splitlines()[-lines:])

    def close(self) -> None:
        for end in (self._socket, self._server):
            if end:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()
        self._thread.join(timeout=2)
        if self._log:
            self._log.close()
