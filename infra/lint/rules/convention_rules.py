"""The rules on conventions."""

from __future__ import annotations

from infra.lint.rules.catalogue import error
from infra.lint.schema.store import UPDATE

NO_REQUIRED_VERSION = error(
    "301",
    "no-required-version",
    "A module or root does not say which versions of Terraform it is for.",
    why="Another version reads it in another way, or fails with a message on something else.",
    fix='Write required_version = ">= 1.9, < 2.0" in versions.tf.',
)
UNPINNED = error(
    "302",
    "unpinned-provider",
    "A provider is not pinned: exactly in a root, by ~> in a module, without source anywhere.",
    why="The next run may bring another major version, whose resources differ.",
    fix='Write version = "= 7.45.0" in a root, version = "~> 7.45" in a module.',
)
NOT_REQUIRED = error(
    "303",
    "provider-not-required",
    "A provider is used that required_providers does not name.",
    why="Terraform takes the newest of a guessed source.",
    fix="Add it to required_providers in versions.tf.",
)
PROVIDER_IN_MODULE = error(
    "304",
    "provider-in-module",
    "A module configures a provider.",
    why="Such a module cannot be removed from a root, nor called with for_each.",
    fix="Configure the provider in the root; modules inherit it.",
)
UNPINNED_MODULE = error(
    "305",
    "unpinned-module",
    "A module from elsewhere is not pinned: by exact version, or by a commit.",
    why="What is applied tomorrow is not what was reviewed today.",
    fix="Pin a registry's module by an exact version, git's by ?ref= and a whole commit.",
)
NO_TYPE = error(
    "306",
    "variable-without-type",
    "A variable has no type.",
    why="Any value is taken, and fails somewhere else with a message on something else.",
    fix="Give it one.",
)
NO_DESCRIPTION = error(
    "307",
    "without-description",
    "A variable or an output has no description.",
    why="The table in the README is made from descriptions, and so is terraform's own prompt.",
    fix="Write one sentence on what it is for.",
)
INCOMPLETE = error(
    "308",
    "incomplete-module",
    "A module lacks its README, its example or its tests.",
    why="A module that nobody can read, call or test is a copy waiting to happen.",
    fix="Add README.md, examples/basic/main.tf, and a tests/*.tftest.hcl.",
)
NO_BACKEND = error(
    "309",
    "no-remote-state",
    "A root keeps its state on a local disk.",
    why="A second person, or the workflow, starts from an empty state, and makes everything again.",
    fix='Write backend "gcs" {} in the root. Only `bootstrap`, which makes the bucket, has none.',
)
SCHEMA_VERSION = error(
    "310",
    "schema-of-another-version",
    "The pinned schema is of another version of the provider than the tree asks for.",
    why="What is checked is not what runs.",
    fix=f"Run '{UPDATE}', and commit the schemas.",
)
NOT_SENSITIVE = error(
    "311",
    "secret-in-the-open",
    "An output of a sensitive value is not marked sensitive, or a variable for a secret is not.",
    why="It is printed at every plan, and stays in the workflow's log.",
    fix="Write sensitive = true; better: leave the value in Secret Manager and pass its name.",
)
HARD_CODED = error(
    "312",
    "hard-coded",
    "A project, a billing account or a secret is written into the code.",
    why="Code is for every project; a secret in it is known to all who can read it.",
    fix="Make it a variable; a secret belongs into Secret Manager.",
)
