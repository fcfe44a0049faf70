"""Pure decisions of billing: values in, values out."""
