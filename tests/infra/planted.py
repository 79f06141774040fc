"""Mistakes, each with the rule that has to find it, and the line that it has to name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in one file of the tree.

    Attributes:
        name: of a few words.
        code: of the rule that finds it.
        file: relative to the tree; one that is not there is made.
        old: what is replaced, as a regular expression, once; empty for a file that is made.
        new: what takes its place.
        at: what stands on the line of the finding, in the first place after the change.
    """

    name: str
    code: str
    file: str
    old: str
    new: str
    at: str

    def plant(self, tree: Path) -> int:
        """Make the mistake; the line that has to be named."""
        path = tree / self.file
        if self.old:
            text = path.read_text()
            match = re.search(self.old, text, flags=re.MULTILINE)
            assert match, f"{self.file} has no {self.old!r}"
            text = text[: match.start()] + match.expand(self.new) + text[match.end() :]
        else:
            assert not path.exists()
            text = self.new
        path.write_text(text)
        return text[: re.search(self.at, text, flags=re.MULTILINE).start()].count("\n") + 1


def _bucket(name: str, code: str, argument: str, at: str = 'resource "google_storage') -> Mistake:
    """A whole bucket in a file of its own, with one argument that is wrong or missing."""
    arguments = {
        "uniform_bucket_level_access": "true",
        "public_access_prevention": '"enforced"',
        "force_destroy": "false",
    }
    key, _, value = argument.partition("=")
    arguments[key] = value
    lines = "\n".join(f"  {key} = {value}" for key, value in arguments.items() if value)
    text = f"""resource "google_storage_bucket" "planted" {{
  project  = var.project_id
  location = var.region
  name     = "${{var.name}}-planted"
{lines}
  versioning {{
    enabled = true
  }}
  lifecycle {{
    prevent_destroy = true
  }}
}}
"""
    return Mistake(name, code, "modules/buckets/planted.tf", "", text, at)


def _resource(name: str, code: str, folder: str, text: str, at: str) -> Mistake:
    return Mistake(name, code, f"{folder}/planted.tf", "", text, at)


SCHEMA = (
    Mistake(
        "misspelt argument",
        "PGT102",
        "modules/registry/main.tf",
        r"^  description( +=)",
        r"  descripton\1",
        "descripton",
    ),
    Mistake(
        "misspelt type",
        "PGT101",
        "modules/kms/main.tf",
        r'resource "google_kms_key_ring" "this"',
        'resource "google_kms_keyring" "planted" {}\n\n\\g<0>',
        "google_kms_keyring",
    ),
    Mistake(
        "missing argument",
        "PGT103",
        "modules/registry/main.tf",
        r"^  format +=.*\n",
        "",
        'resource "google_artifact_registry_repository"',
    ),
    Mistake(
        "missing argument of a nested block",
        "PGT103",
        "modules/registry/main.tf",
        r'^    id     = "keep-newest"\n',
        "",
        "cleanup_policies",
    ),
    Mistake(
        "misspelt nested block",
        "PGT104",
        "modules/registry/main.tf",
        r"docker_config \{",
        "dockerconfig {",
        "dockerconfig",
    ),
    Mistake(
        "misspelt argument in a dynamic block",
        "PGT102",
        "modules/registry/main.tf",
        r'^( +)tag_state( +)= "TAGGED"',
        r'\1tag_stat\2= "TAGGED"',
        r"tag_stat ",
    ),
    Mistake(
        "block once too often",
        "PGT105",
        "modules/registry/main.tf",
        r"^  docker_config \{",
        "  docker_config {}\n\\g<0>",
        r"^  docker_config \{$",
    ),
    Mistake(
        "computed value set",
        "PGT106",
        "modules/registry/main.tf",
        r"^  format +=",
        '  create_time = "now"\n\\g<0>',
        "create_time",
    ),
    Mistake(
        "text where a truth belongs",
        "PGT107",
        "modules/redis/main.tf",
        r"^(  auth_enabled +=) true",
        r'\1 "yes"',
        "auth_enabled",
    ),
    Mistake(
        "list where a text belongs",
        "PGT107",
        "modules/redis/main.tf",
        r"^(  display_name +=).*",
        r'\1 ["Online features"]',
        "display_name",
    ),
    Mistake(
        "variable of another type",
        "PGT107",
        "modules/redis/main.tf",
        r"^(  display_name +=).*",
        r"\1 var.labels",
        "display_name",
    ),
    Mistake(
        "block as argument",
        "PGT110",
        "modules/registry/main.tf",
        r"^  docker_config \{\n(.*)\n  \}",
        r"  docker_config = {\n\1\n  }",
        "docker_config",
    ),
    Mistake(
        "misspelt lifecycle argument",
        "PGT102",
        "modules/kms/main.tf",
        r"^( +)prevent_destroy = true",
        r"\1prevent_destroy = true\n\1prevent_destruction = true",
        "prevent_destruction",
    ),
    Mistake(
        "misspelt kind of block",
        "PGT111",
        "modules/kms/main.tf",
        r'^resource "google_kms_key_ring"',
        'resources "google_kms_key_ring" "planted" {}\n\\g<0>',
        "^resources",
    ),
    Mistake(
        "no HCL",
        "PGT004",
        "environments/dev.tfvars",
        r"\A",
        "planted = = 1\n",
        "planted",
    ),
)

