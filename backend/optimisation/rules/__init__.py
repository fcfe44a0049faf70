"""From a plant and its forecasts to a plan. Pure: values and arrays in, values and arrays out."""
