"""The check over an installation: its ledger and its documents."""

from sqlalchemy import Engine

from config.tables import Tables
from index.check.check import Check
from index.check.lookup import Lookup
from search.documents import Documents


class NothingHeld(Exception):
    """There is no title yet that a list could be checked against."""


def check_of(tables: Tables, database: Engine) -> Check:
    """Raises NothingHeld where the catalogue is empty: "not held" would then be said of everything."""
    documents = Documents(database)
    titles = documents.count()
    if not titles:
        raise NothingHeld("there is no title in the catalogue yet: run `sahaban harvest`, then `sahaban index`")
    return Check(Lookup(database), documents.fetch, tables.fields, titles)
