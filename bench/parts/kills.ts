/** `kills`, `kills-wrangler`: the program is killed with -9 while sixteen people talk, again and again; what was acknowledged and lost, what was said twice. */
import { budgets, type Figure, type Part, type Scale } from "../figures.ts";
import { runtimesOf, sleep } from "../processes.ts";
import { folder, type Program, startPacedModel, startTroupe, startTroupeUnderWrangler } from "../program.ts";
import { call } from "../requests.ts";

const PEOPLE = 16;
/** Words come slowly enough that a kill falls into the middle of replies: a second each. */
const PACE = "[pace 30 30]";
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
    const body = { text: `@Ada, tell me about number ${client_msg_id}. ${PACE}`, client_msg_id };
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

/** What was counted between one start and the kill that ended it. */
interface Life {
  /** Until the last of sixteen had the answer that a kill had kept from them. */
  readonly resumedMs: number;
  /** Runtimes that came up while people talked: whoever runs the program may start a dead one again by itself. */
  readonly revived: number;
}

type Start = (modelUrl: string, home: string) => Promise<Program>;

/** Starts, talks and kills so often, all in one folder; answers the lives and what is wrong in the end. */
async function killed(start: Start, count: number) {
  const model = await startPacedModel();
  const home = folder();
  let program = await start(model.url, home);
  try {
    const everybody = await people(program);
    const lives: Life[] = [];
    for (let round = 1; round <= count; round++) {
      const born = runtimesOf(program.pid);
      let over = false;
      const talking = everybody.map((person) => talk(program, person, round, () => over));
      await sleep(400 + ((round * 367) % 1_200)); // another moment in every round
      const revived = runtimesOf(program.pid).filter((pid) => !born.includes(pid)).length;
      await program.kill();
      over = true;
      await Promise.all(talking);
      program = await start(model.url, home);
      lives.push({ revived, resumedMs: Math.max(...(await answered(program, everybody))) });
    }
    return { lives, found: await Promise.all(everybody.map((person) => faults(program, person))) };
  } finally {
    await program.end();
    await model.end();
  }
}

function figuresOf({ lives, found }: Awaited<ReturnType<typeof killed>>): ReadonlyArray<Figure> {
  const sum = <A>(all: ReadonlyArray<A>, of: (one: A) => number) => [all.reduce((total, one) => total + of(one), 0)];
  const resumed = lives.map(({ resumedMs }) => resumedMs);
  return [
    { name: "kills", unit: "times", rounds: [lives.length] },
    { name: "acknowledged", unit: "messages", rounds: sum(found, ({ acknowledged }) => acknowledged) },
    { name: "acknowledged and lost", unit: "messages", rounds: sum(found, ({ lost }) => lost), budget: budgets.lost },
    { name: "said twice", unit: "messages", rounds: sum(found, ({ doubled }) => doubled), budget: budgets.lost },
    { name: "replies", unit: "messages", rounds: sum(found, ({ replies }) => replies) },
    { name: "runtimes that came back by themselves", unit: "times", rounds: sum(lives, ({ revived }) => revived) },
    { name: "last of sixteen answers after the start", unit: "ms", rounds: resumed, budget: budgets.resumedMs },
  ];
}

const killsOf = (name: string, runBy: string, start: Start): Part => ({
  name,
  about: `kill -9 on all processes of ${runBy} while sixteen people talk with an agent each; started again on the same state`,
  measure: async ({ quick }: Scale) => ({
    figures: figuresOf(await killed(start, quick ? 2 : 20)),
    notes: ["a turn goes on within five seconds of its last commit; the start itself is not counted"],
  }),
});

export const kills = killsOf("kills", "`npm start`", startTroupe);
export const killsUnderWrangler = killsOf("kills-wrangler", "`wrangler dev`", startTroupeUnderWrangler);
