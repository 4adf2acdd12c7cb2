/** Keys that are destroyed and keys that turn, in a simulated house: whatever dies meanwhile, and down to the last byte of every file. */
import { randomFillSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Principal } from "#actors/kit/doors.ts";
import type { ErasureReceipt } from "#actors/kit/key-doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { openWords, unwrapEventKey } from "#actors/kit/seal.ts";
import type { Message } from "#actors/room/frames.ts";
import { type ActorName, userName } from "#events/kit/ids.ts";
import { decipherable, inClear } from "./bytes.ts";
import {
  ada,
  ask,
  currentKeys,
  dana,
  eli,
  erase,
  goOn,
  granted,
  has,
  killAll,
  lobby,
  messages,
  rowsOf,
  said,
  told,
  type Until,
} from "./tales.ts";
import { calm } from "./weather.ts";
import type { World } from "./world.ts";

describe("a person who is erased", () => {
  const before = [
    [dana.userId, "Mine is a secret."],
    [eli.userId, "And this is mine."],
    [dana.userId, "@Ada what is this?"],
  ];
  const after = before.map(([who, text]) => [who, who === dana.userId ? null : text]);

  async function checkErased(house: World, until: Until): Promise<ErasureReceipt> {
    const receipt = granted(await until(erase(house, dana)));
    expect(receipt).toMatchObject({
      subject: userName(dana.userId),
      generations: [1],
      completedAt: expect.any(Number),
    });
    expect(receipt.streams.map(({ stream }) => stream).sort()).toEqual([
      `agent:${ada}`,
      `room:${lobby}`,
      `user:${dana.userId}`,
    ]);
    expect(receipt.streams.every(({ confirmedAt }) => confirmedAt !== null)).toBe(true);
    expect(said(await until(messages(house)))).toEqual(after);
    expect(rowsOf(house, userName(dana.userId))).toEqual([]);
    expect(rowsOf(house, userName(eli.userId))).toContain(`room:${lobby}`);
    return receipt;
  }

  it("is forgotten everywhere within a second, and the receipt says where and when", () =>
    told(async (house, until) => {
      expect(said(await until(messages(house)))).toEqual(before);
      const receipt = granted(await until(erase(house, dana)));
      expect(receipt.completedAt! - receipt.requestedAt).toBeLessThan(1_000);
      expect(receipt.unreadableAt).toBeLessThanOrEqual(receipt.completedAt!);
      expect(receipt.whatRemains).toEqual({
        restorableUntil: receipt.completedAt! + 30 * 86_400_000,
        ...{ openableWith: [1], indexesLeft: [] },
      });
      expect(await checkErased(house, until)).toEqual(receipt);
      const again = await until(ask<Reply<ErasureReceipt>>(house, "USER", dana.userId, "erasure", dana, receipt.id));
      expect(granted(again)).toEqual(receipt);
    }));

  it("is forgotten also where somebody dies between any two steps of it", async () => {
    let steps = 1;
    for (let died = 0; died < steps; died++)
      await told(async (house, until) => {
        const asked = erase(house, dana);
        steps = Math.max(steps, died + 2);
        if ((await goOn(house, died)) < died) steps = died; // it was over before: this was the last one
        killAll(house);
        await until(asked);
        await until(house.clock.sleep(60_000, "a pause"));
        const receipt = await checkErased(house, until);
        killAll(house);
        expect(await checkErased(house, until)).toEqual(receipt);
      });
    expect(steps).toBeGreaterThan(20);
  });

  it("is forgotten by a stream that could not be reached for a while, and before that is not read in it either", () =>
    told(async (house, until) => {
      house.weather = { ...calm, deaf: new Set(["forgetKey"]) };
      const receipt = granted(await until(erase(house, dana)));
      expect(receipt).toMatchObject({ completedAt: null, streams: Array(3).fill({ confirmedAt: null }) });
      const shreddedAt = receipt.unreadableAt! - 5 * 60_000;
      expect(shreddedAt).toBeGreaterThanOrEqual(receipt.requestedAt);
      await until(house.clock.sleep(receipt.unreadableAt! - house.clock.now, "until it must be unreadable"));
      expect(said(await until(messages(house)))).toEqual(after);
      killAll(house);
      expect(said(await until(messages(house)))).toEqual(after);
      house.weather = calm;
      await until(house.clock.sleep(10 * 60_000, "a pause"));
      expect((await checkErased(house, until)).unreadableAt).toBe(receipt.unreadableAt);
    }));

  it("stays forgotten where an older copy of the rows comes back, or the Vault's news does", () =>
    told(async (house, until) => {
      const { disk } = house.platform.object("ROOM", lobby);
      const rows = disk.execute("SELECT seq, subject, wrapped FROM event_keys", []);
      await checkErased(house, until);
      killAll(house);
      for (const row of rows) disk.execute("INSERT OR REPLACE INTO event_keys VALUES (?, ?, ?)", row);
      disk.execute("DELETE FROM destroyed_keys", []);
      disk.flush();
      expect(rowsOf(house, userName(dana.userId))).toEqual([`room:${lobby}`]);
      expect(said(await until(messages(house)))).toEqual(after);
    }));

  it("may come back under a new key, and what was said before stays gone", () =>
    told(async (house, until) => {
      await checkErased(house, until);
      const post = (text: string, command: string) =>
        ask<Reply<Message>>(house, "ROOM", lobby, "post", dana, `${dana.userId}/${command}`, { text });
      expect(await until(post("Anybody?", "1"))).toMatchObject({ refusal: { _tag: "SubjectErased" } });
      granted(await until(ask<Reply>(house, "USER", dana.userId, "comeBack", dana, "back")));
      expect(await until(ask(house, "USER", dana.userId, "displayName"))).toBe("dana");
      await until(house.clock.sleep(6_000, "a pause"));
      granted(await until(post("I am back.", "2")));
      killAll(house);
      expect(said(await until(messages(house)))).toEqual([...after, [dana.userId, "I am back."]]);
      const second = granted(await until(erase(house, dana, "erase again")));
      expect(second).toMatchObject({ generations: [2] });
      expect(said(await until(messages(house)))).toEqual([...after, [dana.userId, null]]);
    }));
});

