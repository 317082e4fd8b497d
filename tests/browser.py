"""A headless Chromium for tests of pages: the WebDriver protocol over HTTP, with what Debian ships.

``apt-get install chromium chromium-driver`` gives both programs.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START_SECONDS = 90.0
OPTIONS = [
    "--headless=new",
    "--no-sandbox",  # CI runs as root in a container
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
]


def missing() -> str | None:
    """What keeps a browser from starting here; None where there is one."""
    driver = shutil.which("chromedriver")
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if driver and browser:
        return None
    return "no Chromium with its driver here (Debian: apt-get install chromium chromium-driver)"


class Browser:
    """One window. Every call waits for its answer."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"
        binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        capabilities = {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": OPTIONS, "binary": binary},
        }
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._base += f"/session/{session['sessionId']}"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self._base + path,
            data=json.dumps(body).encode() if method == "POST" else None,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def open(self, url: str) -> None:
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page (by the debugger, which no policy of the page binds)."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_until(self, script: str, *arguments: Any, seconds: float = 30.0) -> Any:
        """The first true value of a script."""
        end = time.monotonic() + seconds
        while not (value := self.run(script, *arguments)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.05)
        return value

    def console(self) -> list[str]:
        """What was written to the console since the last call."""
        return [f"{e['level']}: {e['message']}" for e in self._call("POST", "/se/log", {"type": "browser"})]

    def command(self, name: str, **parameters: Any) -> Any:
        """A command of the Chrome DevTools Protocol."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def emulate(self, *, width: int, height: int, dark: bool = False, media: str = "") -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def quit(self) -> None:
        self._call("DELETE", "")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, ended with its driver when the block ends."""
    # The driver finds a free port itself, so that no two that start together take the same one.
    driver = subprocess.Popen(
        ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        port = _port_of(driver)
        browser = Browser(port)
        try:
            yield browser
        finally:
            browser.quit()
    finally:
        driver.terminate()
        driver.communicate(timeout=30)


def _port_of(driver: subprocess.Popen[str]) -> int:
    """Where a driver listens, which it says once it does."""
    assert driver.stdout is not None
    killer = threading.Timer(START_SECONDS, driver.kill)
    killer.start()
    try:
        for line in driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return int(found[1])
    finally:
        killer.cancel()
    raise AssertionError("chromedriver ended, or does not listen")
