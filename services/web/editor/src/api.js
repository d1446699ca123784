/** The two calls of the JSON API that the editor makes. */

const HEADERS = { Accept: "application/json", "Content-Type": "application/json" };

/** Create a post; the same key with the same draft creates it once, however often it is sent. */
export function create(draft, key) {
  return send("/api/posts", { method: "POST", headers: { ...HEADERS, "Idempotency-Key": key }, body: draft });
}

/** Change a post, provided that the stored one still has the version that the change is based on. */
export function update(id, version, draft) {
  return send(`/api/posts/${id}`, { method: "PUT", headers: { ...HEADERS, "If-Match": `"${version}"` }, body: draft });
}

/** The answer as {status, document, retryAfter}; status 0 where there was none. */
async function send(url, { body, ...options }) {
  try {
    const response = await fetch(url, { ...options, body: JSON.stringify(body), credentials: "same-origin" });
    return {
      status: response.status,
      document: await response.json().catch(() => ({})),
      retryAfter: Number.parseInt(response.headers.get("Retry-After"), 10) || 5,
    };
  } catch {
    return { status: 0, document: {}, retryAfter: 5 };
  }
}

/** Not crypto.randomUUID, which browsers keep from pages served without TLS. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
