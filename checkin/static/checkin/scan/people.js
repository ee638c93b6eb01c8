// Search by name, and walk-ins. `admit(scan)` sends a scan and shows its answer.

import { Unreachable } from "./api.js";
import { statusInWords } from "./answers.js";
import { isCode } from "./typing.js";
import { call, isOnline } from "./gate.js";

const PAUSE = 300;
const OFFLINE = "Search needs the network: the list on this device names nobody.";

export class People {
  #part = document.getElementById("people");
  #field = document.getElementById("search-text");
  #list = document.getElementById("found");
  #hint = document.getElementById("found-hint");
  #name = document.getElementById("walk-in-name");
  #gate;
  #admit;
  #timer;
  #asked = 0;

  constructor(gate, admit) {
    this.#gate = gate;
    this.#admit = admit;
    this.#part.hidden = !gate.may.includes("search");
    const own = gate.checkpoints.find((place) => place.checkpoint_id === gate.checkpoint_id);
    document.getElementById("walk-in").hidden = own !== undefined && !own.is_entrance;
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), PAUSE);
    });
    document.querySelectorAll("[name=kind]").forEach((choice) => {
      choice.addEventListener("change", () => this.#search());
    });
    window.addEventListener("gate-offline", () => this.#search());
    window.addEventListener("gate-online", () => this.#search());
    document.getElementById("search").addEventListener("submit", (event) => this.#submitted(event));
    document.getElementById("walk-in").addEventListener("submit", (event) => this.#walkedIn(event));
  }

  // A hardware scanner types wherever the cursor is.
  #submitted(event) {
    event.preventDefault();
    clearTimeout(this.#timer);
    if (isCode(this.#field.value)) {
      this.#admit({ code: this.#field.value.trim() });
      this.#field.value = "";
      this.#show([], "");
    } else {
      this.#search();
    }
  }

  async #search() {
    const text = this.#field.value.trim();
    const asked = (this.#asked += 1);
    if (!isOnline() || !text || isCode(text)) {
      this.#show([], isOnline() ? "" : OFFLINE);
      return;
    }
    try {
      const path = `/events/${this.#gate.event.event_id}/doors/search?${new URLSearchParams({ search: text })}`;
      const { status, body } = await call("GET", path);
      if (asked === this.#asked) {
        this.#show(status === 200 ? body.items : [], status === 200 ? hint(body) : body.msg);
      }
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        throw error;
      }
      this.#show([], OFFLINE);
    }
  }

  #show(people, sentence) {
    this.#list.replaceChildren(...people.map((person) => this.#row(person)));
    this.#hint.textContent = sentence;
  }

  #row(person) {
    const [row, text, button] = ["li", "span", "button"].map((tag) => document.createElement(tag));
    const [name, status] = ["strong", "span"].map((tag) => document.createElement(tag));
    name.textContent = person.name;
    status.textContent = statusInWords(person);
    text.append(name, status);
    button.type = "button";
    // As the choice at the top of the page says: "Check in".
    button.textContent = document.querySelector("[name=kind]:checked + span").textContent;
    button.setAttribute("aria-label", `${button.textContent}: ${person.name}`);
    button.addEventListener("click", async () => {
      await this.#admit({ attendee_id: person.attendee_id });
      await this.#search();
    });
    row.append(text, button);
    return row;
  }

  async #walkedIn(event) {
    event.preventDefault();
    const name = this.#name.value.trim();
    this.#name.value = "";
    if (isCode(name)) {
      await this.#admit({ code: name });
    } else if (name) {
      await this.#admit({ name });
    }
  }
}

function hint({ items, is_cut: isCut }) {
  if (!items.length) {
    return "No attendee matches your search.";
  }
  return isCut ? "There are more. Type more of the name." : "";
}
