"""Which views there are. A view is a function (session, scope, ask, locale) -> Report, registered once by its name.

Pages, the API and schedules make files of whatever is registered; so a new view is a name in
`backend.analysis.rules.asking.ViewName` and a function here, and needs nothing else to go out on schedule:

    @view(ViewName.CONSUMPTION, "Consumption", "用能分析")
    def consumption(session, scope, ask, locale): ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.analysis.rules.asking import Ask, ViewName
from backend.kernel.scope import Scope
from reports.analysis.content import Report

Content = Callable[[Session, Scope, Ask, str], Report]


@dataclass(frozen=True)
class View:
    """A view by its name: what it is called in English and Chinese, and what makes it."""

    name: ViewName
    title: tuple[str, str]
    content: Content


VIEWS: dict[ViewName, View] = {}


def view(name: ViewName, title: str, title_zh: str) -> Callable[[Content], Content]:
    """Register the function it decorates as a view."""

    def registered(content: Content) -> Content:
        assert name not in VIEWS, f"two views are called {name}"
        VIEWS[name] = View(name, (title, title_zh), content)
        return content

    return registered


def made(session: Session, scope: Scope, name: ViewName, ask: Ask, locale: str) -> Report:
    """Make a view. raises what its function raises: Refused, Forbidden, NotFound"""
    return VIEWS[name].content(session, scope, ask, locale)
