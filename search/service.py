"""The catalogue as everyone asks it: a question goes through its stages, and an answer with documents comes back."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

import msgspec
from rapidfuzz import fuzz
from sqlalchemy import Engine as Database
from whoosh import query as wq

from config import database
from config.tables import Tables
from search import keyboard, plan, romanised, spelling, text
from search.documents import Documents
from search.engines import LETTERS, Counts, Engine, Facets, Found
from search.generation import Generations
from search.headings import Completion, Headings, Shelf
from search.language import Language
from search.plan import Planner, Reading
from search.question import ANY, MAX_HITS, Document, Hit, Page, Query
from search.schema import ID, MEMBER, WORK, Schema, facet_column, keyword, sort_column
from search.vocabulary import Vocabulary

FIRST = 20  # hits that are asked for before it is known whether they answer
ENOUGH = 10  # what finds so many is not followed by something looser
FEW = 3  # what finds fewer may have been misspelt, though the catalogue has it so
KEPT = 512  # questions whose reading is kept
FACET_VALUES = 30
YEAR = "year"  # the facet that is a histogram, and shown with every value
MOST_YEARS = 600
CANDIDATES = 200  # titles that are compared with a question letter by letter
REWRITTEN = 120  # letters of a question that is rewritten; a longer one is compared with titles at once
NEAR = 0.74  # the share of letters that a title must have in common with it: one of four may be wrong
TELLING = 12  # words of a title by which similar ones are looked for


class Answer(msgspec.Struct, frozen=True):
    """One way to read a question: the tree that answers it, and the first that it finds."""

    stage: str
    tree: wq.Query | None  # None asks for everything
    first: Found = Found(())  # without filters, by relevance
    terms: tuple[str, ...] = ()
    suggestion: str | None = None

    @property
    def found(self) -> int:
        """How many, up to a page."""
        return len(self.first.numbers)


class Catalogue:
    """Search over the live generation; it reopens by itself when another is switched in."""

    def __init__(self, tables: Tables, connection: Database, home: Path):
        self.schema = Schema(tables.fields)
        self.facets = self.schema.facets
        self.documents_store = Documents(connection)
        self.headings = Headings(connection)
        self.generations = Generations(home, tables.settings.engine, self.schema)
        self.language = Language(tables.fields)
        self.planner = Planner(self.schema)
        self._kept = lru_cache(KEPT)(self._parsed)
        self._engine: Engine | None = None
        self._stamp: tuple[int, ...] = ()
        self._vocabulary: Vocabulary | None = None

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
        answer = self._answer(engine, query)
        found = self._page(engine, answer, query)
        documents = self.documents(found.numbers)
        whole = found is answer.first and len(found.numbers) < FIRST  # all that there is: counted here, then
        counts = self._counted(documents, facet_values) if whole else self._counts(engine, answer, query, facet_values)
        return Page(
            query=query,
            total=counts.total,
            hits=_by_work(documents, found.scores),
            facets={facet: tuple(counts.facets[facet_column(facet)]) for facet in self.facets},
            stage=answer.stage,
            suggestion=answer.suggestion,
            terms=answer.terms,
        )

    def _page(self, engine: Engine, answer: Answer, query: Query) -> Found:
        """The ids of the page that is asked for. The plain first page was found on the way to the answer."""
        offset = (query.page - 1) * query.size
        limit = max(0, min(query.size, MAX_HITS - offset))
        if offset == 0 and answer.tree and query.sort == "relevance" and not _narrowed(query):
            if limit >= answer.found < FIRST:
                return answer.first
            if limit <= FIRST:
                return Found(answer.first.numbers[:limit], answer.first.scores[:limit])
        sort = None if query.sort == "relevance" else sort_column(query.sort)
        return engine.search(self.planner.filtered(answer.tree, query), sort, offset, limit)

    def _sizes(self, size: int) -> dict[str, int]:
        """How many values of each facet column are shown."""
        return {facet_column(f): MOST_YEARS if f == YEAR and size else size for f in self.facets}

    def _counted(self, documents: Sequence[Document], size: int) -> Counts:
        """The counts of documents, as an engine would count them."""
        facets: Facets = {}
        for facet, (column, n) in zip(self.facets, self._sizes(size).items(), strict=True):
            counted: dict[str, int] = {}
            for document in documents:
                for value in dict.fromkeys(document.members if facet == MEMBER else document.all(facet)):
                    counted[value] = counted.get(value, 0) + 1
            facets[column] = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:n]
        return Counts(len(documents), facets)

    def _counts(self, engine: Engine, answer: Answer, query: Query, size: int) -> Counts:
        """The counts of an answer. A facet with chosen values is counted as if they were not, so that one sees what
        more of them would bring."""
        sizes = self._sizes(size)
        chosen = [f for f in self.facets if query.chosen(f) or (f == YEAR and query.year)]
        apart = {facet_column(facet): facet for facet in chosen}
        rest = {column: n for column, n in sizes.items() if column not in apart}
        counts = engine.counts(self.planner.filtered(answer.tree, query), rest)
        for column, facet in apart.items():
            others = self.planner.filtered(answer.tree, query, but=facet)
            counts.facets.update(engine.counts(others, {column: sizes[column]}).facets)
        return counts

    # ── from exact to forgiving ──────────────────────────────────────────────────────────────────

    def _answer(self, engine: Engine, query: Query) -> Answer:
        """The first reading of the question that finds something. Filters have no say in that: what a member does
        not hold is not misspelt."""
        reading = self._reading(query.text, query.field)
        answer = self._strict(engine, reading)
        if answer.tree is None or query.exact:
            return answer
        if not answer.found:
            return next(self._forgiving(engine, reading), answer)
        if reading.typed and answer.found < FEW:
            return msgspec.structs.replace(answer, suggestion=self._better(engine, reading.typed))
        return answer

    def _reading(self, typed: str, field: str) -> Reading:
        """The question as it is read. Who narrows, sorts or turns a page asks it again: so what is short is kept."""
        return (self._kept if len(typed) <= REWRITTEN else self._parsed)(typed, field)

    def _parsed(self, typed: str, field: str) -> Reading:
        return Reading(self.planner, self.language.parse(typed, field))

    def _plain(self, typed: str) -> Reading:
        return Reading(self.planner, self.language.plain(typed))

    def _strict(self, engine: Engine, reading: Reading) -> Answer:
        """Every word; where that finds few, also inside longer words."""
        best = Answer("words", None)
        for stage in plan.STRICT:
            if best.found >= ENOUGH or (physical := reading.stage(stage)) is None:
                break
            first = _first(engine, physical)
            if best.tree is None or len(first.numbers) > best.found:
                best = Answer(stage, physical, first, reading.terms)
        return best

    def _forgiving(self, engine: Engine, reading: Reading) -> Iterator[Answer]:
        """Readings of a question that nothing answers as it was typed, each only if something answers it."""
        if reading.typed:
            yield from self._loose(engine, reading, "folded")
            if len(reading.typed) <= REWRITTEN:
                yield from self._rewritten(engine, reading.typed)
            yield from self._near(engine, reading.typed)
        yield from self._loose(engine, reading, "some")

    def _loose(self, engine: Engine, reading: Reading, stage: plan.Name) -> Iterator[Answer]:
        physical = reading.stage(stage)
        if physical and (first := _first(engine, physical)).numbers:
            yield Answer(stage, physical, first, reading.terms)

    def _rewritten(self, engine: Engine, typed: str) -> Iterator[Answer]:
        """The question as it would be on the other keyboard layout, spelt otherwise, or in Thai letters."""
        for stage, texts in self._rewritings(typed):
            for text_ in texts:
                answer = self._strict(engine, self._plain(text_))
                if answer.found:
                    yield msgspec.structs.replace(answer, stage=stage, suggestion=text_)
                    break

    def _rewritings(self, typed: str) -> Iterator[tuple[str, Sequence[str]]]:
        other = keyboard.other_layout(typed)
        yield "keyboard", [other] if other else []
        yield "romanised", romanised.sure(typed, self.vocabulary())
        yield "spelling", spelling.corrections(typed, self.vocabulary())
        yield "romanised", romanised.readings(typed, self.vocabulary())

    def _near(self, engine: Engine, typed: str) -> Iterator[Answer]:
        """The titles that share the most letters with the question, compared one by one: typing errors anywhere."""
        tree = self.planner.near(typed)
        if tree is None:
            return
        chunks = [chunk for part in typed.split() if (chunk := text.folded("".join(text.runs(part))))]
        documents = self.documents(engine.search(tree, None, 0, CANDIDATES).numbers)
        shares = {document.id: _likeness(chunks, document) for document in documents}
        best = sorted((d for d in documents if shares[d.id] >= NEAR), key=lambda d: -shares[d.id])[:ENOUGH]
        if best:
            ranked = [wq.ConstantScoreQuery(wq.Term(ID, d.id), 2.0 - n / ENOUGH) for n, d in enumerate(best)]
            yield Answer("spelling", nearest := wq.Or(ranked), _first(engine, nearest))

    def _better(self, engine: Engine, typed: str) -> str | None:
        """What the reader may have meant by a question that finds next to nothing."""
        vocabulary = self.vocabulary()
        meant = (*filter(None, [spelling.better(typed, vocabulary)]), *romanised.sure(typed, vocabulary))
        return next((m for m in meant if self._strict(engine, self._plain(m)).found >= ENOUGH), None)

    # ── one title and what is round it ───────────────────────────────────────────────────────────

    def document(self, id_: str) -> Document | None:
        return next(iter(self.documents_store.fetch([id_])), None)

    def documents(self, numbers: Sequence[int]) -> list[Document]:
        """The documents of those numbers, in that order."""
        return self.documents_store.numbered(numbers)

    def editions(self, document: Document, size: int = 20) -> list[Document]:
        """Other editions of the document's work, the latest first."""
        if not document.work:
            return []
        tree = wq.And([wq.Term(WORK, keyword(document.work)), wq.Not(wq.Term(ID, document.id))])
        return self.documents(self.engine().search(tree, sort_column("-year"), 0, size).numbers)

    def similar(self, document: Document, size: int = 6) -> list[Document]:
        """Titles that share the document's most telling words and headings; other editions are not among them."""
        telling = self._telling(document)
        if not telling:
            return []
        without = [wq.Not(wq.Term(ID, document.id))]
        without += [wq.Not(wq.Term(WORK, keyword(document.work)))] if document.work else []
        tree = wq.And([wq.Or([wq.Term(ANY, word) for word in telling]), *without])
        return self.documents(self.engine().search(tree, None, 0, size).numbers)

    def _telling(self, document: Document) -> list[str]:
        """The rarest words of title and subjects that other titles have, too."""
        vocabulary = self.vocabulary()
        words = {word for f in ("title", "subject") for value in document.all(f) for word in text.words(value)}
        known = sorted((vocabulary.titles(w), w) for w in words if len(w) > 1 and vocabulary.titles(w) > 1)
        return [word for _, word in known[:TELLING]]

    def browse(self, kind: str, start: str = "", size: int = 20, before: bool = False) -> Shelf:
        """Headings in their order: see search/headings.py."""
        return self.headings.browse(kind, start, size, before)

    def complete(self, typed: str, size: int = 8) -> list[Completion]:
        """Headings that begin as was typed: see search/headings.py."""
        return self.headings.complete(typed, size)

    # ── the index ────────────────────────────────────────────────────────────────────────────────

    def titles(self) -> int:
        """How many titles the catalogue holds."""
        return self.documents_store.count()

    def warm(self) -> None:
        """Load the dictionary, the index and the headings' before the first reader comes. Raises EngineError."""
        self.engine()
        spelling.corrections("ห้องสมุท librry", self.vocabulary())
        romanised.readings("hong samut", self.vocabulary())
        for letter in LETTERS:
            self.complete(letter)

    def engine(self) -> Engine:
        """The live generation, opened anew when it was switched or added to. Raises EngineError."""
        stamp = self.generations.stamp()
        if self._engine is None or stamp[:1] != self._stamp[:1]:
            self._engine = self.generations.open()
        elif stamp != self._stamp:
            self._engine.refresh()
        if stamp != self._stamp:
            self._stamp, self._vocabulary = stamp, None
        return self._engine

    def vocabulary(self) -> Vocabulary:
        """The words of the live generation; other threads may ask at the same time, and over a switch."""
        engine, stamp, known = self.engine(), self._stamp, self._vocabulary
        if known is None:
            known = Vocabulary(engine.words(ANY))
            if stamp == self._stamp:
                self._vocabulary = known
        return known


