"""Pages as headless Chromium sees them, which reaches nothing but 127.0.0.1."""

import functools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pages"
CHROMIUM = shutil.which("chromium")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


class Visit(NamedTuple):
    dom: str
    picture: Path
    failed: list[str]  # requests that the server could not answer
    elsewhere: list[str]  # requests of the page to other hosts
    errors: list[str]  # what the page wrote to the console


@contextmanager
def served(directory: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The address of a server of `directory`, and the list to which it adds path and status of each request."""
    answers: list[tuple[str, int]] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_request(self, code: str = "-", size: str = "-") -> None:
            answers.append((self.path, int(code)))

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=directory)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", answers
        finally:
            server.shutdown()
            thread.join()


def visit(directory: Path, page: str, name: str, scratch: Path) -> Visit:
    """What headless Chromium sees at an address below a served directory; its picture goes to build/pages too."""
    picture, events = scratch / f"{name}.png", scratch / "events.json"
    with served(directory) as (address, answers):
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--enable-logging=stderr",
            f"--user-data-dir={scratch / 'profile'}", f"--log-net-log={events}", "--window-size=1200,800",
            "--virtual-time-budget=10000", f"--screenshot={picture}", "--dump-dom", f"{address}/{page}",
        ]  # fmt: skip
        env = {**os.environ, "TZ": "UTC"}
        done = subprocess.run(command, env=env, text=True, capture_output=True, check=True, timeout=120)
    PICTURES.mkdir(parents=True, exist_ok=True)
    shutil.copy(picture, PICTURES)
    # Chromium asks for updates and the like too, but only a page's requests have its address as their initiator.
    asked = [event.get("params", {}) for event in json.loads(events.read_text())["events"]]
    urls = {params["url"] for params in asked if params.get("initiator") == address and "url" in params}
    return Visit(
        done.stdout,
        picture,
        [f"{path}: {status}" for path, status in answers if status >= 400],
        sorted(url for url in urls if not url.startswith((address, "data:"))),
        [line for line in done.stderr.splitlines() if ":CONSOLE" in line],
    )
