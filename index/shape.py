"""The index's tables, and how those of older installations become these."""

from sqlalchemy import (
    BigInteger,
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
    inspect,
    text,
)

from config.database import Ordered

SHAPE = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite has its row numbers by no other name

# Every record that was ever seen. The number stands for it in the tables below, which have many rows a record.
clusters = Table(
    "clusters", SHAPE,
    Column("number", Number, primary_key=True),
    Column("record", Ordered, nullable=False, unique=True),
    Column("id", Ordered, index=True),  # null until it is first clustered; one that was deleted keeps its last
    Column("live", Boolean, nullable=False),
    Column("work", String),  # null where the title is the only one of its work
)  # fmt: skip

facts = Table(
    "facts", SHAPE,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("print", Number, nullable=False, index=True),  # of the facts without numbers that the member gave
    Column("body", LargeBinary, nullable=False),
)  # fmt: skip

# Blocking keys are kept as 64 bits of their hash: two that fall together make a candidate too many, no more.
blocks = Table(
    "blocks", SHAPE,
    Column("block", Number, primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)  # fmt: skip

# What is to be added to the blocks or taken out: written in its own order, brought in sorted.
staged = Table(
    "blocks_staged", SHAPE,
    Column("row", Number, primary_key=True),
    Column("block", Number, nullable=False),
    Column("number", Number, nullable=False),
    Column("sign", Integer, nullable=False),
)  # fmt: skip

# Blocks with more records than are compared with each other: finer keys stand for them.
split = Table("blocks_split", SHAPE, Column("block", Number, primary_key=True, autoincrement=False))

worthless = Table("worthless_isbns", SHAPE, Column("isbn", String, primary_key=True))

edges = Table(
    "edges", SHAPE,
    Column("a", Number, primary_key=True, autoincrement=False),
    Column("b", Number, primary_key=True, autoincrement=False),
    Column("verdict", String, nullable=False),  # same | related | review
    Column("relation", String, nullable=False),
    Column("points", Integer, nullable=False),
    Column("against", Boolean, nullable=False),  # it keeps the two out of one cluster
    Column("reasons", Text, nullable=False),  # JSON: names and points; their words are said from the facts
    Index("edges_by_b", "b"),
    Index("edges_to_review", "points", sqlite_where=text("verdict = 'review'"),
          postgresql_where=text("verdict = 'review'")),
)  # fmt: skip

# Edges "same" that the clusters do not follow, and the two records because of which.
refused = Table(
    "edges_refused", SHAPE,
    Column("a", Number, primary_key=True, autoincrement=False),
    Column("b", Number, primary_key=True, autoincrement=False),
    Column("because_a", Number, nullable=False),
    Column("because_b", Number, nullable=False),
    Index("edges_refused_by_b", "b"),
)  # fmt: skip

decisions = Table(
    "decisions", SHAPE,
    Column("a", Ordered, primary_key=True),
    Column("b", Ordered, primary_key=True, index=True),
    Column("verdict", String, nullable=False),  # same | different
    Column("who", String, nullable=False),
    Column("moment", String, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("print_a", Number),  # by which a record is known when its member gives it another number
    Column("print_b", Number),
    Column("at_a", Number, index=True),  # where the records are now; null: nowhere
    Column("at_b", Number, index=True),
)  # fmt: skip

aliases = Table("aliases", SHAPE, Column("old", String, primary_key=True), Column("new", String, index=True))

# What is left to do: these outlive a killed run. Records whose edges are to be drawn, records whose clusters
# are to be computed, titles whose documents are to be made.
to_draw = Table("records_to_draw", SHAPE, Column("number", Number, primary_key=True, autoincrement=False))
to_settle = Table("records_to_settle", SHAPE, Column("number", Number, primary_key=True, autoincrement=False))
dirty = Table("dirty", SHAPE, Column("id", Ordered, primary_key=True))

state = Table(
    "ledger_state", SHAPE, Column("name", String, primary_key=True), Column("value", Number, nullable=False)
)  # fmt: skip


def _number_records(connection: Connection) -> None:
    """Ids, aliases and decisions stay; everything else came from records, and is made again by the next index."""
    connection.execute(text("CREATE TEMPORARY TABLE kept_clusters AS SELECT record, id, live FROM clusters"))
    connection.execute(
        text("CREATE TEMPORARY TABLE kept_decisions AS SELECT a, b, verdict, who, moment FROM decisions")
    )
    here = set(inspect(connection).get_table_names())
    for table in ("match_keys", "edges", "clusters", "decisions", "ledger_state"):
        if table in here:
            connection.execute(text(f"DROP TABLE {table}"))
    SHAPE.create_all(connection)
    connection.execute(text("INSERT INTO clusters (record, id, live) SELECT record, id, live FROM kept_clusters"))
    connection.execute(
        text(
            "INSERT INTO decisions (a, b, verdict, who, moment, note, at_a, at_b) "
            "SELECT k.a, k.b, k.verdict, k.who, k.moment, '', x.number, y.number FROM kept_decisions k "
            "LEFT JOIN clusters x ON x.record = k.a AND x.live LEFT JOIN clusters y ON y.record = k.b AND y.live"
        )
    )
    connection.execute(text("DROP TABLE kept_clusters"))
    connection.execute(text("DROP TABLE kept_decisions"))


STEPS = (_number_records,)
