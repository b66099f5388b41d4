"""The corrections of the pages' HTML touch what they are for, and nothing else."""

from __future__ import annotations

import pytest
from mend import mended


@pytest.mark.parametrize(
    ("page", "corrected"),
    [
        (
            '<summary><span class="toctree-toggle">v</span></summary>',
            '<summary aria-label="Show or hide the pages below">'
            '<span class="toctree-toggle">v</span></summary>',
        ),
        ("<summary>Solution</summary>", "<summary>Solution</summary>"),
        ('<div class="citation" id="a" role="doc-biblioentry">', '<div class="citation" id="a">'),
        ('<div role="list" class="citation-list">', '<div class="citation-list">'),
        ('<div class="citation-list" role="list">', '<div class="citation-list">'),
        ('<ul role="list">', '<ul role="list">'),
        ('<div class="proof admonition" id="proof">', '<div class="proof admonition">'),
        ('<div class="proof admonition" id="mine">', '<div class="proof admonition" id="mine">'),
        (
            '<img alt="" height="18" src="../_static/images/logo_colab.png" width="18"/>',
            '<img loading="lazy" alt="" height="18" src="../_static/images/logo_colab.png" '
            'width="18"/>',
        ),
        ('<img alt="" src="../_images/logo_a.png"/>', '<img alt="" src="../_images/logo_a.png"/>'),
        (
            '<dt class="sig sig-object py" id="f">f(<dl>\n<dd>x</dd>\n</dl>)</dt>'
            "<dl><dd>text</dd></dl>",
            '<dt class="sig sig-object py" id="f">f(<span class="parameters">\n'
            '<span class="parameter">x</span>\n</span>)</dt><dl><dd>text</dd></dl>',
        ),
    ],
)
def test_mended(page: str, corrected: str) -> None:
    assert mended(page) == corrected
