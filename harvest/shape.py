"""The tables of what was harvested, and how those of older installations become these."""

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from config import database

SHAPE = MetaData()

runs = Table(
    "runs",
    SHAPE,
    Column("id", Integer, primary_key=True),
    Column("member", String, nullable=False, index=True),
    Column("started", String, nullable=False),
    Column("finished", String),
    Column("outcome", String, nullable=False),  # running | done | held | failed | undone
    *(Column(name, Integer, nullable=False, default=0) for name in
      ("seen", "added", "changed", "unchanged", "deleted", "superseded", "quarantined")),
    Column("error", Text),
    Column("repaired", Integer, nullable=False, server_default="0"),  # of those seen: mended before they could be read
    Column("kept", Boolean, nullable=False),  # what it found is remembered: it can be undone
)  # fmt: skip

records = Table(
    "records",
    SHAPE,
    Column("member", database.Ordered, primary_key=True),
    Column("local_id", database.Ordered, primary_key=True),
    Column("source", String, nullable=False),
    Column("format", String, nullable=False),
    Column("datestamp", String, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # as it came, a large one in zlib: harvest.packing
    Column("content", LargeBinary, nullable=False),  # values and holdings, JSON
    Column("digest", LargeBinary, nullable=False),  # of the payload and "deleted"
    Column("reading", String, nullable=False),  # with which tables the content was read from the payload
    Column("revision", Integer, nullable=False, index=True),  # when it last changed; the index reads on from there
    Column("run", Integer, nullable=False),  # the run that saw it last ...
    Column("digest_before", LargeBinary),  # ... and what it found: a second copy in one run is told by these
    Column("revision_before", Integer),
    Column("repairs", Text, nullable=False, server_default=""),  # what was mended: names in harvest.wording.REPAIRS
    Column("first", Integer),  # the run that brought it; null: before that was kept
    Index("records_by_run", "member", "source", "run"),
)

# What a run found where it changed something, as long as the run can be undone.
OF_NOW = ("member", "revision", "run", "digest_before", "revision_before", "first")
records_before = Table(
    "records_before",
    SHAPE,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("local_id", database.Ordered, primary_key=True),
    *(Column(c.name, c.type) for c in records.c if c.name not in (*OF_NOW, "local_id")),
)
WAS = tuple(c.name for c in records_before.c if c.name != "run")

quarantine = Table(
    "quarantine",
    SHAPE,
    Column("id", Integer, primary_key=True),
    Column("member", String, nullable=False),
    Column("source", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("place", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # zlib
    Column("run", Integer, nullable=False),  # the run that met it last
    Column("resolved", Integer),  # the run in which it came good, or no longer came
    Column("first", Integer),  # the run that met it first; null: before that was kept
    Column("local_id", database.Ordered, nullable=False, server_default=""),  # where the protocol tells it
    Column("owed", Boolean, nullable=False, server_default=false()),  # the server did not give it, and is asked again
    UniqueConstraint("member", "source", "digest", "place"),
    Index("quarantine_by_id", "member", "source", "local_id"),
)

sources = Table(
    "sources",
    SHAPE,
    Column("member", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("progress", Text, nullable=False),
    Column("learned", Text),  # JSON: what its visits found out about it
)

sources_before = Table(
    "sources_before",
    SHAPE,
    Column("run", Integer, primary_key=True, autoincrement=False),
    Column("source", String, primary_key=True),
    Column("progress", Text),  # null: it had none
)


def _keep_what_is_learned(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE sources ADD COLUMN learned TEXT")


counter = Table("record_revision", SHAPE, Column("id", Integer, primary_key=True), Column("value", Integer))


def _keep_repairs(connection: Connection) -> None:
    """What was mended in a record is kept with it, and counted with the run."""
    for table, column in (
        ("runs", "repaired INTEGER DEFAULT '0' NOT NULL"),
        ("records", "repairs TEXT DEFAULT '' NOT NULL"),
    ):
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column}")


def _remember_what_runs_found(connection: Connection) -> None:
    """So that they can be undone; those that are over cannot."""
    for column in ("runs ADD COLUMN kept BOOLEAN NOT NULL DEFAULT FALSE", "records ADD COLUMN first INTEGER",
                   "quarantine ADD COLUMN first INTEGER"):  # fmt: skip
        connection.exec_driver_sql(f"ALTER TABLE {column}")
    records_before.create(connection)
    sources_before.create(connection)


def _keep_payloads_as_they_came(_: Connection) -> None:
    """Nothing changes; but from here on small payloads stand without zlib, which earlier versions cannot read."""


def _owe_what_a_server_did_not_give(connection: Connection) -> None:
    """By whose id a record in quarantine can be asked for again, and leaves it when it comes."""
    text = database.Ordered.compile(connection.dialect)
    for column in (f"local_id {text} NOT NULL DEFAULT ''", "owed BOOLEAN NOT NULL DEFAULT FALSE"):
        connection.exec_driver_sql(f"ALTER TABLE quarantine ADD COLUMN {column}")
    connection.exec_driver_sql("CREATE INDEX quarantine_by_id ON quarantine (member, source, local_id)")


STEPS = (
    _keep_what_is_learned,
    _keep_repairs,
    _remember_what_runs_found,
    _keep_payloads_as_they_came,
    _owe_what_a_server_did_not_give,
)
