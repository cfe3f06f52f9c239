"""Where a process writes what happens: to standard error, one line each."""

import logging
import sys


def to_standard_error(level: int) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
