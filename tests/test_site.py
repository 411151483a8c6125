"""The documentation's site, as `make docs` has built it: its links, its pictures, and its pages in a browser."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

import fastgd
from support.browser import needs_browser, visit

SITE = Path(__file__).resolve().parent.parent / "build" / "docs"
EXAMPLES = ["descent", "rosenbrock", "regression", "classification", "schedules", "clipping", "holdout"]

pytestmark = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="make docs has not built the site")


class Page(HTMLParser):
    """What a page refers to, and the places in it that can be referred to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.places.add(found.get("id") or "")
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        if tag == "img":
            self.pictures.append(found.get("src") or "")


def pages() -> dict[Path, Page]:
    return {path: Page(path) for path in SITE.rglob("*.html")}


def test_every_internal_link_leads_somewhere() -> None:
    known = pages()
    assert len(known) > 50
    broken = []
    for path, page in known.items():
        for link in (*page.links, *page.pictures):
            where, place = urldefrag(link)
            if "://" in where or where.startswith(("mailto:", "data:")):
                continue
            target = (path.parent / unquote(where)).resolve() if where else path
            if not target.exists() or (place and target in known and unquote(place) not in known[target].places):
                broken.append(f"{path.relative_to(SITE)}: {link}")
    assert broken == []


def test_every_example_has_its_picture() -> None:
    gallery = SITE / "pictures" / "index.html"
    pictures = Page(gallery).pictures
    for name in EXAMPLES:
        # Sphinx adds a digit where two pictures have one name.
        (source,) = [source for source in pictures if Path(source).stem.rstrip("1") == name]
        assert (gallery.parent / source).stat().st_size > 10_000


def test_the_reference_is_complete() -> None:
    for name in fastgd.__all__:
        kind = getattr(fastgd, name)
        page = f"api/generated/fastgd.{name}.html" if callable(kind) else f"api/{name}.html"
        assert (SITE / page).exists(), page


@needs_browser
@pytest.mark.parametrize("page", ["index.html", "api/generated/fastgd.AdamW.html", "pictures/index.html"])
def test_a_page_in_a_browser(page: str, tmp_path: Path) -> None:
    seen = visit(SITE, page, page.replace("/", "_"), tmp_path)
    assert "fastgd" in seen.dom
    assert seen.failed == []
    assert seen.elsewhere == []
    assert [line for line in seen.errors if "[PST]" not in line] == []  # which the theme says of its colours
