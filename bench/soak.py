"""Nights that are killed at random moments, beside nights that are not: what both hold afterwards is the same.

    python -m bench.soak [--records 20000] [--kills 100] [--seed 1] [--json]

A member is served over OAI-PMH, one drops ISO 2709 and one a sheet. In each round records change, are deleted and come
back; `sahaban nightly`, and in every second round `sahaban index --rebuild`, runs undisturbed in one installation; in
another its whole process group is killed (SIGKILL) again and again before it may end. Then all that both hold is
compared, and the pages that were asked for again are counted at the server.
"""

import argparse
import datetime
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter

import msgspec
from flask import request
from werkzeug.serving import WSGIRequestHandler, make_server

import sahaban
from bench.contents import contents, differences
from bench.measure import BenchError, Figures, machine, positive, progress, run, show
from config import database
from config.installation import Installation
from config.tables import TABLES
from demo import marc, sheets
from demo.composed import draw
from demo.provider import create_app
from demo.repository import MARCXML, OAI_DC, Item, Repository
from demo.sample import Entry, compose, composed_isbn, share
from harvest.store import Store
from index.night import kept as nights
from search.question import Query

RECORDS, KILLS = 20_000, 100
SERVED, FILED, LISTED = "kku", "cas", "kkpl"  # over OAI-PMH, as ISO 2709, as a sheet
SHARES = {SERVED: 0.6, FILED: 0.25, LISTED: 0.15}
ROUND = 25  # kills in one round; the first has more to do, and takes twice as many
GONE, CHANGED = 0.02, 0.05  # of the records, each round; a full load that lacks 5 % is held back
LONGEST = 900  # seconds that a night may take which is not killed
BROKEN = b"00030nam a2200025 i 4500 \x1d"  # goes to quarantine
QUESTIONS = 60
ROOT = Path(__file__).parents[1]
STARTED = datetime.datetime(2025, 9, 1, tzinfo=datetime.UTC)


def measure(records: int = RECORDS, kills: int = KILLS, seed: int = 1, *, per_round: int = ROUND) -> Figures:
    """Raises BenchError where what the two hold differs, or more than a page was asked for again after a kill."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="sahaban-soak-") as name, _Served() as served:
        soak = _Soak(Path(name), served, records, chance)
        while sum(soak.kills.values()) < kills:
            soak.round(min(per_round * (1 if soak.rounds else 2), kills - sum(soak.kills.values())))
        return soak.figures() | {"seed": seed, "machine": machine()}


# ── what is harvested ────────────────────────────────────────────────────────────────────────────


def entries(member: str, count: int) -> list[Entry]:
    """The member's share of the sample, and then again with a word and a number that the first time has not."""
    whole, found = share(member), list[Entry]()
    others = compose()
    for number in range(1, count + 1):
        copy, at = divmod(number - 1, len(whole))
        entry = whole[at]
        if copy:
            chosen = draw("soak", entry.title.key, str(copy))
            title = f"{entry.title.title} {chosen.choice(others).title}"
            isbn = composed_isbn(chosen.randrange(10**6)) if entry.title.isbn else ""
            entry = msgspec.structs.replace(entry, title=msgspec.structs.replace(entry.title, title=title, isbn=isbn))
        found.append(msgspec.structs.replace(entry, number=number))
    return found


def state(whole: Iterable[Entry], rounds: int) -> Iterator[tuple[Entry, bool, int]]:
    """Each record as it is in a round, whether it is gone, and the round since which it is so."""
    for entry in whole:
        gone, since, changes = False, 0, 0
        for number in range(1, rounds + 1):
            drawn = draw("soak", entry.member, str(entry.number), str(number)).random()
            if gone and drawn < 0.5:  # half of what is gone comes back in each round
                gone, since = False, number
            elif not gone and drawn < GONE:
                gone, since = True, number
            elif not gone and drawn < GONE + CHANGED:
                changes, since = changes + 1, number
        if changes:
            title = msgspec.structs.replace(entry.title, title=f"{entry.title.title} ฉบับแก้ไข {changes}")
            entry = msgspec.structs.replace(entry, title=title)
        yield entry, gone, since


