"""Recognise the same title across members, merge it, and bring the engine up to date."""
