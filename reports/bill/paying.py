"""The QR code of where a bill is paid, as a picture of one path."""

from __future__ import annotations

import numpy as np
import zxingcpp

from reports.labels.qr import svg


def code(url: str) -> str:
    """Return the QR code of an address, level M (a seventh may be lost to folds and stains), without quiet zone."""
    made = zxingcpp.create_barcode(url, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    picture = np.asarray(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False))
    return svg(picture == 0)
