"""What can go wrong in ways a user can mend, said in one message and without a traceback."""

from __future__ import annotations


class BadInput(Exception):
    """The input, not the program, is wrong.

    Args:
        what: what was wrong, in plain words.
        where: the file, column, row or key it was found in.
        expected: what would have been right.
        fix: what the user can do now.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.what, self.where, self.expected, self.fix = what, where, expected, fix
        super().__init__(str(self))

    def __str__(self) -> str:
        """``where: what; expected expected. Fix.``"""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected:
            text = f"{text.rstrip('.')}; expected {self.expected}"
        if self.fix:
            text = f"{_sentence(text)} {self.fix[:1].upper()}{self.fix[1:]}"
        return _sentence(text)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


class Unavailable(BadInput):
    """A service or store that is needed did not answer, after retries."""


class ExitCode:
    """Exit codes of the command and of every component."""

    PASSED = 0
    BLOCKED = 1
    BAD_INPUT = 2
    INTERNAL = 3
