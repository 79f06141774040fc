"""Server-side apply: who owns a field, and what happens to it."""

from __future__ import annotations

from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import owned, route, rules, service, static

PLAN = "phasegate.dev/plan"


def _uri(api: Api, uri: str, **parts: object) -> dict:
    return service(api.namespace, model={"storageUri": uri}, **parts)


def test_two_managers_own_disjoint_fields_of_one_object(api: Api) -> None:
    api.client.apply(static(api.namespace), "overlay").ok()
    both = api.client.apply(_uri(api, "gs://b/1", annotations={PLAN: "1"}), "phasegate").ok()
    model = both["spec"]["predictor"]["model"]
    assert model["runtime"] == "phasegate-predictor"
    assert model["storageUri"] == "gs://b/1"
    assert owned(both, "phasegate") == {
        "f:metadata": {"f:annotations": {f"f:{PLAN}": {}}},
        "f:spec": {"f:predictor": {"f:model": {"f:storageUri": {}}}},
    }
    assert owned(both, "overlay") == {
        "f:spec": {"f:predictor": {"f:model": {"f:modelFormat": {"f:name": {}}, "f:runtime": {}}}},
    }
    again = api.client.apply(static(api.namespace), "overlay").ok()
    assert again["spec"]["predictor"]["model"]["storageUri"] == "gs://b/1"


def test_a_field_of_another_manager_is_a_conflict_that_names_it(api: Api) -> None:
    api.client.apply(static(api.namespace), "overlay").ok()
    api.client.apply(_uri(api, "gs://b/1"), "phasegate").ok()
    answer = api.client.apply(_uri(api, "gs://b/2"), "other")
    assert (answer.status, answer.value["reason"]) == (409, "Conflict")
    field = ".spec.predictor.model.storageUri"
    assert answer.value["message"] == (
        f'Apply failed with 1 conflict: conflict with "phasegate": {field}'
    )
    assert answer.value["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "phasegate"',
            "field": field,
        }
    ]


def test_several_conflicts_are_listed(api: Api) -> None:
    wish = route(api.namespace, annotations={PLAN: "1"}, rules=rules("a"))
    api.client.apply(wish, "phasegate").ok()
    other = route(api.namespace, annotations={PLAN: "2"}, rules=rules("b"))
    answer = api.client.apply(other, "hand")
    assert answer.value["message"] == (
        'Apply failed with 2 conflicts: conflicts with "phasegate":\n'
        f"- .metadata.annotations.{PLAN}\n- .spec.rules"
    )


def test_force_takes_the_field(api: Api) -> None:
    api.client.apply(_uri(api, "gs://b/1"), "hand").ok()
    taken = api.client.apply(_uri(api, "gs://b/2"), "phasegate", force=True).ok()
    assert taken["spec"]["predictor"]["model"]["storageUri"] == "gs://b/2"
    assert owned(taken, "hand") is None


def test_the_same_value_is_shared(api: Api) -> None:
    api.client.apply(_uri(api, "gs://b/1"), "phasegate").ok()
    shared = api.client.apply(_uri(api, "gs://b/1"), "other").ok()
    assert owned(shared, "phasegate") == owned(shared, "other")
    left = api.client.apply(service(api.namespace), "phasegate").ok()
    assert left["spec"]["predictor"]["model"]["storageUri"] == "gs://b/1"
    gone = api.client.apply(service(api.namespace), "other").ok()
    assert "spec" not in gone


def test_what_an_owner_leaves_out_goes_and_so_do_maps_that_it_leaves_empty(api: Api) -> None:
    wish = service(api.namespace, model={"modelFormat": {"name": "x"}}, minReplicas=2)
    api.client.apply(wish, "phasegate").ok()
    left = api.client.apply(service(api.namespace, minReplicas=2), "phasegate").ok()
    assert left["spec"] == {"predictor": {"minReplicas": 2}}
    assert left["metadata"]["generation"] == 2


def test_a_hand_that_edits_becomes_the_owner(api: Api) -> None:
    api.client.apply(route(api.namespace, rules=rules("a")), "phasegate").ok()
    patch = {"spec": {"rules": rules("b")}}
    edited = api.client.merge("HTTPRoute", api.namespace, "model", patch, "kubectl-edit").ok()
    assert owned(edited, "phasegate") is None
    assert owned(edited, "kubectl-edit", "Update") == {"f:spec": {"f:rules": {}}}
    answer = api.client.apply(route(api.namespace, rules=rules("a")), "phasegate")
    assert answer.status == 409
    assert answer.value["message"] == (
        'Apply failed with 1 conflict: conflict with "kubectl-edit" using '
        "gateway.networking.k8s.io/v1: .spec.rules"
    )


