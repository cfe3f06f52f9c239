"""The one command line: it only assembles; each room keeps its commands in its own cli.py, loaded when called."""

import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from config import Known

# command -> (where it is, what it does): the help is answered without loading any room
COMMANDS = {
    "init": ("config.cli:command", "Write the three tables for an operator to edit."),
    "harvest": ("harvest.cli:command", "Pull what changed at the members."),
    "undo": ("harvest.cli:undo", "Bring a member's records back to what they were before a run."),
    "index": ("index.cli:index", "Bring titles, documents and the engine up to date."),
    "nightly": ("index.night.cli:command", "Harvest, then index, under a lock, with a report."),
    "search": ("search.cli:command", "Search the catalogue."),
    "check": ("index.check.cli:command", "A purchase list against every member's holdings."),
    "review": ("index.desk:review", "What waits for a person, worst first."),
    "why": ("index.desk:why", "Two records side by side: whether they are one title, and why."),
    "same": ("index.desk:same", "Decide that two records are one title."),
    "different": ("index.desk:different", "Decide that they are not."),
    "undecide": ("index.desk:undecide", "Take a decision back."),
    "decisions": ("index.desk:group", "Decisions as a file: export, import."),
    "status": ("index.cli:status", "Every member: records, last run, what to do."),
    "backup": ("index.moving:backup", "The whole installation in one file."),
    "restore": ("index.moving:restore", "Bring it back from such a file."),
    "database": ("index.moving:group", "The database: copy an installation to another one."),
    "serve": ("webapp.cli:serve", "Serve the catalogue."),
    "demo": ("demo.cli:command", "The sample network of eleven members, harvested, indexed and served."),
}


class Rooms(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])


def tables_directory() -> Path:
    """The tables of an operator in ./config, else those that the program ships."""
    here = Path("config")
    return here if (here / "members.toml").exists() else Path(__file__).parent / "config"


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "directory", type=click.Path(path_type=Path), envvar="SAHABAN_CONFIG", metavar="DIR",
              help="The directory of the tables (default: ./config; also SAHABAN_CONFIG).")  # fmt: skip
@click.option("--home", type=click.Path(path_type=Path), envvar="SAHABAN_HOME", default="var", metavar="DIR",
              help="Where data is kept (default: ./var; also SAHABAN_HOME).")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Log what happens to standard error.")
@click.pass_context
def cli(ctx: click.Context, directory: Path | None, home: Path, verbose: bool) -> None:
    """สหบรรณ: one search over the libraries of Khon Kaen."""
    from config.installation import Installation
    from config.logs import to_standard_error

    to_standard_error(logging.INFO if verbose else logging.CRITICAL)
    ctx.obj = Installation(directory or tables_directory(), home, known, named, typeface)


def named(field: str, value: str, language: str) -> str:
    """A value in words, handed in by the pages, which have them."""
    from webapp.wording import in_words

    return in_words(field, value, language)


def typeface() -> str:
    """The fonts of the pages, handed in by them."""
    from webapp.typeface import embedded

    return embedded()


def known() -> "Known":
    """The names that the tables may use, handed in by the rooms that own them."""
    from config import Known
    from config.holdings import PARTS
    from harvest.derive import DERIVES
    from harvest.formats import FORMATS
    from harvest.holdings import READY
    from harvest.protocols import PROTOCOLS
    from index.merge import MERGES
    from search.engines import ENGINES
    from search.schema import ANALYSERS

    return Known(
        protocols=PROTOCOLS, formats=FORMATS, derives=DERIVES, merges=MERGES, analysers=ANALYSERS,
        engines=ENGINES, holdings=READY, parts=PARTS,
    )  # fmt: skip


def main() -> None:
    """The command line: an error that was foreseen is one line and its exit code, never a traceback."""
    from config.tables import ConfigError

    # PyThaiNLP would make a folder in the home of whoever runs this, who may have none that can be written
    os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except BrokenPipeError:  # `sahaban search … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except UnicodeEncodeError as error:
        shown = str(error.object)[:40].encode(errors="backslashreplace").decode()
        click.echo(f"text that is not UTF-8 cannot be taken: {shown}", err=True)
        sys.exit(2)
    except Exception as error:  # nobody foresaw it; the operator gets a line, and the trace where it was asked for
        logging.getLogger("sahaban").info("unexpected", exc_info=True)
        said = str(error).partition("\n")[0]
        click.echo(f"unexpected: {type(error).__name__}: {said} (run with -v for the whole trace)", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
