"""Prometheus's own tool, which tries rules on series that are made up."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

Series = dict[str, str]


def promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def try_alert(rules: Path, alert: str, series: Series, *, fires: bool) -> None:
    """After 80 minutes of samples a minute apart, in promtool's notation, the alert has to fire, or not."""
    test: dict[str, Any] = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count by (alertname) (ALERTS{{alertname="{alert}", alertstate="firing"}})',
                "eval_time": "80m",
                "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if fires else [],
            }
        ],
    }
    file = rules.with_name(f"test-{alert}-{fires}.yaml")
    file.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}))
    promtool("test", "rules", str(file))
