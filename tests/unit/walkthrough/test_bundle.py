"""Modules bundled into one classic script: order, names, and the forms that are refused."""

import pytest

from walkthrough.page.page_language import WEB
from walkthrough.page.static.build import NAMES
from walkthrough.page.static.bundle import CannotBundle, bundle, shorten
from walkthrough.words import LANGUAGES


def test_a_module_runs_after_what_it_imports_and_sees_its_names() -> None:
    script = bundle(
        {
            "main.js": "import './first.js';\nimport { $, b } from './b.js';\n$(b);\n",
            "first.js": "// says nothing\nconst b = 1;\n",
            "b.js": "export const b = 2;\nexport async function $(x) {}\n",
        },
        "main.js",
    )
    order = [script.index(f"modules['{name}'] =") for name in ("first.js", "b.js", "main.js")]
    assert order == sorted(order)
    assert "const { $, b } = modules['b.js'];" in script
    assert "return { b, $ };" in script
    assert "import" not in script
    assert "says nothing" not in script


@pytest.mark.parametrize(
    "text",
    ["export default 1;\n", "export { a };\n", "import * as b from './b.js';\n", "import { b as c } from './b.js';\n"],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(CannotBundle):
        bundle({"main.js": text, "b.js": "export const b = 1;\n"}, "main.js")


def test_indentation_goes_and_a_text_that_would_lose_its_own_is_refused() -> None:
    assert "\nif (1) {\nf(`  a`);\n}\n" in bundle({"main.js": "if (1) {\n  f(`  a`);\n}\n"}, "main.js")
    with pytest.raises(CannotBundle, match="on one line"):
        bundle({"main.js": "f(`a\n  b`);\n"}, "main.js")


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("const a = 1; // one", "const a = 1;"),
        ("  // all of it\nb();", "b();"),
        ("say('http://a; // b');", "say('http://a; // b');"),
        ("const url = `${base}; // c`;", "const url = `${base}; // c`;"),
    ],
)
def test_comments_go_and_texts_stay(line: str, left: str) -> None:
    assert shorten("a.js", line) == left


def test_a_circle_and_a_missing_module_are_refused() -> None:
    with pytest.raises(CannotBundle, match="imports itself"):
        bundle({"a.js": "import './b.js';\n", "b.js": "import './a.js';\n"}, "a.js")
    with pytest.raises(CannotBundle, match="not there"):
        bundle({"a.js": "import './b.js';\n"}, "a.js")


def test_every_module_of_the_page_is_reached() -> None:
    modules = {path.name: path.read_text(encoding="utf-8") for path in WEB.glob("*.js")}
    script = bundle(modules, "main.js")
    assert all(f"modules['{name}'] =" in script for name in modules)


def test_every_language_has_its_page() -> None:
    assert set(NAMES) == set(LANGUAGES)
