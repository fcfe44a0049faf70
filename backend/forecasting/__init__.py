"""What will be used and made in the next hours and days, and how sure that is."""
