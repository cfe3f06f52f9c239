"""A purchase list against every member's holdings."""
