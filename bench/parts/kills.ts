/** `kills`: the program is killed with -9 while sixteen people talk, again and again; what was acknowledged and lost, what was said twice. */

import { forget, newState, type Program, startProgram } from "../../test/support/program.ts";
import { budgets, type Part, type Scale } from "../figures.ts";
import { sleep } from "../processes.ts";
import { call } from "../requests.ts";

const PEOPLE = 16;
/** Words come slowly enough that a kill falls into the middle of replies. */
const SETTINGS = { DEMO_WORD_PAUSE_MS: "30" };
const ANSWERED_WITHIN_MS = 60_000;

interface Message {
  readonly id: string;
  readonly seq: number;
  readonly text: string;
  readonly in_reply_to?: string;
}

/** One person with a room and the agent in it. */
interface Person {
  readonly token: string;
  readonly room: string;
  /** What was said, by the client's own id; the message's id once it was acknowledged. */
  readonly said: Map<string, string | undefined>;
}

const headers = (token: string) => ({ authorization: `Bearer ${token}` });

async function signIn(program: Program, user: string): Promise<string> {
  const { token } = await call<{ token: string }>("POST", `${program.url}/dev/token`, { user, roles: [] });
  return token;
}

async function people(program: Program): Promise<ReadonlyArray<Person>> {
  return Promise.all(
    Array.from({ length: PEOPLE }, async (_, index) => {
      const token = await signIn(program, `person${index}`);
      const as = headers(token);
      const ask = <A>(path: string, body: unknown) => call<A>("POST", `${program.url}/api${path}`, body, as);
      const agent = {
        name: "Ada",
        llm_provider: "anthropic",
        model_name: "claude-sonnet-5-5",
        system_prompt: "Be kind.",
      };
      const { id: agent_id } = await ask<{ id: string }>("/agents", agent);
      const { id: room } = await ask<{ id: string }>("/rooms", { name: `room ${index}`, kind: "private" });
      await ask(`/rooms/${room}/participants`, { agent_id });
      return { token, room, said: new Map() };
    }),
  );
}

/** Says one thing after the other until the program is gone; what got no answer is said again, under its id, in the next round. */
async function talk(
  program: Program,
  { token, room, said }: Person,
  round: number,
  over: () => boolean,
): Promise<void> {
  const unanswered = [...said].flatMap(([id, message]) => (message === undefined ? [id] : []));
  for (let count = 0; !over(); count++) {
    const client_msg_id = unanswered.shift() ?? `${round}/${count}`;
    said.set(client_msg_id, undefined);
    const body = { text: `@Ada, tell me about number ${client_msg_id}.`, client_msg_id };
    try {
      const { id } = await call<Message>("POST", `${program.url}/api/rooms/${room}/messages`, body, headers(token));
      said.set(client_msg_id, id);
    } catch {
      return; // it is gone: nobody knows whether this was heard
    }
    await sleep(150);
  }
}

async function messagesOf(program: Program, { token, room }: Person): Promise<ReadonlyArray<Message>> {
  const all: Message[] = [];
  for (;;) {
    const after = all.at(-1)?.seq ?? 0;
    const url = `${program.url}/api/rooms/${room}/messages?after_seq=${after}&limit=200`;
    const { data } = await call<{ data: ReadonlyArray<Message> }>("GET", url, undefined, headers(token));
    if (data.length === 0) return all;
    all.push(...data);
  }
}

/** Waits until everybody's newest message has its answer; how long that took. */
async function answered(program: Program, everybody: ReadonlyArray<Person>): Promise<ReadonlyArray<number>> {
  const begun = performance.now();
  return Promise.all(
    everybody.map(async (person) => {
      for (;;) {
        const messages = await messagesOf(program, person);
        const newest = messages.findLast(({ in_reply_to }) => in_reply_to === undefined);
        if (newest === undefined || messages.some(({ in_reply_to }) => in_reply_to === newest.id))
          return performance.now() - begun;
        if (performance.now() - begun > ANSWERED_WITHIN_MS) throw new Error(`${newest.id} was never answered`);
        await sleep(50);
      }
    }),
  );
}

/** What is wrong with a room after all kills: acknowledged messages that are gone, and anything that is there twice. */
async function faults(program: Program, person: Person) {
  const messages = await messagesOf(program, person);
  const ids = new Set(messages.map(({ id }) => id));
  const acknowledged = [...person.said.values()].filter((id) => id !== undefined);
  const texts = messages.flatMap(({ text, in_reply_to }) => (in_reply_to === undefined ? [text] : []));
  const replies = messages.flatMap(({ in_reply_to }) => (in_reply_to === undefined ? [] : [in_reply_to]));
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((id) => !ids.has(id)).length,
    doubled: texts.length - new Set(texts).size + replies.length - new Set(replies).size,
    replies: replies.length,
  };
}

export const kills: Part = {
  name: "kills",
  about: "kill -9 on all its processes while sixteen people talk with an agent each; started again on the same state",
  async measure({ quick }: Scale) {
    const state = newState();
    const count = quick ? 2 : 20;
    let program = await startProgram({ state, settings: SETTINGS });
    try {
      const everybody = await people(program);
      const resumed: number[] = [];
      for (let round = 1; round <= count; round++) {
        let over = false;
        const talking = everybody.map((person) => talk(program, person, round, () => over));
        await sleep(400 + ((round * 367) % 1_200)); // another moment in every round
        await program.kill();
        over = true;
        await Promise.all(talking);
        program = await startProgram({ state, settings: SETTINGS });
        resumed.push(Math.max(...(await answered(program, everybody))));
      }
      const found = await Promise.all(everybody.map((person) => faults(program, person)));
      const sum = (of: (fault: (typeof found)[number]) => number) => [found.reduce((all, fault) => all + of(fault), 0)];
      return {
        figures: [
          { name: "kills", unit: "times", rounds: [count] },
          { name: "acknowledged", unit: "messages", rounds: sum(({ acknowledged }) => acknowledged) },
          { name: "acknowledged and lost", unit: "messages", rounds: sum(({ lost }) => lost), budget: budgets.lost },
          { name: "said twice", unit: "messages", rounds: sum(({ doubled }) => doubled), budget: budgets.lost },
          { name: "replies", unit: "messages", rounds: sum(({ replies }) => replies) },
          { name: "last of sixteen answers after the start", unit: "ms", rounds: resumed, budget: budgets.resumedMs },
        ],
        notes: ["a turn goes on within five seconds of its last commit; the start itself is not counted"],
      };
    } finally {
      await program.kill();
      forget(state);
    }
  },
};
