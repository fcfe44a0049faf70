"""HTTP push: gateways that send their readings by themselves, each with its own key."""
