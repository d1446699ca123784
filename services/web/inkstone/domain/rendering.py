"""From a draft to everything that is stored beside it."""

from inkstone.domain import markdown, search
from inkstone.domain.posts import Draft, Rendered


def render(draft: Draft) -> Rendered:
    """Render Markdown and make the search tokens; takes milliseconds, so call it away from the event loop.

    A draft gets no tokens: nobody may find it, and while it is written it is saved every few seconds.
    """
    html = markdown.render(draft.content)
    text = markdown.plain_text(html)
    excerpt = markdown.excerpt(text)
    if draft.status == "draft":
        return Rendered(html, excerpt, text="", name_tokens="", tokens="")
    words = "\n".join([draft.name, draft.summary, *draft.tags, text])
    return Rendered(html, excerpt, text, name_tokens=search.tokens(draft.name), tokens=search.tokens(words))
