"""What is left to do, kept in tables so that a killed run is taken up where it stopped."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, func, insert, select, update

from index import shape, sql

# ── records ──────────────────────────────────────────────────────────────────────────────────────


def redraw(connection: Connection, numbers: Collection[int]) -> None:
    """Forget the edges of records; they are drawn again, and all that hung on them is settled again."""
    here = shape.edges.c
    beyond = {row[0] for row in sql.within(connection, select(here.b), here.a, numbers)}
    beyond |= {row[0] for row in sql.within(connection, select(here.a), here.b, numbers)}
    if beyond:
        sql.drop(connection, here.a, numbers)
        sql.drop(connection, here.b, numbers)
    sql.add(connection, shape.to_draw, numbers)
    sql.add(connection, shape.to_settle, {*numbers, *beyond})


# ── titles ───────────────────────────────────────────────────────────────────────────────────────


def mark(connection: Connection, ids: Iterable[str]) -> None:
    """Titles whose documents are to be made again."""
    sql.add(connection, shape.dirty, ids)


def mark_of(connection: Connection, numbers: Collection[int]) -> None:
    """The titles that records belong to."""
    query = select(shape.clusters.c.id).where(shape.clusters.c.id.is_not(None))
    mark(connection, {row[0] for row in sql.within(connection, query, shape.clusters.c.number, numbers)})


def mark_all(connection: Connection) -> None:
    connection.execute(delete(shape.dirty))
    known = select(shape.clusters.c.id).where(shape.clusters.c.id.is_not(None)).distinct()
    connection.execute(insert(shape.dirty).from_select(["id"], known))


def marked(connection: Connection, most: int) -> list[str]:
    return list(connection.scalars(select(shape.dirty.c.id).order_by(shape.dirty.c.id).limit(most)))


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(shape.dirty)) or 0


def clean(connection: Connection, ids: Collection[str]) -> None:
    sql.drop(connection, shape.dirty.c.id, ids)


# ── how far it has come ──────────────────────────────────────────────────────────────────────────


def state(connection: Connection, name: str) -> int:
    return connection.scalar(select(shape.state.c.value).where(shape.state.c.name == name)) or 0


def set_state(connection: Connection, name: str, value: int) -> None:
    here = shape.state.c.name == name
    if not connection.execute(update(shape.state).where(here).values(value=value)).rowcount:
        connection.execute(insert(shape.state).values(name=name, value=value))
