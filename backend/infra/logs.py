"""Logs as one JSON line each (or coloured lines on a terminal), with secrets taken out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|authori[sz]ation|cookie|api_?key|credential|csrf", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]*\.[\w-]*"  # a JSON web token
    r"|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # user and password in an address
    r"|(?<=[Bb]earer )[\w.~+/=-]+"
    r"|\$argon2\w+\$[^\s\"']+"
)


def configure(*, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send everything, ours and the libraries', through one redacting formatter."""
    stream = stream or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    plain = terminal_renderer() if stream.isatty() else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, plain],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def terminal_renderer() -> structlog.dev.ConsoleRenderer:
    """Return the renderer for people; pretty tracebacks would show local variables, and with them secrets."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def redact(_logger: Any, _method: str, event: Any) -> Any:
    """Hide what a log must not keep: values under telling names, and texts that look like secrets."""
    return _clean(event) if isinstance(event, dict) else event


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if isinstance(key, str) and _SECRET_NAME.search(key) else _clean(inner)
            for key, inner in value.items()
        }
    if isinstance(value, str):
        return _SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value
