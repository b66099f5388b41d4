"""What is folded opens: solutions, code, menus; by pointer and by keyboard, and an address inside
opens it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import serve
from playwright.sync_api import Page, expect


def test_every_solution_opens_and_closes(
    fresh: Callable[..., Page], server: serve.SiteServer, site: Path, chapter: str
) -> None:
    page = fresh()
    page.goto(server.url + chapter)
    solutions = page.locator("details.solution")
    exercises = page.locator(".exercise.admonition").count()
    assert exercises >= 4, "a chapter has at least four exercises"
    assert solutions.count() == exercises
    for solution in solutions.all():
        content = solution.locator("section").first
        expect(content).not_to_be_visible()
        solution.locator("summary").first.click()
        expect(content).to_be_visible()
        solution.locator("summary").first.press("Enter")
        expect(content).not_to_be_visible()


def test_an_address_inside_a_solution_opens_it(
    fresh: Callable[..., Page], server: serve.SiteServer, of_a_part: str
) -> None:
    page = fresh()
    page.goto(server.url + of_a_part)
    anchor = page.evaluate(
        """() => {
          const inner = document.createElement("p");
          inner.id = "inside";
          document.querySelector("details.solution").append(inner);
          return inner.id;
        }"""
    )
    page.evaluate("id => { location.hash = id; }", anchor)
    expect(page.locator("details.solution").first).to_have_attribute("open", "")


def test_paper_folds_nothing(
    fresh: Callable[..., Page], server: serve.SiteServer, of_a_part: str
) -> None:
    page = fresh()
    page.goto(server.url + of_a_part)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("article details[open]").count() == 0


def test_menus_open_one_at_a_time_and_close(
    fresh: Callable[..., Page], server: serve.SiteServer, of_a_part: str
) -> None:
    page = fresh()
    page.goto(server.url + of_a_part)
    run = page.locator("details.launch-buttons")
    download = page.locator("details.download-buttons")
    run.locator("summary").click()
    expect(page.get_by_role("link", name="Open in Colab")).to_be_visible()
    download.locator("summary").click()
    expect(page.get_by_role("link", name="Open in Colab")).not_to_be_visible()
    expect(page.get_by_role("link", name="Notebook (.ipynb)")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Notebook (.ipynb)")).not_to_be_visible()
    expect(download.locator("summary")).to_be_focused()


def test_menus_fit_a_phone(
    fresh: Callable[..., Page], server: serve.SiteServer, of_a_part: str
) -> None:
    page = fresh(viewport={"width": 360, "height": 740})
    page.goto(server.url + of_a_part)
    for menu in page.locator("details.menu").all():
        menu.locator("summary").click()
        box = menu.locator("ul").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360


def test_code_is_copied_without_line_numbers(
    fresh: Callable[..., Page], server: serve.SiteServer, of_a_part: str
) -> None:
    page = fresh(permissions=["clipboard-read", "clipboard-write"])
    page.goto(server.url + of_a_part)
    # A chapter may open with a folded cell.
    block = page.locator(".cell_input div.highlight").filter(visible=True).first
    block.hover()
    block.get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("pre").inner_text().strip()
    assert page.locator(".cell_output button.copy").count() == 0


def test_contents_open_on_a_phone(
    fresh: Callable[..., Page], server: serve.SiteServer, of_a_part: str
) -> None:
    page = fresh(viewport={"width": 390, "height": 844})
    page.goto(server.url + of_a_part)
    link = page.get_by_role("link", name="Glossary", exact=True)
    expect(link).not_to_be_visible()
    page.locator(".primary-toggle").click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).not_to_be_visible()
    page.locator(".secondary-toggle").click()
    expect(page.locator("#pst-page-toc-nav a").first).to_be_visible()
