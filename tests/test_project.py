"""The project's own rules: what was said twice in review, and what documents promise"""

import ast
import calendar
import functools
import itertools
import json
import logging
import re
import runpy
from collections import Counter as Counts
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

import jinja2
import pytest
from jinja2 import nodes
from jinja2.ext import extract_from_ast
from markdown_it import MarkdownIt

from inkstone.app import create_app
from inkstone.config import PREFIX, Settings
from inkstone.domain.comments import CommentStatus
from inkstone.domain.posts import Status
from inkstone.domain.users import Role
from inkstone.logs.forms import Json
from inkstone.logs.trail import Trail
from inkstone.metrics.catalogue import Metrics
from inkstone.metrics.families import Counter
from inkstone.web.render import TEMPLATES as TEMPLATE_ENVIRONMENT
from inkstone.web.routes import URLS
from tests.documents.blocks import blocks
from tests.servers import KEYS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "services/web/inkstone"
TEMPLATES = PACKAGE / "templates"
MIGRATIONS = sorted((PACKAGE / "storage/migrations/versions").glob("*.py"))
PYTHON_LOCKS = [
    *(path for place in ("*", "deploy/*", "services/*", "tests/*") for path in ROOT.glob(f"{place}/requirements.txt")),
    ROOT / "tests/k8s/kubectl.txt",
]
NODE_LOCKS = [*ROOT.glob("services/*/*/package-lock.json")]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT (IGNORE )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|ALTER TABLE)\b", re.S
)
FAILURES = {"NotFound", "Forbidden", "SignInRequired", "Invalid", "Unavailable", "TooSlow", "PydanticCustomError"}
TEMPLATE_NAMES = [str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*")]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def python() -> Iterator[Path]:
    return PACKAGE.rglob("*.py")


def parsed_templates() -> Iterator[tuple[str, nodes.Template]]:
    for name in TEMPLATE_NAMES:
        yield name, jinja2.Environment(autoescape=True).parse((TEMPLATES / name).read_text())


# What the code keeps to


def test_sql_lives_in_storage_only():
    elsewhere = [named(path) for path in python() if "storage" not in path.parts and SQL.search(path.read_text())]

    assert elsewhere == []


def test_only_the_entrances_look_at_the_environment():
    environment = re.compile(r"os\.(environ|getenv)|import environ")

    lookers = {str(path.relative_to(PACKAGE)) for path in python() if environment.search(path.read_text())}

    # tracing.py looks for the secrets in OpenTelemetry's own variables, which the library reads by itself.
    assert lookers <= {"config.py", "app.py", "commands/running.py", "logs/tracing.py"}


def test_each_module_says_what_it_is_for():
    silent = [named(path) for path in python() if not path.read_text().startswith(('"""', 'r"""'))]

    assert silent == []


# Templates


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_template_compiles(language):
    settings = {"DATABASE_URL": "mysql://ink@localhost/blog", "SECRET_KEYS": KEYS[0], "LANGUAGE": language}

    app = create_app(Settings.from_environment({PREFIX + name: value for name, value in settings.items()}))

    for name in TEMPLATE_NAMES:
        assert app[TEMPLATE_ENVIRONMENT].get_template(name).name == name


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_a_template_is_used(name):
    sources = [path.read_text() for path in (PACKAGE / "web").rglob("*.py")]
    sources += [path.read_text() for path in TEMPLATES.rglob("*.*") if path != TEMPLATES / name]

    assert any(f'"{name}"' in source for source in sources)


def test_addresses_in_templates_are_those_of_routes():
    used = {name for path in TEMPLATES.rglob("*.*") for name in re.findall(r'\burl\("(\w+)"', path.read_text())}

    assert used
    assert used <= URLS.keys()


def translated() -> Iterator[str]:
    """All that templates pass to `_`."""
    for _, tree in parsed_templates():
        for _, _, text in extract_from_ast(tree, gettext_functions=("_",), babel_style=False):
            yield from [text] if isinstance(text, str) else [part for part in text if isinstance(part, str)]
        for loop in tree.find_all(nodes.For):
            yield from _translated_in(loop)


def _translated_in(loop: nodes.For) -> Iterator[str]:
    """The literals of a loop that translates its variable."""
    calls = [call for call in loop.find_all(nodes.Call) if isinstance(call.node, nodes.Name) and call.node.name == "_"]
    variables = {call.args[0].name for call in calls if call.args and isinstance(call.args[0], nodes.Name)}
    if isinstance(loop.target, nodes.Name) and loop.target.name in variables and isinstance(loop.iter, nodes.List):
        yield from [item.value for item in loop.iter.items if isinstance(item, nodes.Const)]


def test_all_that_readers_see_is_translated():
    catalogue = json.loads((PACKAGE / "web/languages/zh.json").read_text())
    computed = [*Role, *CommentStatus, *get_args(Status), *calendar.month_name[1:]]
    wanted = {*translated(), *(value.capitalize() for value in computed)}

    assert sorted(wanted - catalogue.keys()) == []


def test_what_the_blog_says_of_failures_is_translated():
    catalogue = json.loads((PACKAGE / "web/languages/zh.json").read_text())
    for_programs = re.compile(r"`|JSON|If-Match|Content-Type|Idempotency|headers|migrat|{most}")
    said = {
        message.value
        for path in [*PACKAGE.glob("domain/*.py"), *PACKAGE.glob("storage/*.py"), *PACKAGE.glob("web/**/*.py")]
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in FAILURES
        for message in [*call.args, *_values(call.args)]
        if isinstance(message, ast.Constant) and isinstance(message.value, str) and " " in message.value
    }

    assert said
    assert sorted(text for text in said - catalogue.keys() if not for_programs.search(text)) == []


def _values(arguments: list[ast.expr]) -> list[ast.expr]:
    return [value for argument in arguments if isinstance(argument, ast.Dict) for value in argument.values]


def test_a_translation_fills_the_same_gaps():
    catalogue = json.loads((PACKAGE / "web/languages/zh.json").read_text())
    gaps = re.compile(r"%\(\w+\)s")

    different = [text for text, other in catalogue.items() if sorted(gaps.findall(text)) != sorted(gaps.findall(other))]

    assert different == []


# Migrations


def test_migrations_are_numbered_without_gaps():
    assert [path.stem[:5] for path in MIGRATIONS] == [f"{number:04}_" for number in range(1, len(MIGRATIONS) + 1)]


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_stands_on_the_one_before(path):
    before = [None, *(migration.stem for migration in MIGRATIONS)][MIGRATIONS.index(path)]

    migration = runpy.run_path(str(path))

    assert (migration["revision"], migration["down_revision"]) == (path.stem, before)
    assert migration["__doc__"]


# Tests


@pytest.mark.xdist_group("alone")
def test_groups_of_tests_stay_together(request: pytest.FixtureRequest):
    shared_out = getattr(request.config.option, "loadgroup", False)

    assert request.node.nodeid.endswith("@alone") == shared_out


# Documents


def test_the_document_on_observing_lists_the_metrics_as_they_are():
    rows = re.findall(r"^\| `((?:inkstone|process)_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$", document("observing"), re.M)
    told = re.findall(r"# HELP (\w+) (.*)\"", (ROOT / "services/nginx/count.sh").read_text())

    assert rows == [
        *((name, "counter", "`cache`, `status`", help) for name, help in told),
    ] + [
        (
            family.name + ("_total" if isinstance(family, Counter) else ""),
            type(family).__name__.lower(),
            ", ".join(f"`{label}`" for label in family.labels),
            family.help,
        )
        for family in Metrics().families
    ]


def test_the_document_on_observing_lists_the_alerts_as_they_are():
    files = [ROOT / "observability/prometheus/rules.yaml", ROOT / "k8s/components/alerts/kubernetes.yaml"]
    alerts = "".join(file.read_text() for file in files)

    assert re.findall(r"`(Inkstone[A-Z]\w+)`", document("observing")) == re.findall(r"alert: (\w+)", alerts)


def test_the_document_on_logs_lists_the_fields_as_they_are():
    front, request, record = [re.findall(r"^\| `(\w+)` \|", part, re.M) for part in _tables(document("logs"))]
    form, (error, told) = Json(), (LookupError("x"), logging.LogRecord("x", logging.INFO, "x", 1, "x", None, None))
    told.exc_info = (LookupError, error, None)

    written = (ROOT / "services/nginx/logs.conf").read_text().partition("log_format text")[0]
    assert front == re.findall(r'"(\w+)":', written)
    assert request == [*json.loads(form.request(0.0, "info", Trail("x"), "home", "GET", 200, 0.0))]
    assert record == [*json.loads(form.record(told))]


def _tables(text: str) -> list[str]:
    return [part.partition("\n\n")[0] for part in text.split("| field | what it is |\n")[1:]]


def document(name: str) -> str:
    return (ROOT / f"docs/{name}.md").read_text()


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_make_targets_that_are_written_about_exist(path):
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))

    typed = "".join(block.text for block in blocks(path))
    mentioned = set(re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z-]+)", typed, re.M))
    mentioned |= set(re.findall(r"`(?:[A-Z_]+=\S+ )*make ([a-z-]+)", path.read_text()))

    assert mentioned <= targets


