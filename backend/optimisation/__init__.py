"""What should run, when, and why: plans over all carriers of a site."""
