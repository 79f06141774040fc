"""What the API makes of objects that are not as their schema says."""

from __future__ import annotations

from tests.kubernetes.contract.conftest import Api
from tests.kubernetes.contract.objects import ROUTES, SERVICES, route, rules, service, static


def test_a_wrong_type_is_invalid(api: Api) -> None:
    wish = service(api.namespace, minReplicas="x", model={"storageUri": 4})
    answer = api.client.ask("POST", SERVICES.format(api.namespace), wish)
    assert (answer.status, answer.value["reason"]) == (422, "Invalid")
    first = "spec.predictor.minReplicas"
    second = "spec.predictor.model.storageUri"
    lines = [
        f'{first}: Invalid value: "string": {first} in body must be of type integer: "string"',
        f'{second}: Invalid value: "integer": {second} in body must be of type string: "integer"',
    ]
    assert answer.value["message"].startswith(
        'InferenceService.serving.kserve.io "slot" is invalid: '
    )
    assert all(line in answer.value["message"] for line in lines)
    assert {one["field"] for one in answer.value["details"]["causes"]} == {first, second}


def test_a_limit_is_held(api: Api) -> None:
    wish = route(api.namespace, rules=rules("a", weight=-4))
    answer = api.client.apply(wish, "phasegate")
    assert (answer.status, answer.value["reason"]) == (422, "Invalid")
    field = "spec.rules[0].backendRefs[0].weight"
    assert answer.value["message"] == (
        f'HTTPRoute.gateway.networking.k8s.io "model" is invalid: {field}: Invalid value: -4: '
        f"{field} in body should be greater than or equal to 0"
    )


def test_a_list_has_its_least_length(api: Api) -> None:
    wish = route(api.namespace, rules=[])
    answer = api.client.ask("POST", ROUTES.format(api.namespace), wish)
    assert answer.status == 422
    assert (
        "spec.rules: Invalid value: 0: spec.rules in body should have at least 1 items"
        in answer.value["message"]
    )


def test_required_fields_and_enumerations(api: Api) -> None:
    wish = route(api.namespace, parentRefs=[{}], rules=[{"filters": [{"type": "Nope"}]}])
    answer = api.client.ask("POST", ROUTES.format(api.namespace), wish)
    assert answer.status == 422
    causes = {one["field"]: one for one in answer.value["details"]["causes"]}
    assert causes["spec.parentRefs[0].name"]["reason"] == "FieldValueRequired"
    assert causes["spec.parentRefs[0].name"]["message"] == "Required value"
    kind = causes["spec.rules[0].filters[0].type"]
    assert kind["reason"] == "FieldValueNotSupported"
    assert kind["message"].startswith(
        'Unsupported value: "Nope": supported values: "RequestHeaderModifier"'
    )


def test_defaults_of_a_route(api: Api) -> None:
    made = api.client.apply(route(api.namespace, parentRefs=[{"name": "gateway"}])).ok()
    everything = [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert made["spec"]["rules"] == [{"matches": everything}]
    assert made["spec"]["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gateway"}
    ]
    ruled = api.client.apply(route(api.namespace, rules=rules("a")), "phasegate").ok()
    backend = {"group": "", "kind": "Service", "name": "a", "port": 80, "weight": 1}
    assert ruled["spec"]["rules"] == [{"backendRefs": [backend], "matches": everything}]
    again = api.client.apply(route(api.namespace, rules=rules("a")), "phasegate").ok()
    assert again["metadata"]["resourceVersion"] == ruled["metadata"]["resourceVersion"]


def test_unknown_fields_are_dropped_or_refused(api: Api) -> None:
    wish = static(api.namespace, bogus=1)
    path = SERVICES.format(api.namespace)
    strict = api.client.ask("POST", path, wish, query={"fieldValidation": "Strict"})
    assert (strict.status, strict.value["reason"]) == (400, "BadRequest")
    assert strict.value["message"] == (
        'InferenceService in version "v1beta1" cannot be handled as a InferenceService: '
        'strict decoding error: unknown field "spec.predictor.bogus"'
    )
    made = api.client.ask("POST", path, wish).ok()
    assert "bogus" not in made["spec"]["predictor"]


def test_a_strict_merge_refuses_unknown_fields(api: Api) -> None:
    api.client.create(static(api.namespace))
    path = SERVICES.format(api.namespace) + "/slot"
    patch = {"spec": {"predictor": {"bogus": 1}}}
    kind = "application/merge-patch+json"
    strict = api.client.ask("PATCH", path, patch, kind=kind, query={"fieldValidation": "Strict"})
    assert (strict.status, strict.value["reason"]) == (422, "Invalid")
    assert 'strict decoding error: unknown field "spec.predictor.bogus"' in strict.value["message"]
    assert api.client.ask("PATCH", path, patch, kind=kind).status == 200


def test_an_apply_of_an_unknown_field_is_an_error_of_the_server(api: Api) -> None:
    answer = api.client.apply(static(api.namespace, bogus=1), "phasegate")
    assert answer.status == 500
    assert "reason" not in answer.value
    assert answer.value["message"] == (
        f"failed to create typed patch object ({api.namespace}/slot; serving.kserve.io/v1beta1, "
        "Kind=InferenceService): .spec.predictor.bogus: field not declared in schema"
    )


def test_an_apply_of_a_wrong_type_is_an_error_of_the_server(api: Api) -> None:
    answer = api.client.apply(static(api.namespace, minReplicas="x"), "phasegate")
    assert answer.status == 500
    assert answer.value["message"].endswith(
        ".spec.predictor.minReplicas: expected numeric (int or float), got string"
    )


def test_names_follow_the_rules_of_host_names(api: Api) -> None:
    wish = static(api.namespace, name="Bad_Name")
    answer = api.client.ask("POST", SERVICES.format(api.namespace), wish)
    assert answer.status == 422
    assert (
        'metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist'
        in answer.value["message"]
    )


def test_another_kind_is_refused(api: Api) -> None:
    wish = {**static(api.namespace), "kind": "Other"}
    answer = api.client.ask("POST", SERVICES.format(api.namespace), wish)
    assert answer.status in (400, 422)
    assert answer.value["status"] == "Failure"


def test_what_is_no_json_is_a_bad_request(api: Api) -> None:
    answer = api.client.ask("POST", SERVICES.format(api.namespace), b'{"apiVersi')
    assert (answer.status, answer.value["reason"]) == (400, "BadRequest")


def test_the_schema_knows_nothing_of_the_webhook_s_rules(api: Api) -> None:
    made = api.client.create(service(api.namespace, canaryTrafficPercent=250))
    assert made["spec"]["predictor"]["canaryTrafficPercent"] == 250