class _Served:
    """The provider on loopback, its repository set anew for each round, and the pages that were asked for."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.pages: list[str] = []
        app = create_app(self.repositories)
        app.before_request(self._note)
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)

    def _note(self) -> None:
        if request.values.get("verb") == "ListRecords":
            self.pages.append("&".join(f"{name}={value}" for name, value in sorted(request.values.items())))

    def __enter__(self) -> "_Served":
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


# ── the nights ───────────────────────────────────────────────────────────────────────────────────


class _Soak:
    def __init__(self, directory: Path, served: _Served, records: int, chance: random.Random):
        self.directory, self.served, self.chance = directory, served, chance
        self.whole = {member: entries(member, round(records * part)) for member, part in SHARES.items()}
        self.stamps = [STARTED]  # when each round began
        self.rounds = 0
        self.kills = {"harvest": 0, "index": 0}
        self.again = {"pages": 0, "most after one kill": 0}
        self.seconds = {"undisturbed": 0.0, "killed": 0.0}
        self.compared = 0
        _write_tables(directory, served.server.server_port)

    def round(self, kills: int) -> None:
        """One night of each installation, the second one killed so often, and what both hold then compared."""
        self._serve()
        rebuild = bool(self.rounds % 2)
        night = perf_counter()
        self._night("undisturbed", rebuild)
        night = perf_counter() - night
        self.seconds["undisturbed"] += night
        began = perf_counter()
        asked: set[str] = set()
        for _ in range(kills):
            progress(f"round {self.rounds + 1}: {sum(self.kills.values())} kills so far")
            ended = self._night("killed", rebuild, self.chance.uniform(0.2, max(4.0, night / 4)))
            self._count(asked)
            if ended:
                break
        else:
            self._night("killed", rebuild)
            self._count(asked)
        self.seconds["killed"] += perf_counter() - began
        self._compare()
        self.rounds += 1

    def _serve(self) -> None:
        """What the members send in this round."""
        if self.rounds:
            self.stamps.append(datetime.datetime.now(datetime.UTC).replace(microsecond=0))
        now = {member: list(state(whole, self.rounds)) for member, whole in self.whole.items()}
        items = [_item(entry, gone, self.stamps[since] if since else None) for entry, gone, since in now[SERVED]]
        items.sort(key=lambda item: (item.datestamp, item.identifier))
        self.served.repositories[SERVED] = Repository("soak", (OAI_DC, MARCXML), tuple(items))
        filed = [entry for entry, gone, _ in now[FILED] if not gone]
        broken = BROKEN * (3 - self.rounds % 3)
        (self.directory / "cas.mrc").write_bytes(marc.iso2709([*filed, *filed[:5]]) + broken)
        listed = [entry for entry, gone, _ in now[LISTED] if not gone]
        (self.directory / "kkpl.csv").write_bytes(sheets.comma_separated(listed, sheets.COLUMNS[LISTED]))

    def _night(self, home: str, rebuild: bool, killed_after: float = 0.0) -> bool:
        """Whether the night came to its end. Raises BenchError where it ended badly."""
        command = f"{sys.executable} -m sahaban nightly || [ $? -eq 1 ]"
        if rebuild:
            command += f" && {sys.executable} -m sahaban index --rebuild"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("SAHABAN_")}
        environ |= {"SAHABAN_CONFIG": str(self.directory), "SAHABAN_HOME": str(self.directory / home)}
        log = self.directory / "log"
        self.served.pages.clear()
        began = database.now()
        with log.open("wb") as out:
            group = subprocess.Popen(
                ["/bin/sh", "-c", command], cwd=ROOT, env=environ, stdout=out, stderr=out, start_new_session=True
            )
            try:
                code = group.wait(killed_after or LONGEST)
            except subprocess.TimeoutExpired:
                os.killpg(group.pid, signal.SIGKILL)
                group.wait()
                if not killed_after:
                    raise BenchError(f"a night took more than {LONGEST} seconds: {log.read_text()[-500:]}") from None
                self.kills["index" if self._harvested(self.directory / home, began) else "harvest"] += 1
                return False
        report = nights.last(self.directory / home)
        waiting = {trouble.kind for _, trouble in report.waiting()} if report else set()
        if code or waiting - {"killed"}:  # that the one before was killed, it does tell
            raise BenchError(f"a night ended with {code}: {log.read_text()[-2000:]}")
        return True

    def _harvested(self, home: Path, since: str) -> bool:
        """Whether every member's run of that night has ended."""
        installation = Installation(self.directory, home, sahaban.known)
        standings = Store(installation.database).standings()
        installation.database.dispose()
        last = [standing.last_run for standing in standings.values()]
        return len(last) == len(SHARES) and all(run and run.finished and run.started >= since for run in last)

    def _count(self, asked: set[str]) -> None:
        """Pages that were asked for before in this round. What a first page asks for again looks back on purpose."""
        again = sum(page in asked for page in self.served.pages)
        asked.update(self.served.pages)
        self.again["pages"] += again
        self.again["most after one kill"] = max(self.again["most after one kill"], again)

    def _compare(self) -> None:
        progress(f"round {self.rounds + 1}: comparing")
        both = []
        for home in ("undisturbed", "killed"):
            installation = Installation(self.directory, self.directory / home, sahaban.known)
            both.append(contents(installation.tables, installation.database, installation.home, self._questions()))
            installation.database.dispose()
        if found := differences(*both):
            raise BenchError(f"round {self.rounds + 1}: undisturbed / killed: {found}")
        if self.again["most after one kill"] > 1:
            raise BenchError(f"{self.again['most after one kill']} pages were asked for again after one kill")
        self.compared = sum(map(len, both[0].values()))

    def _questions(self) -> list[Query]:
        drawn = draw("soak", "questions")
        titles = [drawn.choice(self.whole[SERVED]).title.title for _ in range(QUESTIONS)]
        return [Query(text=" ".join(title.split()[:2])[:20], size=100) for title in titles]

    def figures(self) -> Figures:
        return {
            "records": sum(map(len, self.whole.values())), "kills": sum(self.kills.values()), "rounds": self.rounds,
            "kills_in": self.kills, "asked_again": self.again, "rows_compared": self.compared,
            "seconds": {name: round(seconds, 1) for name, seconds in self.seconds.items()},
        }  # fmt: skip


