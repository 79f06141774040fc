"""What a plan says: what is to be done, why, and what is different."""

from dataclasses import replace

import pytest

from phasegate.kubeflow.objects import Recurring
from phasegate.scheduling.declaration import Wanted, mark_of
from phasegate.scheduling.plan import Catalog, Change, Kind, Observed, plan
from tests.scheduling.declaring import CATALOG, DIGESTS, OWNER, wanted
from tests.scheduling.simulated import Server


def _there(declared: Wanted, **changed: object) -> Recurring:
    return replace(Server().create(declared), **changed)


def _plan(declared: list[Wanted], *there: Recurring, in_flight: int = 0, catalog: Catalog = CATALOG
          ) -> tuple[Change, ...]:  # fmt: skip
    return plan(declared, [Observed(one, in_flight) for one in there], catalog)


def test_nothing_to_do() -> None:
    (change,) = _plan([wanted()], _there(wanted()))
    assert change.kind is Kind.UNCHANGED
    assert not change.kind.acts


def test_numbers_come_back_from_the_backend_as_floats_and_are_the_same() -> None:
    declared = wanted(parameters={"rounds": 5})
    (change,) = _plan([declared], _there(declared, parameters={"rounds": 5.0}))
    assert change.kind is Kind.UNCHANGED


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"cron": "0 0 4 * * *"}, "cron"),
        ({"catch_up": True}, "catch_up"),
        ({"max_concurrency": 2}, "max_concurrency"),
        ({"version": DIGESTS[1]}, "version"),
        ({"version": "latest"}, "version"),
        ({"parameters": {"store": "gs://b"}}, "parameters.store"),
        ({"service_account": "trainer"}, "service_account"),
        ({"experiment": "other"}, "experiment"),
        ({"prefix": "fraud"}, "pipeline"),
        ({"zone": "Europe/Berlin"}, "cron"),
    ],
)
def test_whatever_is_declared_otherwise_is_replaced_and_named(changed: dict, what: str) -> None:
    old = _there(wanted())
    replaced, retired = _plan([wanted(**changed)], old)
    assert replaced.kind is Kind.REPLACE
    assert what in [one.what for one in replaced.differences]
    assert (retired.kind, retired.recurring) == (Kind.RETIRE, old)


def test_an_edit_by_hand_is_found_and_corrected() -> None:
    edited = _there(wanted(), parameters={"store": "gs://elsewhere"})
    (change, _) = _plan([wanted()], edited)
    assert change.kind is Kind.REPLACE
    assert "by hand" in change.reason
    (one,) = change.differences
    assert (one.what, one.before, one.after) == ("parameters.store", "gs://elsewhere", "gs://a")


def test_a_pipeline_that_was_deleted_under_its_schedule() -> None:
    gone = replace(CATALOG, pipelines={"training": "p2"}, versions={("p2", DIGESTS[0]): "v-2"})
    (change, _) = _plan([wanted()], _there(wanted()), catalog=gone)
    assert change.kind is Kind.REPLACE
    assert "not there any more" in str(change.differences[0].before)


def test_what_is_not_declared_any_more_drains_before_it_is_deleted() -> None:
    one = _there(wanted())
    assert [change.kind for change in _plan([], one)] == [Kind.RETIRE]
    off = replace(one, enabled=False)
    (draining,) = _plan([], off, in_flight=2)
    assert (draining.kind, draining.in_flight, draining.kind.acts) == (Kind.DRAINING, 2, False)
    assert [change.kind for change in _plan([], off)] == [Kind.DELETE]
    assert [one.kind for one in plan([], [Observed(off)], CATALOG)] == [Kind.DRAINING]


def test_what_is_not_marked_as_ours_is_left_alone() -> None:
    assert _plan([], _there(wanted(), description="made by hand")) == ()
    mark = mark_of(wanted().description)
    assert mark is not None
    assert (mark.owner, mark.schedule) == (OWNER, "nightly")


def test_names_carry_owner_schedule_and_digest() -> None:
    declared = wanted()
    assert declared.title == f"card-fraud.nightly.{declared.digest[:12]}"
    assert declared.digest != wanted(max_concurrency=2).digest
    assert declared.digest == wanted(enabled=False).digest, "switching off makes nothing anew"
