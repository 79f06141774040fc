"""The fake is strict: what the real backend would not take, it does not take."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import kfp_server_api
import pytest
import urllib3

from tests.kubeflow.fake import FakeKubeflow, operations
from tests.kubeflow.fake.pipelines import Pipelines
from tests.kubeflow.fake.recurring import Recurring
from tests.kubeflow.fake.runs import Runs

_POOL = urllib3.PoolManager()


def _ask(
    fake: FakeKubeflow, method: str, path: str, body: object = None, **query: str
) -> tuple[int, dict]:
    text = json.dumps(body).encode() if body is not None else None
    url = f"{fake.url}/apis/v2beta1{path}"
    if query:
        url += "?" + urlencode(query)
    answer = _POOL.request(method, url, body=text)
    return answer.status, answer.json()


def test_each_answer_of_the_fake_is_a_method_of_the_package() -> None:
    known = {one.name for one in operations.operations()}
    own = {
        name
        for part in (Pipelines, Runs, Recurring)
        for name in vars(part)
        if "_service_" in name or name.startswith("upload_")
    }
    assert own <= known
    assert {"recurring_run_service_create_recurring_run", "run_service_list_runs"} <= own
    assert not any("update_recurring" in name for name in known)  # the API has none either


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"display_name": "a", "colour": "red"}, 'unknown field "colour"'),
        ({"display_name": 7}, "invalid value for str"),
        ({"display_name": "a", "state": "BUSY"}, "invalid value for enum"),
        ({"display_name": "a", "created_at": "yesterday"}, "timestamp"),
        ({"display_name": "a", "runtime_config": {"parameter": {}}}, 'unknown field "parameter"'),
        ({}, "Run name is empty"),
    ],
)
def test_a_run_that_is_none_is_refused(fake: FakeKubeflow, body: object, said: str) -> None:
    status, answer = _ask(fake, "POST", "/runs", body)
    assert status == 400
    assert said in answer["message"]
    assert fake.runs == []


def test_a_query_parameter_that_the_method_lacks_is_refused(fake: FakeKubeflow) -> None:
    assert _ask(fake, "GET", "/experiments", None, experiment_id="x")[0] == 400


@pytest.mark.parametrize(
    "query",
    [
        {"sort_by": "colour"},
        {"sort_by": "created_at upwards"},
        {"page_size": "-1"},
        {"page_token": "no token"},
        {"filter": "not json"},
        {"filter": '{"predicates": [{"operation": "LIKE", "key": "name", "string_value": "a"}]}'},
        {"filter": '{"predicates": [{"operation": "EQUALS", "key": "hue", "string_value": ""}]}'},
        {"filter": '{"predicates": [{"operation": "EQUALS", "key": "name"}]}'},
        {"filter": '{"predicates": [{"operation": "IN", "key": "name", "string_value": "a"}]}'},
        {"filter": '{"predicate": []}'},
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_made_is_refused(fake: FakeKubeflow, query: dict[str, str]) -> None:
    assert _ask(fake, "GET", "/runs", None, **query)[0] == 400


def test_a_page_token_belongs_to_its_list(fake: FakeKubeflow) -> None:
    fake.fill("Run", [{"run_id": str(one), "display_name": "a"} for one in range(30)])
    status, first = _ask(fake, "GET", "/runs", None, page_size="10")
    assert (status, len(first["runs"]), first["total_size"]) == (200, 10, 30)
    token = first["next_page_token"]
    assert _ask(fake, "GET", "/runs", None, page_size="10", page_token=token)[0] == 200
    assert _ask(fake, "GET", "/runs", None, sort_by="name", page_token=token)[0] == 400


def test_no_page_is_longer_than_the_real_ones(fake: FakeKubeflow) -> None:
    fake.fill("Run", [{"run_id": str(one), "display_name": "a"} for one in range(300)])
    assert len(_ask(fake, "GET", "/runs")[1]["runs"]) == 20
    assert len(_ask(fake, "GET", "/runs", None, page_size="1000")[1]["runs"]) == 200


def test_kfps_own_client_can_read_what_the_fake_says(fake: FakeKubeflow) -> None:
    configuration = kfp_server_api.Configuration()
    configuration.host = fake.url
    client = kfp_server_api.ApiClient(configuration)
    made = kfp_server_api.ExperimentServiceApi(client).experiment_service_create_experiment(
        kfp_server_api.V2beta1Experiment(display_name="a")
    )
    found = kfp_server_api.ExperimentServiceApi(client).experiment_service_list_experiments()
    assert [one.display_name for one in found.experiments] == ["Default", "a"]
    assert made.storage_state == "AVAILABLE"
    with pytest.raises(kfp_server_api.ApiException) as refused:
        kfp_server_api.RunServiceApi(client).run_service_get_run("none")
    assert refused.value.status == 404


def test_where_several_users_are_lists_need_a_namespace() -> None:
    with FakeKubeflow.start(multi_user=True) as fake:
        assert _ask(fake, "GET", "/healthz")[1] == {"multi_user": True}
        assert _ask(fake, "GET", "/runs")[0] == 400
        assert _ask(fake, "GET", "/runs", None, namespace="ada")[0] == 200
