"""Reading what GET /metrics answers, as Prometheus does."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Browser


class Scrape:
    """One answer's numbers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self._samples = [sample for family in self.families.values() for sample in family.samples]

    def get(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name with these labels; 0 where there are none."""
        return sum(
            sample.value for sample in self._samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    def values(self, label: str) -> set[str]:
        """All that this label ever is."""
        return set(self._values(label))

    def _values(self, label: str) -> Iterator[str]:
        return (sample.labels[label] for sample in self._samples if label in sample.labels)


async def scrape(client: Browser) -> Scrape:
    reply = await client.get("/metrics")
    assert reply.status == 200, reply.text
    return Scrape(reply.text)
