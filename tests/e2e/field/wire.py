"""The wire between phones and the server, which breaks where it hurts: inside a request, or between deed and answer."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Serve = Callable[[Environ], None]
Trouble = Callable[[Environ, Serve], None]
SOON_S = 60


class Wire:
    """Stands before an application: what is told to befall some requests befalls them, and they get no answer.

    offsets: where each piece of a photo began that set off; broke: set once a request was befallen
    """

    def __init__(self, app: Any) -> None:
        self._served = app.wsgi_app
        self._trouble: Trouble | None = None
        self._where: Callable[[Environ], bool] = lambda _environ: False
        self.offsets: list[int] = []
        self.broke = threading.Event()

    def breaks(self, where: Callable[[Environ], bool], trouble: Trouble) -> None:
        """From now on trouble befalls the requests that `where` picks."""
        self._where, self._trouble = where, trouble

    def heals(self) -> None:
        """Let everything through from now on."""
        self._trouble = None

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PATCH":
            self.offsets.append(int(environ["HTTP_UPLOAD_OFFSET"]))
        trouble = self._trouble
        if trouble is None or not self._where(environ):
            return self._served(environ, start_response)  # type: ignore[no-any-return]  # Flask's own

        def serve(given: Environ) -> None:
            answer = self._served(given, start_response)
            list(answer)
            answer.close()

        trouble(environ, serve)
        self.broke.set()
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return []


def every_request(environ: Environ) -> bool:
    """Whatever the app says to the server."""
    return bool(environ["PATH_INFO"].startswith("/api/"))


def pushes(environ: Environ) -> bool:
    """Operations being sent."""
    return bool(environ["PATH_INFO"] == "/api/v1/field/push")


def later_pieces(environ: Environ) -> bool:
    """Pieces of a photo after its first."""
    return environ.get("HTTP_UPLOAD_OFFSET", "0") != "0"


def cut(environ: Environ, serve: Serve) -> None:
    """Half of the request arrives."""
    half = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0) // 2)
    serve(environ | {"wsgi.input": io.BytesIO(half)})


class Stuck:
    """A request that hangs, before the server acts or after it acted, until it is let `go`."""

    def __init__(self, *, has_acted: bool) -> None:
        self.has_acted = has_acted
        self.hangs, self.is_over, self._may_go = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, environ: Environ, serve: Serve) -> None:
        whole = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        given = environ | {"wsgi.input": io.BytesIO(whole)}
        if self.has_acted:
            serve(given)
        self.hangs.set()
        self._may_go.wait(SOON_S)
        if not self.has_acted:
            serve(given)
        self.is_over.set()

    def go(self) -> None:
        """Let it come to its end."""
        self._may_go.set()
        assert self.is_over.wait(SOON_S)
