/** What tales of a simulated house begin with: its people, how they ask, what they read, and how everybody dies; used by keys.spec.ts, erased-in-mid-turn.spec.ts and forgotten-bytes.spec.ts. */
import { expect } from "vitest";
import type { Principal } from "#actors/kit/doors.ts";
import type { ErasureReceipt } from "#actors/kit/key-doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { unwrapKey } from "#actors/kit/seal.ts";
import type { Message } from "#actors/room/frames.ts";
import type { ActorName } from "#events/kit/ids.ts";
import type { Disk } from "./disk.ts";
import type { Kind } from "./instance.ts";
import { agentOf, type Plan, personOf, roomOf } from "./plan.ts";
import { story } from "./run.ts";
import type { Options, World } from "./world.ts";

export const [dana, eli] = [personOf("dana"), personOf("eli")];
export const lobby = roomOf(0);
export const ada = agentOf("Ada");
export const plan: Plan = {
  people: [eli, dana],
  rooms: [{ roomId: lobby, kind: "public" }],
  agents: [{ agentId: ada, name: "Ada" }],
  ...{ deeds: 0, chatter: 0 },
};

export type Until = <A>(deed: Promise<A>) => Promise<A>;

/** Asks until there is an answer, for whoever is asked may just have died. */
export async function ask<A>(
  house: World,
  kind: Kind,
  name: string,
  method: string,
  ...values: ReadonlyArray<unknown>
): Promise<A> {
  for (;;)
    try {
      return (await house.network.call(undefined, house.platform.object(kind, name), method, values)) as A;
    } catch {
      await house.clock.sleep(500, `${method} again`);
    }
}

export const erase = (house: World, by: Principal, command = "erase") =>
  ask<Reply<ErasureReceipt>>(house, "USER", by.userId, "erase", by, command);

export const granted = <A>(reply: Reply<A>): A => {
  if (reply.outcome === "refused") throw new Error(reply.refusal._tag);
  return reply.value;
};

export async function messages(house: World, roomId = lobby): Promise<ReadonlyArray<Message>> {
  const range = { after: 0, limit: 5_000 };
  return granted(await ask<Reply<{ messages: ReadonlyArray<Message> }>>(house, "ROOM", roomId, "messages", eli, range))
    .messages;
}

/** Who said what, of people. */
export const said = (all: ReadonlyArray<Message>) =>
  all.filter(({ author_kind }) => author_kind === "user").map(({ author_id, text }) => [author_id, text]);

/** Lets the house go on for so many steps, or to rest. Answers how many it took. */
export async function goOn(house: World, most: number): Promise<number> {
  const until = house.clock.now + 60_000;
  for (let steps = 0; steps < most; steps++) if (!(await house.step(until))) return steps;
  return most;
}

/** Every object dies with all that is safe on its disk. */
export function killAll({ platform }: World): void {
  for (const { instance } of platform.objects.values()) if (instance !== undefined) platform.crash(instance, true);
}

/** Subjects under whose key something can still be opened, by stream. */
export const rowsOf = ({ platform }: World, subject: ActorName): ReadonlyArray<string> =>
  [...platform.objects.values()].flatMap(({ disk, stream }) =>
    disk.execute("SELECT 1 FROM sqlite_master WHERE name = 'event_keys'", []).length > 0 &&
    disk.execute("SELECT 1 FROM event_keys WHERE subject = ?", [subject]).length > 0
      ? [stream]
      : [],
  );

/** A lobby in which dana and eli have spoken with Ada; at the end everything must be in order. */
export async function told(tale: (house: World, until: Until) => Promise<void>, options: Options = {}): Promise<void> {
  const { violation } = await story(
    plan,
    async (house, until) => {
      const answered: Until = async (deed) => {
        await until(deed);
        return deed;
      };
      for (const by of [eli, dana]) await answered(ask(house, "USER", by.userId, "arrive", by));
      await answered(house.people.setUp(eli));
      await answered(house.people.invite(eli, lobby, ada, "Ada"));
      await answered(house.people.post(dana, lobby, { text: "Mine is a secret." }));
      await answered(house.people.post(eli, lobby, { text: "And this is mine." }));
      await answered(house.people.post(dana, lobby, { text: "@Ada what is this?" }));
      await answered(house.clock.sleep(10_000, "a pause"));
      await tale(house, answered);
    },
    options,
  );
  expect(violation).toBeUndefined();
}

export const has = (disk: Disk, table: string) =>
  disk.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).length > 0;

/** Every generation of every key that the settings of this moment open. */
export const currentKeys = ({ platform, keyEncryptionKeys }: World): ReadonlyMap<string, Uint8Array> =>
  new Map(
    [...platform.objects.values()]
      .filter(({ disk }) => has(disk, "key_generations"))
      .flatMap(({ disk }) => disk.execute("SELECT subject, number, kek, wrapped FROM key_generations", []))
      .map((row) => {
        const [subject, number, kek, wrapped] = row as [string, number, number, Uint8Array];
        return [`${subject} ${number}`, unwrapKey(keyEncryptionKeys.keys.get(kek)!, wrapped, subject, number)];
      }),
  );
