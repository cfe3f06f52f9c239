"""The command that shows everything: the sample network harvested, indexed and served."""

import contextlib
import socket
import sys

import click

from config.installation import Installation
from demo import network, provider
from harvest.cli import DONE, choose, harvest_all
from harvest.store import Store
from index.build import Busy
from index.cli import build
from search.engines import EngineError
from search.service import Catalogue


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="End after the index.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where the catalogue answers (default: from the settings, 8000)."
)
@click.pass_obj
def command(installation: Installation, no_serve: bool, port: int | None) -> None:
    """A sample network of eleven members, each as such a member would send: harvested, indexed and served."""
    home = installation.home / "demo"
    sample = Installation(home / "tables", home, installation.known)
    if not no_serve:
        _free(installation, port)
    click.echo("ข้อมูลตัวอย่าง: เครือข่ายห้องสมุดขอนแก่น 11 แห่ง (a sample, not the libraries' own records)")
    with provider.serving(_port(network.PORT)) as address:
        network.write(sample.directory, int(address.rpartition(":")[2]))
        code = harvest_all(choose((), sample.tables), sample.tables, Store(sample.database), sample)
        try:
            click.echo(build(sample, rebuild=_outdated(sample)).said.en)
        except Busy as error:
            raise click.ClickException(f"{error}; wait for it") from error
        if no_serve:
            click.echo(f"next: {sys.argv[0]} --config {sample.directory} --home {home} serve")
        else:
            _serve(sample, port)
    if code != DONE:
        sys.exit(code)


def _outdated(sample: Installation) -> bool:
    """Whether an earlier demo left an index that this program, or its tables, no longer fit."""
    catalogue = Catalogue(sample.tables, sample.database, sample.home)
    try:
        catalogue.generations.current()
    except EngineError:
        return catalogue.generations.live() is not None
    return False


def _port(wanted: int) -> int:
    """The port that the tables name, or any free one where somebody else has it."""
    with contextlib.closing(socket.socket()) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def _free(installation: Installation, port: int | None) -> None:
    """Raises ClickException before the long work, where the catalogue could not be served after it."""
    from webapp.cli import check_port

    settings = installation.tables.settings
    check_port(settings.host, port or settings.port)


def _serve(sample: Installation, port: int | None) -> None:
    from webapp.cli import run  # the web is loaded only where it is wanted

    run(sample, sample.tables.settings.host, port or sample.tables.settings.port)
