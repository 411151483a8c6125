"""
Publish asv's results as a page that needs no internet, and beside it a page that says in words what changed.

asv's page loads jQuery, flot and bootstrap from content delivery networks. Here they come from npm when the page is
published, are compared with the hashes below and lie in `vendor/` beside the page. With changes.py the file
stands alone: it needs asv, npm and a config, and knows nothing of the package whose results it shows.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from asv.config import Config

import changes


class Copy(NamedTuple):
    """A file of a package, in the place of what asv's page loads from a URL that ends so."""

    url_end: str
    package: str
    file: str


# npm has flot without its minified files, and Stupid Table from 1.1.3 on; the others are, byte for byte, what the page
# asks for. Bootstrap's fonts are left out: asv's page has no glyph of theirs.
COPIES = (
    Copy("/jquery-3.3.1.min.js", "jquery@3.3.1", "dist/jquery.min.js"),
    Copy("/flot/0.8.3/jquery.flot.min.js", "flot@0.8.3", "jquery.flot.js"),
    Copy("/flot/0.8.3/jquery.flot.time.min.js", "flot@0.8.3", "jquery.flot.time.js"),
    Copy("/flot/0.8.3/jquery.flot.selection.min.js", "flot@0.8.3", "jquery.flot.selection.js"),
    Copy("/flot/0.8.3/jquery.flot.categories.min.js", "flot@0.8.3", "jquery.flot.categories.js"),
    Copy("/flot-orderbars@1.0.0/js/jquery.flot.orderBars.js", "flot-orderbars@1.0.0", "js/jquery.flot.orderBars.js"),
    Copy("/stupidtable/1.0.1/stupidtable.min.js", "stupid-table-plugin@1.1.3", "stupidtable.min.js"),
    Copy("/blueimp-md5/2.19.0/js/md5.min.js", "blueimp-md5@2.19.0", "js/md5.min.js"),
    Copy("/bootstrap@3.1.1/dist/js/bootstrap.min.js", "bootstrap@3.1.1", "dist/js/bootstrap.min.js"),
    Copy("/bootstrap@3.1.1/dist/css/bootstrap.min.css", "bootstrap@3.1.1", "dist/css/bootstrap.min.css"),
)
SHA256 = {
    "dist/jquery.min.js": "160a426ff2894252cd7cebbdd6d6b7da8fcd319c65b70468f10b6690c45d02ef",
    "jquery.flot.js": "b7b931f273c38b1277b9c6c1f4e05c4ec09885a487bddaf3279e2d7e49a38e12",
    "jquery.flot.time.js": "a582c832adc7138a6b05aaf61f16ebac274701f1be4afea77e739a1c34b9c41a",
    "jquery.flot.selection.js": "e6c85f6c1ebe4b4da29d8ae238c7c5060283f05f7ef054f6b91817d02c092918",
    "jquery.flot.categories.js": "6e81664b28ea795c734906f4aa15614640a75ac7fbd399a7fb9084040698351a",
    "js/jquery.flot.orderBars.js": "39735b4f46f96ff4e082572401f47c55a2767b366fd1d1e821e44a8d830a12bf",
    "stupidtable.min.js": "4642380f28ebe9ed7cac251793b281ef8620c4386205d92788f9b12f5cceb4e0",
    "js/md5.min.js": "64d7ded388c562e4bde9e58ce205e5fa01b9734fcd434d496eb7b4fbfe9b927d",
    "dist/js/bootstrap.min.js": "898d05a17f2cfc5120ddcdba47a885c378c0b466f30f0700e502757e24b403a1",
    "dist/css/bootstrap.min.css": "e9503448692b738dd260fbd7f7cabf2e11f09b600fa97e6eb3a56eba5b1a7e9b",
}

EXTERNAL = r"(?:https?:)?//\w[^\s\"'`)]*"
LOADING_TAG = re.compile(rf'<(?:script|link)\b[^>]*\b(?:src|href)="({EXTERNAL})"[^>]*>')
# The hashes above have taken the place of what these attributes ask of a browser.
CROSS_ORIGIN = re.compile(r'\s+(?:integrity|crossorigin|referrerpolicy)="[^"]*"')
SCRIPT_URL = re.compile(rf"[\"'`]({EXTERNAL})")
MENU_END = re.compile(r'<li id="nav-li-regressions">.*?</li>')
MENU_ENTRY = '<li><a href="changes.html">What changed</a></li>'
STYLE_URL = re.compile(rf"(?:url\(\s*|@import\s+)[\"']?({EXTERNAL})")


