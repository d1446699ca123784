"""One gunicorn of those that follow each other under make dev"""

import signal
from pathlib import Path

from deploy.native.generation import Generation
from deploy.native.places import Places


def test_one_that_was_not_begun_ends_without_a_core_dump(tmp_path: Path) -> None:
    spare = Generation(Places(tmp_path, "127.0.0.1", 8080))

    spare.end()
    spare.wait()

    assert f"status {-signal.SIGTERM}," in spare.why()
