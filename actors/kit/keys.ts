/** The sealing keys an actor holds in memory: lent by the Vault for five minutes, asked for anew after every wake. */
import type { ActorName } from "#events/kit/ids.ts";
import { now } from "./clock.ts";
import type { ActorEnv } from "./doors.ts";
import type { Keyring } from "./ledger.ts";
import { deriveKey, type SubjectKey } from "./seal.ts";

/** A destroyed key must be gone everywhere within five minutes, also where nobody could be told. */
const LENT_FOR_MS = 5 * 60_000;
const SHARDS = 16;

/** The Vault shard that keeps a subject's key: the last hex digit of a sum over its name. */
export function vaultOf(subject: ActorName): string {
  let sum = 0;
  for (let index = 0; index < subject.length; index++) sum = (sum * 31 + subject.charCodeAt(index)) >>> 0;
  return (sum % SHARDS).toString(16);
}

export class Keys implements Keyring {
  readonly #stream: string;
  readonly #env: ActorEnv;
  readonly #held = new Map<ActorName, { readonly key: SubjectKey; readonly until: number }>();

  constructor(stream: string, env: ActorEnv) {
    this.#stream = stream;
    this.#env = env;
  }

  get(subject: ActorName): SubjectKey | undefined {
    const held = this.#held.get(subject);
    if (held === undefined) return undefined;
    if (held.until > now()) return held.key;
    this.#held.delete(subject);
    return undefined;
  }

  /** The generation of the subject's key that seals now. */
  generation(subject: ActorName): number | "destroyed" | undefined {
    const key = this.get(subject) as ReturnType<Keyring["get"]>;
    return typeof key === "object" ? key.number : key;
  }

  /**
   * A key of 32 bytes for one purpose of this stream, made of the newest generation of the subject's key: it changes with
   * every generation and dies with the last. "destroyed" and undefined (fetch it first) as in `get`. Not to be kept.
   */
  derived(subject: ActorName, purpose: string): Uint8Array | "destroyed" | undefined {
    const key = this.get(subject) as ReturnType<Keyring["get"]>;
    return typeof key === "object" ? deriveKey(key.key, [purpose, this.#stream, String(key.number)]) : key;
  }

  /** Asks the Vault for these keys. @throws when it cannot be reached. */
  async fetch(subjects: ReadonlyArray<ActorName>): Promise<void> {
    const shards = Map.groupBy(subjects, vaultOf);
    const lent = await Promise.all(
      [...shards].map(([shard, names]) => this.#env.VAULT.getByName(shard).lend(this.#stream, names)),
    );
    const until = now() + LENT_FOR_MS;
    for (const { subject, number, key } of lent.flat())
      this.#held.set(subject, { key: { number, key: new Uint8Array(key) }, until });
  }
}
