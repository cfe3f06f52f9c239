"""A whole night: every member, then the index, then a backup; each step's failure is told and stops no other."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from config import database
from config.installation import Installation
from config.tables import ConfigError, Member, Settings, Text
from harvest.habit import Past
from harvest.store import Standing, Store
from harvest.together import Ended, harvest_together
from harvest.trouble import Trouble, troubles
from harvest.wording import one_line
from index import backup
from index.build import Built, Busy, Index
from index.night import kept, sending
from index.night.report import MemberNight, Report, key, minute, outcome
from index.night.turn import Holder
from search.engines import EngineError

logger = logging.getLogger(__name__)

Tell = Callable[[str, int, int | None], None]

# What goes wrong with the night itself -> what is said of it, and what to do. {why} is the error's own sentence.
SAID: dict[str, tuple[Text, Text]] = {
    "killed": (
        Text("รอบก่อนถูกหยุดกลางคัน เริ่มเมื่อ {why}", "the run before was killed before its end; it began {why}"),
        Text("ตรวจว่าเครื่องถูกปิดหรือหน่วยความจำไม่พอ งานที่ค้างทำต่อให้แล้ว", "was the machine turned off, or short of memory? What was left was done now"),
    ),
    "database": (
        Text("เปิดฐานข้อมูลไม่ได้: {why}", "the database cannot be opened: {why}"),
        Text("แก้แล้วสั่ง sahaban nightly", "mend it, then: sahaban nightly"),
    ),
    "harvest": (
        Text("การดึงข้อมูลหยุดกลางคัน: {why}", "the harvest broke off: {why}"),
        Text("แก้แล้วสั่ง sahaban nightly", "mend it, then: sahaban nightly"),
    ),
    "index": (
        Text("ปรับปรุงดัชนีสืบค้นไม่สำเร็จ: {why}", "the index could not be brought up to date: {why}"),
        Text("ระเบียนเก็บไว้ครบแล้ว แก้แล้วสั่ง sahaban index", "the harvest is stored; mend it, then: sahaban index"),
    ),
    "backup": (
        Text("สำรองข้อมูลไม่สำเร็จ: {why}", "the backup failed: {why}"),
        Text("ตรวจว่าดิสก์เต็มหรือเขียนโฟลเดอร์ไม่ได้ แล้วสั่ง sahaban backup FILE", "is the disk full, or the folder not to be written? Then: sahaban backup FILE"),
    ),
    "report": (
        Text("เก็บรายงานไม่ได้: {why}", "the report could not be kept: {why}"),
        Text("ตรวจว่าดิสก์เต็มหรือเขียนโฟลเดอร์ไม่ได้", "is the disk full, or the folder not to be written?"),
    ),
    "mail": (
        Text("ส่งรายงานทางเมลไม่ได้: {why}", "the report could not be mailed: {why}"),
        Text("ตรวจ mail_… ใน settings.toml", "look at mail_… in settings.toml"),
    ),
    "webhook": (
        Text("ส่งรายงานไปที่ webhook ไม่ได้: {why}", "the report could not be sent to the webhook: {why}"),
        Text("ตรวจ webhook ใน settings.toml", "look at webhook in settings.toml"),
    ),
}  # fmt: skip


class Night:
    """One night of an installation, whose turn it is."""

    def __init__(self, installation: Installation, members: Sequence[Member], killed: Holder | None):
        self.installation, self.members = installation, members
        self.tables, self.home = installation.tables, installation.home
        self.started = database.now()
        self.before = kept.last(self.home)
        self.troubles: list[Trouble] = []
        self.busy = False
        if killed:
            who = f"{killed.doing}, {killed.process}@{killed.host}"
            self._trouble("killed", Text(*(f"{minute(killed.since, x)} ({who})" for x in ("th", "en"))))

    def run(self, tell: Tell) -> Report:
        """The night's report, kept and sent."""
        nights, built, backed = self._harvest(tell), None, ""
        if not any(one.kind == "database" for one in self.troubles):
            with self._told("index"):
                built = self._index(tell)
            if self.tables.settings.backups:
                with self._told("backup"):
                    backed = self._backup(tell)
        return self._deliver(self._report(nights, built, backed))

    def _harvest(self, tell: Tell) -> dict[str, MemberNight]:
        ended: dict[str, Ended] = {}
        standings: dict[str, Standing] = {}
        histories: dict[str, list[Past]] = {}
        try:
            store = Store(self.installation.database)
        except ConfigError as error:
            self._trouble("database", str(error))
            return {}
        with self._told("harvest"):
            for one in harvest_together(self.members, self.tables, self.installation.database, self.home, tell):
                ended[one.code] = one
        with self._told("harvest"):
            standings, histories = store.standings(), store.histories()
        nights = {}
        for member in self.members:
            standing, history = standings.get(member.code, Standing()), histories.get(member.code, [])
            nights[member.code] = _night(member, ended.get(member.code), standing, history, self.tables.settings)
        return nights

    def _index(self, tell: Tell) -> Built | None:
        try:
            return Index(self.tables, self.installation.database, self.home, tell).run()
        except Busy as error:
            logger.info("%s", error)
            self.busy = True
            return None

    def _backup(self, tell: Tell) -> str:
        file = kept.backup_file(self.home, self.tables, self.started)
        backup.write(self.installation, file, force=True, tell=tell)
        kept.let_backups_go(file, self.tables.settings.backups)
        return str(file)

    def _report(self, nights: dict[str, MemberNight], built: Built | None, backed: str) -> Report:
        report = Report(
            self.started,
            database.now(),
            outcome(nights, self.troubles, self.busy),
            nights,
            built,
            backed,
            tuple(self.troubles),
        )
        known = {key(*one) for one in self.before.waiting()} if self.before else set()
        return msgspec.structs.replace(
            report, new=tuple(k for one in report.waiting() if (k := key(*one)) not in known)
        )

    def _deliver(self, report: Report) -> Report:
        """Keep the report and send it; it is kept again where that fails, with what failed."""
        settings = self.tables.settings
        self._keep(report)
        if settings.recipients and (settings.mail_when == "always" or report.code):
            with self._told("mail"):
                sending.mail(report, self.tables)
        if settings.webhook:
            with self._told("webhook"):
                sending.webhook(report, self.tables)
        if len(self.troubles) > len(report.troubles):
            report = self._report(report.members, report.index, report.backup)
            self._keep(report)
        return report

    def _keep(self, report: Report) -> None:
        with self._told("report"):
            kept.keep(report, self.home, self.tables.settings, self.installation.typeface())

    @contextmanager
    def _told(self, kind: str) -> Iterator[None]:
        """Whatever goes wrong in a step becomes a trouble of the night."""
        try:
            yield
        except Exception as error:
            said = str(error)
            foreseen = isinstance(error, sending.Untold | backup.BackupError | ConfigError | EngineError)
            logger.info("%s: %s", kind, said, exc_info=not foreseen)
            self._trouble(kind, said if foreseen else f"{type(error).__name__}: {said}")

    def _trouble(self, kind: str, why: str | Text) -> None:
        if any(one.kind == kind for one in self.troubles):
            return
        both = why if isinstance(why, Text) else Text(why, why)
        told = Text(one_line(both.th)[:500], one_line(both.en)[:500])
        said, step = SAID[kind]
        self.troubles.append(
            Trouble(kind, Text(said.th.format(why=told.th), said.en.format(why=told.en)), step, self.started)
        )


def _night(
    member: Member, ended: Ended | None, standing: Standing, history: Sequence[Past], settings: Settings
) -> MemberNight:
    ended = ended or Ended(member.code, 0.0, fault="it was not harvested")
    found = troubles(member, standing, history, settings)
    if ended.fault:
        why = one_line(ended.fault)[:500]
        step = Text(f"แก้แล้วสั่ง sahaban harvest {member.code}", f"mend it, then: sahaban harvest {member.code}")
        found.insert(0, Trouble("failed", Text(f"ดึงข้อมูลไม่สำเร็จ: {why}", f"its harvest failed: {why}"), step))
    return MemberNight(
        member.name, ended.seconds, standing.live, standing.deleted, standing.quarantined,
        ended.run, ended.busy, ended.fault, tuple(found),
    )  # fmt: skip
