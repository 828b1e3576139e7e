"""What a check found out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from infra.operate.aws import AwsError, code_of

State = Literal["ok", "low", "missing", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report: what was looked at, how it stands, what was seen, and what to do about it."""

    title: str
    state: State
    seen: str
    advice: str = ""

    def line(self) -> str:
        """The finding as people read it."""
        return f"{self.state:<8} {self.title:<24} {self.seen}{f' -> {self.advice}' if self.advice else ''}"


def guarded(title: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Run one check; what AWS does not let us see is unknown, and stops no other check."""
    try:
        yield from check()
    except AwsError as error:
        yield Finding(title=title, state="unknown", seen=f"AWS did not say ({code_of(error)})")
