/** `turn`: what the house costs around a model that answers at once, beside a bare object that stores message and reply. */
import { bareChat, type Chat, troupeChat } from "../chats.ts";
import {
  type Budget,
  budgets,
  type Figure,
  median,
  type Part,
  percentile,
  type Rounds,
  type Scale,
  type Side,
  sideBySide,
} from "../figures.ts";
import { countFsyncs } from "../fsyncs.ts";
import { requestsFor } from "../instant-model.ts";
import { cpuMs, sleep } from "../processes.ts";
import { type ModelServer, startModel, startTroupe, startWorker } from "../program.ts";
import { minus, stored } from "../stored.ts";

const TURNS_EACH = 10;
const QUICK_REST_MS = 250;
const FSYNC_TURNS = 20;

/** What happens in a turn: nothing but words, one call of a tool, or twenty in three rounds. */
const kinds = {
  plain: { name: "plain", toolCalls: 0 },
  tool: { name: "one tool round", toolCalls: 1 },
  tools: { name: "20 tool calls", toolCalls: 20 },
} as const;
type Kind = keyof typeof kinds;

/** What is measured: each kind at so many conversations at once. */
const CELLS: ReadonlyArray<readonly [kind: Kind, atOnce: number]> = [
  ["plain", 1],
  ["plain", 10],
  ["plain", 50],
  ["tool", 1],
  ["tool", 10],
  ["tools", 1],
  ["tools", 10],
  ["tools", 50],
];

interface Load {
  /** Makes its conversations and turns different from those of all other loads. */
  readonly label: string;
  readonly kind: Kind;
  readonly atOnce: number;
  readonly turns: number;
  readonly turnsEach: number;
}

interface Spent {
  /** From the request to the stored reply. */
  readonly wholeMs: number;
  /** The same without the model's and the tools' own time. */
  readonly houseMs: number;
}

interface Cell {
  readonly spent: ReadonlyArray<Spent>;
  readonly wallMs: number;
}

/** What is said in turn `order`, and what the reply must contain. */
function words(kind: Kind, marker: string, order: number): readonly [said: string, expected: string] {
  const { toolCalls } = kinds[kind];
  const expression = `12*${order + 2}`;
  if (toolCalls === 0) return [`Hello, this is number ${order}. #${marker}#`, `#${marker}#`];
  const result = `${toolCalls} results, the last is ${12 * (order + 2) * toolCalls}.`;
  const call = toolCalls === 1 ? `[tool ${expression}]` : `[tools ${toolCalls} ${expression}]`;
  return [`${call} What is it? #${marker}#`, result];
}

const conversationsOf = ({ label, turns, turnsEach }: Load): ReadonlyArray<string> =>
  Array.from({ length: Math.ceil(turns / turnsEach) }, (_, index) => `${label}-${index}`);

/** So many conversations side by side, each some turns long and then the next one, until all turns are done. */
async function talk(chat: Chat, load: Load) {
  const { label, kind, atOnce, turns, turnsEach } = load;
  const waiting = [...conversationsOf(load)];
  const said: Array<{ readonly marker: string; readonly wholeMs: number; readonly toolMs: number }> = [];
  let order = 0;
  const oneAfterTheOther = async (): Promise<void> => {
    for (let conversation = waiting.shift(); conversation !== undefined; conversation = waiting.shift())
      for (let turn = 0; turn < turnsEach && order < turns; turn++) {
        order += 1;
        const marker = `${label}-${order}`;
        const [message, expected] = words(kind, marker, order);
        const begun = performance.now();
        const { text, toolMs } = await chat.say(conversation, message);
        said.push({ marker, wholeMs: performance.now() - begun, toolMs });
        if (!text.includes(expected)) throw new Error(`“${message}” was answered “${text}”`);
      }
  };
  await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
  return said;
}

/** The same, with the model's own time taken off each turn. */
async function timed(chat: Chat, model: ModelServer, load: Load): Promise<Cell> {
  await model.takeCalls();
  const begun = performance.now();
  const said = await talk(chat, load);
  const wallMs = performance.now() - begun;
  const calls = Map.groupBy(await model.takeCalls(), ({ marker }) => marker);
  const spent = said.map(({ marker, wholeMs, toolMs }) => {
    const own = calls.get(marker) ?? [];
    if (own.length !== requestsFor(kinds[load.kind].toolCalls))
      throw new Error(`${marker} made ${own.length} model calls`);
    return { wholeMs, houseMs: wholeMs - toolMs - own.reduce((sum, { ms }) => sum + ms, 0) };
  });
  return { spent, wallMs };
}

/** One cell, with what it cost the machine and what it left behind. */
async function observed(chat: Chat, model: ModelServer, load: Load, quick: boolean) {
  const { pid, state } = chat.program;
  const rest = () => sleep(quick ? QUICK_REST_MS : chat.restMs);
  await chat.prepare(conversationsOf(load));
  await rest();
  const before = { cpu: cpuMs(pid), kept: stored(state) };
  const { spent, wallMs } = await timed(chat, model, load);
  await rest();
  const after = { cpu: cpuMs(pid), kept: stored(state) };
  const turns = spent.length;
  const objects = minus(after.kept.objects, before.kept.objects);
  const readModels = minus(after.kept.readModels, before.kept.readModels);
  const whole = spent.map(({ wholeMs }) => wholeMs);
  const house = spent.map(({ houseMs }) => houseMs);
  return {
    ...{ whole50: percentile(whole, 0.5), house50: percentile(house, 0.5), house95: percentile(house, 0.95) },
    perSecond: (turns * 1_000) / wallMs,
    cpu: (after.cpu - before.cpu) / turns,
    ...{ rows: objects.rows / turns, bytes: objects.bytes / turns },
    ...{ events: objects.eventRows / turns, eventBytes: objects.eventBytes / turns },
    d1Rows: readModels.rows / turns,
  };
}
type Observed = Rounds<keyof Awaited<ReturnType<typeof observed>>>;

