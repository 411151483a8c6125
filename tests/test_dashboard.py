"""The dashboard of a small library that imports fastgd, in a browser that reaches nothing but 127.0.0.1."""

import base64
import hashlib
import importlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import fastgd
from support.browser import needs_browser, visit

asv = pytest.importorskip("asv", reason="asv is not installed")

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "benchmarks" / "dashboard.py"

sys.path.insert(0, str(SCRIPT.parent))
try:
    changes, dashboard = map(importlib.import_module, ("changes", "dashboard"))
finally:
    sys.path.remove(str(SCRIPT.parent))

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")

CONFIG = {
    "version": 1,
    "project": "tiny",
    "project_url": "#",
    "show_commit_url": "#",
    "repo": ".",
    "branches": ["HEAD"],
    "environment_type": "virtualenv",
    "results_dir": ".asv/results",
    "html_dir": ".asv/html",
}
# The cost lies in a file of its own: asv drops the results of a benchmark whose source has changed.
SUITE = """
from pathlib import Path

import fastgd
import numpy as np


class Step:
    params = ["sgd", "adam"], [1_000, 10_000]
    param_names = "rule", "size"

    def setup(self, rule, size):
        self.optimizer = {"sgd": fastgd.SGD, "adam": fastgd.Adam}[rule]([np.ones(size, np.float32)])
        self.grads = [np.full(size, 1e-3, np.float32)]

    def time_step(self, rule, size):
        self.optimizer.step(self.grads)


def track_cost():
    return float((Path(__file__).parent / "cost").read_text())


track_cost.unit = "roofs"
"""
COSTS = [1.0, 1.0, 1.1, 2.2]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a commit and asv's results for each of COSTS."""
    where = tmp_path_factory.mktemp("library")
    (where / "benchmarks").mkdir()
    (where / "benchmarks" / "__init__.py").touch()
    (where / "benchmarks" / "suite.py").write_text(SUITE)
    (where / "asv.conf.json").write_text(json.dumps(CONFIG))
    (where / ".gitignore").write_text(".asv\n__pycache__\n")
    # asv keeps what it knows of machines at home, and takes no PYTHONPATH
    env = {
        **os.environ,
        "HOME": str(tmp_path_factory.mktemp("home")),
        "ASV_PYTHONPATH": str(Path(fastgd.__file__).parent.parent),
    }

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=where, env=env, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done.stdout

    run("git", "init", "--quiet")
    run(sys.executable, "-m", "asv", "machine", "--yes", "--machine", "here")
    for day, cost in enumerate(COSTS, start=1):
        (where / "benchmarks" / "cost").write_text(str(cost))
        env["GIT_AUTHOR_DATE"] = env["GIT_COMMITTER_DATE"] = f"2026-01-{day:02d}T12:00:00Z"
        run("git", "add", "--all")
        author = ("-c", "user.name=tiny", "-c", "user.email=tiny@localhost", "-c", "commit.gpgsign=false")
        run("git", *author, "commit", "--quiet", "--allow-empty", "--message", f"cost {cost}")
        head = run("git", "rev-parse", "HEAD").strip()
        asv_run = ("asv", "run", "--python=same", "--quick", "--machine=here", "--set-commit-hash", head)
        run(sys.executable, "-m", *asv_run)
    return where


