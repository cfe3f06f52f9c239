"""The tables that a librarian edits: members, fields, settings; and what every room shares."""

from config.tables import ConfigError, Field, Known, Member, Settings, Source, Tables, Text, read

__all__ = ["ConfigError", "Field", "Known", "Member", "Settings", "Source", "Tables", "Text", "read"]
