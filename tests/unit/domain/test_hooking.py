"""The pool of agents: names, identities, who is taken again, and one hook on both sides (town facts, section 3)."""

import pytest

from gastown.domain.agent import POLECAT_NAMES, Role
from gastown.domain.errors import Conflict
from gastown.domain.hooking import assign_bead, assign_review, dispatch, free_polecat, hire, hook
from gastown.domain.ids import RigId
from gastown.domain.removing import drop_agent
from gastown.domain.rig import Rig
from gastown.domain.staffing import register_agent
from gastown.domain.town import Town
from tests.support.builders import NOW, RIG, a_bead, a_review, a_town, an_agent, fresh, with_container

OTHER = RigId("rig-2")


def two_rigs() -> Town:
    """A town with a second rig."""
    town = a_town()
    town.rigs[OTHER] = Rig(id=OTHER, name="other", git_url="/other", default_branch="main", created_at=NOW)
    return town


def test_names_are_given_in_order_across_rigs_and_go_on_by_number() -> None:
    """Twenty names for the whole town, then `Polecat-21`."""
    town = two_rigs()
    hired = [hire(town, (RIG, OTHER)[n % 2], Role.POLECAT, fresh()).name for n in range(22)]

    assert [*POLECAT_NAMES, "Polecat-21", "Polecat-22"] == hired


def test_a_name_is_never_given_twice() -> None:
    """Not after its agent is gone (the reference counted the living, and a number came again)."""
    town = a_town()
    for _ in range(21):
        agent = hire(town, RIG, Role.POLECAT, fresh())
        drop_agent(town, agent, fresh())

    assert "Polecat-22" == hire(town, RIG, Role.POLECAT, fresh()).name


def test_a_name_that_a_person_gave_is_left_out() -> None:
    """Branches are named after agents, whatever their letters."""
    town = a_town()
    register_agent(town, RIG, Role.POLECAT, "toast", "mine", fresh())
    register_agent(town, RIG, Role.REFINERY, "Maple", "also mine", fresh())

    assert "Birch" == hire(town, RIG, Role.POLECAT, fresh()).name


def test_an_identity_names_role_rig_and_town() -> None:
    """By their last eight characters: ids are time-ordered."""
    town = a_town()

    assert "Toast-polecat-rig-1@town-1" == hire(town, RIG, Role.POLECAT, fresh()).identity
    assert ("refinery", "refinery-refinery-rig-1@town-1") == (
        (agent := hire(town, RIG, Role.REFINERY, fresh())).name,
        agent.identity,
    )


def test_an_idle_polecat_of_the_same_rig_is_taken_again() -> None:
    """Its worktrees belong to that repository; one with a hook, a refinery, or another rig's is not."""
    town = two_rigs()
    first, second = a_bead(town, "first"), a_bead(town, "second")
    hire(town, OTHER, Role.POLECAT, fresh())
    hire(town, RIG, Role.REFINERY, fresh())
    assert free_polecat(town, RIG) is None
    idle = hire(town, RIG, Role.POLECAT, fresh())

    assign_bead(town, first.id, fresh())
    assign_bead(town, second.id, fresh())

    assert (idle.id, first.id) == (first.assignee, idle.hook)
    assert second.assignee not in (None, idle.id)


def test_a_rig_has_one_refinery() -> None:
    """The second review waits for it."""
    town = a_town()
    first, second = (a_review(town, a_bead(town, name), f"review-{name}") for name in ("a", "b"))
    assign_review(town, first.id, fresh())

    with pytest.raises(Conflict):
        assign_review(town, second.id, fresh())
    assert 1 == sum(agent.role is Role.REFINERY for agent in town.agents.values())


def test_neither_side_of_a_hook_is_taken_twice() -> None:
    """Nor is an agent started twice, or without a hook."""
    town = with_container(a_town())
    agent, other = an_agent(town), an_agent(town, "Maple")
    first, second = a_bead(town, "first"), a_bead(town, "second")
    with pytest.raises(Conflict):
        dispatch(town, agent.id, fresh())
    hook(town, agent, first, fresh())

    with pytest.raises(Conflict):
        hook(town, agent, second, fresh())
    with pytest.raises(Conflict):
        hook(town, other, first, fresh())
    dispatch(town, agent.id, fresh())
    with pytest.raises(Conflict):
        dispatch(town, agent.id, fresh())