def publish(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def site(library: Path) -> Path:
    done = publish("--config", str(library / "asv.conf.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    output = library / CONFIG["html_dir"]
    assert f"-m http.server --bind 127.0.0.1 --directory {output} " in done.stdout
    return output


def drawn_columns(picture: Path) -> int:
    """How many columns, right of the page's menu and below its head, have a point of a blue line."""
    from matplotlib.image import imread

    red, _, blue = np.moveaxis(imread(picture)[60:, 200:, :3], 2, 0)
    return int(np.count_nonzero((blue - red > 0.15).any(axis=0)))


class Page(NamedTuple):
    name: str
    fragment: str
    in_dom: list[str]
    columns: int = 0  # at least so many that a line of the graph crosses


TICK = '<div class="flot-tick-label tickLabel"[^>]*>{}</div>'
SORTED = '<th[^>]*class="[^"]*\\b{}"[^>]*>{}'
CANVAS = '<div id="main-graph"[^>]*><canvas class="flot-base" width="[1-9]'
PAGES = [
    Page("grid", "", ["Step.time_step.*<canvas", "track_cost.*<canvas"], 350),
    Page("commits", "#suite.track_cost", [CANVAS, *map(TICK.format, ["1.00", "1.20", "2.00"])], 800),
    Page("dates", "#suite.track_cost?x-axis-scale=date", [CANVAS, TICK.format("Jan 03 00:00")], 800),
    Page(
        "sizes", "#suite.Step.time_step?x-axis=size", [CANVAS, *map(TICK.format, ["1000", "10000"]), "rule-adam"], 700
    ),
    Page("list", "#summarylist", [SORTED.format("asc", "Benchmark"), "2.20 roofs", r"'adam', 10000"]),
    Page("regressions", "#regressions", [SORTED.format("desc", "Factor"), "2.00x", "1.10 roofs"]),
]


@needs_npm
@needs_browser
def test_what_changed_is_said_in_words(site: Path, tmp_path: Path) -> None:
    assert '<li><a href="changes.html">What changed</a></li>' in (site / "index.html").read_text(encoding="utf-8")
    seen = visit(site, "changes.html", "changes", tmp_path)
    assert (seen.failed, seen.elsewhere, seen.errors) == ([], [], [])
    headings = re.findall(r"<h2>(.*?)</h2>", seen.dom)
    assert [re.sub("[0-9a-f]{8} ", "", heading) for heading in headings] == [
        f"cost {after}, after cost {before}" for before, after in reversed(list(itertools.pairwise(COSTS)))
    ]
    # The times were measured with --quick: one sample each, which may differ by anything.
    said = [text for text in re.findall('<p class="worse">(.*?)</p>', seen.dom) if "track_cost" in text]
    assert said == ["suite.track_cost is 2.00 times what it was: 1.1 became 2.2."]


def figure(value: float | None, samples: Any = None, version: str = "1") -> Any:
    if samples is None:
        return changes.Figure(value, (None, None), version, "seconds")
    low, high = min(samples), max(samples)
    return changes.Figure(
        value, ({"ci_99_a": low, "ci_99_b": high, "repeat": len(samples)}, samples), version, "seconds"
    )


NOISY, QUIET, SLOW = [1.0, 2.0, 3.0, 1.5], [1.0, 1.01, 1.02, 1.01], [2.0, 2.01, 2.02, 2.01]


@pytest.mark.parametrize(
    ("before", "after", "kind", "text"),
    [
        (figure(1.0), figure(1.1), "same", None),
        (figure(1.0), figure(1.11), "worse", "is 1.11 times what it was: 1.00s became 1.11s."),
        (figure(1.11), figure(1.0), "better", "is 0.90 times what it was: 1.11s became 1.00s."),
        (figure(0.0), figure(1.0), "worse", "is no longer zero: 0s became 1.00s."),
        (figure(1.0), figure(0.0), "better", "is 0.00 times what it was: 1.00s became 0s."),
        (figure(0.0), figure(0.0), "same", None),
        (figure(1.0), figure(None), "worse", "fails."),
        (figure(None), figure(1.0), "better", "no longer fails."),
        (figure(None), figure(None), "single", None),
        (figure(1.0), figure(float("nan")), "single", None),
        (figure(1.0), None, "single", None),
        (None, figure(1.0), "single", None),
        (figure(1.0), figure(9.0, version="2"), "rewritten", None),
        (figure(1.0, QUIET), figure(2.0, SLOW), "worse", "is 2.00 times what it was: 1.00s became 2.00s."),
        (figure(1.5, NOISY), figure(2.0, SLOW), "same", None),
    ],
)
def test_what_a_change_is(before: Any, after: Any, kind: str, text: str | None) -> None:
    def commit(name: str, one: Any) -> Any:
        return changes.Measured(name, 0, {} if one is None else {("here", "f(1)"): one})

    found = changes.compare(commit("a", before), commit("b", after), 1.1)
    expected = {"worse": [], "better": [], "same": 0, "rewritten": 0, "single": 0}
    expected[kind] = 1 if text is None else [f"f(1) {text}"]
    assert vars(found) == expected


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    changes.main(list(arguments))
    return capsys.readouterr().out


def test_two_commits_by_name(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ("--config", str(library / "asv.conf.json"))
    text = said(capsys, "HEAD~3", "HEAD", *config)
    assert re.match(r"[0-9a-f]{8} cost 2.2, after [0-9a-f]{8} cost 1.0\n", text)
    assert "    worse: suite.track_cost is 2.20 times what it was: 1.0 became 2.2.\n" in text
    assert "    better: suite.track_cost is 0.45 times" in said(capsys, "HEAD", "HEAD~3", *config)
    assert "track_cost" not in said(capsys, "HEAD~3", "HEAD", "--factor", "2.3", *config)
    assert said(capsys, *config).count("after") == len(COSTS) - 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("HEAD",), "commits must be two, or none, got 1"),
        (("HEAD", "HEAD", "--factor", "nan"), "--factor must be at least 1, got nan"),
        (("--config", "nowhere.json"), "--config must be an asv.conf.json, got nowhere.json"),
    ],
)
def test_arguments_of_changes(arguments: Any, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        changes.main(list(arguments))
    assert message in capsys.readouterr().err


def test_a_commit_without_results(library: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"asv has no results of v9; measured are [0-9a-f]{8}, "):
        changes.main(["v9", "HEAD", "--config", str(library / "asv.conf.json")])
    (tmp_path / "asv.conf.json").write_text(json.dumps(CONFIG))
    with pytest.raises(SystemExit, match="no two commits with results"):
        changes.main(["--config", str(tmp_path / "asv.conf.json")])
    assert "There are no two commits" in changes.page(changes.read_config(tmp_path / "asv.conf.json"))


@needs_npm
@needs_browser
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_is_drawn(site: Path, page: Any, tmp_path: Path) -> None:
    seen = visit(site, f"index.html{page.fragment}", page.name, tmp_path)
    assert (seen.failed, seen.elsewhere, seen.errors) == ([], [], [])
    for pattern in page.in_dom:
        assert re.search(pattern, seen.dom, re.DOTALL), f"{page.name}: no {pattern}"
    if page.columns:
        assert drawn_columns(seen.picture) >= page.columns


@needs_npm
@needs_browser
def test_a_missing_copy_is_seen(site: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(site, broken)
    (broken / "vendor" / "jquery.flot.js").unlink()
    seen = visit(broken, "index.html#suite.track_cost", "broken", tmp_path)
    assert seen.failed == ["/vendor/jquery.flot.js: 404"]
    assert not re.search(CANVAS, seen.dom)
    assert not drawn_columns(seen.picture)


@needs_npm
@needs_browser
def test_a_page_of_asv_itself_is_seen_to_ask_elsewhere(site: Path, tmp_path: Path) -> None:
    online = tmp_path / "online"
    shutil.copytree(site, online)
    shutil.copy(Path(asv.__file__).parent / "www" / "index.html", online)
    seen = visit(online, "index.html", "online", tmp_path)
    assert any("jquery" in url for url in seen.elsewhere)
    assert not drawn_columns(seen.picture)
    with pytest.raises(SystemExit, match=r"load from the internet:\nindex.html: https://.*jquery"):
        dashboard.check(online)


@needs_npm
def test_copies_are_what_the_page_asks_for(site: Path) -> None:
    """Where npm has the very file, its hash is the one in asv's page; flot and Stupid Table differ (see COPIES)."""
    page = (Path(asv.__file__).parent / "www" / "index.html").read_text(encoding="utf-8")
    same = set()
    for copy in dashboard.COPIES:
        method, digest = re.search(rf'{re.escape(copy.url_end)}" integrity="(\w+)-([^"]+)"', page).groups()
        content = (site / "vendor" / Path(copy.file).name).read_bytes()
        if base64.b64encode(hashlib.new(method, content).digest()).decode() == digest:
            same.add(copy.package)
    assert same == {copy.package for copy in dashboard.COPIES} - {"flot@0.8.3", "stupid-table-plugin@1.1.3"}


@needs_npm
def test_publishing_again_replaces_the_page(site: Path, library: Path) -> None:
    assert publish("--config", str(library / "asv.conf.json"), "--output", str(site)).returncode == 0


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.html", '<script src="https://cdn.test/a.js"></script>', ["https://cdn.test/a.js"]),
        ("a.html", "<link href='//cdn.test/a.css'>", ["//cdn.test/a.css"]),
        ("a.html", '<script>load("http://cdn.test/a.js")</script>', ["http://cdn.test/a.js"]),
        ("a.html", "<style>@import '//cdn.test/a.css'</style>", ["//cdn.test/a.css"]),
        ("a.html", '<a href="https://project.test">project</a><img src="a.png"> "https://words.test"', []),
        ("a.js", "fetch('//cdn.test/a')", ["//cdn.test/a"]),
        ("a.js", "x = `https://cdn.test/${name}`", ["https://cdn.test/${name}"]),
        ("a.js", "y = a / b; // see https://project.test", []),
        ("a.css", "@font-face {src: url(https://cdn.test/a.woff)}", ["https://cdn.test/a.woff"]),
        ("a.css", "/* https://project.test */ a {background: url('a.png')}", []),
    ],
)
def test_what_a_browser_would_fetch(name: str, text: str, found: Any, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert dashboard.fetched_urls(tmp_path / name) == found
    if found:
        with pytest.raises(SystemExit, match=re.escape(f"{name}: {found[0]}")):
            dashboard.check(tmp_path)


def test_npm_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="npm is missing"):
        dashboard.download()


@needs_npm
def test_a_copy_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dashboard.SHA256, "dist/jquery.min.js", "0")
    with pytest.raises(SystemExit, match=r"jquery@3.3.1, dist/jquery.min.js: sha256 must be 0, got 160a"):
        dashboard.download()


def test_a_page_that_asks_for_something_new(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<script src="https://cdn.test/new.js" integrity="sha256-0"></script>')
    with pytest.raises(SystemExit, match=r"asks for https://cdn.test/new.js, which has no row in COPIES"):
        dashboard.vendor(tmp_path, {})


def test_a_directory_of_something_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(SystemExit, match="--output must be new, empty or an earlier dashboard"):
        dashboard.publish(tmp_path / "asv.conf.json", tmp_path)
    assert (tmp_path / "thesis.txt").is_file()


def test_no_config() -> None:
    done = publish("--config", "nowhere.json")
    assert done.returncode == 2
    assert "--config must be an asv.conf.json, got nowhere.json" in done.stderr


@needs_npm
def test_no_results(tmp_path: Path) -> None:
    (tmp_path / "asv.conf.json").write_text(json.dumps(CONFIG))
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    done = publish("--config", str(tmp_path / "asv.conf.json"))
    assert done.returncode == 1
    assert "run the benchmarks first" in done.stderr
