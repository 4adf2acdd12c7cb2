/** Somebody is erased while they are answered, at every step of it: nothing that answers them, or says again what they said, is read afterwards. */
import { Effect, Layer, Stream } from "effect";
import { describe, expect, it } from "vitest";
import { ChatModel } from "#actors/agent/turn/ports.ts";
import type { Principal } from "#actors/kit/doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Message } from "#actors/room/frames.ts";
import { userName } from "#events/kit/ids.ts";
import { abilitiesWith, Elsewhere } from "./canaries.ts";
import { roomOf } from "./plan.ts";
import { costOf, demo } from "./prices.ts";
import { ada, ask, dana, eli, erase, goOn, granted, killAll, lobby, messages, told, type Until } from "./tales.ts";
import { calm } from "./weather.ts";
import type { Options, World } from "./world.ts";

const isAda = ({ author_id }: Message) => author_id === ada;
const saidByAda = async (house: World, until: Until, roomId = lobby) =>
  (await until(messages(house, roomId))).filter(isAda);

/** What was said in Ada's turns that answer dana, or say something of hers again, and can still be opened in her log. */
function keptByAda({ platform }: World): ReadonlyArray<unknown> {
  return platform.object("AGENT", ada).disk.execute(
    `SELECT e.type, e.seq FROM events e JOIN event_keys k ON k.seq = e.seq
     WHERE e.type IN ('ModelReplied', 'ToolExecuted', 'ToolFailed', 'ReplyDrafted') AND e.open ->> '$.turnId' IN (
       SELECT open ->> '$.turnId' FROM events WHERE type = 'MessageReceived' AND actor = ?
       UNION SELECT open ->> '$.turnId' FROM events d
         WHERE type = 'ReplyDrafted' AND EXISTS (SELECT 1 FROM json_each(d.open, '$.tells') WHERE value = ?))`,
    [userName(dana.userId), dana.userId],
  );
}

const asks: readonly [Principal, string] = [dana, "@Ada and what is that?"];

const comeBack = async (house: World, until: Until) => {
  granted(await until(ask<Reply>(house, "USER", dana.userId, "comeBack", dana, "back")));
  await until(house.clock.sleep(6_000, "a pause"));
};

/** Somebody says something to Ada; so many steps later dana is erased. Answers how many steps there were until then. */
async function erasedAfter(house: World, until: Until, most: number, [by, text] = asks): Promise<number> {
  await until(house.people.post(by, lobby, { text }));
  const steps = await goOn(house, most);
  granted(await until(erase(house, dana)));
  return steps;
}

/** Tells a tale with every number of steps, or every few of them, until there are no more. */
async function atEveryStep(
  tale: (house: World, until: Until, most: number) => Promise<number>,
  { stride = 1, ...options }: Options & { readonly stride?: number } = {},
): Promise<void> {
  let most = 0;
  for (let isOver = false; !isOver; most += stride)
    await told(async (house, until) => {
      isOver = (await tale(house, until, most)) < most;
    }, options);
  expect(most).toBeGreaterThan(30);
}

describe("a person who is erased while an agent answers them", () => {
  async function checkGone(house: World, until: Until): Promise<void> {
    await until(house.clock.sleep(60_000, "a pause"));
    expect((await saidByAda(house, until)).filter(({ text }) => text !== null)).toEqual([]);
    expect(keptByAda(house)).toEqual([]);
  }

  it("is answered no more, and nothing of an answer is kept, at whichever step of it", () =>
    atEveryStep(async (house, until, most) => {
      const steps = await erasedAfter(house, until, most);
      await checkGone(house, until);
      return steps;
    }));

  it("nor where everybody dies as soon as they are erased", () =>
    atEveryStep(async (house, until, most) => {
      const steps = await erasedAfter(house, until, most);
      killAll(house);
      await checkGone(house, until);
      return steps;
    }));

  it("and comes back has every new question answered, and none of the old ones", () =>
    atEveryStep(async (house, until, most) => {
      const steps = await erasedAfter(house, until, most);
      await comeBack(house, until);
      await checkGone(house, until);
      await until(house.people.post(dana, lobby, { text: "@Ada what is new?" }));
      await until(house.clock.sleep(60_000, "a pause"));
      const [last, ...before] = (await saidByAda(house, until)).toReversed();
      expect(last!.text).toEqual(expect.any(String));
      expect(before.filter(({ text }) => text !== null)).toEqual([]);
      expect(keptByAda(house)).not.toEqual([]);
      return steps;
    }));

  it("and comes back before the answer could be posted, never sees it", () =>
    told(async (house, until) => {
      house.weather = { ...calm, deaf: new Set(["postReply"]) };
      await until(house.people.post(dana, lobby, { text: "@Ada and what is that?" }));
      const drafts = () => house.chronicle.of(`agent:${ada}`).filter(({ type }) => type === "ReplyDrafted").length;
      for (const before = drafts(); drafts() === before; ) await house.step();
      granted(await until(erase(house, dana)));
      await comeBack(house, until);
      await until(house.people.post(dana, lobby, { text: "I am back." }));
      house.weather = calm;
      await checkGone(house, until);
      expect(await saidByAda(house, until)).toHaveLength(2);
    }));

  it("has a question that waits declined, and whoever waited behind them is answered", () =>
    told(async (house, until) => {
      for (const [by, text] of [asks, [eli, "@Ada and what do I say?"], [dana, "@Ada and I?"]] as const)
        await until(house.people.post(by, lobby, { text }));
      granted(await until(erase(house, dana)));
      const ends = house.chronicle.of(`agent:${ada}`).filter(({ command }) => command.includes("/stop/"));
      expect(ends.map(({ type }) => type)).toEqual(["TurnDeclined", "TurnInterrupted"]);
      await until(house.clock.sleep(60_000, "a pause"));
      const shown = (await saidByAda(house, until)).filter(({ text }) => text !== null);
      const asked = (await until(messages(house))).find(({ text }) => text === "@Ada and what do I say?");
      expect(shown).toMatchObject([{ in_reply_to: asked!.id, text: expect.any(String) }]);
    }));
});