describe("an agent that was deleted", () => {
  it("leaves no word behind, neither its own nor in the rooms", () =>
    told(async (house, until) => {
      const isReply = ({ author_id }: Message) => author_id === ada;
      expect((await until(messages(house))).filter(isReply).map(({ text }) => text)).toEqual([expect.any(String)]);
      await until(house.people.remove(eli, ada));
      await until(house.clock.sleep(10_000, "a pause"));
      expect((await until(messages(house))).filter(isReply).map(({ text }) => text)).toEqual([null]);
      expect(rowsOf(house, `agent:${ada}`)).toEqual([]);
    }));
});

describe("keys that turn", () => {
  const vaults = ({ platform }: World) => [...platform.objects.values()].filter(({ kind }) => kind === "VAULT");
  const generations = (house: World) =>
    vaults(house).flatMap(({ disk }) =>
      disk.execute("SELECT 1 FROM sqlite_master WHERE name = 'key_generations'", []).length === 0
        ? []
        : disk.execute("SELECT subject, number, kek FROM key_generations ORDER BY subject, number", []),
    );

  /** After the rotation to this key-encryption key: one generation each, and every row follows it. */
  async function checkTurned(house: World, until: Until, kek: number): Promise<void> {
    await until(house.clock.sleep(60_000, "a pause"));
    expect(generations(house).map(([, , under]) => under)).toEqual(Array(3).fill(kek));
    for (const { disk, stream } of house.platform.objects.values())
      if (/^(room|agent|user):/.test(stream))
        for (const [wrapped] of disk.execute("SELECT DISTINCT hex(substr(wrapped, 1, 4)) FROM event_keys", []))
          expect(wrapped).toBe(`0000000${kek}`);
  }

  it("leave everything readable at every step, whoever asks", () =>
    told(async (house, until) => {
      const before = await until(messages(house));
      house.turnKey();
      killAll(house);
      for (let reads = 0; reads < 40; reads++) {
        expect((await until(messages(house))).slice(0, before.length)).toEqual(before);
        await until(house.people.post(reads % 2 === 0 ? dana : eli, lobby, { text: `And ${reads}.` }));
      }
      await checkTurned(house, until, 2);
      const all = await until(messages(house));
      house.forgetOldKeys();
      killAll(house);
      expect(await until(messages(house))).toEqual(all);
    }));

  it("lose nothing where somebody dies between any two steps of it", async () => {
    let steps = 1;
    for (let died = 0; died < steps; died += 1 + Math.floor(died / 12))
      await told(async (house, until) => {
        const before = await until(messages(house));
        house.turnKey();
        killAll(house);
        const asked = messages(house);
        steps = Math.max(steps, died + 2 + Math.floor(died / 12));
        if ((await goOn(house, died)) < died) steps = died;
        killAll(house);
        expect(await until(asked)).toEqual(before);
        expect(await until(messages(house))).toEqual(before);
        await checkTurned(house, until, 2);
        expect(await until(messages(house))).toEqual(before);
      });
    expect(steps).toBeGreaterThan(40);
  });

  it("turn again with the next key, also before everybody has followed the last one", () =>
    told(async (house, until) => {
      const before = await until(messages(house));
      house.weather = { ...calm, deaf: new Set(["renewKey"]) };
      house.turnKey();
      killAll(house);
      await until(messages(house));
      await until(house.clock.sleep(20_000, "a pause"));
      house.turnKey();
      killAll(house);
      house.weather = calm;
      expect(await until(messages(house))).toEqual(before);
      await until(house.clock.sleep(10 * 60_000, "a pause"));
      await checkTurned(house, until, 3);
      expect(await until(messages(house))).toEqual(before);
    }));
});

