/** Between a post as the API has it and the texts that stand in the form's fields. */

export const FIELDS = ["name", "summary", "content", "tags", "status", "published_at", "slug"];

/** The form's texts for a post of the API. */
export function toForm(post) {
  return { ...pick(post), tags: post.tags.join(", "), published_at: post.published_at ?? "" };
}

/** The draft that the API takes for the form's texts. */
export function toDraft(form) {
  return {
    ...pick(form),
    tags: form.tags.split(/[,，]/).map((tag) => tag.trim()).filter(Boolean),
    published_at: form.published_at || null,
    slug: form.slug.trim() || null,
  };
}

export function pick(source) {
  return Object.fromEntries(FIELDS.map((field) => [field, source[field]]));
}

/** A moment as <input type="datetime-local"> wants it: the visitor's own time, to the minute. */
export function toLocal(moment) {
  const date = new Date(moment);
  if (!moment || Number.isNaN(date.valueOf())) return "";
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocal(local) {
  return local ? new Date(local).toISOString() : "";
}
