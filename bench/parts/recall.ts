/** `recall`: what a search, a new memory, a wake and a rebuild cost inside an agent that remembers this much. */
import { conversations } from "../evaluation-set.ts";
import { type Budget, budgets, type Figure, type Part, percentile, type Scale } from "../figures.ts";
import { heldBytes, type Inspected } from "../held.ts";
import { cpuMs } from "../processes.ts";
import { type Program, startWorker } from "../program.ts";
import { call } from "../requests.ts";
import { type Saying, START, talk } from "../talk.ts";

const MINUTE = 60_000;
const PORTION = 1_000;
const WAKES = 5;
/** So many messages tell what one takes in the log, without memory. */
const BARE = 2_000;

type Ask = <Answer = object>(operation: string, input?: unknown) => Promise<Answer>;

const objectOf =
  ({ url }: Program, name: string): Ask =>
  (operation, input = {}) =>
    call("POST", `${url}/memories/${name}/${operation}`, input);

const texts = (): ReadonlyArray<string> => conversations().flatMap(({ turns }) => turns.map(({ text }) => text));

const since = (begun: number): number => performance.now() - begun;

async function timed(body: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await body();
  return since(begun);
}

async function times<A>(
  inputs: ReadonlyArray<A>,
  body: (input: A) => Promise<unknown>,
): Promise<ReadonlyArray<number>> {
  const found: number[] = [];
  for (const input of inputs) found.push(await timed(() => body(input)));
  return found;
}

const median50 = (values: ReadonlyArray<number>) => percentile(values, 0.5);
const worst5 = (values: ReadonlyArray<number>) => percentile(values, 0.95);

interface Load {
  readonly count: number;
  readonly searches: number;
  readonly adds: number;
  readonly budget?: Budget;
}

const ms = (name: string, value: number, budget?: Budget): Figure => ({
  ...{ name, unit: "ms", rounds: [value] },
  ...(budget === undefined ? {} : { budget }),
});

/** An agent that has heard so many messages; answers the bytes that they take. */
async function filled(ask: Ask, sayings: Iterator<Saying>, count: number, memory: boolean): Promise<number> {
  await ask("begin", { memory });
  const { bytes: before } = await ask<{ bytes: number }>("size");
  for (let done = 0; done < count; done += PORTION) {
    const portion = Array.from({ length: Math.min(PORTION, count - done) }, () => sayings.next().value);
    await ask("hear", { sayings: portion });
  }
  const { bytes } = await ask<{ bytes: number }>("size");
  return bytes - before;
}

async function ofSize(
  worker: Program & Inspected,
  { count, searches, adds, budget }: Load,
): Promise<ReadonlyArray<Figure>> {
  const ask = objectOf(worker, `of-${count}`);
  const sayings = talk(texts());
  const bytes = await filled(ask, sayings, count, true);
  const bare = Math.min(count, BARE);
  const without = await filled(objectOf(worker, `bare-${count}`), talk(texts()), bare, false);
  const questions = conversations().flatMap((each) => each.questions);
  const now = START + count * 4 * MINUTE;
  const asked = Array.from({ length: searches }, (_, index) => questions[(index * 7) % questions.length]!.text);
  const search = (text: string) => ask<ReadonlyArray<string>>("search", { text, now });
  await times(asked.slice(0, 20), search);
  const begun = cpuMs(worker.pid);
  const found = await times(asked, search);
  const processor = (cpuMs(worker.pid) - begun) / searches;
  const inRooms = await times(
    asked.map((text, index) => ({ text, now, room: index % 50 })),
    (question) => ask("search", question),
  );
  const added = await times(
    Array.from({ length: adds }, () => sayings.next().value),
    (saying) => ask("add", saying),
  );
  const woken = await times(asked.slice(0, WAKES), async (text) => {
    await ask("evict");
    return search(text);
  });
  const evictions = await times(asked.slice(0, WAKES), async () => {
    await ask("evict");
    return ask("nothing");
  });
  const rebuilding = await timed(async () => {
    const { memories } = await ask<{ memories: number }>("rebuild");
    if (memories !== count + adds) throw new Error(`of ${count + adds} memories ${memories} came out of the log`);
  });
  await ask("evict");
  const empty = await heldBytes(worker);
  await times(asked.slice(0, 50), search);
  const held = (await heldBytes(worker)) - empty;
  const among = `among ${count.toLocaleString("en")}`;
  return [
    ms(`search ${among}, p50`, median50(found)),
    ms(`search ${among}, p95`, worst5(found), budget),
    ms(`search ${among}, processor time`, processor),
    ms(`search in a room ${among}, p50`, median50(inRooms)),
    ms(`search in a room ${among}, p95`, worst5(inRooms), budget),
    ms(`one memory more ${among}, p50`, median50(added)),
    ms(`one memory more ${among}, p95`, worst5(added), budgets.rememberMs),
    ms(`wake and first search ${among}, less a wake`, median50(woken) - median50(evictions)),
    ms(`made anew from the log ${among}, per 10,000`, (rebuilding * 10_000) / (count + adds)),
    { name: `held ${among}`, unit: "MB", rounds: [held / 1e6] },
    { name: `a memory ${among}, beside the message`, unit: "bytes", rounds: [bytes / count - without / bare] },
    { name: `the message itself ${among}`, unit: "bytes", rounds: [without / bare] },
  ];
}

async function measure({ quick }: Scale) {
  const loads: ReadonlyArray<Load> = quick
    ? [{ count: 500, searches: 20, adds: 10 }]
    : [
        { count: 1_000, searches: 200, adds: 100 },
        { count: 10_000, searches: 200, adds: 100, budget: budgets.searchMsTenThousand },
        { count: 100_000, searches: 200, adds: 100, budget: budgets.searchMsHundredThousand },
      ];
  const figures: Figure[] = [];
  for (const load of loads) {
    const worker = await startWorker();
    try {
      const idle = await times(Array(100).fill("nothing"), (operation) => objectOf(worker, "idle")(operation));
      figures.push(...(await ofSize(worker, load)));
      figures.push(ms(`a request that does nothing, beside ${load.count.toLocaleString("en")}`, median50(idle)));
    } finally {
      await worker.end();
    }
  }
  return figures;
}

export const recall: Part = {
  name: "recall",
  about: "searching, remembering, waking and making anew inside an agent that remembers this much",
  async measure(scale) {
    return {
      figures: await measure(scale),
      notes: [
        "over HTTP, one at a time: each time includes a request's own (last line of each size); ten results, their words opened",
        "the agent's own ledger, register, index and facts; turns and questions of bench/memory in any order, 20 speakers under keys of their own, 50 rooms of three",
        "a search is the owner's, among everything; in a room: what those who are there may hear",
        "processor time: of all that the program does meanwhile, the answering of the request included",
        "one memory more: a message heard, recorded, registered, indexed and read for facts in one commit, and on disk; one round, for each size takes minutes",
        "held: living objects and buffers of the isolate, inside workerd, once an agent that had just woken has answered fifty questions, less those before it woke",
        "made anew: register, index and facts dropped, and read out of the log from its first event",
      ],
    };
  },
};
