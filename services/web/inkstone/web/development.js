/** Development only: loads the page anew when another release answers than the one that made it. */

const ours = new URL(import.meta.url).searchParams.get("release");
const AGAIN_MS = 500;
let source = null;

/** A page in the background hangs up: a browser has six connections for all pages of a site. */
function listen() {
  source?.close();
  source = null;
  if (document.visibilityState === "hidden") return;
  source = new EventSource(new URL("changes", import.meta.url));
  source.addEventListener("release", ({ data }) => data === ours || renew());
  // After an answer that is no stream (nobody serves at the moment) the browser itself gives up.
  source.addEventListener("error", ({ target }) => {
    if (target.readyState === EventSource.CLOSED && target === source) setTimeout(listen, AGAIN_MS);
  });
}

function renew() {
  source.close();
  document.removeEventListener("visibilitychange", listen);
  if (isUnsaved()) hint();
  else location.reload();
}

/** The editor knows by itself, and is asked as the browser would ask it; of other forms we know what they began with. */
function isUnsaved() {
  const kept = !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  return kept || isAnswerToForm() || [...document.forms].some((form) => !isEditors(form) && isChanged(form));
}

const isEditors = (form) => window.vm && form.closest("#vm");

/** What a form shows again after a mistake was typed too, and loading the page anew would send it once more. */
function isAnswerToForm() {
  const status = performance.getEntriesByType("navigation")[0]?.responseStatus ?? 200;
  return status >= 400 && status < 500 && status !== 404;
}

const isChanged = (form) => [...form.elements].some(isEdited);

function isEdited(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((o) => o.defaultSelected));
  return "defaultValue" in field && field.value !== field.defaultValue;
}

function hint() {
  const text = document.createElement("p");
  text.id = "development";
  text.setAttribute("role", "status");
  text.className = "notice";
  text.textContent = "Inkstone has been changed; this page is still the old one. Save what you typed, then reload it.";
  Object.assign(text.style, { position: "fixed", bottom: "1rem", left: "1rem", right: "1rem", margin: 0, zIndex: 9 });
  document.body.append(text);
}

document.addEventListener("visibilitychange", listen);
listen();
