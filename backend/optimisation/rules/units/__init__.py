"""The units of a plant: each says what it is (values) and what must hold for it (`write`)."""
