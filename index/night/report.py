"""What a night did and what waits for a person: as data, and as text for a log and a mail."""

import datetime
from collections.abc import Sequence
from typing import Literal

import msgspec
from babel import Locale

from config.tables import Text
from harvest import notes
from harvest.cli import BUSY, DONE, PERSON
from harvest.store import Run
from harvest.trouble import Trouble
from harvest.wording import ENDED, one_line, run_line
from index.build import Built

BANGKOK = datetime.timezone(datetime.timedelta(hours=7), "Asia/Bangkok")  # no summer time since 1920


class MemberNight(msgspec.Struct, frozen=True):
    """One member's night, and where it stands after it."""

    name: Text
    seconds: float
    live: int
    deleted: int
    quarantined: int
    run: Run | None = None
    busy: str = ""  # another harvest of it was running
    fault: str = ""  # it has no run
    troubles: tuple[Trouble, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """A whole night."""

    started: str
    finished: str
    outcome: Literal["done", "person", "busy"]
    members: dict[str, MemberNight]
    index: Built | None = None
    backup: str = ""  # the file
    troubles: tuple[Trouble, ...] = ()  # of the night itself
    new: tuple[str, ...] = ()  # the keys of the troubles that the night before had not

    @property
    def code(self) -> int:
        """The exit code."""
        return {"done": DONE, "person": PERSON, "busy": BUSY}[self.outcome]

    def waiting(self) -> list[tuple[str, Trouble]]:
        """Everything that waits for a person, with the member's code, "" for the night itself."""
        of_members = [(code, trouble) for code, member in self.members.items() for trouble in member.troubles]
        return [("", trouble) for trouble in self.troubles] + of_members


def key(code: str, trouble: Trouble) -> str:
    """What makes a trouble the same as last night's."""
    return f"{code}/{trouble.kind}"


def outcome(
    members: dict[str, MemberNight], troubles: Sequence[Trouble], busy: bool
) -> Literal["done", "person", "busy"]:
    """What needs a person comes before what only has to wait."""
    if troubles or any(member.troubles for member in members.values()):
        return "person"
    return "busy" if busy or any(member.busy for member in members.values()) else "done"


# ── in words ─────────────────────────────────────────────────────────────────────────────────────


def clipped(text: str, most: int = 600) -> str:
    """Not more than a person reads: what a source says may be long."""
    return text if len(text) <= most else f"{text[:most]} …"


def day(iso: str, language: str) -> str:
    """``28 พฤศจิกายน 2569``, ``28 November 2026``: the day in Khon Kaen."""
    when = datetime.datetime.fromisoformat(iso).astimezone(BANGKOK)
    month = Locale.parse(language).months["format"]["wide"][when.month]
    return f"{when.day} {month} {when.year + (543 if language == 'th' else 0)}"


def minute(iso: str, language: str) -> str:
    """The day, and the time in Khon Kaen."""
    when = datetime.datetime.fromisoformat(iso).astimezone(BANGKOK)
    return f"{day(iso, language)} {when:%H.%M} น." if language == "th" else f"{day(iso, language)}, {when:%H:%M}"


def span(start: str, end: str, language: str) -> str:
    """From when to when; a day is said once."""
    a, b = (minute(iso, language) for iso in (start, end))
    return (
        f"{a} – {b.removeprefix(day(end, language)).lstrip(', ') if day(start, language) == day(end, language) else b}"
    )


def verdict(report: Report) -> Text:
    """The outcome in one sentence."""
    waiting, new = len(report.waiting()), len(report.new)
    if waiting:
        things = "1 thing needs" if waiting == 1 else f"{waiting} things need"
        beside = Text("", "")
        if not new:
            beside = Text(" (แจ้งแล้วคืนก่อน)", " (known before)")
        elif new < waiting:
            beside = Text(f" (ใหม่ {new})", f" ({new} new)")
        return Text(f"มี {waiting} เรื่องต้องดูแล{beside.th}", f"{things} a person{beside.en}")
    if report.outcome == "busy":
        return Text("บางส่วนรอรอบหน้า เพราะมีงานอื่นทำอยู่", "Some of it waits for the next run, as another one was going on")
    return Text("เรียบร้อยทุกแห่ง", "All is well")


def subject(report: Report, language: str) -> str:
    """A mail's subject: the outcome first, then whom it is about."""
    whom = ", ".join(dict.fromkeys(code for code, _ in report.waiting() if code))
    about = f" [{whom if len(whom) <= 60 else whom[:60].rpartition(',')[0] + ', …'}]" if whom else ""
    name = "Sahaban" if language == "en" else "สหบรรณ"
    return one_line(f"{name}: {verdict(report).in_language(language)}{about} – {day(report.started, language)}")


HEADINGS = {
    "night": Text("รายงานประจำคืน", "Nightly report"),
    "waiting": Text("เรื่องที่ต้องดูแล", "What needs a person"),
    "members": Text("ห้องสมุดสมาชิก", "The members"),
    "new": Text("ใหม่", "new"),
    "backup": Text("สำรองข้อมูลไว้ที่", "Backup"),
    "itself": Text("ระบบ", "The installation"),
}


NOT_INDEXED = Text("ยังไม่ได้ปรับปรุงดัชนีสืบค้น", "index not updated")


def text(report: Report, language: str) -> str:
    """The report for a log, a terminal and a mail's plain part."""

    def say(name: str) -> str:
        return HEADINGS[name].in_language(language)

    lines = [
        f"{say('night')}: {verdict(report).in_language(language)}",
        span(report.started, report.finished, language),
    ]
    if report.waiting():
        lines += ["", f"{say('waiting')}:"]
    for code, trouble in report.waiting():
        name = report.members[code].name.in_language(language) if code else say("itself")
        mark = f" [{say('new')}]" if key(code, trouble) in report.new else ""
        lines.append(one_line(f"- {name}{f' ({code})' if code else ''}: {trouble.said.in_language(language)}{mark}"))
        lines.append(f"    {one_line(trouble.step.in_language(language))}")
    lines += ["", f"{say('members')}:"]
    lines += [f"  {member_line(code, member, language)}" for code, member in report.members.items()]
    lines += ["", (report.index.said if report.index else NOT_INDEXED).in_language(language)]
    if report.backup:
        lines.append(one_line(f"{say('backup')}: {report.backup}"))
    return "\n".join(lines)


def member_line(code: str, member: MemberNight, language: str) -> str:
    """What its harvest did."""
    if member.run:
        return clipped(run_line(code, member.run, language))
    failed = ENDED["failed"].in_language(language)
    said = one_line(member.busy.removeprefix(f"{code}: ") or f"{failed}: {member.fault}")
    return f"{code}: {notes.in_language(said, language)}"
