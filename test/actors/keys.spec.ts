/** Keys that are destroyed and keys that turn, on the real platform: reached asleep, refused by name, and read all the while. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Principal } from "#actors/kit/doors.ts";
import type { ErasureReceipt } from "#actors/kit/key-doors.ts";
import { VAULTS, vaultOf } from "#actors/kit/keys.ts";
import type { Ledger } from "#actors/kit/ledger.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { KeyEncryptionKeys } from "#actors/vault/vault.ts";
import { type AgentId, type MessageId, type UserId, userName } from "#events/kit/ids.ts";
import { parseKeyEncryptionKeys } from "#src/env.ts";
import { Room, Vault } from "#src/worker.ts";
import {
  arrived,
  bindings,
  eventsOf,
  eventually,
  expectProblem,
  fresh,
  messagesOf,
  newAgent,
  newMemory,
  newRoom,
  type Person,
} from "../support/door.ts";
import { scripted, scriptedModel } from "./scripted-model.ts";

const principal = ({ id }: Person): Principal => ({ userId: id as UserId, name: "Eli", roles: ["participant"] });
const userOf = ({ id }: Person) => bindings.USER.getByName(id);

const granted = <A>(reply: Reply<A>): A => {
  if (reply.outcome === "refused") throw new Error(reply.refusal._tag);
  return reply.value;
};

const erase = async (who: Person, command = "erase"): Promise<ErasureReceipt> =>
  granted((await userOf(who).erase(principal(who), command)) as Reply<ErasureReceipt>);

const say = <Body = Readonly<Record<string, unknown>>>(who: Person, roomId: string, text: string) =>
  who.post<Body>(`/rooms/${roomId}/messages`, { text, client_msg_id: fresh("m") });

/** A room in which olga and eli have spoken, and an agent that has heard them. */
async function talk() {
  const [olga, eli] = [await arrived("olga"), await arrived("eli")];
  const ada = await newAgent(olga);
  const room = await newRoom(olga, "private", { people: [eli], agents: [ada] });
  for (const [who, text] of [
    [eli, "My boat is called Nixe."],
    [olga, "Mine has no name."],
  ] as const)
    expect((await say(who, room.id, text)).status).toBe(201);
  await eventually("Ada has heard both", async () =>
    (await eventsOf(olga, "agents", ada.id)).filter(({ type }) => type === "MessageReceived").length === 2
      ? true
      : undefined,
  );
  const said = async () =>
    (await messagesOf(olga, room.id)).filter(({ author_kind }) => author_kind === "user").map(({ text }) => text);
  return { olga, eli, ada, room, said };
}

/** What the log of an object says of itself, from inside. */
const verified = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (actor) =>
    (actor as unknown as { readonly ledger: Ledger<never, never, never, never> }).ledger.verify(),
  );

describe("a person who is erased", () => {
  it("is forgotten by streams that sleep, in every table, and may say nothing more", async () => {
    const { olga, eli, ada, room, said } = await talk();
    const streams = [bindings.ROOM.getByName(room.id), bindings.AGENT.getByName(ada.id), userOf(eli)];
    for (const stream of streams) await evictDurableObject(stream as DurableObjectStub);
    const receipt = await erase(eli);
    expect(receipt).toMatchObject({
      subject: userName(eli.id as UserId),
      generations: [1],
      completedAt: expect.any(Number),
    });
    expect(receipt.streams.map(({ stream }) => stream).sort()).toEqual(
      [`agent:${ada.id}`, `room:${room.id}`, `user:${eli.id}`].sort(),
    );
    expect(await said()).toEqual([null, "Mine has no name."]);
    expectProblem(await say(eli, room.id, "And now?"), "forbidden");
    await userOf(eli).settle(5_000);
    const { results } = await bindings.DB.prepare("SELECT display_name FROM users WHERE clerk_user_id = ?")
      .bind(eli.id)
      .all();
    expect(results).toEqual([{ display_name: null }]);
    for (const stream of streams) {
      expect(await verified(stream as DurableObjectStub)).toMatchObject({ intact: true });
      await evictDurableObject(stream as DurableObjectStub);
      const rows = await runInDurableObject(stream as DurableObjectStub, (_actor, { storage }) =>
        storage.sql.exec("SELECT seq FROM event_keys WHERE subject = ?", userName(eli.id as UserId)).toArray(),
      );
      expect(rows).toEqual([]);
    }
    expect(await said()).toEqual([null, "Mine has no name."]);
    expect(await erase(eli, "once more")).toEqual(receipt);
    const messages = (await eventsOf(olga, "rooms", room.id)).filter(({ type }) => type === "MessagePosted");
    expect(messages[0]?.open).toMatchObject({ chars: 23 });
  });

  it("is forgotten late by a stream that cannot be reached, and the receipt says so meanwhile", async () => {
    const { eli, room, said } = await talk();
    const away = vi.spyOn(Room.prototype, "forgetKey").mockRejectedValue(new Error("network connection lost"));
    const receipt = await erase(eli);
    const open = receipt.streams.filter(({ confirmedAt }) => confirmedAt === null);
    expect([receipt.completedAt, open.map(({ stream }) => stream)]).toEqual([null, [`room:${room.id}`]]);
    away.mockRestore();
    await eventually("the room has forgotten", async () => ((await said())[0] === null ? true : undefined));
    const done = await eventually("the receipt is complete", async () => {
      const now = granted((await userOf(eli).erasure(principal(eli), receipt.id)) as Reply<ErasureReceipt>);
      return now.completedAt === null ? undefined : now;
    });
    expect(done.streams.every(({ confirmedAt }) => confirmedAt !== null)).toBe(true);
  });

  it("asks for it in person", async () => {
    const { olga, eli } = await talk();
    expect(await userOf(eli).erase(principal(olga), "erase")).toMatchObject({ refusal: { _tag: "PersonUnknown" } });
    expect(await userOf(eli).erasure(principal(eli), "ers_x")).toMatchObject({ refusal: { _tag: "PersonUnknown" } });
  });
});

