from pathlib import Path

import pytest
from fingerprint import fingerprints

FILES = {
    "__init__.py": '"""Package."""',
    "claims.py": "def claim(): return 1",
    "layers/__init__.py": "from linebyline.layers.linear import Linear\n"
    "from linebyline.layers.conv import Conv, Conv as Fold",
    "layers/linear.py": "import linebyline.claims\nclass Linear:\n    pass",
    "layers/conv.py": "class Conv:\n    pass",
}


@pytest.fixture
def package(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "linebyline" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def edit(package: Path, name: str, text: str) -> None:
    (package / "linebyline" / name).write_text(text)


USES_LINEAR = ["import torch\n%matplotlib inline\nfrom linebyline.layers import Linear"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import torch", []),
        ("from linebyline.layers.conv import Conv", ["layers.conv"]),
        ("import linebyline.layers.conv as c", ["layers.conv"]),
        ("from linebyline.layers import conv", ["layers.conv"]),
        ("def f():\n    from linebyline.claims import claim", ["claims"]),
        ("import linebyline.layers", ["claims", "layers", "layers.conv", "layers.linear"]),
        ("from linebyline import layers", ["claims", "layers", "layers.conv", "layers.linear"]),
        ("from linebyline.layers import *", ["claims", "layers", "layers.conv", "layers.linear"]),
        ("t = %timeit -o 1\nx = !ls\nimport linebyline.claims", ["claims"]),
        ("import linebyline.claims\n1 +", []),
        ("from linebyline.layers import Linear", ["claims", "layers", "layers.linear"]),
        ("from linebyline.layers import Fold", ["layers", "layers.conv"]),
        ("from linebyline.layers import Linear as L", ["claims", "layers", "layers.linear"]),
        ("if True:\n    pass\n    %time\n!ls\nimport linebyline.claims", ["claims"]),
    ],
)
def test_finds_what_is_imported_directly_or_through_others(package, code, expected):
    assert list(fingerprints([code], package)) == [f"linebyline.{name}" for name in expected]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("layers/linear.py", "import linebyline.claims\nclass Linear:\n    size = 1"),
        ("claims.py", "def claim(): return 2"),  # two imports away
        ("layers/linear.toml", "size = 9"),  # a table that lies beside its module
        ("claims.json", "{}"),
        (
            "layers/linear.py",
            "import linebyline.claims\nclass Linear:\n    def __call__(self): pass",
        ),
    ],
)
def test_a_change_of_meaning_shows(package, name, text):
    before = fingerprints(USES_LINEAR, package)
    edit(package, name, text)
    assert fingerprints(USES_LINEAR, package) != before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "layers/linear.py",
            '"""What it is."""\nimport linebyline.claims\n\n'
            'class Linear:\n    """Doc."""\n    pass',
        ),
        ("layers/linear.py", "import linebyline.claims  # why\nclass Linear: pass"),
        (
            "layers/linear.py",
            'import linebyline.claims\nclass Linear:\n    pass\n    """What it passes."""',
        ),
        ("layers/conv.py", "class Conv:\n    size = 9"),  # a sibling that the chapter does not use
        ("layers/conv.toml", "size = 9"),  # and its table
        ("layers/linear.txt", "no table"),
    ],
)
def test_a_change_without_meaning_does_not(package, name, text):
    before = fingerprints(USES_LINEAR, package)
    edit(package, name, text)
    assert fingerprints(USES_LINEAR, package) == before


@pytest.mark.parametrize("kind", ["def", "async def", "class"])
def test_no_docstring_counts_and_every_other_string_does(package, kind):
    edit(package, "claims.py", f"{kind} claim():\n    pass")
    before = fingerprints(USES_LINEAR, package)
    edit(package, "claims.py", f'{kind} claim():\n    """Doc."""\n    pass')
    assert fingerprints(USES_LINEAR, package) == before
    edit(package, "claims.py", f'{kind} claim():\n    x = """Doc."""\n    pass')
    assert fingerprints(USES_LINEAR, package) != before


def test_no_constant_is_taken_for_an_empty_field(package):
    seen = set()
    for constant in ("0", "False", "None", "''", "0.0", "()", "[]", "{}"):
        edit(package, "claims.py", f"claim = {constant}")
        seen.add(str(fingerprints(USES_LINEAR, package)))
    assert len(seen) == 8


def test_a_circle_of_imports_ends(package):
    edit(package, "claims.py", "import linebyline.layers.linear")
    assert "linebyline.claims" in fingerprints(USES_LINEAR, package)


def test_the_same_hash_on_every_python():
    """Computed once; a version of Python that writes syntax trees otherwise must not change it."""
    code = "def f[T](x: T, *, y=1) -> str:\n    return f'{x!r:>{y}}' if x else ''"
    import ast

    from fingerprint import canonical

    plain = code.replace("[T]", "").replace("x: T", "x")
    assert canonical(ast.parse(plain)) == (
        "Module(body=[FunctionDef(name='f',args=arguments(args=[arg(arg='x')],kwonlyargs=[arg(arg='y')],"
        "kw_defaults=[Constant(value=1)]),body=[Return(value=IfExp(test=Name(id='x',ctx=Load()),"
        "body=JoinedStr(values=[FormattedValue(value=Name(id='x',ctx=Load()),conversion=114,"
        "format_spec=JoinedStr(values=[Constant(value='>'),FormattedValue(value=Name(id='y',ctx=Load()),"
        "conversion=-1)]))]),orelse=Constant(value='')))],returns=Name(id='str',ctx=Load()))])"
    )
