"""Run each measurement of this folder, or those named: `make bench`, `make bench ARGS="harvest --scale 0.1 --check"`.

With `--keep` what came out is written into docs/reference/figures.md, in the place of what it said of these. Scripts named
`fit_…` measure nothing: they fit weights.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parent / "docs" / "reference" / "figures.md"


def main(given: list[str]) -> int:
    """Each in a process of its own, one after the other; the exit code counts those that failed."""
    benches = {
        path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem != "run" and "fit_" not in path.stem
    }
    names = [one for one in given if not one.startswith("-") and not one.replace(".", "").isdigit()]
    options = [one for one in given if one not in {*names, "--keep"}]
    if unknown := set(names) - set(benches):
        print(f"No measurement {', '.join(sorted(unknown))}; there are {', '.join(benches)}.", file=sys.stderr)
        return 2
    failed = 0
    for name in names or benches:
        said = ast.get_docstring(ast.parse(benches[name].read_text(encoding="utf-8"))) or name
        print(f"\n{name}: {said.splitlines()[0]}", flush=True)
        done = subprocess.run([sys.executable, benches[name], *options], check=False, stdout=subprocess.PIPE, text=True)
        print(done.stdout, flush=True)
        failed += done.returncode != 0
        if "--keep" in given and done.returncode == 0:
            keep(name, said, json.loads(done.stdout))
    return failed


def keep(name: str, said: str, told: dict[str, Any]) -> None:
    """Write the section of one measurement anew, and what it says for other pages (`pages`)."""
    place(PAGE, name, section(name, said, told))
    for page, parts in told.get("pages", {}).items():
        for mark, text in parts.items():
            place(FOLDER.parent / page, mark, text)


def place(page: Path, mark: str, told: str) -> None:
    """Write one part of a page anew; a new one comes last."""
    begin, end = f"<!-- measured: {mark} -->", "<!-- end -->"
    text = page.read_text(encoding="utf-8")
    if begin not in text:
        text += f"\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{told}{end}{after}", encoding="utf-8")


def section(name: str, said: str, told: dict[str, Any]) -> str:
    """Its goals as a table, with the day and the machine."""
    lines = [f"## {said.partition(':')[0]}", ""]
    if "goals" not in told:
        return "\n".join([*lines, f"Left out: {told.get('why', '')}", ""]) + "\n"
    machine, day = told["machine"], datetime.now(UTC).date().isoformat()
    lines += [
        f"`python bench/{name}.py` on {day}: Python {machine['python']}, {machine['cores']} cores, load {machine['load'][0]}.",
        "",
        "| What | Measured | Goal |",
        "| --- | ---: | ---: |",
        *(f"| {what} | {one['is']:,g} | {one['goal']} |" for what, one in told["goals"].items()),
        "",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
