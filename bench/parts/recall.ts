/** `recall`: what a search, a new memory, a wake and a rebuild cost inside an object that remembers this much. */
import { conversations } from "../evaluation-set.ts";
import { type Budget, budgets, type Figure, type Part, percentile, type Scale } from "../figures.ts";
import type { Saying } from "../objects/memories.ts";
import { cpuMs, memoryBytes } from "../processes.ts";
import { type Program, startWorker } from "../program.ts";
import { call } from "../requests.ts";

const MINUTE = 60_000;
const START = Date.UTC(2024, 0, 1);
const ROOMS = 50;
const SPEAKERS = 20;
const PORTION = 2_500;
const WAKES = 5;

type Ask = <Answer = object>(operation: string, input?: unknown) => Promise<Answer>;

const objectOf =
  ({ url }: Program, name: string): Ask =>
  (operation, input = {}) =>
    call("POST", `${url}/memories/${name}/${operation}`, input);

/** The same numbers each time (Lehmer, 48271), from 0 up to `below`. */
function numbers(): (below: number) => number {
  let state = 20_261_001;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** Turns of the evaluation set in any order, as two or three people would say them in a room, then others in another. */
function* talk(): Generator<Saying, never> {
  const texts = conversations().flatMap(({ turns }) => turns.map(({ text }) => text));
  const next = numbers();
  let saidAt = START;
  for (;;) {
    const room = next(ROOMS);
    const present = Array.from({ length: 2 + next(2) }, () => next(SPEAKERS));
    for (let turns = 10 + next(20); turns > 0; turns--) {
      saidAt += MINUTE;
      yield { speaker: present[next(present.length)]!, room, saidAt, text: texts[next(texts.length)]! };
    }
    saidAt += (5 + next(90)) * MINUTE;
  }
}

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

/** An object with so many memories, indexed; and what that took. */
async function filled(worker: Program, ask: Ask, sayings: Iterator<Saying>, count: number) {
  const before = await ask<{ bytes: number }>("size");
  for (let done = 0; done < count; done += PORTION) {
    const portion = Array.from({ length: Math.min(PORTION, count - done) }, () => sayings.next().value);
    await ask("write", { sayings: portion });
  }
  const written = await ask<{ bytes: number }>("size");
  const memory = memoryBytes(worker.pid);
  let building = 0;
  for (let from = 1; from <= count; from += PORTION)
    building += await timed(() => ask("build", { from, to: Math.min(count, from + PORTION - 1) }));
  const after = await ask<{ bytes: number }>("size");
  return { building, bytes: after.bytes - written.bytes, others: written.bytes - before.bytes, memory };
}

async function ofSize(worker: Program, load: Load): Promise<ReadonlyArray<Figure>> {
  const { count, searches, adds, budget } = load;
  const ask = objectOf(worker, `of-${count}`);
  const sayings = talk();
  const { building, bytes, memory } = await filled(worker, ask, sayings, count);
  const questions = conversations().flatMap((each) => each.questions);
  const now = START + count * 4 * MINUTE;
  const asked = Array.from({ length: searches }, (_, index) => questions[(index * 7) % questions.length]!.text);
  const search = (text: string) => ask<ReadonlyArray<string>>("search", { text, now });
  await times(asked.slice(0, 20), search);
  const begun = cpuMs(worker.pid);
  const found = await times(asked, search);
  const processor = (cpuMs(worker.pid) - begun) / searches;
  const held = memoryBytes(worker.pid);
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
  const among = `among ${count.toLocaleString("en")}`;
  return [
    ms(`search ${among}, p50`, median50(found)),
    ms(`search ${among}, p95`, worst5(found), budget),
    ms(`search ${among}, processor time`, processor),
    ms(`one memory more ${among}, p50`, median50(added)),
    ms(`one memory more ${among}, p95`, worst5(added), budgets.rememberMs),
    ms(`wake and first search ${among}, less a wake`, median50(woken) - median50(evictions)),
    ms(`indexed anew ${among}, per 10,000`, (building * 10_000) / count),
    { name: `index ${among}, per memory`, unit: "bytes", rounds: [bytes / count] },
    ...(memory === undefined || held === undefined
      ? []
      : [{ name: `held by the program after ${among}`, unit: "MB", rounds: [(held - memory) / 1e6] }]),
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
  about: "searching, remembering, waking and indexing anew inside an object that remembers this much",
  async measure(scale) {
    return {
      figures: await measure(scale),
      notes: [
        "over HTTP, one at a time: each time includes a request's own (last line of each size); ten results, their words opened",
        "turns and questions of bench/memory in any order, 20 speakers under keys of their own, 50 rooms",
        "processor time: of all that the program does meanwhile, the answering of the request included",
        "one memory more: sealed, registered and indexed in one transaction, and on disk; one round, for each size takes minutes",
        "held by the program: anonymous memory of all its processes, between writing what is indexed and searching in it",
      ],
    };
  },
};
