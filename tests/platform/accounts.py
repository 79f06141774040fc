"""Who asks the API server where the modules are applied: administrator and GitHub accounts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.kubernetes.client import Answer, Client
from tests.platform.terraform import Terraform

DRY_RUN = {"dryRun": "All"}
REFUSED = "dry runs only"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The modules, applied by an administrator.

    Attributes:
        terraform: as the administrator.
        administrator: plain requests.
        plan: plain requests of the account that plans.
        submit: plain requests of the account that submits.
        plan_kubeconfig: of the account that plans.
        namespace: of the model; that of pipelines has ``-pipelines`` behind it, and so on.
    """

    terraform: Terraform
    administrator: Client
    plan: Client
    submit: Client
    plan_kubeconfig: Path
    namespace: str


def place_of(namespace: str, version: str, resource: str) -> str:
    root = "apis" if "/" in version else "api"
    return f"/{root}/{version}/namespaces/{namespace}/{resource}"


def assert_refused(answer: Answer) -> None:
    assert answer.status == 403, answer.text
    assert REFUSED in answer.value["message"]


def rules_of(client: Client, namespace: str) -> set[tuple[str, str]]:
    """What a user may do in a namespace, by verb and GROUP/RESOURCE:NAME."""
    kind = "SelfSubjectRulesReview"
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": kind,
        "spec": {"namespace": namespace},
    }
    answer = client.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)
    return {
        (verb, f"{group}/{resource}" + (f":{name}" if name else ""))
        for one in answer.ok()["status"]["resourceRules"]
        for verb in one["verbs"]
        for group in one["apiGroups"]
        for resource in one["resources"]
        for name in one.get("resourceNames") or [""]
    }


def versions_of(client: Client, namespace: str) -> dict[str, str]:
    """Versions of all objects that the modules made, by their places."""
    found = {}
    groups = {
        "v1": ("configmaps", "pods", "secrets", "serviceaccounts", "services"),
        "apps/v1": ("deployments",),
        "networking.k8s.io/v1": ("networkpolicies",),
        "policy/v1": ("poddisruptionbudgets",),
        "rbac.authorization.k8s.io/v1": ("rolebindings", "roles"),
        "gateway.networking.k8s.io/v1": ("httproutes",),
        "serving.kserve.io/v1beta1": ("inferenceservices",),
    }
    for part in ("", "-pipelines", "-certificates", "-releases"):
        for version, resources in groups.items():
            for resource in resources:
                place = place_of(namespace + part, version, resource)
                for one in client.ask("GET", place).ok()["items"]:
                    metadata = one["metadata"]
                    found[f"{place}/{metadata['name']}"] = metadata["resourceVersion"]
    return found