/** The budget of a cell's ratio to the bare object; nobody set one for fifty at once, or for twenty calls. */
function ratioBudget(kind: Kind, atOnce: number): { readonly budget?: Budget } {
  if (atOnce > 10 || kind === "tools") return {};
  if (kind === "tool") return { budget: budgets.toolTurnRatio };
  return { budget: atOnce === 1 ? budgets.turnRatio : budgets.turnRatioTen };
}

function figuresOf(
  { kind, atOnce }: Pick<Load, "kind" | "atOnce">,
  house: Observed,
  bare: Observed,
): ReadonlyArray<Figure> {
  const name = `${kinds[kind].name}, ${atOnce} at a time`;
  const beside = (key: keyof Observed) => ({ rounds: house[key], bare: bare[key] });
  const throughput = kind === "plain" && atOnce === 10 ? { budget: budgets.turnsPerSecondTen } : {};
  const times: ReadonlyArray<Figure> = [
    { name: `${name}: whole turn p50`, unit: "ms", ...beside("whole50"), ...ratioBudget(kind, atOnce) },
    { name: `${name}: house p50`, unit: "ms", ...beside("house50") },
    { name: `${name}: house p95`, unit: "ms", ...beside("house95"), budget: budgets.houseMs },
    { name: `${name}: throughput`, unit: "turns/s", ...beside("perSecond"), ...throughput },
    { name: `${name}: CPU`, unit: "ms/turn", ...beside("cpu"), ...ratioBudget(kind, atOnce) },
  ];
  if (atOnce !== 1) return times;
  const eventBytes = { rounds: house.eventBytes, ...(kind === "plain" ? { budget: budgets.eventBytesPerTurn } : {}) };
  return [
    ...times,
    { name: `${name}: rows in objects`, unit: "rows/turn", ...beside("rows") },
    { name: `${name}: payload in objects`, unit: "bytes/turn", ...beside("bytes") },
    { name: `${name}: events`, unit: "events/turn", rounds: house.events },
    { name: `${name}: payload of events`, unit: "bytes/turn", ...eventBytes },
    { name: `${name}: rows in read models`, unit: "rows/turn", rounds: house.d1Rows },
  ];
}

async function cell(pair: Record<Side, Chat>, model: ModelServer, load: Omit<Load, "label">, scale: Scale) {
  const { house, bare } = await sideBySide(scale.rounds, (side, round) =>
    observed(pair[side], model, { ...load, label: `${side}-${load.kind}-${load.atOnce}-${round}` }, scale.quick),
  );
  return figuresOf(load, house, bare);
}

/** In one conversation that has been going on for a while, as most turns are. */
async function fsyncs(pair: Record<Side, Chat>, quick: boolean): Promise<Figure | undefined> {
  const turns = quick ? 5 : FSYNC_TURNS;
  const count = async (chat: Chat): Promise<number | undefined> => {
    const load = { label: "fsync", kind: "plain", atOnce: 1, turns, turnsEach: turns } as const;
    await chat.prepare(conversationsOf(load));
    await talk(chat, load);
    await sleep(quick ? QUICK_REST_MS : chat.restMs);
    const found = await countFsyncs(chat.program.pid, async () => void (await talk(chat, load)));
    return found === undefined ? undefined : found / turns;
  };
  const house = await count(pair.house);
  const bare = await count(pair.bare);
  if (house === undefined || bare === undefined) return undefined;
  return { name: "plain, 1 at a time: fsyncs (strace)", unit: "per turn", rounds: [house], bare: [bare] };
}

export const turn: Part = {
  name: "turn",
  about:
    "the whole program around a model that answers at once; bare: an object that keeps message and reply, under the same wrangler",
  async measure(scale) {
    const model = await startModel();
    const troupe = await startTroupe(model.url);
    const worker = await startWorker(model.url);
    try {
      const pair = { house: await troupeChat(troupe), bare: bareChat(worker) };
      // At least as many conversations as are held at once.
      const loadOf = (atOnce: number) =>
        scale.quick
          ? { turns: Math.max(10, atOnce), turnsEach: 1 }
          : { turns: Math.max(200, TURNS_EACH * atOnce), turnsEach: TURNS_EACH };
      for (const chat of [pair.bare, pair.house]) {
        const warmUp = {
          label: "warm-up",
          kind: "tool",
          atOnce: 4,
          turns: scale.quick ? 8 : 60,
          turnsEach: 2,
        } as const;
        await chat.prepare(conversationsOf(warmUp));
        await talk(chat, warmUp);
      }
      const figures: Figure[] = [];
      for (const [kind, atOnce] of CELLS)
        figures.push(...(await cell(pair, model, { kind, atOnce, ...loadOf(atOnce) }, scale)));
      const syncs = await fsyncs(pair, scale.quick);
      if (syncs !== undefined) figures.push(syncs);
      const share = median(figures[0]!.rounds) - median(figures[1]!.rounds);
      return {
        figures,
        notes: [
          `house: a turn without the model server's own time (${share.toFixed(1)} ms of a plain turn) and that of tools`,
          "all objects share one thread: at fifty at once a turn waits for the others",
          "ten turns a conversation; rooms are made beforehand; CPU and rows are read when the program is at rest again",
          ...(syncs === undefined ? ["fsyncs were not counted: strace is not installed or not allowed here"] : []),
        ],
      };
    } finally {
      await Promise.all([troupe.end(), worker.end(), model.end()]);
    }
  },
};
