"""The one blueprint of assets."""

from mobile_api.fields import Area

blp = Area("assets", __name__, description="Devices, documents, spare parts and stock, customers' files.")
