"""The night: every member harvested, the index brought up to date, and a report of it."""
