"""Pull the members' records and keep them as they came."""
