"""The manifests, rendered by kubectl as `kubectl apply -k` would."""

import functools
import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"
# network-policies comes first: others change it.
COMPONENTS = sorted(
    (path.parent.name for path in K8S.glob("components/*/kustomization.yaml")),
    key=lambda name: (name != "network-policies", name),
)

Object = dict[str, Any]

# What runs pods, and where the pod's template is.
TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
# Only one of them at a time: they are each other's alternative.
EITHER = {"backup", "backup-s3"}


@functools.cache
def text(overlay: str, *components: str) -> str:
    """An overlay, with more components than it takes by itself."""
    base = K8S / "overlays" / overlay
    if not components:
        return _kubectl(base)
    with tempfile.TemporaryDirectory() as folder:
        wanted = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": "inkstone",
            "resources": [os.path.relpath(base, Path(folder).resolve())],
            "components": [os.path.relpath(K8S / "components" / one, Path(folder).resolve()) for one in components],
        }
        Path(folder, "kustomization.yaml").write_text(yaml.safe_dump(wanted))
        return _kubectl(Path(folder))


def _kubectl(folder: Path) -> str:
    done = subprocess.run(["kubectl", "kustomize", str(folder)], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@functools.cache
def render(overlay: str, *components: str) -> list[Object]:
    """Every object of it."""
    return list(yaml.load_all(text(overlay, *components), Loader=yaml.CSafeLoader))


def taken(overlay: str) -> list[str]:
    """The components that an overlay takes by itself."""
    kustomization = yaml.safe_load((K8S / "overlays" / overlay / "kustomization.yaml").read_text())
    return [Path(path).name for path in kustomization.get("components", [])]


def combinations() -> Iterator[tuple[str, ...]]:
    """Each overlay alone, with every component, every two, and with all: what two leave alone, three do."""
    for overlay in ("local", "production"):
        more = [name for name in COMPONENTS if name not in taken(overlay)]
        yield (overlay,)
        for one in more:
            yield overlay, one
        for pair in itertools.combinations(more, 2):
            if set(pair) != EITHER:
                yield overlay, *pair
        for one in sorted(EITHER):
            yield overlay, *(name for name in more if name not in EITHER - {one})
    yield ("load",)


def named(objects: list[Object], kind: str) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def pods(objects: list[Object]) -> dict[str, Object]:
    """The template of every pod, by kind and name of what runs it."""
    found = {}
    for one in objects:
        if one["kind"] in TEMPLATES:
            template = one
            for key in TEMPLATES[one["kind"]]:
                template = template[key]
            found[f"{one['kind']}/{one['metadata']['name']}"] = template
    return found


def containers(template: Object) -> list[Object]:
    found: list[Object] = [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]
    return found


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """What Kubernetes does with a selector."""
    expressions = selector.get("matchExpressions", [])
    assert {one["operator"] for one in expressions} <= {"In"}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(one["key"]) in one["values"] for one in expressions
    )


def selected(objects: list[Object], selector: Object) -> list[str]:
    return [name for name, pod in pods(objects).items() if selects(selector, pod["metadata"]["labels"])]


def ports(pod: Object) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for one in containers(pod) for port in one.get("ports", [])}


COMBINATIONS = list(combinations())
LARGEST = [combination for combination in COMBINATIONS if len(combination) > 3]

every_combination = pytest.mark.parametrize("combination", COMBINATIONS, ids="+".join)
every_largest = pytest.mark.parametrize("combination", LARGEST, ids="+".join)