CALLS = (
    Mistake(
        "unknown input",
        "PGT113",
        "cloud/main.tf",
        r'^  source += "\.\./modules/network"\n',
        '\\g<0>  nodes_cidrs = "10.0.0.0/20"\n',
        "nodes_cidrs",
    ),
    Mistake(
        "missing input",
        "PGT114",
        "cloud/main.tf",
        r"^  subnet_id +=.*\n",
        "",
        'module "cluster"',
    ),
    Mistake(
        "input of another type",
        "PGT107",
        "cloud/main.tf",
        r'^  source += "\.\./modules/network"\n',
        '\\g<0>  flow_log_sampling = "many"\n',
        "flow_log_sampling",
    ),
    Mistake(
        "value for no variable",
        "PGT113",
        "environments/dev.tfvars",
        r"\A",
        'planted_variable = "x"\n',
        "planted_variable",
    ),
    Mistake(
        "value for no variable in a test",
        "PGT113",
        "modules/redis/tests/instance.tftest.hcl",
        r"^variables \{\n",
        '\\g<0>  planted = "x"\n',
        "planted",
    ),
    Mistake(
        "no such module",
        "PGT115",
        "cloud/main.tf",
        r'^(  source +=) "\.\./modules/registry"',
        r'\1 "../modules/registries"',
        "registries",
    ),
    Mistake(
        "unpinned module",
        "PGT305",
        "cloud/main.tf",
        r"\A",
        'module "planted" {\n  source = "terraform-google-modules/network/google"\n}\n\n',
        "terraform-google-modules",
    ),
    Mistake(
        "another output than the root has",
        "PGT205",
        "platform/planted.tf",
        "",
        'check "planted" {\n  assert {\n    condition = '
        'data.terraform_remote_state.cloud.outputs.planted != ""\n'
        '    error_message = "It is empty."\n  }\n}\n',
        "outputs.planted",
    ),
)

