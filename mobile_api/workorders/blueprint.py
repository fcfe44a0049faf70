"""What the views of work orders hang on."""

from mobile_api.fields import Area

blp = Area("workorders", __name__, description="Work orders and visits, from report to verified closure.")
