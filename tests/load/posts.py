"""Made-up posts for a blog under load, as a folder of Markdown to import."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

NEWEST = datetime(2025, 12, 1, 12, tzinfo=UTC)
TAGS = ("tides", "boats", "ropes", "bread", "letters", "engines", "winter", "tools")
WORDS = """
    water tide harbour master boat quay rope north wind slow two metres noon wrote down twice nobody asked either light
    engine bread letter window under before until second morning *early* **deep** `read()` [more](https://example.org/)
"""
CODE = "```python\ndef tide(hour: int) -> float:\n    return 2.0 * sin(hour / 12.4 * tau)\n```\n"


def write(folder: Path, count: int) -> None:
    """That many, the same ones each time: about 5 kB long, one more than half an hour older than the other."""
    for number in range(count):
        (folder / f"post-{number}.md").write_text(_post(number))


def _post(number: int) -> str:
    chance, words = random.Random(number), WORDS.split()
    date = (NEWEST - number * timedelta(minutes=37)).isoformat()
    title = " ".join(word.capitalize() for word in chance.sample(words[:20], 3))
    front = f"title: {title} {number}\ndate: {date}\ntags: [{', '.join(chance.sample(TAGS, 2))}]\n"
    parts = [f"## Part {part}\n\n{' '.join(chance.choices(words, k=75))}.\n" for part in range(8)]
    return "\n".join([f"---\n{front}---", *parts, CODE])