REFERENCES = (
    Mistake(
        "undeclared variable",
        "PGT201",
        "modules/redis/main.tf",
        r"^(  display_name +=).*",
        r"\1 var.display",
        "display_name",
    ),
    Mistake(
        "undeclared local",
        "PGT202",
        "modules/redis/main.tf",
        r"^(  display_name +=).*",
        r"\1 local.display",
        "display_name",
    ),
    Mistake(
        "undeclared resource",
        "PGT203",
        "modules/redis/main.tf",
        r"google_redis_instance\.this\.auth_string",
        "google_redis_instance.that.auth_string",
        r"google_redis_instance\.that",
    ),
    Mistake(
        "undeclared resource in a test",
        "PGT203",
        "modules/redis/tests/instance.tftest.hcl",
        r"google_redis_instance\.this\.auth_enabled",
        "google_redis_instance.that.auth_enabled",
        r"google_redis_instance\.that",
    ),
    Mistake(
        "misspelt attribute",
        "PGT207",
        "modules/redis/main.tf",
        r"google_redis_instance\.this\.auth_string",
        "google_redis_instance.this.auth_text",
        "auth_text",
    ),
    Mistake(
        "misspelt field of a variable",
        "PGT207",
        "modules/redis/main.tf",
        r"var\.maintenance\.hour",
        "var.maintenance.hours",
        r"var\.maintenance\.hours",
    ),
    Mistake(
        "module that is not called",
        "PGT204",
        "cloud/outputs.tf",
        r"\A",
        'output "planted" {\n  description = "It."\n  value = module.planted.id\n}\n',
        "module.planted",
    ),
    Mistake(
        "unknown output of a module",
        "PGT205",
        "cloud/main.tf",
        r"module\.network\.subnet_id",
        "module.network.subnet",
        r"module\.network\.subnet$",
    ),
    Mistake(
        "each without for_each",
        "PGT206",
        "modules/redis/main.tf",
        r"^(  display_name +=).*",
        r"\1 each.key",
        "each.key",
    ),
    Mistake(
        "unused local",
        "PGT209",
        "modules/redis/planted.tf",
        "",
        "locals {\n  planted = 1\n}\n",
        "planted",
    ),
    Mistake(
        "unused variable",
        "PGT208",
        "modules/redis/examples/basic/planted.tf",
        "",
        'variable "planted" {\n  type = string\n}\n',
        "planted",
    ),
    Mistake(
        "misspelt function",
        "PGT210",
        "modules/redis/main.tf",
        r"^(  display_name +=).*",
        r'\1 uper("online")',
        "uper",
    ),
    Mistake(
        "function with too few arguments",
        "PGT210",
        "modules/redis/main.tf",
        r"^(  display_name +=).*",
        r'\1 replace("a", "b")',
        "replace",
    ),
    Mistake(
        "text without quotes",
        "PGT211",
        "modules/redis/main.tf",
        r"^(  connect_mode +=).*",
        r"\1 PRIVATE_SERVICE_ACCESS",
        "connect_mode",
    ),
)

CONVENTIONS = (
    Mistake(
        "no version of Terraform",
        "PGT301",
        "modules/redis/versions.tf",
        r"^ *required_version.*\n",
        "",
        "terraform",
    ),
    Mistake(
        "unpinned provider",
        "PGT302",
        "cloud/versions.tf",
        r'version( +)= "= [0-9.]+"',
        r'version\1= ">= 7.45"',
        "google += {",
    ),
    Mistake(
        "provider of another version than the schema",
        "PGT310",
        "modules/redis/versions.tf",
        r'"~> 7\.45"',
        '"~> 6.50"',
        "google += {",
    ),
    Mistake(
        "provider in a module",
        "PGT304",
        "modules/redis/planted.tf",
        "",
        'provider "google" {\n  region = var.region\n}\n',
        "provider",
    ),
    Mistake(
        "variable without type",
        "PGT306",
        "modules/redis/variables.tf",
        r'(?s)(variable "tier" \{.*?)^ *type +=[^\n]*\n',
        r"\1",
        'variable "tier"',
    ),
    Mistake(
        "another pattern than elsewhere",
        "PGT313",
        "modules/redis/variables.tf",
        r"\^\[a-z\]\+-\[a-z\]\+\[0-9\]\+\$",
        "^[a-z]+-[a-z]+[0-9]$",
        'variable "region"',
    ),
    Mistake(
        "output of a secret",
        "PGT311",
        "modules/redis/outputs.tf",
        r'(?s)(output "host" \{.*?)value( +)= [^\n]*',
        r"\1value\2= google_redis_instance.this.auth_string",
        'output "host"',
    ),
    Mistake(
        "project in the code",
        "PGT312",
        "modules/redis/main.tf",
        r"^(  project +=).*",
        r'\1 "acme-prod"',
        "acme-prod",
    ),
    Mistake(
        "local state",
        "PGT309",
        "cloud/backend.tf",
        r'(?s)backend "gcs" \{.*?\}',
        'backend "local" {}',
        r"backend \"local",
    ),
)

ACCESS = (
    _resource(
        "owner",
        "PGT401",
        "modules/redis",
        'resource "google_project_iam_member" "planted" {\n  project = var.project_id\n'
        '  role    = "roles/owner"\n  member  = "group:team@example.com"\n}\n',
        "roles/owner",
    ),
    _resource(
        "bucket for everyone",
        "PGT402",
        "modules/buckets",
        'resource "google_storage_bucket_iam_member" "planted" {\n'
        "  bucket = google_storage_bucket.artifacts.name\n"
        '  role   = "roles/storage.objectViewer"\n  member = "allUsers"\n}\n',
        "allUsers",
    ),
    _resource(
        "role on the whole project, by way of a local",
        "PGT403",
        "modules/redis",
        'locals {\n  roles = ["roles/logging.logWriter",\n  "roles/storage.objectUser"]\n}\n'
        'resource "google_project_iam_member" "planted" {\n  for_each = toset(local.roles)\n'
        "  project  = var.project_id\n  role     = each.value\n"
        '  member   = "group:team@example.com"\n}\n',
        "roles/storage.objectUser",
    ),
    _resource(
        "tokens of every account",
        "PGT403",
        "modules/redis",
        'resource "google_project_iam_member" "planted" {\n  project = var.project_id\n'
        '  role    = "roles/iam.serviceAccountTokenCreator"\n'
        '  member  = "group:team@example.com"\n}\n',
        "TokenCreator",
    ),
)

