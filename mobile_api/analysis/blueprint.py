"""The blueprint all files of this folder hang their views on."""

from mobile_api.fields import Area

blp = Area(
    "analysis",
    __name__,
    url_prefix="/analysis",
    description="Consumption, flows, habits, efficiency, intensity, benefit, benchmarks; documents of them.",
)
