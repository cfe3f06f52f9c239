"""Whether two records are one title, and why."""

from collections.abc import Collection, Sequence
from functools import cache

import msgspec

from index.match import features
from index.match.facts import Facts
from index.match.features import AUTHOR, NO_AUTHOR, PUBLISHER, TOGETHER, Feature, Said, compare
from index.match.table import Table, table
from index.match.vetoes import vetoes


class Reason(msgspec.Struct, frozen=True):
    """One named feature or veto that spoke, with what the two records say."""

    name: str
    points: int  # 0 for a veto, and for an agreement that is only told
    a: str = ""
    b: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """An answer with its reasons: the vetoes first, then the features, those that count most first; last the
    agreements that count nothing."""

    verdict: str  # same, related, review, different
    relation: str  # of what is related: edition, printing, volume, binding, ebook, translation, coedition …
    points: int
    reasons: tuple[Reason, ...]


# Titles that name one work, where the author does not contradict.
WORK = frozenset(
    ["title_equal", "title_near", "title_subtitle", "title_variant", "title_begins", "title_rest", "title_words"]
)

# Agreements that a reader looks for, so they are told even where they count nothing.
TOLD = AUTHOR | PUBLISHER | {"year_equal", "pages_equal", "edition_equal"}


def judge(a: Facts, b: Facts, worthless: Collection[str] = (), rows: Table | None = None) -> Judgement:
    """The answer for two records. ``worthless``: ISBNs that were seen on different titles, or on sets."""
    return decide(a, b, compare(a, b, worthless), rows or table())


def decide(a: Facts, b: Facts, found: Sequence[Said], rows: Table) -> Judgement:
    """The answer from the features that were found: the sum, then the vetoes."""
    counted = [Reason(name, rows.feature[name].points, x, y) for name, x, y in found]
    points = rows.bias + sum(reason.points for reason in counted)
    names = {name for name, _, _ in found}
    spoken = [Reason(name, 0, x, y) for name, x, y in vetoes(a, b, names)]
    heard = (r for r in counted if r.points or r.name in TOLD)
    reasons = (*spoken, *sorted(heard, key=lambda reason: -abs(reason.points)))
    if not spoken and points >= rows.cut.same:
        return Judgement("same", "", points, reasons)
    work = not WORK.isdisjoint(names) and OTHER_AUTHOR.isdisjoint(names)
    relation = next((r for reason in spoken if (r := rows.veto[reason.name].relation)), "") or _relation(names)
    apart = any(not rows.veto[reason.name].relation and reason.name in PARTED for reason in spoken)
    if work and relation and not apart and _known(names):
        return Judgement("related", relation, points, reasons)
    near = points >= rows.cut.review or "isbn_shared" in names or (work and not AUTHOR.isdisjoint(names))
    if apart and (points < rows.cut.same or "institution" in {reason.name for reason in spoken}):
        near = False
    return Judgement("review" if near else "different", "", points, reasons)


PARTED = frozenset(["author", "institution", "type", "title"])  # after these nothing is related
OTHER_AUTHOR = frozenset(["author_differs", "author_part"])


def _known(names: Collection[str]) -> bool:
    """Whether more than the title says that it is one work."""
    return not AUTHOR.isdisjoint(names) or (
        not NO_AUTHOR.isdisjoint(names)
        and not {
            "isbn_shared",
            "publisher_equal",
            "publisher_close",
            "year_equal",
            "series_equal",
            "issn_shared",
        }.isdisjoint(names)
    )


def _relation(names: Collection[str]) -> str:
    """What a pair below the cut is most likely to be, where no veto says it."""
    if "publisher_place" in names:
        return "coedition"
    if not {"edition_one", "edition_revised", "edition_named", "year_near", "year_apart", "year_far"}.isdisjoint(names):
        return "printing" if "pages_equal" in names and "publisher_equal" in names else "edition"
    return ""


# ── what need not be judged ──────────────────────────────────────────────────────────────────────

# Asked in this order after the title and, in Thai, the author: what can count much for two records.
QUICK: tuple[Feature, ...] = (
    features.isbn, features.issn, features.control, features.pieces, features.series, features.year, features.pages,
)  # fmt: skip
OTHER_TITLES = frozenset(["title_partly", "title_close", "title_within"])  # in Thai the veto of that name parts them


def hopeless(a: Facts, b: Facts, worthless: Collection[str] = ()) -> bool:
    """Whether two records are "different" whatever else they say: what agrees best of the rest cannot make up for
    what is missing. So it is with most that share a block by chance, and it costs an eighth of a judgement."""
    rows, thai = table(), "thai" in (a.script, b.script)
    names = {name for name, _, _ in features.title(a, b, worthless)}
    parted = "title_far" in names or (thai and not OTHER_TITLES.isdisjoint(names))
    if not WORK.isdisjoint(names):
        if not (thai and a.creators and b.creators) or a.level in features.SERIAL or b.level in features.SERIAL:
            return False
        names.update(name for name, _, _ in features.author(a, b, worthless))
        if OTHER_AUTHOR.isdisjoint(names):
            return False
        parted = True
    names.update(name for feature in QUICK for name, _, _ in feature(a, b, worthless))
    if not parted and "isbn_shared" in names:
        return False
    points = rows.bias + sum(rows.feature[name].points for name in names) + _most(OTHER_AUTHOR.isdisjoint(names))
    likely = names | PUBLISHER if not OTHER_AUTHOR.isdisjoint(names) else names | PUBLISHER | AUTHOR | NO_AUTHOR
    points += sum(
        rows.feature[name].points
        for name, sides in TOGETHER.items()
        if rows.feature[name].points > 0 and not any(side.isdisjoint(likely) for side in sides)
    )
    return points < (rows.cut.same if parted else rows.cut.review)


@cache
def _most(author: bool) -> int:
    """What the features that ``hopeless`` does not ask can count for two records at most."""
    given = table().feature

    def counted(kind: str) -> list[int]:
        return [max(row.points, 0) for name, row in given.items() if name.startswith(kind)]

    others = sum(
        sum(counted(kind)) for kind in ("edition_", "part_", "numbers_", "height_", "place_", "type_", "language_")
    )
    return others + max(counted("publisher_")) + (max(counted("author_")) if author else 0)
