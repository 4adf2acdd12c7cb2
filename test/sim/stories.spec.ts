/** What the simulator found first, told again by hand: each is a history in which the house once broke a promise. */
import { describe, expect, it } from "vitest";
import type { AgentId } from "#events/kit/ids.ts";
import { agentOf, type Plan, personOf, roomOf } from "./plan.ts";
import { story } from "./run.ts";
import { ask } from "./tales.ts";
import { calm } from "./weather.ts";
import type { World } from "./world.ts";

const dana = personOf("dana");
const eli = personOf("eli");
const lobby = roomOf(0);
const ada = agentOf("Ada");

const plan: Plan = {
  people: [dana, eli],
  rooms: [{ roomId: lobby, kind: "public" }],
  agents: [{ agentId: ada, name: "Ada" }],
  deeds: 0,
  chatter: 0,
};

type Until = (deed: Promise<unknown>) => Promise<void>;

/** A story over a lobby that Ada is in; at its end everything must be in order. */
const told = (tale: (house: World, until: Until) => Promise<void>) => async () => {
  const { violation } = await story(plan, async (house, until) => {
    await until(house.people.setUp(dana));
    await until(house.people.dismiss(dana, lobby, ada));
    await until(house.clock.sleep(10_000, "a pause"));
    await tale(house, until);
  });
  expect(violation).toBeUndefined();
};

const invite = ({ people }: World) => people.invite(dana, lobby, ada, "Ada");
const dismiss = ({ people }: World) => people.dismiss(dana, lobby, ada);
const say = ({ people }: World, text: string) => people.post(eli, lobby, { text });

/** The object dies with all that is safe on its disk. */
function kill({ platform }: World, kind: "ROOM" | "AGENT", name: string): void {
  const { instance } = platform.object(kind, name);
  if (instance !== undefined) platform.crash(instance, false);
}

const heardBy = ({ chronicle }: World, agentId: AgentId): number =>
  chronicle.of(`agent:${agentId}`).filter(({ type }) => type === "MessageReceived").length;

/** The turns of what Ada has said in the lobby. */
const saidByAda = ({ chronicle }: World): ReadonlyArray<unknown> =>
  chronicle
    .of(`room:${lobby}`)
    .filter(({ type, actor }) => type === "MessagePosted" && actor === `agent:${ada}`)
    .map(({ open }) => open["turn"]);

describe("an agent that is sent away", () => {
  it(
    "within a second of its invitation is told so, though the room dies before it could",
    told(async (house, until) => {
      await until(invite(house));
      house.weather = { ...calm, deaf: new Set(["hear"]) };
      await until(dismiss(house));
      kill(house, "ROOM", lobby);
    }),
  );

  it(
    "and brought back and sent away again while it is told of the first, hears what was said in between",
    told(async (house, until) => {
      await until(invite(house));
      house.weather = { ...calm, slow: 1 };
      void dismiss(house);
      while (house.chronicle.of(`room:${lobby}`).at(-1)?.type !== "AgentDismissed") await house.step();
      house.weather = calm; // what it is told is on its way, and will be for a while
      await until(invite(house));
      await until(say(house, "You need not go yet."));
      await until(dismiss(house));
    }),
  );

  it(
    "hears nothing of what is said meanwhile, also when it comes back and its room has forgotten how far it was told",
    told(async (house, until) => {
      await until(invite(house));
      await until(house.clock.sleep(10_000, "a pause"));
      house.weather = { ...calm, deaf: new Set(["hear"]) };
      await until(dismiss(house));
      await until(say(house, "Ada is gone."));
      house.weather = calm;
      await until(house.clock.sleep(10_000, "a pause"));
      const before = heardBy(house, ada);
      await until(invite(house));
      await until(say(house, "@Ada, there you are."));
      await until(house.clock.sleep(10_000, "a pause"));
      expect(heardBy(house, ada)).toBe(before + 1);
    }),
  );
});

