"""The reference pages are complete: every module is listed, every page is in the contents, every
term has its Korean.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
API = ROOT / "book" / "api"
MODULES = sorted(
    path.relative_to(ROOT / "src").with_suffix("").as_posix().replace("/", ".")
    for path in (ROOT / "src" / "linebyline").rglob("*.py")
    if path.name != "__init__.py"
)
TERM = re.compile(r"^\S.*\n(?:  .*\n)+", re.M)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_in_the_reference(module: str) -> None:
    listed = re.findall(
        r"automodule:: (\S+)", "".join(p.read_text("utf8") for p in API.glob("*.md"))
    )
    group = module.split(".")[1] if module.count(".") > 1 else "notebook"
    entry = f"```{{eval-rst}}\\n.. automodule:: {module}\\n   :members:\\n```"
    assert listed.count(module) == 1, f"add to book/api/{group}.md: {entry}"


def test_the_reference_lists_nothing_that_is_gone() -> None:
    text = "".join(path.read_text("utf8") for path in API.glob("*.md"))
    listed = set(re.findall(r"automodule:: (\S+)", text))
    packages = {module.rpartition(".")[0] for module in MODULES}
    assert sorted(listed - set(MODULES) - packages) == []


def test_every_page_of_the_book_is_in_the_contents() -> None:
    contents = (ROOT / "_toc.yml").read_text("utf8")
    listed = set(re.findall(r"(?:file|root): (\S+)", contents))
    pages = {
        path.relative_to(ROOT).with_suffix("").as_posix() for path in (ROOT / "book").rglob("*.md")
    }
    assert pages - listed == set()
    assert listed - pages == set()


def test_the_glossary_is_sorted_and_each_term_has_its_korean() -> None:
    body = (ROOT / "book/glossary.md").read_text("utf8").split("```{glossary}\n")[1].split("```")[0]
    entries = TERM.findall(body)
    terms = [entry.splitlines()[0] for entry in entries]
    assert len(terms) > 20
    assert terms == sorted(terms, key=str.lower)
    for entry in entries:
        assert re.search(r"\[[가-힣A-Z0-9 ]+\]\{\.language-ko\}", entry), entry.splitlines()[0]


def test_the_address_stands_once() -> None:
    text = (ROOT / "_config.yml").read_text("utf8")
    url = yaml.safe_load(text)["repository"]["url"]
    assert text.count(url.rpartition("/")[2]) == 2  # owner and name, in one line
    assert text.count("github.com") == 1
    assert "github.io" not in text
