/** The strip above everything: who one is here, what answers, where data goes, and what of it is a demo. */
import { useSuspenseQuery } from "@tanstack/react-query";
import { people, personId, switchPerson } from "../service/identity.ts";
import { meQuery } from "../service/queries.ts";
import { ThemeSwitch } from "./theme-switch.tsx";
import { Wordmark } from "./wordmark.tsx";

const names = { anthropic: "Anthropic", openai: "OpenAI", cloudflare: "Cloudflare" } as const;

interface Providers {
  readonly anthropic: boolean;
  readonly openai: boolean;
  readonly cloudflare: boolean;
}

function answering(providers: Providers): string {
  const keys = ["anthropic", "openai", "cloudflare"] as const;
  const list = new Intl.ListFormat("en");
  const live = keys.filter((key) => providers[key]).map((key) => names[key]);
  const demo = keys.filter((key) => !providers[key]).map((key) => names[key]);
  if (live.length === 0) return "answers come from the built-in demo model · data stays on this machine";
  const others = demo.length === 0 ? "" : `; agents of ${list.format(demo)} are answered by the built-in demo model`;
  return `live answers come from ${list.format(live)}, which sees those agents' conversations${others}`;
}

function PersonSwitch() {
  return (
    <select aria-label="You are" value={personId} onChange={(event) => switchPerson(event.target.value)}>
      {people.map((person) => (
        <option key={person.id} value={person.id}>
          {person.name}
        </option>
      ))}
    </select>
  );
}

export function HouseStrip() {
  const me = useSuspenseQuery(meQuery).data;
  const development = me.house.identity === "development";
  return (
    <header className="strip">
      <Wordmark />
      {development ? (
        <p>
          <span>
            <b>Demo:</b> you are <PersonSwitch />
          </span>{" "}
          <span className="strip-detail">(development identity) · {answering(me.house.providers)}</span>
        </p>
      ) : (
        <p>
          Signed in as {me.name} <span className="strip-detail">· {answering(me.house.providers)}</span>
        </p>
      )}
      <ThemeSwitch />
    </header>
  );
}