describe("every byte of every file", () => {
  /** The key of every sealed event of a subject, with the words that it opens. */
  function eventKeys({ platform }: World, subject: ActorName, key: Uint8Array): ReadonlyMap<string, string> {
    const opened = new Map<string, string>();
    for (const { disk, stream } of platform.objects.values()) {
      if (!has(disk, "event_keys")) continue;
      const rows = disk.execute(
        "SELECT e.seq, e.type, e.v, e.sealed, k.wrapped FROM events e JOIN event_keys k ON k.seq = e.seq WHERE k.subject = ?",
        [subject],
      );
      for (const row of rows) {
        const [seq, type, v, sealed, wrapped] = row as [number, string, number, Uint8Array, Uint8Array];
        const place = { stream, seq, type, v, subject };
        const eventKey = unwrapEventKey(wrapped, place, { number: 1, key }).eventKey;
        opened.set(Buffer.from(eventKey).toString("hex"), openWords(sealed, wrapped, place, { number: 1, key }));
      }
    }
    return opened;
  }

  const canary = (by: Principal, number: number) => `canary-${by.name}-${number}.`;

  it("gives nothing of an erased person away after the next rotation, and all of the other", async () => {
    const folder = mkdtempSync(join(tmpdir(), "troupe-bytes-"));
    const files = () => readdirSync(folder).map((file) => readFileSync(join(folder, file)));
    const tale = async (house: World, until: Until) => {
      // The chance of a story is that of all others, and so would be its keys: what is looked for must be there once.
      Object.defineProperty(crypto, "getRandomValues", { configurable: true, value: randomFillSync });
      for (let number = 0; number < 1_000; number++)
        for (const by of [dana, eli]) await until(house.people.post(by, lobby, { text: canary(by, number) }));
      await until(house.clock.sleep(10_000, "a pause"));
      killAll(house);
      const former = currentKeys(house);
      const keysOf = (by: Principal) => eventKeys(house, userName(by.userId), former.get(`${userName(by.userId)} 1`)!);
      const [hers, his] = [keysOf(dana), keysOf(eli)];
      const secrets = [...hers.keys(), ...his.keys()].map((key) => Buffer.from(key, "hex"));
      /** The canaries of a person that whoever has every file and every key of this moment can read. */
      const canariesOf = (by: Principal) => {
        const subjectKeys = [...former.values(), ...currentKeys(house).values()];
        const settings = [...house.keyEncryptionKeys.keys.values()];
        const living = decipherable(files(), settings, subjectKeys);
        const found = decipherable(
          files(),
          [...living].map((key) => Buffer.from(key, "hex")),
          secrets,
        );
        const words = [...found].map((key) => hers.get(key) ?? his.get(key)).join();
        return Array.from({ length: 1_000 }, (_, number) => canary(by, number)).filter((each) => words.includes(each));
      };
      expect([canariesOf(dana).length, canariesOf(eli).length]).toEqual([1_000, 1_000]);

      const receipt = granted(await until(erase(house, dana)));
      house.turnKey();
      killAll(house);
      await until(messages(house));
      await until(house.clock.sleep(60_000, "a pause"));
      house.forgetOldKeys();
      killAll(house);
      const { whatRemains } = granted(await until(erase(house, dana)));
      expect([receipt.whatRemains.openableWith, whatRemains.openableWith]).toEqual([[1], []]);
      expect([canariesOf(dana), canariesOf(eli).length]).toEqual([[], 1_000]);
      expect(inClear(files(), secrets)).toEqual([]);
      for (const where of [...files().map((bytes) => bytes.toString("latin1")), house.readModels.content()])
        expect(where).not.toContain("canary-");
      const readable = said(await until(messages(house))).filter(([, text]) => text !== null);
      expect(new Set(readable.map(([who]) => who))).toEqual(new Set([eli.userId]));
    };
    try {
      await told(tale, { folder });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 180_000);
});