def test_one_name_that_merges_and_applies_is_two_owners(api: Api) -> None:
    api.client.apply(route(api.namespace, hostnames=["a.b"]), "overlay").ok()
    api.client.apply(route(api.namespace, annotations={PLAN: "1"}), "phasegate").ok()
    patch = {"metadata": {"annotations": {PLAN: "2"}}}
    api.client.merge("HTTPRoute", api.namespace, "model", patch, "phasegate").ok()
    wish = route(api.namespace, annotations={PLAN: "3"})
    answer = api.client.apply(wish, "phasegate")
    assert answer.status == 409
    assert answer.value["details"]["causes"][0]["message"] == (
        'conflict with "phasegate" using gateway.networking.k8s.io/v1'
    )
    assert api.client.apply(wish, "phasegate", force=True).status == 200


def test_a_route_s_rules_have_one_owner_as_a_whole(api: Api) -> None:
    two = [*rules("a"), *rules("b")]
    made = api.client.apply(route(api.namespace, rules=two), "phasegate").ok()
    assert owned(made, "phasegate") == {"f:spec": {"f:rules": {}}}
    one = api.client.apply(route(api.namespace, rules=rules("c")), "phasegate").ok()
    assert [rule["backendRefs"][0]["name"] for rule in one["spec"]["rules"]] == ["c"]


def test_variables_are_owned_one_by_one(api: Api) -> None:
    def model(*names: str) -> dict:
        return service(api.namespace, model={"env": [{"name": one, "value": "1"} for one in names]})

    api.client.apply(model("A"), "overlay").ok()
    both = api.client.apply(model("B"), "other").ok()
    names = [one["name"] for one in both["spec"]["predictor"]["model"]["env"]]
    assert sorted(names) == ["A", "B"]
    key = 'k:{"name":"B"}'
    assert owned(both, "other") == {
        "f:spec": {
            "f:predictor": {
                "f:model": {"f:env": {key: {".": {}, "f:name": {}, "f:value": {}}}},
            }
        }
    }
    left = api.client.apply(service(api.namespace), "other").ok()
    assert [one["name"] for one in left["spec"]["predictor"]["model"]["env"]] == ["A"]


def test_containers_of_a_predictor_have_one_owner_as_a_whole(api: Api) -> None:
    wish = service(api.namespace, containers=[{"name": "a", "image": "x"}])
    made = api.client.apply(wish, "overlay").ok()
    assert owned(made, "overlay") == {"f:spec": {"f:predictor": {"f:containers": {}}}}


def test_a_status_is_owned_apart(api: Api) -> None:
    api.client.apply(static(api.namespace), "overlay").ok()
    status = {**service(api.namespace), "status": {"url": "http://x"}}
    told = api.client.apply(status, "kserve", subresource="status").ok()
    assert told["status"] == {"url": "http://x"}
    (entry,) = [one for one in told["metadata"]["managedFields"] if one["manager"] == "kserve"]
    assert entry["subresource"] == "status"
    assert entry["fieldsV1"] == {"f:status": {"f:url": {}}}
    again = api.client.apply(static(api.namespace), "overlay").ok()
    assert again["status"] == {"url": "http://x"}


def test_an_apply_says_who_applies(api: Api) -> None:
    answer = api.client.apply(static(api.namespace), "")
    assert answer.status == 422
    assert "fieldManager: Required value" in answer.value["message"]


def test_an_apply_is_a_whole_object_of_the_kind(api: Api) -> None:
    value = static(api.namespace)
    path = f"/apis/serving.kserve.io/v1beta1/namespaces/{api.namespace}/inferenceservices/slot"
    query = {"fieldManager": "x"}
    kind = "application/apply-patch+yaml"
    nameless = api.client.ask("PATCH", path, {"metadata": {}}, kind=kind, query=query)
    assert nameless.status == 400
    assert nameless.value["message"] == "invalid object type: /, Kind="
    value["metadata"]["name"] = "other"
    other = api.client.ask("PATCH", path, value, kind=kind, query=query)
    assert other.status == 400
    assert "does not match the name on the URL" in other.value["message"]
    value = static(api.namespace)
    value["metadata"]["managedFields"] = [{"manager": "x"}]
    told = api.client.ask("PATCH", path, value, kind=kind, query=query)
    assert told.value["message"] == "metadata.managedFields must be nil"


def test_a_dry_run_keeps_nothing(api: Api) -> None:
    api.client.apply(static(api.namespace), "overlay").ok()
    told = api.client.apply(_uri(api, "gs://b/1"), "phasegate", dryRun="All").ok()
    assert told["spec"]["predictor"]["model"]["storageUri"] == "gs://b/1"
    kept = api.client.get("InferenceService", api.namespace, "slot")
    assert kept is not None
    assert "storageUri" not in kept["spec"]["predictor"]["model"]
