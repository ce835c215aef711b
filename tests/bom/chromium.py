"""A headless Chromium, driven over the pipe of its own protocol (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless_shell")


def find():
    """Return the program, or None: AISEC_CHROMIUM, else what is on the path."""
    return os.environ.get("AISEC_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """A tab. `problems` holds what the console, the log and uncaught exceptions said; `requests` every address asked for."""

    def __init__(self, process, to, back):
        self.process, self._to, self._back = process, to, back
        self._number, self._rest, self._session = 0, b"", ""
        self.problems, self.requests = [], []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.do(f"{domain}.enable")

    def do(self, method, **params):
        """Send a command and return its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._until(lambda m: m.get("id") == self._number).get("result", {})

    def _until(self, wanted, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while b"\0" in self._rest:
                raw, self._rest = self._rest.split(b"\0", 1)
                message = json.loads(raw)
                self._note(message)
                if "error" in message and message.get("id"):
                    raise RuntimeError(message["error"])
                if wanted(message):
                    return message
            if select.select([self._back], [], [], 0.5)[0]:
                data = os.read(self._back, 1 << 20)
                if not data:
                    raise RuntimeError("Chromium ended")
                self._rest += data
        raise TimeoutError

    def _note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.problems.append(str(params["args"]))
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.problems.append(params["entry"]["text"])

    def open(self, url):
        """Go to an address and wait until it is loaded."""
        self.do("Page.navigate", url=url)
        self._until(lambda m: m.get("method") == "Page.loadEventFired")

    def run(self, expression):
        """Return the value of an expression."""
        answer = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def key(self, key):
        """Press a key: a character, or a name such as `Tab`, `Enter`, `Escape`."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        data = {"key": key, "text": text} if text else {"key": key}
        if key in codes:
            data["windowsVirtualKeyCode"] = codes[key]
        self.do("Input.dispatchKeyEvent", type="keyDown", **data)
        self.do("Input.dispatchKeyEvent", type="keyUp", key=key)

    def size(self, width, height):
        """Set the size of the window, in CSS pixels."""
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        """Prefer `dark` or `light`."""
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, path):
        """Write what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def page(folder):
    """Yield a tab of a Chromium with a profile of its own in `folder`."""

    # Numbers from 10 on, so that none is in the way of 3 and 4, on which Chromium reads and writes.
    def high(pair):
        moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in pair]
        for fd in pair:
            os.close(fd)
        return moved

    read, to = high(os.pipe())
    back, write = high(os.pipe())
    process = subprocess.Popen(
        [
            *(find(), "--headless", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--disable-gpu"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "about:blank"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: (os.dup2(read, 3), os.dup2(write, 4)),  # noqa: PLW1509 - no threads run here
        pass_fds=(3, 4, read, write),
    )
    os.close(read)
    os.close(write)
    try:
        yield Page(process, to, back)
    finally:
        process.kill()
        process.wait()
        os.close(to)
        os.close(back)
