"""The file that keeps what a start was told, which a person may edit"""

from pathlib import Path

from deploy.native import settings
from deploy.native.places import Places


def test_comments_and_blank_lines_count_for_nothing_and_a_value_is_kept_whole(tmp_path: Path) -> None:
    places = Places(tmp_path, "127.0.0.1", 8080)
    path = settings.file(places)
    path.parent.mkdir()

    path.write_text("# A=1\n\nno setting\nINKSTONE_SITE_NAME=One\u2028and = two\n", "utf-8")

    assert settings.remembered(places) == {"INKSTONE_SITE_NAME": "One\u2028and = two"}
