"""Rules as a page, as a list, and each with its reasons."""

from __future__ import annotations

from phasegate.linting.rule import Rule, Rules


def explain(rule: Rule) -> str:
    """Everything that is known of one rule, as text."""
    return (
        f"{rule.code} {rule.name} ({rule.severity})\n\n"
        f"{rule.summary}\n\nWhy: {rule.why}\n\nFix: {rule.fix}"
    )


def to_markdown(rules: Rules, introduction: str) -> str:
    """The page that documents all rules."""
    lines = [f"# {rules.title}", "", introduction.strip(), ""]
    for digit, heading in rules.families.items():
        family = [rule for rule in rules.in_order() if rule.code[3] == digit]
        lines += [f"## {heading}", "", "| code | rule | severity | finds |", "|---|---|---|---|"]
        lines += [
            f"| [{r.code}](#{r.code.lower()}) | {r.name} | {r.severity} | {_cell(r.summary)} |"
            for r in family
        ]
        lines.append("")
        for rule in family:
            lines += [
                f"### {rule.code}",
                "",
                f"**{rule.name}** ({rule.severity}). {rule.summary}",
                "",
            ]
            lines += [f"*Why.* {rule.why}", "", f"*Fix.* {rule.fix}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
