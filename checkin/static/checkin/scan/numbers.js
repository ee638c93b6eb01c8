// The line of live numbers. It asks every few seconds while the page is in front.

import { Unreachable } from "./api.js";
import { call } from "./gate.js";

const PAUSE = 5000;

export class Numbers {
  #line = document.getElementById("numbers");
  #path;
  #chosen;
  #tag = null;
  #counts = null;

  // `chosen` returns the id of the checkpoint that is scanned at.
  constructor(gate, chosen) {
    this.#chosen = chosen;
    this.#path = `/events/${gate.event.event_id}/doors`;
    setInterval(() => this.refresh(), PAUSE);
    this.refresh();
  }

  show() {
    if (this.#counts) {
      this.#line.textContent = inWords(this.#counts, this.#chosen());
    }
  }

  async refresh() {
    if (document.hidden) {
      return;
    }
    try {
      const headers = this.#tag ? { "If-None-Match": this.#tag } : {};
      const { status, body, headers: told } = await call("GET", this.#path, { headers });
      if (status === 200) {
        this.#tag = told.get("ETag");
        this.#counts = body;
        this.show();
      }
    } catch (error) {
      // The page says elsewhere that there is no connection.
      if (!(error instanceof Unreachable)) {
        throw error;
      }
    }
  }
}

// The entrance is the first checkpoint, and its numbers are those of the event.
function inWords({ registered, attended, inside, by_checkpoint: checkpoints = [] }, chosen) {
  const place = checkpoints.findIndex(({ checkpoint_id: id }) => id === chosen);
  if (place > 0) {
    return `${checkpoints[place].in} came in here, ${checkpoints[place].inside} inside now`;
  }
  return `${attended} of ${registered} checked in, ${inside} inside now`;
}
