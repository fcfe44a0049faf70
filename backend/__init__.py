"""The product: what is true whoever asks. Knows no phone, page or socket."""
