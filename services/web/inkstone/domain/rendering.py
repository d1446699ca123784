"""From a draft to everything that is stored beside it."""

from inkstone.domain import markdown, search
from inkstone.domain.posts import Draft, Rendered


def render(draft: Draft) -> Rendered:
    """Render Markdown and make the search tokens; takes milliseconds, so call it away from the event loop."""
    html = markdown.render(draft.content)
    text = markdown.plain_text(html)
    return Rendered(
        html=html,
        excerpt=markdown.excerpt(text),
        text=text,
        name_tokens=search.tokens(draft.name),
        tokens=search.tokens("\n".join([draft.name, draft.summary, *draft.tags, text])),
    )
