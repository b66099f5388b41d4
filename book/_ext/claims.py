"""*What reproduces*, assembled from the stored notebooks, and every claim tried under other seeds.

python book/_ext/claims.py --seeds 5               each chapter that claims something, seeds 1 to 5
python book/_ext/claims.py --seeds 2 book/a/b.md   these chapters only

What the cells printed under each seed goes to _build/seeds, to be read beside the page.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from chapters import BOOK, ROOT, chapters, code_cells, stored
from contents import toc_order
from docutils import nodes
from execution import ChapterError, execute
from nbformat import NotebookNode
from sphinx.util.docutils import SphinxDirective
from tqdm import tqdm

from linebyline.claims import MIME, Claim

SAID = ROOT / "_build" / "seeds"


def claims_of(notebook: NotebookNode) -> Iterator[Claim]:
    """The claims that a notebook's cells checked, in order."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if data := output.get("data", {}).get(MIME):
                yield Claim(**data)


class ClaimsDirective(SphinxDirective):
    """A section for each chapter that claims something, with its claims in one table."""

    def run(self) -> list[nodes.Node]:
        """Build the table as Markdown, so that links and citations work as anywhere."""
        lines: list[str] = []
        for chapter in in_reading_order(chapters(BOOK)):
            notebook = stored(chapter)
            found = list(claims_of(notebook)) if notebook else []
            self.env.note_dependency(str(chapter.with_suffix(".ipynb")))
            if not found:
                continue
            page = chapter.relative_to(BOOK).with_suffix("").as_posix()
            title = re.search(r"^# (.+)$", chapter.read_text("utf8"), re.M)[1]  # type: ignore[index]
            lines += [
                f"## {{doc}}`{title} </book/{page}>`",
                "",
                "::::{list-table}",
                ":header-rows: 1",
            ]
            lines += [
                ":class: claims",
                "",
                *_row("The paper says", "We ran", "We measured", "Verdict"),
            ]
            for claim in found:
                figures = (f"{name} {_shown(value)}" for name, value in claim.measured.items())
                measured = ", ".join(figures).replace("_", " ")
                source = f"{claim.statement} *({claim.source})*"
                lines += _row(source, claim.setup, measured, f"**{claim.verdict_text}**")
            lines += ["::::", ""]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def in_reading_order(found: list[Path]) -> list[Path]:
    """The chapters as ``_toc.yml`` has them; those that it does not list come last."""
    order = toc_order(BOOK.parent / "_toc.yml")
    places = {BOOK.parent / page: place for place, page in enumerate(order)}
    return sorted(found, key=lambda chapter: places.get(chapter, len(order)))


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _row(*columns: str) -> list[str]:
    return [
        ("* - " if i == 0 else "  - ") + " ".join(text.split()) for i, text in enumerate(columns)
    ]


def try_seeds(chapter: Path, seeds: range) -> dict[str, list[Claim]]:
    """Run a chapter once for each seed and gather the verdicts by claim; a failing cell stops none
    of the others.
    """
    stored = nbformat.read(chapter.with_suffix(".ipynb"), 4)
    # A claim whose cell a seed never reaches has fewer results than others, not no line at all.
    gathered: dict[str, list[Claim]] = {claim.id: [] for claim in claims_of(stored)}
    for seed in seeds:
        environment = {"LINEBYLINE_SEED": str(seed)}
        notebook = execute(chapter, environment=environment, allow_errors=True)
        for claim in claims_of(notebook):
            gathered.setdefault(claim.id, []).append(claim)
        SAID.mkdir(parents=True, exist_ok=True)
        (SAID / f"{chapter.stem}-{seed}.txt").write_text(said(notebook), "utf8")
    return gathered


def said(notebook: NotebookNode) -> str:
    """What the cells printed, a paragraph for each cell that printed something."""
    paragraphs = []
    for cell in code_cells(notebook):
        texts = []
        for output in cell.outputs:
            if output.output_type == "error":
                texts.append(f"{output.ename}: {output.evalue}")
            else:
                data = output.get("data", {})
                texts.append(output.get("text") or data.get("text/plain", ""))
                if MIME in data:
                    texts.append(f"measured: {data[MIME]['measured']}")
        paragraphs.append("\n".join(text.strip("\n") for text in texts if text))
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def report(gathered: dict[str, list[Claim]], tried: int) -> tuple[list[str], int]:
    """One line a claim: passes and smallest margin; and how many failed under some seed."""
    lines, failed = [], 0
    for name, results in gathered.items():
        passes = sum(claim.as_expected for claim in results)
        # The margin of an announced failure is by how much it fails.
        margins = (claim.margin if claim.expected else -claim.margin for claim in results)
        margin = min(margins, default=-math.inf)
        shown = "exact" if margin == math.inf else f"{margin:.3f}"
        lines.append(f"{name:40} {passes}/{tried} as expected, smallest margin {shown}")
        failed += passes < tried
    return lines, failed


def main() -> int:
    """The command line; 1 if a claim turned under some seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seeds", type=int, default=5, metavar="N", help="how many seeds, from 1 on"
    )
    parser.add_argument("chapters", nargs="*", type=Path, metavar="CHAPTER.md")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    todo = [path.resolve() for path in options.chapters] or chapters(BOOK)
    if unknown := [path for path in todo if path not in chapters(BOOK)]:
        parser.error(f"{unknown[0]} is not an executable chapter of {BOOK}")
    with_claims = []
    for chapter in todo:
        path = chapter.with_suffix(".ipynb")
        if path.exists() and any(claims_of(nbformat.read(path, 4))):
            with_claims.append(chapter)
    failed = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        runs = [pool.submit(try_seeds, chapter, seeds) for chapter in with_claims]
        for chapter, run in zip(with_claims, tqdm(runs, unit="chapter"), strict=True):
            try:
                lines, turned = report(run.result(), len(seeds))
            except ChapterError as error:
                lines, turned = [str(error)], 1
            tqdm.write(
                "\n".join([str(chapter.relative_to(BOOK)), *(f"  {line}" for line in lines)])
            )
            failed += turned
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
