/** What an actor's ring of keys promises: lent for five minutes, one request a shard, and keys derived of keys. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ActorEnv, LentKey } from "#actors/kit/doors.ts";
import { Keys, vaultOf } from "#actors/kit/keys.ts";
import { freshKey } from "#actors/kit/seal.ts";
import { type ActorName, userName } from "#events/kit/ids.ts";
import { dana, eli } from "../support/given.ts";

const [person, other] = [userName(dana), userName(eli)];

/** A Vault that answers what it was told to, and the ring of a stream that asks it. */
function vaultWith(...answers: ReadonlyArray<LentKey>) {
  const vault = { answers, asked: [] as Array<readonly [shard: string, subjects: ReadonlyArray<ActorName>]> };
  const lendAt = (shard: string) => async (_stream: string, subjects: ReadonlyArray<ActorName>) => {
    vault.asked.push([shard, subjects]);
    return vault.answers.filter(({ subject }) => subjects.includes(subject));
  };
  const env = { VAULT: { getByName: (shard: string) => ({ lend: lendAt(shard) }) } } as unknown as ActorEnv;
  return Object.assign(vault, { ring: (stream = "room:a") => new Keys(stream, env) });
}

const first: LentKey = { subject: person, number: 1, key: freshKey() };

afterEach(() => void vi.useRealTimers());

describe("a ring of keys", () => {
  it("has no key that it did not ask for, and asks each shard once", async () => {
    const vault = vaultWith(first, { subject: other, number: 1, key: freshKey() });
    const ring = vault.ring();
    expect([ring.get(person), ring.generation(person), ring.derived(person, "index")]).toEqual(
      Array(3).fill(undefined),
    );
    await ring.fetch([person, other]);
    expect(ring.get(person)).toEqual({ number: 1, key: first.key });
    expect(ring.generation(person)).toBe(1);
    expect(new Set(vault.asked.map(([shard]) => shard))).toEqual(new Set([vaultOf(person), vaultOf(other)]));
  });

  it("gives a key back after five minutes", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const ring = vaultWith(first).ring();
    await ring.fetch([person]);
    vi.setSystemTime(Date.now() + 5 * 60_000 - 1);
    expect(ring.get(person)).toBeDefined();
    vi.setSystemTime(Date.now() + 1);
    expect(ring.get(person)).toBeUndefined();
    expect(ring.derived(person, "index")).toBeUndefined();
  });

  it("derives the same key for the same purpose in the same stream, and another one anywhere else", async () => {
    const vault = vaultWith(first);
    const [ring, again, elsewhere] = [vault.ring(), vault.ring(), vault.ring("room:b")];
    for (const each of [ring, again, elsewhere]) await each.fetch([person]);
    expect(ring.derived(person, "index")).toEqual(again.derived(person, "index"));
    expect(ring.derived(person, "index")).not.toEqual(ring.derived(person, "vectors"));
    expect(ring.derived(person, "index")).not.toEqual(elsewhere.derived(person, "index"));
    expect(ring.derived(person, "index")).not.toEqual(first.key);
  });
});
