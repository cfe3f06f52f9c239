"""Whether two records are one title, and why."""

from collections.abc import Collection, Iterator

import msgspec
from rapidfuzz import fuzz

from index.match.facts import Facts
from index.match.table import Table, table


class Reason(msgspec.Struct, frozen=True):
    """One named feature or veto that spoke, with what the two records say."""

    name: str
    points: int
    a: str = ""
    b: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """An answer with its reasons."""

    verdict: str  # same, related, review, different
    relation: str
    points: int
    reasons: tuple[Reason, ...]


def judge(a: Facts, b: Facts, worthless: Collection[str] = (), points: Table | None = None) -> Judgement:
    """The answer for two records. ``worthless``: ISBNs that were seen on different titles, or on sets."""
    rows = points or table()
    reasons = [Reason(name, rows.feature[name].points, x, y) for name, x, y in _features(a, b, worthless)]
    total = rows.bias + sum(reason.points for reason in reasons)
    vetoes = [Reason(name, 0, x, y) for name, x, y in _vetoes(a, b)]
    if total >= rows.cut.same and not vetoes:
        return Judgement("same", "", total, tuple(reasons))
    if total >= rows.cut.same:
        return Judgement("related", rows.veto[vetoes[0].name].relation, total, (*vetoes, *reasons))
    return Judgement("review" if total >= rows.cut.review else "different", "", total, (*vetoes, *reasons))


Said = tuple[str, str, str]


def _features(a: Facts, b: Facts, worthless: Collection[str]) -> Iterator[Said]:
    one, two = (f.titles[0].full if f.titles else "" for f in (a, b))
    if one == two:
        yield "title_equal", one, two
    elif fuzz.ratio(one, two) < 80:
        yield "title_far", one, two
    if set(a.creators) & set(b.creators):
        yield "author_equal", a.creators[0], b.creators[0]
    if set(a.years) & set(b.years):
        yield "year_equal", str(a.years[0]), str(b.years[0])
    if a.pages and a.pages == b.pages:
        yield "pages_equal", str(a.pages), str(b.pages)
    for isbn in sorted((a.isbns.keys() & b.isbns.keys()) - set(worthless))[:1]:
        yield "isbn_shared", isbn, isbn


def _vetoes(a: Facts, b: Facts) -> Iterator[Said]:
    if a.volume != b.volume:
        yield "volume", " ".join(a.volume), " ".join(b.volume)
    if (a.edition or "1") != (b.edition or "1"):
        yield "edition", a.edition, b.edition
