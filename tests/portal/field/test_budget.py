"""What the field app weighs before it shows its first screen."""

from __future__ import annotations

import gzip
import re

from tests.portal.field.node import ROOT

BUILT = ROOT / "portal" / "static" / "field"
SHELL_BYTES, STYLE_BYTES, FIRST_SCREEN_BYTES = 60_000, 20_000, 150_000


def shell() -> dict[str, int]:
    """Return what the page names, by file name: gzipped [bytes]."""
    page = (BUILT / "index.html").read_text()
    names = re.findall(r'/static/field/([\w.-]+\.(?:js|css))"', page)
    return {name: len(gzip.compress((BUILT / name).read_bytes(), 9)) for name in names}


def test_the_shell_stays_small():
    sizes = shell()
    scripts = sum(size for name, size in sizes.items() if name.endswith(".js"))
    styles = sum(size for name, size in sizes.items() if name.endswith(".css"))
    assert 0 < scripts <= SHELL_BYTES, sizes
    assert 0 < styles <= STYLE_BYTES, sizes
    icon = (BUILT / "icon.svg").stat().st_size
    assert scripts + styles + icon + len((BUILT / "index.html").read_bytes()) <= FIRST_SCREEN_BYTES


def test_scanner_and_map_come_only_when_they_are_wanted():
    page = (BUILT / "index.html").read_text()
    shell_text = "".join((BUILT / name).read_text() for name in shell())
    assert "scan-" not in page
    assert "map-" not in page
    assert "zxing" not in shell_text.lower()
    assert "maplibre" not in shell_text.lower()


def test_everything_a_shift_without_a_signal_needs_is_kept_by_the_worker():
    worker = (BUILT / "sw.js").read_text()
    later = ("asset-*.js", "more-*.js", "report-*.js", "scan-*.js", "worker-*.js", "zxing_reader-*.wasm")
    for kind in ("index-*.js", "index-*.css", *later):
        pattern = "/static/field/" + re.escape(kind).replace(r"\*", r"[\w-]{8}")
        assert re.search(pattern, worker), kind
