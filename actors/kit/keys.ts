/** The sealing keys an actor holds in memory: lent by the Vault for five minutes, asked for anew after every wake. */
import type { ActorName } from "#events/kit/ids.ts";
import { now } from "./clock.ts";
import type { ActorEnv } from "./doors.ts";
import type { LentKey } from "./key-doors.ts";
import type { Keyring } from "./revealed.ts";
import { deriveKey, type SubjectKey } from "./seal.ts";

/** A destroyed key must be gone everywhere within five minutes, also where nobody could be told. */
export const LENT_FOR_MS = 5 * 60_000;
/** That a subject has no key is asked again soon: who comes back should not wait. */
const MISSED_FOR_MS = 5_000;
/** The shards of the Vault, by name. */
export const VAULTS: ReadonlyArray<string> = [..."0123456789abcdef"];

/** The Vault shard that keeps a subject's key: the last hex digit of a sum over its name. */
export function vaultOf(subject: ActorName): string {
  let sum = 0;
  for (let index = 0; index < subject.length; index++) sum = (sum * 31 + subject.charCodeAt(index)) >>> 0;
  return VAULTS[sum % VAULTS.length]!;
}

/** What was lent of one subject. */
interface Held {
  /** The living generations, oldest first; empty when all are destroyed. */
  readonly living: ReadonlyArray<SubjectKey>;
  /** The newest generation that the Vault told of, living or not. */
  readonly newest: number;
  readonly until: number;
}

/** The Vault cannot be reached: what it seals waits for it, and nothing is broken. */
export class VaultAway extends Error {}

export class Keys implements Keyring {
  readonly #stream: string;
  readonly #env: ActorEnv;
  readonly #held = new Map<ActorName, Held>();
  /** The newest destroyed generation of each subject: an answer that was on its way when it died must not bring it back. */
  readonly #destroyed = new Map<ActorName, number>();
  /** The generation that is known to exist: an answer that does not know of it yet is older than the news. */
  readonly #least = new Map<ActorName, number>();

  /** Of which generation the keys of each subject are derived, and who keeps that in mind for the next life. */
  readonly #derivedFrom = new Map<ActorName, number>();
  #noteDerived: (subject: ActorName, number: number) => void = () => {};
  #died: (subject: ActorName, upTo: number) => void = () => {};

  constructor(stream: string, env: ActorEnv) {
    this.#stream = stream;
    this.#env = env;
  }

  /** What the tables of this stream know of keys, and who writes down what comes to it. */
  remember(known: {
    readonly destroyed: ReadonlyArray<readonly [ActorName, number]>;
    readonly derived: ReadonlyArray<readonly [ActorName, number]>;
    readonly noteDerived: (subject: ActorName, number: number) => void;
    /** Told of a key that is found destroyed before any news of it came: after a restore, say. */
    readonly died?: (subject: ActorName, upTo: number) => void;
  }): void {
    for (const [subject, number] of known.destroyed) this.#destroyed.set(subject, number);
    for (const [subject, number] of known.derived) this.#derivedFrom.set(subject, number);
    this.#noteDerived = known.noteDerived;
    this.#died = known.died ?? this.#died;
  }