def _first(engine: Engine, tree: wq.Query) -> Found:
    return engine.search(tree, None, 0, FIRST)


def _narrowed(query: Query) -> bool:
    return bool(query.filters or query.year)


def _by_work(documents: Sequence[Document], scores: Sequence[float]) -> tuple[Hit, ...]:
    """The hits of a page, those of one work under the first of them."""
    together: dict[str, list[int]] = {}
    for number, document in enumerate(documents):
        together.setdefault(f"work {document.work}" if document.work else f"title {document.id}", []).append(number)
    return tuple(
        Hit(documents[first], scores[first] if scores else 0.0, tuple(documents[n] for n in others))
        for first, *others in together.values()
    )


def _likeness(chunks: Sequence[str], document: Document) -> float:
    """The share of a question's letters that stand together in one of the document's main texts, 0 to 1."""
    wanted = sum(map(len, chunks))
    shown = (said for field in ("title", "creator", "subject") for said in document.all(field))
    letters = (text.folded("".join(text.runs(said))) for said in shown)
    shares = [_shared(chunks, some) for some in letters if len(some) >= NEAR * wanted]
    return max(shares, default=0.0) / wanted


def _shared(chunks: Sequence[str], shown: str) -> float:
    """How many letters of the chunks stand together in a text."""
    ratios = ((fuzz.partial_ratio if len(shown) >= len(c) else fuzz.ratio)(c, shown) for c in chunks)
    return sum(ratio * len(chunk) / 100 for ratio, chunk in zip(ratios, chunks, strict=True))