describe("an agent whose process dies whenever it takes a turn up", () => {
  const happened = ({ chronicle }: World, type: string) =>
    chronicle.of(`agent:${ada}`).filter((event) => event.type === type);
  const lives = (house: World) => happened(house, "TurnStarted").length + happened(house, "TurnResumed").length;
  const isOver = (house: World) => happened(house, "TurnFailed").length > 0;

  /** It dies in its next life, as soon as it has taken the turn up again. */
  async function dieAgain(house: World): Promise<void> {
    const before = lives(house);
    while (lives(house) === before && !isOver(house) && (await house.step()));
    kill(house, "AGENT", ada);
  }

  const asked = async (house: World, until: Until) => {
    await until(invite(house));
    await until(house.clock.sleep(10_000, "a pause"));
    await until(say(house, "@Ada, what is this?"));
  };

  // A turn is given up after the life that last brought something and three more that brought nothing, and its last word
  // has three lives: seven deaths. When none can say it, the turn ends on record, for an agent that dies of its last word must not die for ever; what is on
  // record is told to the room, by no step of the turn.
  it(
    "ends that turn on record, and whoever asked is told once that it could not be finished",
    told(async (house, until) => {
      await asked(house, until);
      for (let life = 1; life <= 7; life++) await dieAgain(house);
      await until(house.clock.sleep(60_000, "a pause"));
      expect(happened(house, "TurnFailed")).toMatchObject([{ open: { reason: "no-progress" } }]);
      const [heard] = happened(house, "MessageReceived");
      expect(saidByAda(house)).toMatchObject([{ notice: true, inReplyTo: heard?.open["messageId"] }]);
    }),
  );

  it(
    "and dies once more when it is about to tell its room, tells it in its next life and takes nothing up again",
    told(async (house, until) => {
      await asked(house, until);
      for (let life = 1; life <= 6; life++) await dieAgain(house);
      house.weather = { ...calm, deaf: new Set(["postReply"]) };
      while (!isOver(house)) await dieAgain(house);
      const lived = lives(house);
      await until(house.clock.sleep(10_000, "a pause"));
      expect(saidByAda(house)).toEqual([]);
      house.weather = calm;
      await until(house.clock.sleep(60_000, "a pause"));
      expect(saidByAda(house)).toMatchObject([{ notice: true }]);
      expect(lives(house)).toBe(lived);
    }),
  );

  it(
    "and has said its last word without hearing that it was said, says no other",
    told(async (house, until) => {
      await asked(house, until);
      for (let life = 1; life <= 4; life++) await dieAgain(house);
      house.weather = { ...calm, slow: 1 }; // the room's answer is on its way for long
      while (saidByAda(house).length === 0 && (await house.step()));
      kill(house, "AGENT", ada);
      house.weather = calm;
      while (!isOver(house)) await dieAgain(house);
      await until(house.clock.sleep(60_000, "a pause"));
      expect(happened(house, "ReplyPosted")).toEqual([]);
      expect(saidByAda(house)).toHaveLength(1);
    }),
  );
});

describe("an agent that is told that somebody takes back their leave", () => {
  /** The first transaction behind the one in which the agent notes it cannot be ended. */
  function strike({ platform }: World): void {
    const { disk } = platform.object("AGENT", ada);
    const ended = disk.transaction;
    let struck = false;
    disk.transaction = (body, seal) => {
      const noted = "SELECT 1 FROM events WHERE type = 'ConsentNoted' AND open ->> '$.granted' = 0";
      const strikes = !struck && disk.execute(noted, []).length > 0;
      return ended.call(disk, body, () => {
        struck ||= strikes;
        if (strikes) throw new Error("storage: the transaction was not ended");
        seal();
      }) as ReturnType<typeof body>;
    };
  }

  const forgotten = ({ chronicle }: World) =>
    chronicle.of(`agent:${ada}`).filter(({ type }) => type === "MemoryForgotten").length;

  it(
    "forgets what it had of them with what it commits next, though it could not look for it at once",
    told(async (house, until) => {
      await until(invite(house));
      const agree = (granted: boolean) => until(house.people.decide(eli, ada, granted));
      await until(ask(house, "USER", eli.userId, "arrive", eli));
      await until(say(house, "Nice weather."));
      await agree(true);
      await until(say(house, "@Ada I live in Rome."));
      await until(house.clock.sleep(10_000, "a pause"));
      strike(house);
      await agree(false);
      expect(forgotten(house)).toBe(0);
      await until(say(house, "Nice weather."));
      await until(house.clock.sleep(10_000, "a pause"));
      expect(forgotten(house)).toBe(1);
    }),
  );
});

describe("an agent that was deleted", () => {
  it(
    "goes from a room each time it is brought there",
    told(async (house, until) => {
      await until(house.people.remove(dana, ada));
      for (let time = 0; time < 2; time++) {
        await until(invite(house));
        await until(house.clock.sleep(10_000, "a pause"));
      }
    }),
  );
});
