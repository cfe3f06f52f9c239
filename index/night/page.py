"""A night's report as one page that needs no other file: on a screen, on a phone, on paper, and in a mail."""

import html
import re
from datetime import datetime

from config.tables import Settings, Text
from harvest import notes
from harvest.trouble import Trouble
from harvest.wording import one_line
from index.night.report import (
    HEADINGS,
    NOT_INDEXED,
    MemberNight,
    Report,
    clipped,
    key,
    span,
    subject,
    verdict,
)

OUTCOMES = {
    "done": Text("สำเร็จ", "Done"),
    "nothing": Text("ไม่มีอะไรใหม่", "Nothing new"),
    "held": Text("พักไว้ก่อน", "Held back"),
    "failed": Text("ไม่สำเร็จ", "Failed"),
    "busy": Text("รอรอบหน้า", "Next time"),
}
COUNTS = {
    "added": Text("เพิ่ม", "Added"),
    "changed": Text("แก้ไข", "Changed"),
    "deleted": Text("ถอนออก", "Deleted"),
    "quarantined": Text("รับเข้าไม่ได้", "Set aside"),
}
HEADS = {
    "member": Text("ห้องสมุด", "Library"),
    "outcome": Text("ผล", "Outcome"),
    **COUNTS,
    "live": Text("มีอยู่ทั้งหมด", "Records in all"),
    "seconds": Text("เวลา", "Time"),
}

# The colours and the order of typefaces are the catalogue's (webapp/static/site.css); a mail knows no variables.
STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#1d1c1a;line-height:1.7;font-size:16px;
 font-family:"Noto Sans Thai Looped",Thonburi,"Leelawadee UI",Tahoma,Loma,sans-serif}
