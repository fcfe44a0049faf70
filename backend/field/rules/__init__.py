"""Pure decisions about what phones send."""
