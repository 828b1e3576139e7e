"""The sweep's door."""

import json
from datetime import timedelta

import pytest

from gastown.workers.sweep import handle
from tests.support.stage import TOWN, FakeContext, Stage


def test_what_is_overdue_is_woken_and_counted(
    stage: Stage, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    """The metric is written also when it is zero, so that its silence means something."""
    handle({}, context)
    stage.directory.set_due(TOWN, stage.now)
    stage.clock.move(timedelta(minutes=1))

    assert handle({}, context) == {"overdue": 1, "stuck": 0, "failed": 0}
    assert [wake.cause for wake in stage.wake_queue.wakes] == ["sweep"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "overdue_towns" in line]
    assert [line["overdue_towns"] for line in lines if "overdue_towns" in line] == [[0.0], [1.0]]
