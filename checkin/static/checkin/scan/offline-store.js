// What the device keeps for a time without network: the bundle of the event, and the scans that wait to be sent.

import { moved } from "./offline-rules.js";

const NAME = "eventhub-scan";
const STORES = ["tickets", "revoked", "queue", "meta"];
const PLACE = "place";

let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore("tickets", { keyPath: "h" }).createIndex("id", "id");
      database.createObjectStore("revoked");
      database.createObjectStore("queue", { keyPath: "key", autoIncrement: true }).createIndex("id", "id");
      database.createObjectStore("meta");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

// Runs `work` with the stores by name, in one transaction: all of it is kept, or nothing.
async function inOne(mode, work) {
  const transaction = (await open()).transaction(STORES, mode, { durability: "strict" });
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
  const stores = Object.fromEntries(STORES.map((name) => [name, transaction.objectStore(name)]));
  const result = await work(stores);
  await ended;
  return result;
}

const got = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// The bundle ----------------------------------------------------------------------------------------------------------

// `{eventId, place, cursor, count, questions, askWalkIns, generatedAt}`, or undefined. `place` is what its entries count: a
// checkpoint.
export function bundleInfo() {
  return inOne("readonly", ({ meta }) => got(meta.get(PLACE)));
}

// Keeps a bundle, or what has changed since the last. Scans that wait are on top of it. Returns how many entries there are.
export function saveBundle(bundle, { eventId, place }) {
  return inOne("readwrite", async ({ tickets, revoked, queue, meta }) => {
    if (bundle.is_whole) {
      tickets.clear();
      revoked.clear();
    } else {
      const replaced = new Set([...bundle.removed, ...bundle.tickets.map(({ id }) => id)]);
      for (const id of replaced) {
        for (const key of await got(tickets.index("id").getAllKeys(id))) {
          tickets.delete(key);
        }
      }
    }
    bundle.tickets.forEach((entry) => tickets.put(entry));
    bundle.revoked.forEach((digest) => revoked.put(true, digest));
    const waiting = (await got(queue.getAll())).filter((each) => each.eventId === eventId && each.place === place);
    for (const scan of waiting) {
      await change(tickets, scan.id, (entry) => folded(entry, [scan]));
    }
    const count = await got(tickets.count());
    const known = bundle.is_whole ? {} : (await got(meta.get(PLACE)))?.questions;
    const questions = { ...known, ...bundle.questions };
    const { cursor, ask_walk_ins: askWalkIns, generated_at: generatedAt } = bundle;
    meta.put({ eventId, place, cursor, count, questions, askWalkIns, generatedAt }, PLACE);
    return count;
  });
}

export function forgetBundle() {
  return inOne("readwrite", ({ tickets, revoked, meta }) => {
    tickets.clear();
    revoked.clear();
    meta.clear();
  });
}

// Changes a person's entries to what the server has said.
export function noteEntry(id, values) {
  return inOne("readwrite", ({ tickets }) => change(tickets, id, (entry) => ({ ...entry, ...values })));
}

// Scans ---------------------------------------------------------------------------------------------------------------

// Finds a ticket by its digest or a person by id, lets `decide` say what happens, and keeps that. `decide` gets
// `{entry, isRevoked}` and returns `{code, ok, entry, queued}`; the last one is to be sent. Returns the same and the
// entry as it was.
export function answerFrom({ digest, id, eventId, place }, decide) {
  return inOne("readwrite", async ({ tickets, revoked, queue, meta }) => {
    const info = await got(meta.get(PLACE));
    const found = digest ? await got(tickets.get(digest)) : await got(tickets.index("id").get(id));
    const isRevoked = Boolean(digest) && (await got(revoked.getKey(digest))) !== undefined;
    let entry = found;
    if (found && info.place !== place) {
      // It counts entries at another checkpoint. Of this one the device knows what it has seen itself.
      const waiting = await got(queue.index("id").getAll(found.id));
      const here = waiting.filter((each) => each.eventId === eventId && each.place === place);
      entry = folded({ ...found, e: 0, in: false, at: null }, here);
    }
    const answer = decide({ entry, isRevoked });
    if (answer.entry && info.place === place) {
      const { e, at, in: inside } = answer.entry;
      await change(tickets, found.id, (each) => ({ ...each, e, at, in: inside }));
    }
    if (answer.queued) {
      const isMoved = answer.entry && info.place === place;
      const before = isMoved ? { e: found.e, at: found.at, in: found.in } : null;
      queue.add({ ...answer.queued, id: found?.id ?? 0, eventId, place, before });
    }
    return { ...answer, before: entry };
  });
}

// Keeps a scan that no entry is changed by.
export function keepScan(scan) {
  return inOne("readwrite", ({ queue }) => got(queue.add({ ...scan, id: 0 })));
}

// Drops a scan that waits, and what it changed. One that may have reached the server is sent all the same, and undone
// there. Returns false where none waits.
export function takeBack(nonce) {
  return inOne("readwrite", async ({ tickets, queue }) => {
    const scan = (await got(queue.getAll())).find((each) => each.nonce === nonce);
    if (scan?.before) {
      await change(tickets, scan.id, (entry) => ({ ...entry, ...scan.before }));
    }
    if (scan?.wasTried && !scan.conflict) {
      queue.put({ ...scan, isUndone: true, result: "undone" });
    } else if (scan) {
      queue.delete(scan.key);
    }
    return scan !== undefined;
  });
}

export async function waitingScans() {
  return (await allScans()).filter(({ conflict }) => !conflict);
}

// Walk-ins that the server has refused: `conflict` says why.
export async function conflicts() {
  return (await allScans()).filter(({ conflict }) => conflict);
}

export async function countWaiting() {
  return (await waitingScans()).length;
}

function allScans() {
  return inOne("readonly", ({ queue }) => got(queue.getAll()));
}

// From now on, the server may have these.
export function markTried(keys) {
  return inOne("readwrite", ({ queue }) => changeScans(queue, keys, (scan) => ({ ...scan, wasTried: true })));
}

// Removes scans that the server has answered, except walk-ins that it refused. Takes `{key, conflict}` of each, and
// returns the keys of those that were undone meanwhile, which stay.
export function settle(answered) {
  return inOne("readwrite", async ({ queue }) => {
    const undone = [];
    for (const { key, conflict } of answered) {
      const scan = await got(queue.get(key));
      if (scan?.isUndone && !conflict) {
        undone.push(key);
      } else if (scan && conflict && !scan.isUndone) {
        queue.put({ ...scan, conflict });
      } else {
        queue.delete(key);
      }
    }
    return undone;
  });
}

export function removeScans(keys) {
  return inOne("readwrite", ({ queue }) => keys.forEach((key) => queue.delete(key)));
}

function folded(entry, scans) {
  const changes = scans.filter(({ result }) => result === "admitted" || result === "left");
  return changes.reduce((state, scan) => moved(state, scan.result, new Date(scan.at)), entry);
}

async function changeScans(queue, keys, changed) {
  for (const key of keys) {
    const scan = await got(queue.get(key));
    if (scan) {
      queue.put(changed(scan));
    }
  }
}

// A person has an entry for each code that the ticket may have.
async function change(tickets, id, changed) {
  for (const entry of await got(tickets.index("id").getAll(id))) {
    tickets.put(changed(entry));
  }
}
