"""The readers' catalogue: pages in the reader's language, and the same answers as files."""
