/** The way from a Vault to the streams that hold its keys: told until they confirm; used by VaultActor. */
import type { ActorName } from "#events/kit/ids.ts";
import { now } from "../kit/clock.ts";
import type { ActorEnv } from "../kit/doors.ts";
import type { BorrowerDoor } from "../kit/key-doors.ts";

/** Streams told at the same time. */
const AT_ONCE = 8;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;

/** Something that a stream has to do about a key. */
export interface Errand {
  readonly subject: ActorName;
  readonly stream: string;
  readonly number: number;
}

/** The door of the actor that keeps this stream. */
export function borrowerAt(env: ActorEnv, stream: string): BorrowerDoor {
  const [kind, name] = [stream.slice(0, stream.indexOf(":")), stream.slice(stream.indexOf(":") + 1)];
  switch (kind) {
    case "agent":
      return env.AGENT.getByName(name);
    case "room":
      return env.ROOM.getByName(name);
    case "user":
      return env.USER.getByName(name);
    case "system":
      return env.SYSTEM.getByName(name);
    default:
      throw new Error(`nobody keeps ${stream}`);
  }
}

/** Streams that did not answer, and until when they are left alone. A restart forgets it, and asks once more. */
export class Unreachable {
  readonly #streams = new Map<string, { readonly notBefore: number; readonly waited: number }>();

  has(stream: string): boolean {
    return (this.#streams.get(stream)?.notBefore ?? 0) > now();
  }

  failed(stream: string): void {
    const waited = Math.min((this.#streams.get(stream)?.waited ?? FIRST_RETRY_MS / 2) * 2, LONGEST_RETRY_MS);
    this.#streams.set(stream, { notBefore: now() + waited, waited });
  }

  answered(stream: string): void {
    this.#streams.delete(stream);
  }

  /** When the first of them may be asked again (ms since 1970); Infinity when there is none. */
  next(): number {
    return Math.min(...[...this.#streams.values()].map(({ notBefore }) => notBefore));
  }
}

/** Runs these errands, a few at a time, each to its own end. Answers those that failed, with their cause. */
export async function runErrands(
  errands: ReadonlyArray<Errand>,
  run: (errand: Errand) => Promise<void>,
): Promise<ReadonlyArray<readonly [Errand, unknown]>> {
  const failed: Array<readonly [Errand, unknown]> = [];
  const waiting = [...errands];
  const worker = async () => {
    for (let errand = waiting.shift(); errand !== undefined; errand = waiting.shift()) {
      const each = errand;
      await run(each).catch((cause: unknown) => failed.push([each, cause]));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed;
}