  get(subject: ActorName, number?: number): SubjectKey | "destroyed" | undefined {
    const held = this.#atHand(subject);
    if (number !== undefined && number <= (this.#destroyed.get(subject) ?? 0)) return "destroyed";
    if (held === undefined) return undefined;
    if (number === undefined) return held.living.at(-1) ?? "destroyed";
    if (number > held.newest) {
      this.#expect(subject, number);
      return undefined;
    }
    return held.living.find((key) => key.number === number) ?? "destroyed";
  }

  /** The generation of the subject's key that seals now. */
  generation(subject: ActorName): number | "destroyed" | undefined {
    const key = this.get(subject);
    return typeof key === "object" ? key.number : key;
  }

  /**
   * A key of 32 bytes for one purpose of this stream, made of one generation of the subject's key, and dead with it. It
   * stays the same until `onKeyRenewed` is called, also when a newer generation is at hand already. "destroyed" and
   * undefined (fetch it first) as in `get`. Not to be kept.
   */
  derived(subject: ActorName, purpose: string): Uint8Array | "destroyed" | undefined {
    const key = this.get(subject, this.#derivedFrom.get(subject));
    if (typeof key !== "object") return key;
    if (!this.#derivedFrom.has(subject)) this.derive(subject, key.number);
    return deriveKey(key.key, [purpose, this.#stream, String(key.number)]);
  }

  /** From now on keys of this subject are derived of this generation. */
  derive(subject: ActorName, number: number): void {
    this.#derivedFrom.set(subject, number);
    this.#noteDerived(subject, number);
  }

  /** Asks the Vault for these keys. @throws when it cannot be reached, or knows less than is known here. */
  async fetch(subjects: ReadonlyArray<ActorName>): Promise<void> {
    const behind = await this.#lend(subjects);
    if (behind.length === 0) return;
    // Its answer was overtaken by the news of a newer generation. Asked again, it must know.
    const [subject] = await this.#lend(behind);
    if (subject !== undefined)
      throw new Error(`the Vault does not know generation ${this.#least.get(subject)} of the key of ${subject}`);
  }

  /** Drops the generations of this key up to a number, for they are destroyed, and takes none of them any more. */
  destroyed(subject: ActorName, upTo: number): void {
    this.#destroyed.set(subject, Math.max(upTo, this.#destroyed.get(subject) ?? 0));
    this.#held.delete(subject);
    if ((this.#derivedFrom.get(subject) ?? Number.POSITIVE_INFINITY) <= upTo) this.#derivedFrom.delete(subject);
  }

  /** Drops what is known of a key, so that the Vault is asked anew. */
  again(subject: ActorName): void {
    this.#held.delete(subject);
  }

  /** Fetches this generation of a key, so that nothing is sealed under an older one from now on. */
  async renewed(subject: ActorName, number: number): Promise<void> {
    this.#expect(subject, number);
    if (this.get(subject) === undefined) await this.fetch([subject]);
  }

  /** Drops all generations older than this one: nothing here needs them. */
  outgrown(subject: ActorName, number: number): void {
    const held = this.#held.get(subject);
    if (held === undefined) return;
    this.#held.set(subject, { ...held, living: held.living.filter((key) => key.number >= number) });
  }

  #atHand(subject: ActorName): Held | undefined {
    const held = this.#held.get(subject);
    if (held === undefined || held.until > now()) return held;
    this.#held.delete(subject);
    return undefined;
  }

  #expect(subject: ActorName, number: number): void {
    this.#least.set(subject, Math.max(number, this.#least.get(subject) ?? 0));
    if ((this.#held.get(subject)?.newest ?? number) < number) this.#held.delete(subject);
  }

  /** Takes what the Vault lends. Answers the subjects of whom it told less than is known. */
  async #lend(subjects: ReadonlyArray<ActorName>): Promise<ReadonlyArray<ActorName>> {
    const shards = Map.groupBy(subjects, vaultOf);
    const answers = await Promise.all(
      [...shards].map(([shard, names]) => this.#env.VAULT.getByName(shard).lend(this.#stream, names)),
    ).catch((cause: unknown) => {
      throw new VaultAway(`the Vault did not answer: ${cause}`, { cause });
    });
    const lent = Map.groupBy(answers.flat(), ({ subject }) => subject);
    return subjects.filter((subject) => !this.#take(subject, lent.get(subject) ?? []));
  }

  #take(subject: ActorName, lent: ReadonlyArray<LentKey>): boolean {
    const newest = Math.max(0, ...lent.map(({ number }) => number));
    if (newest < (this.#least.get(subject) ?? 0)) return false;
    const destroyed = this.#destroyed.get(subject) ?? 0;
    const living = lent.flatMap(({ number, key }) =>
      key === null || number <= destroyed ? [] : [{ number, key: new Uint8Array(key) }],
    );
    const until = now() + (living.length > 0 ? LENT_FOR_MS : MISSED_FOR_MS);
    this.#held.set(subject, { living, newest: Math.max(newest, destroyed), until });
    if (living.length === 0 && newest > destroyed) this.#died(subject, newest);
    return true;
  }
}
