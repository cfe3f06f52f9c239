"""Measurements of the program beside the plainest thing that does the same work, in the same run."""
