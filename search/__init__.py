"""Analyse text, hold the index, answer questions."""