SERVICES = (
    _bucket("public bucket", "PGT502", 'public_access_prevention="inherited"', "inherited"),
    _bucket("bucket that may become public", "PGT502", "public_access_prevention="),
    _bucket("bucket with access lists", "PGT501", "uniform_bucket_level_access="),
    _bucket("bucket that goes with its objects", "PGT504", "force_destroy=true", "force_destroy"),
    Mistake(
        "bucket that a plan may destroy",
        "PGT505",
        "modules/buckets/buckets.tf",
        r"prevent_destroy = true",
        "prevent_destroy = false",
        'resource "google_storage_bucket" "artifacts"',
    ),
    Mistake(
        "public database",
        "PGT601",
        "modules/mlflow/main.tf",
        r"ipv4_enabled( +)= false",
        r"ipv4_enabled\1= true",
        "ipv4_enabled",
    ),
    Mistake(
        "database without encryption",
        "PGT602",
        "modules/mlflow/main.tf",
        r"ssl_mode( +)= .*",
        r'ssl_mode\1= "ALLOW_UNENCRYPTED_AND_ENCRYPTED"',
        "ssl_mode",
    ),
    Mistake(
        "cache without password",
        "PGT602",
        "modules/redis/main.tf",
        r"^(  auth_enabled +=) true",
        r"\1 false",
        "auth_enabled",
    ),
    Mistake(
        "unprotected cluster, by a call",
        "PGT604",
        "cloud/main.tf",
        r'(?s)(module "cluster" \{.*?deletion_protection =) var\.deletion_protection',
        r"\1 false",
        "deletion_protection = false",
    ),
    Mistake(
        "public nodes",
        "PGT605",
        "modules/cluster/main.tf",
        r"enable_private_nodes( +)= true",
        r"enable_private_nodes\1= false",
        "enable_private_nodes",
    ),
    Mistake(
        "pods with their node's account",
        "PGT606",
        "modules/cluster/main.tf",
        r"(?s)^  workload_identity_config \{.*?^  \}\n",
        "",
        'resource "google_container_cluster"',
    ),
    Mistake(
        "nodes with the default account",
        "PGT609",
        "modules/cluster/nodes.tf",
        r"(?s)(node_config \{.*?)^ *service_account +=[^\n]*\n",
        r"\1",
        "node_config",
    ),
    Mistake(
        "legacy authorisation",
        "PGT607",
        "modules/cluster/main.tf",
        r"enable_legacy_abac( +)= false",
        r"enable_legacy_abac\1= true",
        "enable_legacy_abac",
    ),
    Mistake(
        "open firewall",
        "PGT608",
        "modules/network/firewall.tf",
        r"source_ranges = \[var\.control_plane_cidr\]",
        'source_ranges = [var.control_plane_cidr, "0.0.0.0/0"]',
        r"control_plane_cidr, ",
    ),
    Mistake(
        "open control plane, by a call",
        "PGT608",
        "cloud/main.tf",
        r"authorized_networks = var\.authorized_networks",
        'authorized_networks = merge(var.authorized_networks, { everyone = "0.0.0.0/0" })',
        "everyone",
    ),
)

READMES = (
    Mistake(
        "stale table",
        "PGT702",
        "modules/redis/outputs.tf",
        r'(output "host" \{\n +description += ").*"',
        r'\1Another text."',
        "",
    ),
    Mistake(
        "no table",
        "PGT701",
        "modules/redis/README.md",
        r"<!-- tables: end -->",
        "",
        r"\A",
    ),
)

MISTAKES = (
    *SCHEMA,
    *CALLS,
    *REFERENCES,
    *CONVENTIONS,
    *ACCESS,
    *SERVICES,
)
