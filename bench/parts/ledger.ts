/** `ledger`: what a commit, a fold and a chain check cost inside an object, beside a bare table in the same class of object. */
import { budgets, type Figure, type Part, rounds, type Scale } from "../figures.ts";
import type { Append, Timed } from "../objects/log.ts";
import { type Program, startWorker } from "../program.ts";
import { call } from "../requests.ts";

/** Evictions are cheap and each is a single short time, so that a round takes the mean of several. */
const WAKES = 10;
const TAIL = 500;

const logOf =
  ({ url }: Program) =>
  (name: string) =>
  <Answer = Timed>(operation: string, input: unknown = {}): Promise<Answer> =>
    call("POST", `${url}/log/${name}/${operation}`, input);
type Logs = ReturnType<typeof logOf>;

const perSecond = ({ ms, events }: Timed): number => (events * 1_000) / Math.max(ms, 1);
const milliseconds = ({ ms }: Timed): number => ms;

/** Appends the same events to a ledger and to a bare table, one after the other. */
async function both(logs: Logs, label: string, append: Append): Promise<readonly [ledger: number, bare: number]> {
  const ledger = await logs(`ledger-${label}`)("append", append);
  const bare = await logs(`bare-${label}`)("appendBare", append);
  return [perSecond(ledger), perSecond(bare)];
}

async function appends(logs: Logs, { quick, rounds: count }: Scale): Promise<ReadonlyArray<Figure>> {
  const loads = [
    { name: "one event a commit", batch: 1, count: quick ? 50 : 1_000, budget: budgets.commitsRatio },
    { name: "10 events a commit", batch: 10, count: quick ? 200 : 5_000, budget: budgets.batchRatio },
    { name: "100 events a commit", batch: 100, count: quick ? 500 : 10_000, budget: budgets.batchRatio },
  ];
  const figures: Figure[] = [];
  for (const { name, budget, ...load } of loads)
    for (const sort of ["open", "sealed"] as const) {
      const found = await rounds(count, async (round) => {
        const label = `append-${sort}-${load.batch}-${round}`;
        const [ledger, bare] = await both(logs, label, { ...load, sort, durable: true });
        return { ledger, bare };
      });
      const words = sort === "open" ? "no words" : "all sealed";
      figures.push({ name: `${name}, ${words}`, unit: "events/s", rounds: found.ledger, bare: found.bare, budget });
    }
  return figures;
}

/** Without waiting for the disk in between: the synchronous breath itself. */
async function breaths(logs: Logs, { quick, rounds: count }: Scale): Promise<ReadonlyArray<Figure>> {
  const load = { count: quick ? 50 : 1_000, batch: 1, durable: false } as const;
  const turns = quick ? 5 : 100;
  const found = await rounds(count, async (round) => {
    const open = await logs(`ledger-breath-open-${round}`)("append", { ...load, sort: "open" });
    const sealed = await logs(`ledger-breath-sealed-${round}`)("append", { ...load, sort: "sealed" });
    const bare = await logs(`bare-breath-${round}`)("appendBare", { ...load, sort: "sealed" });
    const decided = await logs(`ledger-decided-${round}`)("turns", { turns, durable: false });
    const kept = await logs(`ledger-decided-${round}`)("turns", { turns, durable: true });
    return {
      open: open.ms / load.count,
      sealed: sealed.ms / load.count,
      bare: bare.ms / load.count,
      decided: decided.ms / (turns * 7),
      kept: kept.ms / turns,
    };
  });
  const { open, sealed, bare, decided, kept } = found;
  const unit = "ms";
  return [
    { name: "the breath of a commit, no words", unit, rounds: open, bare, budget: budgets.commitMs },
    { name: "the breath of a commit, sealed", unit, rounds: sealed, bare, budget: budgets.commitMs },
    { name: "the breath of a command the agent decides", unit, rounds: decided, bare, budget: budgets.commitMs },
    { name: "a turn's seven commands, each kept", unit, rounds: kept },
  ];
}

