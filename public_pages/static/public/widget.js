"use strict";
// <eventhub-events src="https://events.example.org" organizer="7" tag="music" limit="5"></eventhub-events>
// A list of coming public events on any page. It sends no cookies, keeps nothing and loads nothing else. Without `src`
// it asks the server that this script comes from. Registering opens the event's own page.
{
  // Known only while the script is read for the first time.
  const home = document.currentScript ? new URL(document.currentScript.src).origin : location.origin;

  const WORDS = {
    en: {
      none: "No coming events.",
      failed: "The events cannot be shown here now.",
      all: "All events",
      online: "Online",
      seats: { free: "Seats are free", few: "Few seats left", none: "No seats left" },
      left: (left) => (left === 1 ? "1 seat free" : `${left} seats free`),
      cancelled: "Cancelled",
    },
    de: {
      none: "Keine kommenden Veranstaltungen.",
      failed: "Die Veranstaltungen können hier gerade nicht gezeigt werden.",
      all: "Alle Veranstaltungen",
      online: "Online",
      seats: { free: "Es sind Plätze frei", few: "Nur noch wenige Plätze", none: "Keine Plätze mehr" },
      left: (left) => (left === 1 ? "1 Platz frei" : `${left} Plätze frei`),
      cancelled: "Abgesagt",
    },
  };

  const STYLES = `
    :host { display: block; overflow-wrap: anywhere }
    ul { list-style: none; margin: 0; padding: 0 }
    li { border-block-end: 1px solid color-mix(in srgb, currentcolor 25%, transparent); padding: 0.75em 0 }
    a { color: inherit; font-weight: 600 }
    a:focus-visible { outline: 3px solid; outline-offset: 2px }
    p { margin: 0.25em 0 0 }
  `;

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // Server and script may be of different versions: whatever is no web address is no link.
  const link = (text, address) => {
    const isWeb = /^https?:/.test(address);
    return element("a", text, isWeb ? { href: address, target: "_blank", rel: "noopener" } : {});
  };

  class EventhubEvents extends HTMLElement {
    static observedAttributes = ["src", "organizer", "tag", "limit"];

    connectedCallback() {
      if (!this.shadowRoot) {
        // As a sheet and not as an element, which the page's own policy could refuse.
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLES);
        this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      }
      this.refresh();
    }

    attributeChangedCallback() {
      if (this.isConnected && this.shadowRoot) this.refresh();
    }

    get language() {
      const wanted = this.closest("[lang]")?.lang || navigator.language;
      return wanted.toLowerCase().startsWith("de") ? "de" : "en";
    }

    get server() {
      return (this.getAttribute("src") || home).replace(/\/+$/, "");
    }

    async refresh() {
      this.asked?.abort();
      const asked = (this.asked = new AbortController());
      const words = WORDS[this.language];
      try {
        const rows = await this.rows(asked.signal);
        this.show(rows.length ? this.list(rows, words) : element("p", words.none));
      } catch (problem) {
        if (asked.signal.aborted) return;
        const line = element("p", `${words.failed} `);
        line.append(link(words.all, `${this.server}/e/`));
        this.show(line);
      }
    }

    async rows(signal) {
      const query = new URLSearchParams({ upcoming: "true", page_size: this.getAttribute("limit") || "10" });
      for (const [attribute, parameter] of [["organizer", "organizer_id"], ["tag", "tag"]]) {
        if (this.getAttribute(attribute)) query.set(parameter, this.getAttribute(attribute));
      }
      const answer = await fetch(`${this.server}/public/events/?${query}`, { credentials: "omit", signal });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      return (await answer.json()).results;
    }

    list(rows, words) {
      const list = document.createElement("ul");
      for (const row of rows) {
        const item = document.createElement("li");
        item.append(link(row.title, row.url), this.when(row));
        item.append(element("p", row.attendance === "online" ? words.online : row.location));
        const seats = row.seats === "free" && row.seats_left !== null ? words.left(row.seats_left) : words.seats[row.seats];
        item.append(element("p", row.status === "cancelled" ? words.cancelled : seats));
        list.append(item);
      }
      return list;
    }

    when(row) {
      const format = { dateStyle: "full", timeStyle: "short", timeZone: row.time_zone };
      const line = element("p", "");
      const text = new Intl.DateTimeFormat(this.language, format).format(new Date(row.date_time));
      line.append(element("time", text, { datetime: row.local.begins }));
      return line;
    }

    show(content) {
      this.shadowRoot.replaceChildren(content);
    }
  }

  if (!customElements.get("eventhub-events")) customElements.define("eventhub-events", EventhubEvents);
}
