"""What is wrong with a member and what to do about it, in Thai and English: for the night's report and for status."""

from collections.abc import Sequence

import msgspec

from config.tables import Member, Settings, Text
from harvest import foreign, habit
from harvest.habit import Past
from harvest.store import Standing


class Trouble(msgspec.Struct, frozen=True):
    """Something that waits for a person."""

    kind: str
    said: Text
    step: Text
    since: str = ""  # as far as it is known


# kind -> what is said, and what to do. {many} are records or days.
SAID: dict[str, tuple[Text, Text]] = {
    "failed": (
        Text("ดึงข้อมูลไม่สำเร็จ", "its harvest failed"),
        Text("แก้ที่ต้นทาง แล้วสั่ง sahaban harvest {code}", "mend the source, then: sahaban harvest {code}"),
    ),
    "held": (
        Text(
            "ระเบียนหายไปจากรายการมากผิดปกติ จึงยังไม่ถอนออก",
            "too many records are missing from its list; none was withdrawn",
        ),
        Text(
            "ถามห้องสมุด ถ้าถอนจริงสั่ง sahaban harvest {code} --accept ถ้าไม่ใช่ ให้ขอรายการใหม่",
            "ask the library; if they were withdrawn: sahaban harvest {code} --accept; if not, ask for the list again",
        ),
    ),
    "foreign": (
        Text("ไฟล์ที่ได้รับดูเหมือนเป็นของห้องสมุดอื่น จึงยังไม่รับเข้า", "its file looks like another library's, and was not taken in"),
        Text(
            "ตรวจว่าวางไฟล์ผิดที่หรือไม่ แล้วนำไฟล์ที่ถูกต้องมาวางแทน ถ้าเป็นของห้องสมุดนี้จริง สั่ง sahaban harvest {code} --accept "
            "ระเบียนเดิมที่ไม่มีในไฟล์จะถูกถอนออก",
            "put the right file in its place; if it is this library's after all: sahaban harvest {code} --accept, "
            "which withdraws the records that the file lacks",
        ),
    ),
    "quarantine": (
        Text("มีระเบียนที่รับเข้าไม่ได้ {many} รายการ", "records in quarantine: {many}"),
        Text("ดูเหตุผลด้วย sahaban status {code} แล้วแจ้งห้องสมุด", "sahaban status {code} says why; tell the library"),
    ),
    "failing": (
        Text("ดึงข้อมูลไม่สำเร็จติดต่อกัน {many} วัน", "stopped contributing: no harvest has finished for {many} days"),
        Text(
            "แก้ที่ต้นทาง{contact} แล้วสั่ง sahaban harvest {code}",
            "mend the source{contact}, then: sahaban harvest {code}",
        ),
    ),
    "stopped": (
        Text("หยุดส่งข้อมูล: ไม่มีอะไรใหม่มา {many} วัน", "stopped contributing: nothing new for {many} days"),
        Text(
            "ถามห้องสมุด{contact}ว่ายังส่งออกข้อมูลอยู่หรือไม่ ถ้าห้องสมุดนี้ไม่ค่อยมีของใหม่ ตั้ง quiet_days ใน members.toml",
            "ask the library{contact} whether it still exports; if it seldom has anything new, set its quiet_days "
            "in members.toml",
        ),
    ),
    "quiet": (
        Text(
            "ดึงข้อมูลสำเร็จ แต่ไม่มีอะไรใหม่มา {many} วัน ก่อนหน้านี้ไม่เคยเงียบเกิน {longest} วัน",
            "its harvests finish, but nothing new came for {many} days; it was never quiet for more than {longest}",
        ),
        Text(
            "ถามห้องสมุด{contact}ว่ายังส่งออกข้อมูลอยู่หรือไม่ หรือลอง sahaban harvest {code} --full",
            "ask the library{contact} whether it still exports, or try: sahaban harvest {code} --full",
        ),
    ),
    "empty": (
        Text("ดึงข้อมูลสำเร็จ แต่ไม่มีระเบียนเลย", "its harvest finishes, but it has no record"),
        Text(
            "ตรวจที่อยู่ ชุด (set) หรือโฟลเดอร์ใน members.toml แล้วสั่ง sahaban harvest {code} --full",
            "look at its address, set or folder in members.toml, then: sahaban harvest {code} --full",
        ),
    ),
}


def troubles(member: Member, standing: Standing, history: Sequence[Past], settings: Settings) -> list[Trouble]:
    """Everything that waits for a person, the gravest first. A member without a source, or never harvested, is left
    in peace."""
    run = standing.last_run
    if run is None or not member.source:
        return []
    found: list[Trouble] = []
    alarm = habit.alarm(history, member, settings)
    if alarm:
        found.append(_trouble(alarm.kind, member, alarm.since, alarm.days, alarm.longest))
    if run.outcome in ("failed", "held") and not (alarm and alarm.kind == "failing"):
        other = run.outcome == "held" and foreign.TOLD in (run.error or "")
        found.append(_trouble("foreign" if other else run.outcome, member, run.started))
    if run.outcome in habit.FINISHED and not standing.live and not standing.quarantined:
        found.append(_trouble("empty", member, run.started))
    if standing.quarantined > settings.quarantine_limit:
        found.append(_trouble("quarantine", member, many=standing.quarantined))
    return found


def _trouble(kind: str, member: Member, since: str = "", many: int = 0, longest: int = 0) -> Trouble:
    contact = " ".join(", ".join(filter(None, (member.email, member.phone))).split())
    told = {"code": member.code, "many": f"{many:,}", "longest": f"{longest:,}"}
    asked = {"th": f" ({contact}) " if contact else "", "en": f" ({contact})" if contact else ""}

    def filled(text: Text) -> Text:
        return Text(*(" ".join(getattr(text, x).format(**told, contact=asked[x]).split()) for x in ("th", "en")))

    return Trouble(kind, filled(SAID[kind][0]), filled(SAID[kind][1]), since)
