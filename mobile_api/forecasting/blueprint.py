"""The blueprint all files of this folder hang their views on."""

from mobile_api.fields import Area

blp = Area("forecasting", __name__, description="What will be used and made, and how sure that is.")
