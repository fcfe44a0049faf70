"""Where the calls of optimisation hang."""

from mobile_api.fields import Area

blp = Area(
    "optimisation",
    __name__,
    description="Plants as data, their plans, what if, accepted plans, plan against actual.",
)
