"""What every table of the ledger is asked and told in the same way: many at once, a part in one statement."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Select, Table, bindparam, delete, insert, select

T = TypeVar("T")
IN_ONE = 400


def parts(items: Collection[T], size: int = IN_ONE) -> Iterator[list[T]]:
    """The items in their order, each once."""
    ordered = sorted(items)  # type: ignore[type-var]  # numbers or texts; mypy has no name for either
    return (ordered[i : i + size] for i in range(0, len(ordered), size))


def within(connection: Connection, query: Select[Any], column: Column[Any], values: Collection[Any]) -> Iterator[Any]:
    """The rows of a query whose column is among the values."""
    narrowed = query.where(column.in_(bindparam("among", expanding=True)))
    for some in parts(values):
        yield from connection.execute(narrowed, {"among": some})


def drop(connection: Connection, column: Column[Any], values: Collection[Any]) -> None:
    """Delete the rows whose column is among the values."""
    gone = delete(column.table).where(column.in_(bindparam("among", expanding=True)))
    for some in parts(values):
        connection.execute(gone, {"among": some})


def add(connection: Connection, table: Table, values: Iterable[Any]) -> None:
    """Put values into a table of one column; those that are there stay."""
    (column,) = table.c
    wanted = set(values)
    wanted -= {row[0] for row in within(connection, select(column), column, wanted)}
    if wanted:
        connection.execute(insert(table), [{column.name: value} for value in sorted(wanted)])
