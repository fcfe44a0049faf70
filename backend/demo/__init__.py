"""The demo region: a made coastal district whose figures close, for trying the product without a meter.

Nothing here is measured. Everything the loader writes is marked as simulated, see README.md.
"""
