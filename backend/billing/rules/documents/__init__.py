"""What stands in documents of billing: plain values, put together once and shown in any language. Pure."""
