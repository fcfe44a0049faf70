"""Sparkplug B (Eclipse Sparkplug 3.0): protobuf payloads, births and deaths, sequence numbers, rebirth."""