class Fetched(HTMLParser):
    """The external URLs that a browser loads by itself with a page: those of all tags but links to click on."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        if tag != "a":
            self.urls += [value for _, value in attrs if value and re.match(EXTERNAL, value)]

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        pattern = {"script": SCRIPT_URL, "style": STYLE_URL}.get(self.inside)
        self.urls += pattern.findall(data) if pattern else []


def fetched_urls(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        page = Fetched()
        page.feed(text)
        return page.urls
    return {".js": SCRIPT_URL, ".css": STYLE_URL}[path.suffix].findall(text)


def publish(config: Path, output: Path) -> None:
    # asv removes the directory that it publishes to, so it must not be one with other things in it.
    if output.exists() and (not output.is_dir() or any(output.iterdir())) and not (output / "asv.js").is_file():
        sys.exit(f"--output must be new, empty or an earlier dashboard, got {output}")
    asv = [sys.executable, "-m", "asv", "publish", "--config", str(config), "--html-dir", str(output)]
    if subprocess.run(asv, check=False).returncode:
        sys.exit(f"asv publish failed for {config}; without results, run the benchmarks first")


def download() -> dict[str, bytes]:
    """The file of every row of COPIES, by its own name."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is missing: it brings the scripts that asv's page takes from the internet; it is part of Node.js")
    packages = sorted({copy.package for copy in COPIES})
    files = {}
    with tempfile.TemporaryDirectory() as scratch:
        pack = [npm, "pack", "--silent", "--prefer-offline", "--ignore-scripts", *packages]
        done = subprocess.run(pack, cwd=scratch, text=True, capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"npm pack failed for {' '.join(packages)}:\n{done.stdout}{done.stderr}")
        for copy in COPIES:
            with tarfile.open(Path(scratch) / f"{copy.package.replace('@', '-')}.tgz") as archive:
                member = archive.extractfile(f"package/{copy.file}")
                content = member.read() if member else b""
            digest = hashlib.sha256(content).hexdigest()
            if digest != SHA256[copy.file]:
                sys.exit(f"{copy.package}, {copy.file}: sha256 must be {SHA256[copy.file]}, got {digest}")
            files[Path(copy.file).name] = content
    return files


def localize(tag: re.Match[str]) -> str:
    for copy in COPIES:
        if tag[1].endswith(copy.url_end):
            return CROSS_ORIGIN.sub("", tag[0].replace(tag[1], f"vendor/{Path(copy.file).name}"))
    sys.exit(f"asv's page asks for {tag[1]}, which has no row in COPIES of {Path(__file__).name}")


def vendor(output: Path, files: dict[str, bytes]) -> None:
    """Put the files beside the page and let it load them."""
    index = output / "index.html"
    index.write_text(LOADING_TAG.sub(localize, index.read_text(encoding="utf-8")), encoding="utf-8")
    (output / "vendor").mkdir()
    for name, content in files.items():
        (output / "vendor" / name).write_bytes(content)


def add_changes(config: Config, output: Path) -> None:
    """Write the page of what changed, and name it in the menu of asv's page."""
    (output / "changes.html").write_text(changes.page(config), encoding="utf-8")
    index = output / "index.html"
    text, count = MENU_END.subn(r"\g<0>" + MENU_ENTRY, index.read_text(encoding="utf-8"))
    if count != 1:
        sys.exit("asv's page has another menu than this one knows, so that changes.html cannot be named in it")
    index.write_text(text, encoding="utf-8")


def check(output: Path) -> None:
    files = (path for path in sorted(output.rglob("*")) if path.suffix in {".html", ".js", ".css"})
    left = [f"{path.relative_to(output)}: {url}" for path in files for url in fetched_urls(path)]
    if left:
        sys.exit("the page would still load from the internet:\n" + "\n".join(left))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Publish asv's results as a page that needs no internet.")
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "asv.conf.json", help="an asv.conf.json")
    parser.add_argument("--output", type=Path, help="where the page is written (default: the config's html_dir)")
    options = parser.parse_args(arguments)
    config = options.config.resolve()
    if not config.is_file():
        parser.error(f"--config must be an asv.conf.json, got {options.config}")
    output = options.output.resolve() if options.output else config.parent / Config.load(str(config)).html_dir
    # The download comes first, because npm is what a machine may lack.
    files = download()
    publish(config, output)
    vendor(output, files)
    add_changes(changes.read_config(config), output)
    check(output)
    # The page loads its numbers as JSON, which browsers refuse on file://.
    print(
        f"The dashboard is in {output}. It needs a server, but no internet:\n"
        f"    {Path(sys.executable).name} -m http.server --bind 127.0.0.1 --directory {output} 8000\n"
        "and then http://127.0.0.1:8000/ in a browser."
    )


if __name__ == "__main__":
    main()
