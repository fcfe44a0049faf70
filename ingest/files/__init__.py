"""Files of readings: CSV, Excel, NEM12, Green Button; tried dry first, refused by row and column."""
