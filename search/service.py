"""The catalogue as everyone asks it: a question goes through its stages, and an answer with documents comes back."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import msgspec
from sqlalchemy import Engine as Database
from whoosh import query as wq

from config import database
from config.tables import Tables
from search import text
from search.documents import Documents
from search.engines import Engine, Found
from search.generation import Generations
from search.language import Language
from search.plan import Planner, Stage
from search.question import MAX_HITS, Document, Hit, Page, Query
from search.schema import Schema, facet_column, sort_column

ENOUGH = 10  # a stage that found so many is not followed by a looser one
FACET_VALUES = 30


class Catalogue:
    """Search over the live generation; it reopens by itself when another is switched in."""

    def __init__(self, tables: Tables, connection: Database, home: Path):
        self.schema = Schema(tables.fields)
        self.facets = self.schema.facets
        self.documents_store = Documents(connection)
        self.generations = Generations(home, tables.settings.engine, self.schema)
        self.language = Language(tables.fields)
        self.planner = Planner(self.schema)
        self._engine: Engine | None = None
        self._stamp: tuple[int, ...] = ()

    @classmethod
    def of(cls, documents: Iterable[Document], tables: Tables, home: Path, engine: str = "memory") -> Self:
        """A catalogue of just these documents, in a home of its own; for tests and trials."""
        home.mkdir(parents=True, exist_ok=True)
        settings = msgspec.structs.replace(tables.settings, engine=engine)
        connection = database.connect(f"sqlite:///{home / 'sahaban.db'}")
        catalogue = cls(msgspec.structs.replace(tables, settings=settings), connection, home)
        with database.writing(connection) as transaction:
            catalogue.documents_store.put(transaction, documents)
        catalogue.generations.build(catalogue.documents_store)
        return catalogue

    def search(self, query: Query, facet_values: int = FACET_VALUES) -> Page:
        """The answer to a question. Raises EngineError where there is no index."""
        engine = self.engine()
        tree = self.language.parse(query.text, query.field)
        stage, found = self._first_enough(engine, tree, query)
        columns = {facet: facet_column(facet) for facet in self.facets}
        counted = engine.facets(stage.tree, list(columns.values()), facet_values if found.total else 0)
        return Page(
            query=query,
            total=found.total,
            hits=self._hits(found),
            facets={facet: tuple(counted[column]) for facet, column in columns.items()},
            stage=stage.name,
        )

    def _first_enough(self, engine: Engine, tree: wq.Query, query: Query) -> tuple[Stage, Found]:
        """The first stage that finds enough; ``some`` only where the stricter ones find nothing at all.

        The first stage that finds the most is kept: a looser one that adds nothing is not spoken of.
        """
        sort = None if query.sort == "relevance" or not query.sort else sort_column(query.sort)
        offset = (query.page - 1) * query.size
        limit = max(0, min(query.size, MAX_HITS - offset))
        best: tuple[Stage, Found] | None = None
        for stage in self.planner.stages(tree, query):
            if best and (best[1].total >= ENOUGH or (stage.name == "some" and best[1].total)):
                break
            found = engine.search(stage.tree, sort, offset, limit)
            if best is None or found.total > best[1].total:
                best = (stage, found)
        assert best is not None  # there is always the stage "words"
        return best

    def _hits(self, found: Found) -> tuple[Hit, ...]:
        scores = dict(zip(found.ids, found.scores, strict=False))
        return tuple(Hit(d, scores.get(d.id, 0.0)) for d in self.documents_store.fetch(found.ids))

    def document(self, id_: str) -> Document | None:
        return next(iter(self.documents_store.fetch([id_])), None)

    def documents(self, ids: Sequence[str]) -> list[Document]:
        return self.documents_store.fetch(ids)

    def titles(self) -> int:
        """How many titles the catalogue holds."""
        return self.documents_store.count()

    def warm(self) -> None:
        """Load the dictionary and the index before the first reader comes. Raises EngineError."""
        text.words("ห้องสมุด")
        self.engine()

    def engine(self) -> Engine:
        """The live generation, opened anew when it was switched or added to. Raises EngineError."""
        stamp = self.generations.stamp()
        if self._engine is None or stamp[:1] != self._stamp[:1]:
            self._engine = self.generations.open()
        elif stamp != self._stamp:
            self._engine.refresh()
        self._stamp = stamp
        return self._engine
