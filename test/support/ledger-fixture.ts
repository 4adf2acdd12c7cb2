/** A ledger with its keys at hand, for every test that commits; knows no database, so that it runs in Node and in workerd. */
import { expect } from "vitest";
import { Ledger, type NeedKeys } from "#actors/kit/ledger.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Keyring } from "#actors/kit/revealed.ts";
import { freshKey, type SubjectKey } from "#actors/kit/seal.ts";
import type { Committed } from "#actors/kit/settled-commands.ts";
import type { SqlPort, SqlValue } from "#actors/kit/sql.ts";
import type { Decider, Refusal } from "#events/kit/decider.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Pending } from "#events/kit/envelope.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { START } from "./given.ts";

/** A ring that has everybody's key, unless it was withheld or destroyed. */
export class TestKeys implements Keyring {
  readonly #keys = new Map<ActorName, ReadonlyArray<SubjectKey>>();
  readonly withheld = new Set<ActorName>();
  readonly destroyed = new Set<ActorName>();

  get(subject: ActorName, number?: number): SubjectKey | "destroyed" | undefined {
    if (this.destroyed.has(subject)) return "destroyed";
    if (this.withheld.has(subject)) return undefined;
    const living = this.#keys.get(subject) ?? [{ number: 1, key: freshKey() }];
    this.#keys.set(subject, living);
    return number === undefined ? living.at(-1) : (living.find((key) => key.number === number) ?? "destroyed");
  }

  /** The next generation of a key, beside those before. */
  turn(subject: ActorName): SubjectKey {
    const newest = this.get(subject) as SubjectKey;
    const next = { number: newest.number + 1, key: freshKey() };
    this.#keys.set(subject, [...this.#keys.get(subject)!, next]);
    return next;
  }

  /** Destroys one generation of a key. */
  retire(subject: ActorName, number: number): void {
    this.#keys.set(
      subject,
      this.#keys.get(subject)!.filter((key) => key.number !== number),
    );
  }
}

/** Meta of a command with this id, an id's own second after START. */
export const metaFor = (id: string, by: ActorName, over: Partial<CommandMeta> = {}): CommandMeta => ({
  ...{ id, at: START, by, correlation: "test", causation: null },
  ...over,
});

type Command = { readonly type: string; readonly meta: CommandMeta };

export const open = <S, C extends Command, E extends Pending, No extends Refusal>(
  decider: Decider<S, C, E, No>,
  sql: SqlPort,
  keys: Keyring = new TestKeys(),
  over: Partial<ConstructorParameters<typeof Ledger<S, C, E, No>>[1]> = {},
): Ledger<S, C, E, No> => new Ledger(decider, { stream: `${decider.kind}:test`, sql, keys, ...over });

/** The reply of a commit that needs no key it has not got. */
export const replyOf = (answer: Reply<Committed> | NeedKeys): Reply<Committed> => {
  if (answer.outcome === "need-keys") throw new Error(`a key is missing: ${answer.subjects.join(", ")}`);
  return answer;
};

/** The range of events that an accepted commit made. */
export const accepted = (answer: Reply<Committed> | NeedKeys): Committed => {
  expect(answer).toMatchObject({ outcome: "accepted" });
  return (answer as Extract<Reply<Committed>, { outcome: "accepted" }>).value;
};

const text = (value: SqlValue): string =>
  value instanceof Uint8Array ? Array.from(value, (byte) => String.fromCharCode(byte)).join("") : String(value);

/** Every value of every table, as text, byte for byte: where a word that should be sealed would be found. */
export const everythingIn = (sql: SqlPort): string =>
  ["events", "event_keys", "commands", "snapshots", "feeds", "timers", "destroyed_keys", "derived_keys", "meta"]
    .flatMap((table) => sql.rows(`SELECT * FROM ${table}`).flatMap((row) => row.map(text)))
    .join("\n");
