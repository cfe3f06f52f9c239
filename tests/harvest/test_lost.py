"""What a member sends by mistake takes nothing of it away: fewer records, none, a web page, another member's file."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from config.installation import Installation
from demo import marc, sheets
from demo.sample import Entry, share
from harvest.run import undo
from harvest.shape import records
from harvest.store import Store
from tests.conftest import Install, member
from tests.harvest.test_run import IDENTIFY, Scripted, book, counts, drop, page, run, scripted

__all__ = ["scripted"]  # a fixture

MANY = 60
HTML = b"<!DOCTYPE html>\n<html><head><title>504 Gateway Time-out</title></head><body>" + b"<p>down</p>" * 40 + b"</body></html>"  # fmt: skip
Writer = Callable[[Sequence[Entry]], bytes]


def listed(entries: Sequence[Entry]) -> bytes:
    return sheets.comma_separated(entries, sheets.COLUMNS["kkpl"])


KINDS: dict[str, tuple[str, Writer]] = {
    "marc": ("a.mrc", marc.iso2709),
    "marcxml": ("a.xml", marc.collection),
    "sheet": ("a.csv", listed),
}
of_every_kind = pytest.mark.parametrize("kind", KINDS)
OWN, THEIRS = share("kkpl")[:MANY], share("cas")[MANY : 3 * MANY]


def filed(install: Install, kind: str, own: Sequence[Entry] = OWN, load: str = "full") -> Installation:
    """A member whose file of that kind was harvested."""
    source = member("aaa", protocol="file", path="drop", format=kind, load=load)
    other = member("bbb", protocol="file", path="other", format=kind, load="full")
    installation = install(f"{source}\n{other}")
    name, written = KINDS[kind]
    drop(installation, **{name: written(own)})
    first = run(installation)
    assert (first.outcome, counts(first)) == ("done", {"added": len(own)})
    return installation


def held_by(installation: Installation) -> list[tuple[str, bool, bytes]]:
    columns = records.c.local_id, records.c.deleted, records.c.digest
    with installation.database.connect() as connection:
        query = records.select().with_only_columns(*columns).where(records.c.member == "aaa")
        return [tuple(row) for row in connection.execute(query.order_by(records.c.local_id))]


def sent(installation: Installation, kind: str, raw: bytes) -> str:
    """What the run says of a file from which nothing may be lost, nor gained."""
    before = held_by(installation)
    drop(installation, **{KINDS[kind][0]: raw})
    result = run(installation)
    assert result.outcome in ("held", "failed"), counts(result)
    assert held_by(installation) == before
    assert Store(installation.database).standings()["aaa"].deleted == 0
    return result.error or ""


@of_every_kind
@pytest.mark.parametrize("many", [2, 10, 30, MANY])
def test_sixty_per_cent_fewer(install: Install, kind: str, many: int) -> None:
    """Of a small member, too, which has fewer records than any number that may go."""
    installation = filed(install, kind, OWN[:many])
    left = many * 2 // 5
    if left:
        said = sent(installation, kind, KINDS[kind][1](OWN[:left]))
        assert f"{many - left} of {many} records are missing from the full load; they are kept" in said
        assert "sahaban harvest aaa --accept" in said


NONE: dict[str, list[bytes]] = {
    "marc": [b"", b"\r\n\r\n", b"\x1d", b"\x1a"],
    "marcxml": [b"", b"<collection/>", b'<?xml version="1.0"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim"></collection>'],
    "sheet": [b"", b"\xef\xbb\xbf", b"\r\n", listed(())],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "raw"), [(kind, raw) for kind, some in NONE.items() for raw in some])
@pytest.mark.parametrize("many", [3, MANY])
def test_an_empty_list(install: Install, kind: str, raw: bytes, many: int) -> None:
    assert sent(filed(install, kind, OWN[:many]), kind, raw)


@of_every_kind
@pytest.mark.parametrize("many", [3, MANY])
def test_a_web_page(install: Install, kind: str, many: int) -> None:
    assert sent(filed(install, kind, OWN[:many]), kind, HTML)


@of_every_kind
@pytest.mark.parametrize("many", [3, MANY])
def test_another_members_file(install: Install, kind: str, many: int) -> None:
    """None of theirs is taken for ours, and none of ours is gone, until a person says that it is right."""
    installation = filed(install, kind, OWN[:many])
    other = installation.directory / "other"
    other.mkdir()
    (other / KINDS[kind][0]).write_bytes(KINDS[kind][1](THEIRS))
    assert run(installation, "bbb").added == len(THEIRS)
    said = sent(installation, kind, KINDS[kind][1](THEIRS))
    assert f"it looks like the file of bbb: of {len(THEIRS)} records {len(THEIRS)} are unknown" in said
    assert f"{many} of {many} are missing; nothing of it was taken in" in said
    assert run(installation).outcome == "held", "each night, until somebody decides"
    assert counts(run(installation, accept=True)) == {"added": len(THEIRS), "deleted": many}
    assert counts(run(installation)) == {"unchanged": len(THEIRS)}


@of_every_kind
def test_another_members_file_among_those_that_only_add(install: Install, kind: str) -> None:
    """Nothing of ours is missing by it; but that theirs are now said to be here is told."""
    installation = filed(install, kind, OWN[:30], "delta")
    other = installation.directory / "other"
    other.mkdir()
    (other / KINDS[kind][0]).write_bytes(KINDS[kind][1](THEIRS))
    run(installation, "bbb")
    drop(installation, **{KINDS[kind][0]: KINDS[kind][1](THEIRS)})
    told = run(installation)
    assert f"{len(THEIRS)} of {len(THEIRS)} records are new, and bbb has them under the same numbers" in str(told.error)
    assert "if they are not this library's, take them back: sahaban undo aaa" in str(told.error)
    undo("aaa", Store(installation.database), installation.home)
    assert Store(installation.database).standings()["aaa"].live == 30
    drop(installation, **{KINDS[kind][0]: KINDS[kind][1](OWN[:60])})
    assert run(installation).error is None, "what is new and one's own is no news"


@of_every_kind
def test_another_file_with_the_same_numbers(install: Install, kind: str) -> None:
    """Libraries count their books from 1: numbers alone do not tell whose they are."""
    strange = [
        msgspec.structs.replace(ours, title=theirs.title)
        for ours, theirs in zip(OWN, share("kkh")[MANY:], strict=False)
        if ours.title.title[:8].casefold() != theirs.title.title[:8].casefold()
    ]
    assert len(strange) > MANY * 0.9
    said = sent(filed(install, kind), kind, KINDS[kind][1](strange))
    assert f"it looks like the file of another library: of {len(strange)} records 0 are unknown" in said
    assert "sahaban harvest aaa --accept" in said


@of_every_kind
def test_another_members_file_beside_ones_own(install: Install, kind: str) -> None:
    """Half of it in the place of one of two files."""
    installation = filed(install, kind)
    name, written = KINDS[kind]
    drop(installation, **{name: written(OWN[:30]), f"b{name}": written(OWN[30:])})
    assert counts(run(installation)) == {"unchanged": MANY}
    before = held_by(installation)
    drop(installation, **{name: written(OWN[:30]), f"b{name}": written(THEIRS)})
    result = run(installation)
    assert (result.outcome, held_by(installation)) == ("held", before)


@of_every_kind
def test_a_member_that_doubles_is_taken_in(install: Install, kind: str) -> None:
    installation = filed(install, kind)
    drop(installation, **{KINDS[kind][0]: KINDS[kind][1](share("kkpl")[: 4 * MANY])})
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 3 * MANY, "unchanged": MANY})


def test_titles_that_are_corrected_are_taken_in(install: Install) -> None:
    installation = filed(install, "marc")
    mended = [
        msgspec.structs.replace(e, title=msgspec.structs.replace(e.title, subtitle="ฉบับปรับปรุงใหม่", edition="พิมพ์ครั้งที่ 9"))
        for e in OWN
    ]
    drop(installation, **{"a.mrc": marc.iso2709(mended)})
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"changed": MANY})


# ── over OAI-PMH ─────────────────────────────────────────────────────────────────────────────────


def said_of(kind: str) -> str:
    return IDENTIFY.replace("<granularity>", f"<deletedRecord>{kind}</deletedRecord><granularity>")


EMPTY = page().replace("<resumptionToken></resumptionToken>", "")
NO_MATCH = page().replace("<ListRecords>", '<error code="noRecordsMatch">none</error><!--').replace("</ListRecords>", "-->")  # fmt: skip
SENT = {
    "fewer": "",  # two of five
    "none": EMPTY,
    "no match": NO_MATCH,
    "html": HTML.decode(),
    "theirs": page(*(f"oai:other:{n}" for n in range(90))),
}


@pytest.mark.parametrize("deletions", ["no", "transient", "persistent"])
@pytest.mark.parametrize("what", SENT)
@pytest.mark.parametrize("many", [3, MANY])
def test_a_server_that_sends_something_else(
    install: Install, scripted: Scripted, deletions: str, what: str, many: int
) -> None:
    scripted.identify = said_of(deletions)
    installation = install(member("aaa", protocol="oai", url=scripted.url, format="oai_dc"))
    scripted.answers = [page(*map(str, range(many)))]
    assert counts(run(installation)) == {"added": many}
    ours = held_by(installation)
    scripted.answers = [SENT[what] or page(*map(str, range(many * 2 // 5)))]
    result = run(installation, full=True)
    assert set(ours) <= set(held_by(installation)), "nothing is gone"
    said = result.error or ""
    if what == "html":
        assert (result.outcome, "not with OAI-PMH" in said) == ("failed", True)
    elif what == "no match":
        assert (result.outcome, "list is empty; nothing was withdrawn" in said) == ("done", True)
    else:
        assert (result.outcome, "are missing from the full load; they are kept" in said) == ("held", True)
        assert ("sahaban undo aaa" in said) == (what == "theirs")
        assert counts(run(installation, full=True, accept=True))["deleted"] == many - (many * 2 // 5) * (
            what == "fewer"
        )


@pytest.mark.parametrize("deletions", ["no", "persistent"])
def test_a_list_that_is_held_back_stays_so_however_many_it_brings(
    install: Install, scripted: Scripted, deletions: str
) -> None:
    scripted.identify = said_of(deletions)
    installation = install(member("aaa", protocol="oai", url=scripted.url, format="oai_dc"))
    scripted.answers = [page(*map(str, range(MANY)))]
    run(installation)
    ours = held_by(installation)
    others = [f"oai:other:{n}" for n in range(20 * MANY)]
    for night in range(3):
        scripted.answers = [page(*map(str, range(MANY // 2)), *others)]
        result = run(installation, full=True)
        assert (night, result.outcome) == (night, "held")
        assert set(ours) <= set(held_by(installation))
        scripted.answers = [NO_MATCH]
        assert run(installation).outcome == "done"
    scripted.answers = [page(*map(str, range(MANY // 2)), *others)]
    assert counts(run(installation, full=True, accept=True))["deleted"] == MANY - MANY // 2
    scripted.answers = [page(*map(str, range(MANY // 2)))]
    result = run(installation, full=True)
    assert (result.outcome, str(len(others)) in (result.error or "")) == ("held", True), "they count from then on"


def two_files(install: Install, *names: str) -> Installation:
    """A member with so many files that are always whole, each a source."""
    tables = [member("aaa", protocol="file", path=f"drop/{name}.csv", format="sheet", load="full") for name in names]
    return install("\n".join([tables[0], *(table[table.index("[[") :] for table in tables[1:])]))


def live(installation: Installation) -> int:
    return Store(installation.database).standings()["aaa"].live


def test_what_another_file_of_the_member_still_has_comes_back(install: Install) -> None:
    """A title in both files is the second one's, and the first file is not read as long as it is as it was."""
    installation = two_files(install, "a", "b")
    directory = drop(installation, **{"a.csv": listed(OWN[:40]), "b.csv": listed(OWN[30:])})
    run(installation)
    assert live(installation) == MANY
    (directory / "b.csv").write_bytes(listed(OWN[40:]))
    run(installation)
    assert run(installation).outcome == "done"
    assert live(installation) == MANY


def test_a_former_source_that_was_withdrawn_and_is_named_again_comes_back(install: Install) -> None:
    installation = two_files(install, "a", "b")
    drop(installation, **{"a.csv": listed(OWN[:40]), "b.csv": listed(OWN[40:])})
    run(installation)
    installation = two_files(install, "a")
    assert counts(run(installation, accept=True)) == {"unchanged": 40, "deleted": 20}
    installation = two_files(install, "a", "b")
    run(installation)
    assert live(installation) == MANY


def test_an_undo_takes_back_the_last_run_that_changed_something(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc", load="full"))
    folder = drop(installation, **{"a.mrc": book(1)})
    run(installation)
    (folder / "b.mrc").write_bytes(book(2))
    run(installation)
    assert counts(run(installation)) == {"unchanged": 2}
    store = Store(installation.database)
    assert counts(undo("aaa", store, installation.home)) == {"deleted": 1}
    assert store.standings()["aaa"].live == 1
    assert counts(undo("aaa", store, installation.home)) == {"changed": 1}, "the undo, too, can be taken back"
