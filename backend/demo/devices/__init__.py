"""Field devices of the demo region: they show what `meters` says, in the words of their protocols."""
