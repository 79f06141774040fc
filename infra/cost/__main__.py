"""Write the table of costs into infra/terraform/README.md, or check that it is current."""

from __future__ import annotations

import argparse
import sys

import yaml

from infra.cost.pods import ROOT
from infra.cost.table import written

FOLDER = ROOT / "infra" / "terraform"


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        0 if the table is, or was made, current; 1 with ``--check`` if it is not; 2 if the README
        has no place for it.
    """
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; 1 if it would")
    check = parser.parse_args(arguments).check
    readme = FOLDER / "README.md"
    data = yaml.safe_load((FOLDER / "cost.yaml").read_text(encoding="utf-8"))
    try:
        text = readme.read_text(encoding="utf-8")
        wanted = written(text, data)
    except (FileNotFoundError, ValueError) as error:
        print(f"{readme}: {error}", file=sys.stderr)
        return 2
    if text == wanted:
        return 0
    if check:
        print(f"{readme}: the costs are out of date; write them by `python -m infra.cost`")
        return 1
    readme.write_text(wanted, encoding="utf-8")
    print(f"{readme}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