describe("keys that turn", () => {
  const original = parseKeyEncryptionKeys(bindings.KEY_ENCRYPTION_KEYS);
  let settings: KeyEncryptionKeys = original;
  const newKey = () => crypto.getRandomValues(new Uint8Array(32));
  const spied = Vault.prototype as unknown as { keyEncryptionKeys(): KeyEncryptionKeys };
  beforeAll(() => void vi.spyOn(spied, "keyEncryptionKeys").mockImplementation(() => settings));
  const [secondKey, thirdKey] = [newKey(), newKey()];
  afterAll(() => {
    vi.restoreAllMocks();
    // The Vaults are those of all files: what has turned in here is opened with its new key from here on.
    const keys = new Map([...original.keys, [2, secondKey], [3, thirdKey]]);
    spied.keyEncryptionKeys = () => ({ newest: original.newest, keys });
  });
  const shards = VAULTS.map((shard) => bindings.VAULT.getByName(shard));
  const generations = (subject: string) =>
    runInDurableObject(bindings.VAULT.getByName(vaultOf(userName(subject as UserId))), (_vault, { storage }) =>
      storage.sql
        .exec("SELECT number, kek FROM key_generations WHERE subject = ? ORDER BY number", userName(subject as UserId))
        .toArray(),
    );

  /** Lets every Vault turn its keys to the end; meanwhile something else happens. */
  const turned = (meanwhile: () => Promise<void> = async () => {}) =>
    eventually("all keys have turned", async () => {
      for (const shard of shards) await shard.rotate();
      await Promise.all([...shards.map((shard) => runDurableObjectAlarm(shard as DurableObjectStub)), meanwhile()]);
      const left = await Promise.all(shards.map((shard) => shard.rotate()));
      return left.every(({ outdated }) => outdated === 0) ? true : undefined;
    });

  it("name the key-encryption key that is missing, and leave everything as it was", async () => {
    const { eli, said } = await talk();
    const report = vi.spyOn(console, "error").mockImplementation(() => {});
    settings = { newest: 2, keys: new Map([[2, newKey()]]) };
    const vault = bindings.VAULT.getByName(vaultOf(userName(eli.id as UserId)));
    expect(await vault.rotate()).toMatchObject({ outdated: expect.any(Number), missing: [1] });
    await runDurableObjectAlarm(vault as DurableObjectStub);
    const told = report.mock.calls.map((call) => call.map(String).join(" "));
    report.mockRestore();
    expect(told).toContainEqual(expect.stringMatching(/KEY_ENCRYPTION_KEYS has no number 1, under which \d+ keys/));
    expect(await generations(eli.id)).toEqual([{ number: 1, kek: 1 }]);
    settings = original;
    expect(await said()).toEqual(["My boat is called Nixe.", "Mine has no name."]);
  });

  it("take an agent's memory along while they turn, and the memory of a person when they die", async () => {
    const { asked } = scriptedModel(() => ({ says: ["Yes."] }));
    const eli = await arrived("eli");
    const ada = await newAgent(eli, scripted("Ada"));
    const rooms = [await newRoom(eli, "private", { agents: [ada] }), await newRoom(eli, "private", { agents: [ada] })];
    granted(
      (await userOf(eli).decideConsent(principal(eli), fresh("consent"), ada.id as AgentId, true)) as Reply<unknown>,
    );
    const ask = async (room: number, text: string) => {
      const { body } = await say<{ id: string }>(eli, rooms[room]!.id, text);
      const answer = await bindings.AGENT.getByName(ada.id).outcome(body.id as MessageId, 20_000);
      expect(answer).toMatchObject({ ending: "replied" });
    };
    await ask(0, "@Ada please remember that my boat is called Nixe.");
    await ask(1, "@Ada what is my boat called?");
    expect(asked.at(-1)?.system).toContain("Nixe");
    const agent = bindings.AGENT.getByName(ada.id) as DurableObjectStub;
    const count = (query: string) =>
      runInDurableObject(agent, (_agent, { storage }) => Number(storage.sql.exec(query).raw().next().value?.[0]));
    const ofEli = `subject = '${userName(eli.id as UserId)}'`;
    expect(await count(`SELECT number FROM derived_keys WHERE ${ofEli}`)).toBe(1);

    const words = () =>
      runInDurableObject(agent, (_agent, { storage }) =>
        storage.sql
          .exec("SELECT DISTINCT term FROM index_postings")
          .toArray()
          .map(({ term }) => term),
      );
    const before = await words();

    settings = { newest: 2, keys: new Map([...original.keys, [2, secondKey]]) };
    await turned();
    await evictDurableObject(agent);
    expect(await count(`SELECT number FROM derived_keys WHERE ${ofEli}`)).toBe(2);
    await ask(1, "@Ada and once more: what is my boat called?");
    expect(asked.at(-1)?.system).toContain("Nixe");
    const after = await words();
    expect([before.length > 5, after.length >= before.length]).toEqual([true, true]);
    expect(after.filter((term) => before.includes(term))).toEqual([]);

    expect(await count(`SELECT COUNT(*) FROM memories WHERE ${ofEli} AND state = 'live'`)).toBeGreaterThan(0);
    expect((await erase(eli)).completedAt).not.toBeNull();
    expect(await count(`SELECT COUNT(*) FROM memories WHERE ${ofEli} AND state = 'live'`)).toBe(0);
    expect(
      await count(`SELECT COUNT(*) FROM index_subjects WHERE name = '${userName(eli.id as UserId)}' AND entries > 0`),
    ).toBe(0);
    expect(await count(`SELECT COUNT(*) FROM memory_facts WHERE ${ofEli}`)).toBe(0);
  });

  it("leave everything readable while they turn, and then need the old one no more", async () => {
    const { olga, eli, ada, room, said } = await talk();
    const words = ["My boat is called Nixe.", "Mine has no name."];
    const forgets = async () => {
      const deleted = await olga.delete(`/memories/${(await newMemory(olga, ada)).id}`);
      return deleted.headers.get("location")!.slice("/api".length);
    };
    const openable = async (receipt: string) =>
      (await olga.get<{ what_remains: { openable_with: unknown } }>(receipt)).body.what_remains.openable_with;
    const early = await forgets();
    expect(await openable(early)).toContain(1);
    settings = { newest: 3, keys: new Map([...original.keys, [2, secondKey], [3, thirdKey]]) };
    for (const shard of shards) await shard.rotate();
    const read = async () => expect((await said()).slice(0, 2)).toEqual(words);
    await turned(async () => {
      await read();
      expect((await say(eli, room.id, "Still here.")).status).toBe(201);
    });
    settings = { newest: 3, keys: new Map([[3, thirdKey]]) };
    expect(await generations(eli.id)).toEqual([{ number: 2, kek: 3 }]);
    for (const stream of [bindings.ROOM.getByName(room.id), bindings.AGENT.getByName(ada.id)])
      await evictDurableObject(stream as DurableObjectStub);
    await read();
    expect([await openable(early), await openable(await forgets())]).toEqual([[], [3]]);
    const receipt = await erase(eli);
    expect([receipt.generations, receipt.whatRemains.openableWith]).toEqual([[2], [3]]);
    expect((await said()).filter((text) => text !== null)).toEqual([words[1]]);
  });
});
