"""k8s/ against what others have written down: Kubernetes' schemas, its strictest standard, and a linter's rules"""

import json
import subprocess
import sys
from pathlib import Path

import kubernetes_validate.utils
import pytest
import yaml

from tests.k8s.manifests import COMBINATIONS, K8S, Object, containers, every_combination, pods, render

# Named once for each form of their schemas.
NEWEST = list(dict.fromkeys(kubernetes_validate.utils.all_versions()))[-3:]
# Of others than Kubernetes itself, which no release of it describes.
CUSTOM = {"Gateway", "HTTPRoute", "PodMonitor", "PrometheusRule", "ServiceMonitor"}
CHECKOV = Path(sys.prefix) / "policy" / "bin" / "checkov"


def different() -> list[Object]:
    """Every object that any combination has, once."""
    found = {json.dumps(one, sort_keys=True): one for names in COMBINATIONS for one in render(*names)}
    return list(found.values())


@pytest.mark.parametrize("version", NEWEST)
def test_everything_is_valid_in_the_newest_releases(version: str) -> None:
    assert any(newest.startswith("1.36") for newest in NEWEST)
    for one in different():
        if one["kind"] not in CUSTOM:
            kubernetes_validate.validate(one, version, strict=True)


def test_the_linter_finds_what_is_excused_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "everything.yaml"
    file.write_text(yaml.safe_dump_all(different()))
    command = [str(CHECKOV), "--framework", "kubernetes", "--file", str(file), "--output", "json"]

    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)

    found = json.loads(done.stdout)
    excused = set(yaml.safe_load((K8S / "checkov.yaml").read_text())["skip-check"])
    failed = {(one["check_id"], one["check_name"], one["resource"]) for one in found["results"]["failed_checks"]}
    assert {one for one in failed if one[0] not in excused} == set()
    assert excused == {check for check, _, _ in failed}
    assert found["summary"]["parsing_errors"] == 0


@every_combination
def test_every_pod_keeps_to_the_restricted_standard(combination: tuple[str, ...]) -> None:
    """Restricted, of kubernetes.io/docs/concepts/security/pod-security-standards."""
    allowed = {"configMap", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    for name, pod in pods(render(*combination)).items():
        spec = pod["spec"]
        assert spec.keys() & {"hostNetwork", "hostPID", "hostIPC"} == set(), name
        assert [volume for volume in spec["volumes"] if not volume.keys() - {"name"} <= allowed] == [], name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for one in containers(pod):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert [port for port in one.get("ports", []) if "hostPort" in port] == [], name
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
