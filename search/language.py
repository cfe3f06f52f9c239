"""What a person typed, as a tree: words, "phrases", AND OR NOT, field:, wildcards and ranges of years.

The tree is over the fields of fields.toml; its leaves hold the text as typed. What cannot be parsed is
searched as plain words: a reader is never told that a search has a syntax.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping

from whoosh import fields as whoosh_fields
from whoosh import qparser
from whoosh.qparser import plugins
from whoosh.query import And, AndNot, Not, Phrase, Prefix, Query, Term, Wildcard

from config import values
from config.tables import Field
from search.question import ANY, CALL_NUMBER

logger = logging.getLogger(__name__)

LONGEST = 400  # characters of a question that are read; nobody types more, and machines have ids
MOST_CHUNKS = 32
CALLED = ("เลขเรียก", "เลขเรียกหนังสือ", "call", "callnumber")  # the field that has no row in the table

_ERA = re.compile(r"((?:[พค]\.?\s?ศ|[รจ]\.\s?ศ)\.?|\b(?:B\.?E|C\.?E|A\.?D)\.?)\s+(?=[\d๐-๙]{2,4})", re.I)
MOST_PATTERNS = 6  # wildcards in a question; with more, each letter of the index would be asked
_SYNTAX = re.compile(r"[\"()\[\]{}:*?^~]|(?:^|\s)[+-]\S|\b(?:AND|OR|NOT)\b")  # anything but words
_NUMBER_NAME = re.compile(r"\bISBN(?:-1[03])?\s*:?\s*(?=\d{9})", re.I)
_QUOTES = str.maketrans("“”„‟«»", '""""""')


class Quote(Phrase):  # type: ignore[misc]  # whoosh's queries are untyped
    """A phrase that stays one: normalising would make a term of a single chunk, and Thai has no spaces to count."""

    def normalize(self) -> "Quote":
        return self


class Quoted(plugins.PhrasePlugin.PhraseNode):  # type: ignore[misc]  # whoosh's nodes are untyped
    """What stands in quotes, kept as one text: the plan cuts it into words."""

    def query(self, parser: qparser.QueryParser) -> Query:
        return Quote(self.fieldname or parser.fieldname, [self.text])


class QuotesPlugin(plugins.PhrasePlugin):  # type: ignore[misc]  # whoosh's plugins are untyped
    """Quotes as in whoosh, with the text between them left whole."""

    class PhraseTagger(plugins.PhrasePlugin.PhraseTagger):  # type: ignore[misc]  # as above
        def create(self, parser: qparser.QueryParser, match: re.Match[str]) -> Quoted:
            return Quoted(match["text"], match.start("text"))


class Language:
    """The parser for one table of fields."""

    def __init__(self, table: Mapping[str, Field]):
        self.names = frozenset((*table, CALL_NUMBER))
        schema = whoosh_fields.Schema(**{name: whoosh_fields.ID() for name in (ANY, CALL_NUMBER, *table)})
        called = {name: (field.label.th, field.label.en, *field.sheet) for name, field in table.items()}
        aliases = {name: _aliases(name, words) for name, words in (called | {CALL_NUMBER: CALLED}).items()}
        self._parser = qparser.QueryParser(
            ANY,
            schema,
            plugins=[
                plugins.WhitespacePlugin(),
                QuotesPlugin(),
                plugins.RangePlugin(),
                plugins.FieldsPlugin(expr=r"(?P<text>[^\s:\"()\[\]*?]+):(?=\S)"),
                plugins.FieldAliasPlugin(aliases),
                plugins.GroupPlugin(),
                plugins.OperatorsPlugin(AndNot=None, AndMaybe=None, Require=None),
                plugins.PlusMinusPlugin(plusexpr=r"(?:^|(?<=[\s(]))\+(?=\S)", minusexpr=r"(?:^|(?<=[\s(]))-(?=\S)"),
                plugins.PrefixPlugin(),
                plugins.WildcardPlugin(),
            ],
        )

    def parse(self, typed: str, field: str = ANY) -> Query:
        """The tree of a question; ``field`` is where words without a field of their own belong."""
        text = typed[:LONGEST].encode("utf-8", "replace").decode().translate(_QUOTES)
        text = _NUMBER_NAME.sub("", values.compact_isbns(_ERA.sub(r"\1", text))).strip()
        text = " ".join(text.split()[:MOST_CHUNKS])
        if not _SYNTAX.search(text) or text.count("*") + text.count("?") > MOST_PATTERNS:
            return self.plain(text, field)
        try:
            self._parser.fieldname = field if field in self.names else ANY
            tree = self._parser.parse(text)
            return tree if tree.is_leaf() or list(tree.leaves()) else self.plain(text, field)
        except Exception as error:  # the parser was not made for what people paste: then these are words
            logger.info("parsed as plain words: %s: %s", type(error).__name__, error)
            return self.plain(text, field)

    def plain(self, typed: str, field: str = ANY) -> Query:
        """Every chunk of the text as a word, whatever stands in it."""
        name = field if field in self.names else ANY
        chunks = [Term(name, chunk) for chunk in re.split(r"[\s\"()\[\]{}:*?^~]+", typed) if chunk]
        return chunks[0] if len(chunks) == 1 else And(chunks)


def terms(tree: Query) -> Iterator[str]:
    """The words and phrases that a question looks for, as typed."""
    if isinstance(tree, Phrase):
        yield " ".join(tree.words)
    elif isinstance(tree, Prefix | Wildcard | Term):
        yield tree.text
    elif isinstance(tree, AndNot):
        yield from terms(tree.a)
    elif not isinstance(tree, Not):
        for child in tree.children():
            yield from terms(child)


def _aliases(name: str, called: Iterable[str]) -> list[str]:
    """What a reader may call a field, in any case; a name with a space in it cannot stand before a colon."""
    spoken = {word for word in (name, *called) if not re.search(r"\s", word)}
    spoken |= {cased for word in spoken for cased in (word.lower(), word.upper(), word.capitalize(), word.title())}
    return sorted(spoken - {name})
