"""What each finding means: its severity, who must fix it, and how to say it. The facts lie in findings.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from commonground.words import Finding, Fixer, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One code explained. `message` may hold `{place}`, `{sample}` and `{detail}`."""

    code: str
    severity: Severity
    fixer: Fixer
    message: str
    advice: str
    withheld: bool = False
    """Sample and detail hold a whole record, which only operators may see."""

    def say(self, finding: Finding) -> str:
        """The message with this finding's place and value filled in."""
        return self.message.format(place=finding.place, sample=finding.sample, detail=finding.detail)


@cache
def rules() -> dict[str, Rule]:
    """All rules by code, in the order of the file."""
    text = files("commonground.protocols").joinpath("findings.toml").read_text(encoding="utf-8")
    return {
        code: Rule(code, Severity(entry.pop("severity")), Fixer(entry.pop("fixer")), **entry)
        for code, entry in tomllib.loads(text).items()
    }


def rule(code: str) -> Rule:
    """The rule of a code. A code that nobody explained yet is ours to explain, and breaks no page."""
    known = rules().get(code)
    if known is not None:
        return known
    message = code.replace("{", "{{").replace("}", "}}")
    return Rule(
        code, Severity.WARNING, Fixer.US, f"{message}: “{{sample}}” at {{place}}.", "Add this code to findings.toml."
    )
