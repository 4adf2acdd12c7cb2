/** What an actor's ring of keys promises: lent for five minutes, one request a shard, and keys derived of keys. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ActorEnv } from "#actors/kit/doors.ts";
import type { LentKey } from "#actors/kit/key-doors.ts";
import { Keys, vaultOf } from "#actors/kit/keys.ts";
import { freshKey } from "#actors/kit/seal.ts";
import { type ActorName, userName } from "#events/kit/ids.ts";
import { dana, eli } from "../support/given.ts";

const [person, other] = [userName(dana), userName(eli)];

/** A Vault that answers what it was told to, and the ring of a stream that asks it. */
function vaultWith(...lent: ReadonlyArray<LentKey>) {
  const answers: LentKey[] = [...lent];
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

  it("has every living generation, and seals with the newest", async () => {
    const second: LentKey = { subject: person, number: 2, key: freshKey() };
    const ring = vaultWith(first, second).ring();
    await ring.fetch([person]);
    expect(ring.get(person)).toEqual({ number: 2, key: second.key });
    expect(ring.get(person, 1)).toEqual({ number: 1, key: first.key });
    ring.outgrown(person, 2);
    expect(ring.get(person, 1)).toBe("destroyed");
  });

  it("derives of the same generation until it is told to go on, also in its next life", async () => {
    const vault = vaultWith(first);
    const noted: Array<readonly [ActorName, number]> = [];
    const lives = [vault.ring(), vault.ring()];
    for (const ring of lives) {
      const noteDerived = (subject: ActorName, number: number) => void noted.push([subject, number]);
      ring.remember({ destroyed: [], derived: noted.slice(-1), noteDerived });
      await ring.fetch([person]);
      vault.answers.splice(1, 1, { subject: person, number: 2, key: freshKey() });
      ring.derived(person, "index");
    }
    expect(noted).toEqual([[person, 1]]);
    const [before, ring] = [lives[0]!.derived(person, "index"), lives[1]!];
    expect(ring.generation(person)).toBe(2);
    expect(ring.derived(person, "index")).toEqual(before);
    ring.derive(person, 2);
    expect(ring.derived(person, "index")).not.toEqual(before);
    expect(noted.at(-1)).toEqual([person, 2]);
    ring.destroyed(person, 2);
    await ring.fetch([person]);
    expect(ring.derived(person, "index")).toBe("destroyed");
  });

  it("asks again when something needs a newer generation than was lent, and says so if nobody knows it", async () => {
    const vault = vaultWith(first);
    const ring = vault.ring();
    await ring.fetch([person]);
    expect(ring.get(person, 2)).toBeUndefined();
    await expect(ring.fetch([person])).rejects.toThrow(`does not know generation 2 of the key of ${person}`);
    vault.answers.push({ subject: person, number: 2, key: freshKey() });
    await ring.fetch([person]);
    expect(ring.get(person, 2)).toMatchObject({ number: 2 });
  });

  it("seals under no older generation once it knows of a newer one, whichever answer comes last", async () => {
    const second: LentKey = { subject: person, number: 2, key: freshKey() };
    const vault = vaultWith(first);
    const ring = vault.ring();
    await ring.fetch([person]);
    vault.answers.push(second);
    await ring.renewed(person, 2);
    expect(ring.generation(person)).toBe(2);
    vault.answers.pop(); // an answer from before
    const late = ring.fetch([person]);
    vault.answers.push(second);
    await late;
    expect(ring.generation(person)).toBe(2);
  });

  it("has no key that was destroyed, also when an answer from before comes after the news", async () => {
    const vault = vaultWith(first);
    const ring = vault.ring();
    await ring.fetch([person]);
    const late = ring.fetch([person]);
    ring.destroyed(person, 1);
    await late;
    expect([ring.get(person), ring.get(person, 1), ring.derived(person, "index")]).toEqual(Array(3).fill("destroyed"));
  });

  it("does not ask for long whether a destroyed key has come back, and takes the one that did", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const vault = vaultWith({ subject: person, number: 1, key: null });
    const ring = vault.ring();
    await ring.fetch([person]);
    expect(ring.get(person)).toBe("destroyed");
    vi.setSystemTime(Date.now() + 5_000);
    expect(ring.get(person)).toBeUndefined();
    vault.answers.splice(0, 1, { subject: person, number: 2, key: freshKey() });
    await ring.fetch([person]);
    expect([ring.generation(person), ring.get(person, 1)]).toEqual([2, "destroyed"]);
  });
});
