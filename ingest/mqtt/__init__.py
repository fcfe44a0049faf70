"""MQTT: JSON by templates, and Sparkplug B."""
