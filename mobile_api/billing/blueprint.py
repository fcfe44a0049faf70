"""The blueprint all files of this folder hang their views on."""

from mobile_api.fields import Area

blp = Area("billing", __name__, url_prefix="/billing", description="Contracts, bills, payments, the ledger.")
