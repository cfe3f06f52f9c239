"""Which records are compared at all: those that share a key."""

from collections.abc import Callable, Iterable, Iterator

from index.match.facts import Facts
from index.match.titles import without_article

LIMIT = 30  # a block with more records is split by what else they say, never cut off

# Words that many Thai titles begin with: what follows them tells titles apart.
OPENINGS = (
    "รายงานการวิจัยเรื่อง", "รายงานการวิจัย", "รายงานวิจัย", "การศึกษา", "คู่มือการ", "คู่มือ", "ประวัติศาสตร์", "ประวัติ", "การพัฒนา",
    "เอกสารประกอบการสอน", "เอกสารการสอนชุดวิชา", "ความรู้เบื้องต้นเกี่ยวกับ", "หลักการ", "รวม",
)  # fmt: skip


def keys(facts: Facts) -> list[str]:
    """The blocking keys of a record, each of a kind: ``isbn:…``, ``title:…``, ``author:…``."""
    return list(dict.fromkeys(_keys(facts)))


def _keys(facts: Facts) -> Iterator[str]:
    yield from (f"isbn:{isbn}" for isbn in facts.isbns)
    yield from (f"issn:{issn}" for issn in facts.issns)
    for title in facts.titles:
        yield from _of_title(title.full, title.main, title.script)
        if (plain := without_article(title)) is not title:
            yield f"title:{plain.main[:12]}"
        longest = sorted(title.words, key=lambda word: (-len(word), word))[:2]
        if title.script != "thai" and len(longest) == 2:
            yield from (f"words:{'+'.join(longest)}:{year}" for year in facts.years)
    yield from (f"title:{variant[:12]}" for variant in facts.variants)
    for name in (*facts.creators[:2], *facts.others[:2]):
        for part in sorted(name.split(), key=lambda part: (-len(part), part))[:2]:
            yield from (f"author:{part[:6]}:{year}" for year in facts.years)
            if facts.pages:
                yield f"pages:{facts.pages}:{part[:4]}"
    if facts.pages and ("tha" in facts.languages or any(title.script == "thai" for title in facts.titles)):
        yield from (f"scripts:{facts.pages}:{year}" for year in facts.years)


def _of_title(full: str, main: str, script: str) -> Iterator[str]:
    yield f"title:{main[:12]}"
    if full[:12] != main[:12]:
        yield f"title:{full[:12]}"
    if script == "thai":
        opening = next((o for o in OPENINGS if full.startswith(o) and len(full) - len(o) > 8), "")
        if opening:
            yield f"title:{full[len(opening) :][:12]}"
        if len(full) > 12:
            yield f"end:{full[-10:]}"
    elif len(full) > 16:
        yield f"end:{full[-14:]}"


# What an oversized block is split by, in the order in which a finer key says it; nothing that its key says already.
SPLIT_BY = {
    "isbn": ("title", "year", "author"),
    "issn": ("title", "year", "author"),
    "title": ("title", "year", "author", "pages"),
    "end": ("title", "year", "author", "pages"),
    "words": ("title", "author", "pages"),
    "author": ("start", "name", "pages"),
    "pages": ("start", "name", "year"),
    "scripts": ("name", "publisher", "height"),
}
FINEST = 3  # things more that a key says, after which it is not split further
NOTHING = "nothing"


def finer(key: str, facts: Facts) -> list[str]:
    """The keys that replace ``key`` for this record where its block is oversized: one for each thing more that the
    record says, so that two records which agree in any of them still meet. One that says nothing more stays with its
    like. ``key`` itself where nothing is left to split by.
    """
    if finest(key):
        return [key]
    base, *parts = key.split("|")
    by, said = SPLIT_BY[base.partition(":")[0]], _said(parts)
    found = [
        "|".join((base, *sorted((*parts, f"{name}={value}"), key=lambda part: by.index(part.partition("=")[0]))))
        for name in by if name not in said
        for value in _SAYS[name](facts)
    ]  # fmt: skip
    return list(dict.fromkeys(found)) or [f"{key}|{NOTHING}"]


def finest(key: str) -> bool:
    """Whether nothing is left by which the block of a key could be split."""
    if "|" not in key:
        return False
    base, *parts = key.split("|")
    return parts[-1] == NOTHING or len(parts) == min(FINEST, len(SPLIT_BY[base.partition(":")[0]]))


def _said(parts: Iterable[str]) -> set[str]:
    return {part.partition("=")[0] for part in parts}


def _with_next(years: Iterable[int]) -> Iterator[str]:
    """A year stands with the next, so that records whose years differ by one still meet."""
    for year in years:
        yield from (str(year), str(year + 1))


_SAYS: dict[str, Callable[[Facts], Iterable[str]]] = {
    "title": lambda f: [f"{title.full[:40]} {'-'.join(f.volume)}" for title in f.titles],
    "start": lambda f: [title.full[:5] for title in f.titles],
    "year": lambda f: _with_next(f.years),
    "author": lambda f: [part[:6] for name in (f.creators or f.others)[:1] for part in name.split()],
    "name": lambda f: ["".join(sorted(name.split())) for name in (*f.creators[:2], *f.others[:2])],
    "pages": lambda f: [str(f.pages)] if f.pages else [],
    "publisher": lambda f: f.publishers[:1],
    "height": lambda f: [str(f.height)] if f.height else [],
}
