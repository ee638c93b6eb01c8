// Compiled, never run: a client that uses the types as people would.
import type { components, operations, paths } from "./schema";

type Schemas = components["schemas"];

const account: Schemas["SignUpInputRequest"] = { username: "olga", email: "olga@example.org", password: "a-long-passphrase" };
const event: Schemas["EventInputRequest"] = {
  title: "Night of the Telescopes",
  date_time: "2031-05-01",
  end_time: null,
  location: "Observatory",
  max_capacity: 1,
};
const query: operations["event_list"]["parameters"]["query"] = {
  ordering: "-date_time",
  status: ["upcoming", "active"],
  has_seats: true,
};
// @ts-expect-error: not an order of this list
const unknown: operations["event_list"]["parameters"]["query"] = { ordering: "seats" };

type Registered = paths["/attendees/"]["post"]["responses"][201]["content"]["application/json"];

export function told(answer: Registered | Schemas["Error"]): string {
  if ("code" in answer) {
    return answer.opens_at ?? (answer.can_wait ? "full" : answer.msg);
  }
  const place: number | null = answer.waitlist_position;
  return place === null ? `${answer.event.title}: ${answer.status}` : `number ${place}`;
}

export default { account, event, query, unknown };
