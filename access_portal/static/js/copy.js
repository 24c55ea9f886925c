// A button beside whatever can be copied. Without this script, one click on a hash selects all of it.
(() => {
  "use strict";

  const SHOWN_MS = 2000;
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");

  const words = { copy: "Copy", copied: "Copied", press: "Press Ctrl+C", ...document.currentScript.dataset };

  function select(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  async function copy(node, button) {
    let answer = words.copied;
    try {
      await navigator.clipboard.writeText(node.textContent.trimEnd());
    } catch {
      select(node); // no clipboard without https, or it was forbidden
      answer = words.press;
    }
    button.textContent = answer;
    said.textContent = answer;
    setTimeout(() => {
      button.textContent = words.copy;
      said.textContent = "";
    }, SHOWN_MS);
  }

  function addButton(place) {
    const content = place.querySelector("code, .whole");
    if (!content) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.setAttribute("aria-label", place.dataset.copy);
    button.addEventListener("click", () => copy(content, button));
    if (place.tagName === "PRE") {
      const frame = document.createElement("div");
      frame.className = "copy-frame";
      place.replaceWith(frame);
      frame.append(place, button);
    } else {
      place.append(" ", button);
    }
  }

  function openNamed() {
    const named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named instanceof HTMLDetailsElement) named.open = true;
  }

  document.body.append(said);
  document.querySelectorAll("main [data-copy]").forEach(addButton);
  openNamed();
  window.addEventListener("hashchange", openNamed);
})();
