"""When two records are one title."""
