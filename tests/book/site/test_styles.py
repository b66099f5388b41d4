"""A pruned style sheet keeps what can match, and only that."""

from __future__ import annotations

import pytest
import styles

WORDS = {"cell", "menu", "hero", "1x"}


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".cell{a:b}", ".cell{a:b}"),
        (".nobody{a:b}", ""),
        (".cell,.nobody{a:b}", ".cell{a:b}"),
        (".cell .nobody{a:b}", ""),
        ("#menu > .cell{a:b}", "#menu > .cell{a:b}"),
        ("p{a:b}", "p{a:b}"),
        ("a[href]:hover{a:b}", "a[href]:hover{a:b}"),
        (".cell:not(.nobody){a:b}", ".cell:not(.nobody){a:b}"),
        (":is(.cell, .nobody) p{a:b}", ":is(.cell, .nobody) p{a:b}"),
        (".cell{}", ""),
        ("@media print{.nobody{a:b}}", ""),
        ("@media print{.nobody{a:b}.cell{c:d}}", "@media print{.cell{c:d}}"),
        ("@layer theme{.cell{a:b}}", "@layer theme{.cell{a:b}}"),
        ('@charset "utf-8";@import url("x;y.css");.cell{a:b}', ".cell{a:b}"),
        ("/* .cell{ */.cell{a:b}/* } */", ".cell{a:b}"),
        ('.cell{content:"}{;"}.nobody{a:b}', '.cell{content:"}{;"}'),
        (".cell{src:url(data:x;base64,A{B)}", ".cell{src:url(data:x;base64,A{B)}"),
        (r".\31x{a:b}.cell{c:d}", r".\31x{a:b}.cell{c:d}"),
        ("p.nobody,\n.menu\n  .hero {\n  a: b;\n}", ".menu .hero{a: b}"),
    ],
)
def test_prune(css: str, kept: str) -> None:
    assert styles.prune(css, WORDS) == kept


@pytest.mark.parametrize("css", [".a{b:c", ".a{b:c}}", "@media x{.a{b:c}"])
def test_braces_that_do_not_match_are_refused(css: str) -> None:
    with pytest.raises(ValueError, match="brace"):
        styles.prune(css, {"a"})


def test_properties_that_nothing_reads_go() -> None:
    css = ":root{--a:1;--b:var(--c);--c:2;color:var(--a)}p{--d:3}"
    assert styles.drop_unused(css) == ":root{--a:1;color:var(--a)}"


def test_properties_in_layers_and_media_go_too() -> None:
    css = "@media print{p{--d:3}q{--e:4;f:var(--e)}}"
    assert styles.drop_unused(css) == "@media print{q{--e:4;f:var(--e)}}"


def test_animations_that_nothing_plays_go() -> None:
    css = "p{animation:turn 1s}@keyframes turn{to{a:b}}@keyframes idle{to{a:b}}"
    assert styles.drop_unused(css) == "p{animation:turn 1s}@keyframes turn{to{a:b}}"


def test_words() -> None:
    page = '<p class="a b-c" id="d">class="no"</p><a href="e" title="f">'
    assert styles.words_of_page(page) == {"a", "b-c", "d", "no"}
    assert {"add", "dropdown-menu", "el"} <= styles.words_of_script(
        'el.classList.add("dropdown-menu")'
    )
