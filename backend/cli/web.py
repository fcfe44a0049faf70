"""`enerfield web`: pages and the API behind a real WSGI server."""

from __future__ import annotations

from pathlib import Path

import click

STREAMS = 96
"""Threads a worker may have at once: every open live page holds one for its server-sent events."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--certificate", type=click.Path(exists=True, path_type=Path), help="Serve https with it.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="The certificate's private key.")
def command(host: str, workers: int, certificate: Path | None, key: Path | None) -> None:
    """Serve pages and the API on PORT (default 8000)."""
    from granian import Granian
    from granian.constants import Interfaces

    from backend.kernel.settings import settings

    Granian(
        "backend.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=settings().port,
        workers=workers,
        blocking_threads=STREAMS,
        backpressure=STREAMS,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        ssl_cert=certificate,
        ssl_key=key,
        websockets=False,
    ).serve()