def _item(entry: Entry, gone: bool, changed: datetime.datetime | None) -> Item:
    entry = msgspec.structs.replace(entry, datestamp=changed or entry.datestamp)
    return Item(f"oai:{SERVED}.sample.example.org:{entry.number}", entry, "book", gone)


def _write_tables(directory: Path, port: int) -> None:
    url = f"http://127.0.0.1:{port}/{SERVED}/oai"
    for table in TABLES:
        text = (ROOT / "config" / table).read_text(encoding="utf-8")
        if table == "members.toml":
            text += (
                f'\n[[{SERVED}.source]]\nprotocol = "oai"\nurl = "{url}"\nformat = "marcxml"\n'
                f'\n[[{FILED}.source]]\nprotocol = "file"\npath = "cas.mrc"\nformat = "marc"\nload = "full"\n'
                f'\n[[{LISTED}.source]]\nprotocol = "file"\npath = "kkpl.csv"\nformat = "sheet"\nload = "full"\n'
            )
        text = text.replace("settle = 1.0 ", "settle = 0.0 ").replace("quarantine_limit = 0 ", "quarantine_limit = 9 ")
        (directory / table).write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=positive, default=RECORDS, help=f"of the three members ({RECORDS:,})")
    parser.add_argument("--kills", type=positive, default=KILLS, help=f"({KILLS})")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.records, given.kills, given.seed), given.json)


if __name__ == "__main__":
    run(main)
