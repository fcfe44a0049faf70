"""What the demo's tests share: working out the model takes seconds."""

import pytest

from backend.demo.devices.live import Live
from backend.demo.region import points


@pytest.fixture(scope="session")
def live():
    """Every point of the region, ready to be asked."""
    live = Live(points())
    live.warm()
    return live
