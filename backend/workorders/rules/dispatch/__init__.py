"""Who goes where, when: proposals as pure functions over plain values. Explained in README.md."""