describe("a person who is erased while an agent tells somebody else what they said", () => {
  /** A model that takes its time, and says whatever it was shown of dana's words. */
  const telltale = Layer.mergeAll(
    abilitiesWith(new Elsewhere()),
    Layer.succeed(ChatModel, {
      price: costOf,
      stream: (_choice, prompt) => {
        const knows = JSON.stringify(prompt).includes("secret");
        const text = knows ? "Dana said hers is a secret." : "Nobody said anything.";
        const reply = { type: "reply" as const, text, calls: [], finish: "end" as const, ...demo };
        return Stream.fromEffect(Effect.delay(Effect.succeed({ ...reply, tokensIn: 1, tokensOut: 1 }), 1_000));
      },
    }),
  );

  async function checkSecret(house: World, until: Until): Promise<void> {
    await until(house.clock.sleep(60_000, "a pause"));
    const all = await saidByAda(house, until);
    expect(all.filter(({ text }) => text?.includes("secret"))).toEqual([]);
    expect(keptByAda(house)).toEqual([]);
  }

  it("is not told of any more: in doubt, what was shown to a model and has gone since is in its answer", () =>
    atEveryStep(
      async (house, until, most) => {
        const steps = await erasedAfter(house, until, most, [eli, "@Ada what did she say?"]);
        await checkSecret(house, until);
        return steps;
      },
      { abilities: telltale },
    ));

  it("is not told of either where it was a memory that came to mind", () =>
    atEveryStep(
      async (house, until, most) => {
        granted(await until(ask<Reply>(house, "USER", dana.userId, "decideConsent", dana, "agrees", ada, true)));
        await until(house.people.post(dana, lobby, { text: "My harbour is a secret." }));
        // So much is said then that the room shows nothing of hers any more.
        for (let thought = 1; thought <= 40; thought++)
          await until(house.people.post(eli, lobby, { text: `Thought ${thought}.` }));
        const steps = await erasedAfter(house, until, most, [eli, "@Ada where is the harbour?"]);
        const contexts = house.chronicle.of(`agent:${ada}`).filter(({ type }) => type === "ContextAssembled");
        if (steps < most) expect(contexts.at(-1)).toMatchObject({ open: { memorySeqs: [expect.any(Number)] } });
        await checkSecret(house, until);
        return steps;
      },
      { stride: 3, abilities: telltale },
    ));

  it("is forgotten also in a room where they never were", () =>
    told(
      async (house, until) => {
        const elsewhere = roomOf(1);
        await until(
          ask(house, "ROOM", elsewhere, "open", eli, "open", { roomId: elsewhere, name: "", kind: "public" }),
        );
        await until(house.people.invite(eli, elsewhere, ada, "Ada"));
        granted(await until(ask<Reply>(house, "USER", dana.userId, "decideConsent", dana, "agrees", ada, true)));
        await until(house.people.post(dana, lobby, { text: "My harbour is a secret." }));
        await until(house.clock.sleep(10_000, "a pause"));
        await until(house.people.post(eli, elsewhere, { text: "@Ada where is the harbour of dana?" }));
        await until(house.clock.sleep(10_000, "a pause"));
        const before = await saidByAda(house, until, elsewhere);
        expect(before.map(({ text }) => text)).toEqual([expect.stringContaining("secret")]);
        granted(await until(erase(house, dana)));
        await until(house.clock.sleep(60_000, "a pause"));
        expect((await saidByAda(house, until, elsewhere)).map(({ text }) => text)).toEqual([null]);
      },
      { abilities: telltale },
    ));
});