def test_contributing_says_where_every_package_is():
    told = (ROOT / "CONTRIBUTING.md").read_text()

    packages = [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
    assert packages
    assert [name for name in packages if f"{name}/" not in told] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_lead_somewhere(path):
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()) if "://" not in link]

    assert [link for link in links if not leads_somewhere(path, *link.partition("#"))] == []


def leads_somewhere(path: Path, name: str, _: str, anchor: str) -> bool:
    target = path.parent / name if name else path
    return target.exists() and (not anchor or anchor in anchors(target))


@functools.cache
def anchors(path: Path) -> set[str]:
    """What GitHub makes of a document's headings: what comes a second time gets a number."""
    tokens = MarkdownIt().parse(path.read_text())
    headings = [text for before, text in itertools.pairwise(tokens) if before.type == "heading_open"]
    found: Counts[str] = Counts()
    made = set()
    for heading in headings:
        said = "".join(part.content for part in heading.children or [])
        slug = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
        made.add(f"{slug}-{found[slug]}" if found[slug] else slug)
        found[slug] += 1
    return made


def test_anchors_are_those_that_github_makes(tmp_path: Path):
    document = tmp_path / "a.md"
    document.write_text("# It's `made` by [us](x.md)\n\n```sh\n# no heading\n```\n\n## A – b\n\n## Twice\n\n## Twice\n")

    assert anchors(document) == {"its-made-by-us", "a--b", "twice", "twice-1"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_settings_that_are_written_about_exist(path):
    known = {PREFIX + setting.name.upper() for setting in fields(Settings)}
    known |= {f"{name}_FILE" for name in known} | {"INKSTONE_BIND", "INKSTONE_WORKERS"}
    known |= {"INKSTONE_BENCH_CORPUS"}  # not the application's

    assert set(re.findall(r"\bINKSTONE_[A-Z_]*[A-Z]\b", path.read_text())) <= known


# What is installed


@pytest.mark.parametrize("path", PYTHON_LOCKS, ids=named)
def test_everything_python_is_pinned_with_hashes_from_anywhere(path):
    text = path.read_text().replace("\\\n", " ")

    loose = [line for line in text.splitlines() if re.match(r"\w", line) and not re.search(r"==.*--hash=sha256:", line)]

    assert loose == []
    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize("path", NODE_LOCKS, ids=named)
def test_everything_of_the_front_end_is_pinned_with_hashes_from_anywhere(path):
    packages = {name: package for name, package in json.loads(path.read_text())["packages"].items() if name}

    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
