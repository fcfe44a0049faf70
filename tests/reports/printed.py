"""What is read back from paper."""

from __future__ import annotations

import pypdfium2
import zxingcpp


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def codes_of(pdf: bytes, *, dpi: int = 150) -> list[str]:
    """Return what the codes on each page say, as a phone would read them off paper of this resolution."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pictures = [page.render(scale=dpi / 72).to_pil() for page in document]
        return [found.text for picture in pictures for found in zxingcpp.read_barcodes(picture)]
    finally:
        document.close()
