"""What every judge of threads keeps."""

from collections.abc import Callable

import pytest

from gastown.domain.pull import Thread
from gastown.ports.thread_judge import ThreadJudge

THREADS = (Thread(author="ann", body="Nice!", place="a.py:1"),)
Judging = Callable[[bool | None], ThreadJudge]


class ThreadJudgeContract:
    """The suite; `judging` makes a judge with this opinion, or one that cannot tell."""

    @pytest.fixture
    def judging(self) -> Judging:
        """The judge under test."""
        raise NotImplementedError

    def test_harmless_threads_do_not_block(self, judging: Judging) -> None:
        """Praise asks for nothing."""
        assert not judging(False).is_blocking(THREADS)  # noqa: FBT003 - the opinion itself

    def test_threads_that_ask_for_something_block(self, judging: Judging) -> None:
        """They become work."""
        assert judging(True).is_blocking(THREADS)  # noqa: FBT003 - the opinion itself

    def test_what_cannot_be_judged_blocks(self, judging: Judging) -> None:
        """A failure never opens the way to a merge."""
        assert judging(None).is_blocking(THREADS)
