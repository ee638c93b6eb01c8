// Typed codes. A hardware scanner is a keyboard: it types the code and presses Enter.

const LETTERS = /^EH[0-9A-Z]{32}$/;
// As the server reads them: in full width, in groups, with or without hyphens.
const SEPARATORS = /[\s\u2010-\u2015-]+/g;
const TEXT_FIELDS = "input:not([type=radio], [type=checkbox], [type=file]), textarea";

export function isCode(text) {
  return LETTERS.test(text.normalize("NFKC").replace(SEPARATORS, "").toUpperCase());
}

// Calls `onText` for what is typed anywhere on the page and ends in Enter.
export function listenToTyping(form, field, onText) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.value = "";
    if (text) {
      onText(text);
    }
  });
  document.addEventListener("keydown", (event) => {
    const isText = event.key.length === 1 && event.key !== " ";
    const isShortcut = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
    if (isText && !isShortcut && !form.closest("[hidden]") && !event.target.closest?.(TEXT_FIELDS)) {
      // The character goes where the focus is, so that the whole code lands in the field.
      field.focus({ preventScroll: true });
    }
  }, { capture: true });
}