async function replays(logs: Logs, scale: Scale): Promise<ReadonlyArray<Figure>> {
  const sizes = scale.quick ? [1_000, 3_000] : [10_000, 100_000];
  const figures: Figure[] = [];
  for (const size of sizes) {
    const ledger = logs(`ledger-${size}`);
    const bare = logs(`bare-${size}`);
    for (let done = 0; done < size; done += 10_000) {
      const load = { sort: "life", count: Math.min(10_000, size - done), batch: 100, durable: false };
      await ledger("append", load);
      await bare("appendBare", load);
    }
    await bare("replayBare", { last: size });
    const found = await rounds(scale.rounds, async () => ({
      fold: milliseconds(await ledger("fold")),
      bare: milliseconds(await bare("replayBare", { last: size })),
      verify: milliseconds(await ledger("verify")),
    }));
    const { fold, verify } = found;
    const checked = fold.map((ms, round) => ms + verify[round]!);
    const each = fold.map((ms) => (ms * 1_000) / size);
    const reference = { bare: found.bare, unit: "ms" };
    const label = `${size.toLocaleString("en")} events`;
    figures.push(
      { name: `fold ${label}`, rounds: fold, ...reference },
      { name: `fold ${label}, each`, unit: "µs", rounds: each, budget: budgets.foldMicroseconds },
      { name: `check the chain of ${label}`, rounds: verify, ...reference },
      { name: `fold and check ${label}`, rounds: checked, ...reference, budget: budgets.replayRatio },
    );
    if (size === sizes[0]) figures.push(await bytes(ledger, bare, size));
  }
  return figures;
}

async function bytes(ledger: ReturnType<Logs>, bare: ReturnType<Logs>, events: number): Promise<Figure> {
  const of = async (log: ReturnType<Logs>) => (await log<{ readonly bytes: number }>("size")).bytes / events;
  const unit = "bytes";
  return { name: "stored per event of a life", unit, rounds: [await of(ledger)], bare: [await of(bare)] };
}

/** The object is thrown out of memory and built anew: its snapshot is read, and what lies behind it folded. */
async function wakes(logs: Logs, { quick, rounds: count }: Scale): Promise<Figure> {
  const ledger = logs("ledger-wake");
  const bare = logs("bare-wake");
  const load = { sort: "life", count: quick ? 1_000 : 10_000, batch: 100, durable: false };
  await ledger("append", load);
  await bare("appendBare", load);
  await ledger("snapshotBefore", { tail: TAIL });
  const evictions = quick ? 2 : WAKES;
  const found = await rounds(count, async () => {
    let woken = 0;
    let read = 0;
    for (let each = 0; each < evictions; each++) {
      await ledger("evict");
      woken += milliseconds(await ledger("opened"));
      await bare("evict");
      read += milliseconds(await bare("replayBare", { last: TAIL }));
    }
    return { woken: woken / evictions, read: read / evictions };
  });
  const name = `wake: snapshot and a tail of ${TAIL}`;
  return { name, unit: "ms", rounds: found.woken, bare: found.read, budget: budgets.wakeMs };
}

export const ledger: Part = {
  name: "ledger",
  about:
    "the event store inside an object; bare: INSERT and sync(), .raw() and JSON.parse, in the same class of object",
  async measure(scale) {
    const program = await startWorker();
    try {
      const logs = logOf(program);
      await both(logs, "warm-up", { sort: "life", count: scale.quick ? 50 : 1_000, batch: 1, durable: true });
      const figures = [
        ...(await appends(logs, scale)),
        ...(await breaths(logs, scale)),
        ...(await replays(logs, scale)),
        await wakes(logs, scale),
      ];
      return {
        figures,
        notes: [
          "a commit is kept when storage.sync() has answered; the breath is the same without waiting for it",
          "fold: the constructor on a log without snapshot; a life: turns of eight events, two in five sealed",
        ],
      };
    } finally {
      await program.end();
    }
  },
};
