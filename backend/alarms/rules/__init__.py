"""When an alarm is raised and what may happen to it. Pure: values and arrays in, values and arrays out."""
