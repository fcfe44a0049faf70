"""OPC UA: subscribed servers of plants and building automation."""
