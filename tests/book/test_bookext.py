"""A build shows the stored outputs, and warns where there are none that can be used."""

from types import SimpleNamespace

import bookext
import pytest
from jupyter_cache import get_cache
from myst_nb.core.read import read_myst_markdown_notebook
from notebooks import main


@pytest.fixture
def primed(small_book, monkeypatch):
    def prime(cache="cache"):
        warnings = []
        monkeypatch.setattr(
            bookext.log, "warning", lambda text, *values, **_: warnings.append(text % values)
        )
        config = SimpleNamespace(nb_execution_cache_path=cache and str(small_book / cache))
        config.nb_execution_excludepatterns = []
        app = SimpleNamespace(srcdir=str(small_book), outdir=str(small_book / "_build/html"))
        bookext.prime(app, config)
        return warnings, config, get_cache(small_book / (cache or "_build/.jupyter_cache"))

    return prime


def test_a_fresh_chapter_is_found_in_the_cache_and_not_executed(small_book, primed):
    assert main([]) == 0
    primed()
    warnings, config, cache = primed()  # a second build finds what the first has left
    assert warnings == []
    assert config.nb_execution_excludepatterns == []
    path = small_book / "book/one.md"
    as_the_site_reads_it = read_myst_markdown_notebook(path.read_text(), path=path)
    _, found = cache.merge_match_into_notebook(as_the_site_reads_it)
    assert found.cells[1].outputs[0].text == "loss 0.5 after 10 steps\n"
    *_, default = primed(cache="")  # where the site's reader looks if it is not told
    assert len(default.list_cache_records()) == 1


def test_a_stale_chapter_is_a_warning_and_is_not_executed(small_book, primed):
    warnings, config, cache = primed()
    assert warnings == ["book/one.md has no notebook: run make notebooks"]
    assert config.nb_execution_excludepatterns == ["book/one.md"]
    assert not cache.list_cache_records()


def test_new_outputs_rebuild_their_page(small_book):
    assert main([]) == 0
    noted = []
    env = SimpleNamespace(
        doc2path=lambda name: str(small_book / f"{name}.md"), note_dependency=noted.append
    )
    bookext.depend(SimpleNamespace(env=env), "book/one", [])
    bookext.depend(SimpleNamespace(env=env), "book/none", [])
    assert noted == [str(small_book / "book/one.ipynb")]


def test_the_build_is_prepared_once_its_settings_are_known():
    asked = {}
    app = SimpleNamespace(connect=asked.__setitem__, add_directive=asked.__setitem__)
    assert bookext.setup(app)["parallel_read_safe"]
    assert asked["config-inited"] is bookext.prime
    assert asked["source-read"] is bookext.depend
    assert "claims" in asked