.width{max-width:60rem;margin:0 auto;padding:1.2rem 1.1rem 2.5rem}
.brand{color:#5b5750;font-size:.95rem;margin:0 0 .4rem}
.brand b{color:#1d1c1a}
h1{font-size:1.55rem;line-height:1.5;margin:0}
h2{font-size:1.15rem;line-height:1.5;margin:2rem 0 .5rem}
p{margin:0}
.verdict{border-left:6px solid #1b6b3a;background:#f6f4ef;padding:.8rem 1.1rem}
.verdict.person{border-color:#9a3a20;background:#fbf1d3}
.verdict.busy{border-color:#767068}
.also{color:#5b5750;font-weight:400;font-size:.86em}
h1 .also,h2 .also{margin-left:.5em}
.when{color:#5b5750;font-size:.9rem}
ol{list-style:none;margin:0;padding:0}
li{border-top:1px solid #dedad1;padding:.7rem 0}
li:last-child{border-bottom:1px solid #dedad1}
.code{color:#5b5750;font-weight:400;white-space:nowrap}
.new{background:#9a3a20;color:#fff;border-radius:3px;padding:.05rem .45rem;font-size:.8rem;white-space:nowrap}
.step::before{content:"→ ";color:#9a3a20;font-weight:700}
.whole{white-space:nowrap;font:inherit;font-weight:700}
.detail{color:#5b5750;font-size:.86rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid #dedad1}
thead th{border-bottom:2px solid #767068;font-weight:700;line-height:1.45;vertical-align:bottom}
thead .also{display:block;margin:0}
tbody th{font-weight:400;max-width:23rem}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.zero{color:#767068}
.outcome{white-space:nowrap}
.done{color:#1b6b3a}.failed,.held{color:#9a3a20;font-weight:700}.nothing,.busy{color:#5b5750}
a{color:#0b559f}
.foot{margin-top:1.6rem;font-size:.92rem}
@media (max-width:40rem){
 .width{padding:.8rem .9rem 2rem}
 h1{font-size:1.3rem}
 h1 .also,h2 .also{display:block;margin:0}
 table,tbody,tr,th,td{display:block}
 thead{display:none}
 tr{border-bottom:1px solid #dedad1;padding:.6rem 0}
 tbody th,td{border:0;padding:.05rem 0;max-width:none}
 td.number{display:inline-block;text-align:left;margin-right:1.1em;color:#1d1c1a}
 td.number::before{content:attr(data-label) " ";color:#5b5750}
 td.zero{display:none}
}
@media print{
 body{font-size:10.5pt}
 .width{max-width:none;padding:0}
 .verdict,.verdict.person,.new{background:none}
 .new{color:inherit;border:1px solid}
 li,tr{break-inside:avoid}
 thead{display:table-header-group}
 a{color:inherit;text-decoration:none}
}
"""


def page(report: Report, settings: Settings, typeface: str = "") -> str:
    """The whole page; ``typeface`` is CSS that brings the fonts along, which a mail does without."""
    first = settings.language
    parts = [
        "<!doctype html>",
        f'<html lang="{first}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="robots" content="noindex">',
        f"<title>{escaped(subject(report, first))}</title>",
        f'<style>{typeface}{STYLE}</style></head><body><div class="width">',
        f'<p class="brand"><b>{"สหบรรณ" if first == "th" else "Sahaban"}</b> · {both(HEADINGS["night"], first)}</p>',
        f'<div class="verdict {report.outcome}"><h1>{both(verdict(report), first)}</h1>',
        f'<p class="when">{escaped(_when(report, first))}</p></div>',
        *_waiting(report, first),
        *_members(report, first),
        *_foot(report, settings),
        "</div></body></html>",
    ]
    return "\n".join(parts)


def escaped(text: str) -> str:
    return html.escape(one_line(text))


def both(text: Text, first: str) -> str:
    """A text in the first language, and the other beside it."""
    other = "en" if first == "th" else "th"
    beside = escaped(text.in_language(other))
    return f'{escaped(text.in_language(first))} <span class="also" lang="{other}">{beside}</span>'


def _when(report: Report, language: str) -> str:
    took = datetime.fromisoformat(report.finished) - datetime.fromisoformat(report.started)
    return f"{span(report.started, report.finished, language)} ({_took(took.total_seconds())})"


def _took(seconds: float) -> str:
    """``0:07``, ``1:02:40``: a time that something took."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _waiting(report: Report, first: str) -> list[str]:
    waiting = report.waiting()
    if not waiting:
        return []
    return [
        f"<h2>{both(HEADINGS['waiting'], first)}</h2><ol>",
        *(_item(report, *one, first) for one in waiting),
        "</ol>",
    ]


def _item(report: Report, code: str, trouble: Trouble, first: str) -> str:
    other = "en" if first == "th" else "th"
    name = report.members[code].name if code else HEADINGS["itself"]
    mark = (
        f' <span class="new">{escaped(HEADINGS["new"].in_language(first))}</span>'
        if key(code, trouble) in report.new
        else ""
    )
    run = report.members[code].run if code else None
    error = run.error if run and trouble.kind in ("failed", "held", "foreign", "failing") and run.error else ""
    beside = f"{trouble.said.in_language(other)} → {trouble.step.in_language(other)}"
    return (
        f"<li><p><b>{escaped(name.in_language(first))}</b>"
        f"{f' <span class=code>({escaped(code)})</span>' if code else ''}{mark}</p>"
        f"<p>{escaped(trouble.said.in_language(first))}</p>"
        f'<p class="step">{_commands(trouble.step.in_language(first), code)}</p>'
        f"{_detail(error, first)}"
        f'<p class="also" lang="{other}">{_commands(beside, code)}</p></li>'
    )


def _detail(note: str, language: str) -> str:
    """What a run noted, or why it failed."""
    said = clipped(notes.in_language(one_line(note), language))
    return f'<p class="detail">{escaped(said)}</p>' if said else ""


def _commands(step: str, code: str) -> str:
    """A step whose commands are not broken over lines, as an option would be at its hyphens."""
    command = rf"sahaban [a-z]+(?: {re.escape(code)}\b)?(?: --[a-z]+)?"
    return re.sub(command, lambda match: f'<code class="whole">{match[0]}</code>', escaped(step))


def _members(report: Report, first: str) -> list[str]:
    heads = "".join(
        f'<th scope="col"{"" if name in ("member", "outcome") else " class=number"}>{both(said, first)}</th>'
        for name, said in HEADS.items()
    )
    rows = [_row(code, member, first) for code, member in report.members.items()]
    return [
        f"<h2>{both(HEADINGS['members'], first)}</h2>",
        f"<table><thead><tr>{heads}</tr></thead><tbody>",
        *rows,
        "</tbody></table>",
    ]


def _row(code: str, member: MemberNight, first: str) -> str:
    run = member.run
    outcome = run.outcome if run else "busy" if member.busy else "failed"
    if run and outcome == "done" and not (run.added or run.changed or run.deleted):
        outcome = "nothing"
    note = run.error if run and run.outcome == "done" else member.busy.removeprefix(f"{code}: ")
    told = {name: getattr(run, name) if run else 0 for name in COUNTS} | {"live": member.live}
    labels = {name: escaped(said.in_language(first)) for name, said in HEADS.items()}
    cells = "".join(
        f'<td class="number{"" if many else " zero"}" data-label="{labels[name]}">{many:,}</td>'
        for name, many in told.items()
    )
    return (
        f'<tr><th scope="row">{escaped(member.name.in_language(first))} <span class="code">({escaped(code)})</span>'
        f"{_detail(note or '', first)}</th>"
        f'<td class="outcome {outcome}">{escaped(OUTCOMES[outcome].in_language(first))}</td>'
        f'{cells}<td class="number" data-label="{labels["seconds"]}">{_took(member.seconds)}</td></tr>'
    )


def _foot(report: Report, settings: Settings) -> list[str]:
    first = settings.language
    built = report.index
    said = (
        Text(
            f"ค้นได้ {built.titles:,} ชื่อเรื่อง เปลี่ยนไป {built.changed:,}",
            f"{built.titles:,} titles can be searched, {built.changed:,} changed",
        )
        if built
        else NOT_INDEXED
    )
    lines = [f"<p>{both(said, first)}</p>"]
    if report.backup:
        lines.append(f'<p>{both(HEADINGS["backup"], first)}: <span class="detail">{escaped(report.backup)}</span></p>')
    if settings.address:
        lines.append(f'<p><a href="{escaped(settings.address)}">{escaped(settings.address)}</a></p>')
    return ['<div class="foot">', *lines, "</div>"]
