"""The command that serves the catalogue: gunicorn, and waitress where there is no fork."""

import errno
import os
import socket
import sys
from typing import Any

import click

from config.installation import Installation
from webapp.checking import Desk

WORKERS, THREADS = 2, 4
LONGEST_LINE = 8190  # a Thai letter is nine characters in an address; gunicorn's own limit is half of this


@click.command("serve")
@click.option("--host", metavar="HOST", help="The address to listen on (default: host of settings.toml).")
@click.option("--port", type=click.IntRange(1, 65535), help="The port (default: port of settings.toml).")
@click.pass_obj
def serve(installation: Installation, host: str | None, port: int | None) -> None:
    """Serve the catalogue until it is interrupted."""
    settings = installation.tables.settings
    run(installation, host or settings.host, port or settings.port)


def run(installation: Installation, host: str, port: int) -> None:
    """Serve on that address; does not come back before it is interrupted. Raises ClickException in one line."""
    _check_index(installation)
    check_port(host, port)
    Desk(installation.home).sweep(older=0)  # lists that an earlier server left
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{port}/")
    served = os.getpid()
    try:
        _serve(installation, host, shown, port)
    finally:
        if os.getpid() == served:  # a worker that ends comes by here too
            Desk(installation.home).sweep(older=0)


def _serve(installation: Installation, host: str, shown: str, port: int) -> None:
    if sys.platform == "win32":
        import waitress

        waitress.serve(_application(installation), host=host, port=port, threads=WORKERS * THREADS)
    else:
        _gunicorn(installation, f"{shown}:{port}")


def _application(installation: Installation) -> Any:
    from search.service import Catalogue
    from webapp.app import create_app

    catalogue = Catalogue(installation.tables, installation.database, installation.home)
    catalogue.warm()
    Desk(installation.home).keep_swept()
    return create_app(installation, catalogue)


def _gunicorn(installation: Installation, bind: str) -> None:
    from gunicorn.app.base import BaseApplication

    options = {
        "bind": bind,
        "workers": WORKERS,
        "threads": THREADS,
        "worker_class": "gthread",
        "limit_request_line": LONGEST_LINE,
        "loglevel": "warning",
        "proc_name": "sahaban",
        "control_socket_disable": True,  # nobody would look for it, and it would be a file to protect
    }

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:  # in each worker, so that none inherits a connection or an open index
            return _application(installation)

    Server().run()


def _check_index(installation: Installation) -> None:
    from search.engines import EngineError
    from search.service import Catalogue

    try:
        Catalogue(installation.tables, installation.database, installation.home).generations.current()
    except EngineError as error:
        raise click.ClickException(str(error)) from error
    installation.database.dispose()  # workers open their own


def check_port(host: str, port: int) -> None:
    """Raises ClickException where nobody could listen there: gunicorn would try five times and say so each time."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":  # there it would let two servers share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(f"port {port} on {host} is taken: choose another with --port") from error
        raise click.ClickException(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
