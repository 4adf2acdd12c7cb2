/** `stream`: how soon people see what a model says, how many frames a fast one makes, and what memory a running turn takes. */
import { budgets, type Figure, type Part, percentile, rounds, type Scale } from "../figures.ts";
import { type PacedReply, WORDS_A_SENTENCE } from "../paced-model.ts";
import { signIn } from "../people.ts";
import { cpuMs, memoryBytes, sleep, until } from "../processes.ts";
import { type PacedModel, type Program, startPacedModel, startTroupe } from "../program.ts";
import { roomsOfOneAgent, type Seen, toAgent, type Watched, watchedRooms } from "../watched.ts";

/** A fast model of today: a hundred words a second, three sentences. */
const USUAL = { words: 3 * WORDS_A_SENTENCE, perSecond: 100 };
/** Faster than any: what comes together must go out together. */
const FLOOD = { words: 1_000, perSecond: 500 };
const AT_ONCE = [1, 10];
/** So many turns at once hold the memory that is counted. */
const HELD_TURNS = 200;
const REST_MS = 2_000;

interface Programs {
  readonly model: PacedModel;
  readonly troupe: Program;
}

interface Load {
  readonly label: string;
  readonly atOnce: number;
  readonly turns: number;
  readonly words: number;
  readonly perSecond: number;
}

/** What a person saw of a turn, beside what the model said when. */
interface Turn {
  readonly seen: Seen;
  readonly said: PacedReply;
}

/** So many turns, `atOnce` side by side, each of them in a room of its own. */
async function talk(rooms: ReadonlyArray<Watched>, model: PacedModel, load: Load): Promise<ReadonlyArray<Turn>> {
  const { label, atOnce, turns, words, perSecond } = load;
  await model.takeReplies();
  const seen = new Map<string, Seen>();
  let order = 0;
  const oneAfterTheOther = async (room: Watched): Promise<void> => {
    while (order < turns) {
      order += 1;
      const marker = `${label}-${order}`;
      const turn = await room.ask(`[pace ${words} ${perSecond}] #${marker}#`);
      const heard = turn.text.split(" ").length;
      if (heard !== words) throw new Error(`of ${words} words ${heard} were heard`);
      seen.set(marker, turn);
    }
  };
  await Promise.all(rooms.slice(0, atOnce).map(oneAfterTheOther));
  const said = new Map((await model.takeReplies()).map((reply) => [reply.marker, reply]));
  return Array.from(seen, ([marker, turn]) => {
    const reply = said.get(marker);
    if (reply === undefined) throw new Error(`the model knows nothing of ${marker}`);
    return { seen: turn, said: reply };
  });
}

/** The most of these moments that lie within one second. */
function busiestSecond(moments: ReadonlyArray<number>): number {
  let from = 0;
  let most = 0;
  moments.forEach((at, index) => {
    while (at - moments[from]! >= 1_000) from += 1;
    most = Math.max(most, index - from + 1);
  });
  return most;
}

/** How soon people see that something is said. */
async function firstSigns(rooms: ReadonlyArray<Watched>, model: PacedModel, atOnce: number, scale: Scale) {
  const turns = scale.quick ? 10 : 50;
  const found = await rounds(scale.rounds, async (round) => {
    const spoken = await talk(rooms, model, { label: `first-${atOnce}-${round}`, atOnce, turns, ...USUAL });
    const sincePiece = spoken.map(({ seen, said }) => seen.firstDeltaAt - said.firstPieceAt);
    const sinceSentence = spoken.map(({ seen, said }) => seen.firstDeltaAt - said.firstSentenceAt);
    const [piece50, piece95] = [percentile(sincePiece, 0.5), percentile(sincePiece, 0.95)];
    const [sentence50, sentence95] = [percentile(sinceSentence, 0.5), percentile(sinceSentence, 0.95)];
    return { piece50, piece95, sentence50, sentence95 };
  });
  const name = (what: string) => `${atOnce} at a time: ${what}`;
  const figures: ReadonlyArray<Figure> = [
    { name: name("first token → first delta p50"), unit: "ms", rounds: found.piece50 },
    { name: name("first token → first delta p95"), unit: "ms", rounds: found.piece95 },
    { name: name("first sentence → first delta p50"), unit: "ms", rounds: found.sentence50 },
    {
      ...{ name: name("first sentence → first delta p95"), unit: "ms", rounds: found.sentence95 },
      budget: budgets.firstDeltaMs,
    },
  ];
  return figures;
}

/** What a model that floods its listeners makes of their sockets, and of the program. */
async function floods(rooms: ReadonlyArray<Watched>, { model, troupe }: Programs, atOnce: number, scale: Scale) {
  const turns = scale.quick ? atOnce : Math.max(5, 2 * atOnce);
  const found = await rounds(scale.rounds, async (round) => {
    const before = cpuMs(troupe.pid);
    const spoken = await talk(rooms, model, { label: `flood-${atOnce}-${round}`, atOnce, turns, ...FLOOD });
    const behind = spoken.map(({ seen, said }) => seen.wholeAt - said.lastPieceAt);
    return {
      frames: Math.max(...spoken.map(({ seen }) => busiestSecond(seen.framesAt))),
      behind: percentile(behind, 0.95),
      cpu: ((cpuMs(troupe.pid) - before) * 1_000) / (turns * FLOOD.words),
    };
  });
  const name = (what: string) => `${atOnce} at a time, ${FLOOD.perSecond} pieces a second: ${what}`;
  const frames = { rounds: found.frames, budget: budgets.framesPerSecond };
  const figures: ReadonlyArray<Figure> = [
    { name: name("frames of a turn in its busiest second"), unit: "frames", ...frames },
    { name: name("last token → stored reply p95"), unit: "ms", rounds: found.behind },
    { name: name("CPU"), unit: "µs/piece", rounds: found.cpu },
  ];
  return figures;
}

/** Bytes of a program of its own before and while so many turns hold their model's stream; undefined where they cannot be read. */
async function heldMemory(model: PacedModel, turns: number): Promise<{ rest: number; each: number } | undefined> {
  const troupe = await startTroupe(model.url);
  try {
    const dana = await signIn(troupe.url, "dana");
    const rooms = await roomsOfOneAgent(dana, turns + 1);
    const say = (room: string, text: string) => dana.api("POST", `/rooms/${room}/messages`, toAgent(text));
    await model.takeReplies();
    await say(rooms[turns]!, "[pace 20 1000]");
    await until("the first reply", 30_000, async () => (await model.takeReplies()).length === 1);
    await sleep(REST_MS);
    const before = memoryBytes(troupe.pid);
    for (const room of rooms.slice(0, turns)) await say(room, "[hold]");
    await until(`${turns} turns to run`, 60_000, async () => (await model.held()) === turns);
    await sleep(REST_MS);
    const after = memoryBytes(troupe.pid);
    await model.release();
    let ended = 0;
    await until("all turns to end", 60_000, async () => {
      ended += (await model.takeReplies()).length;
      return ended === turns;
    });
    return before === undefined || after === undefined ? undefined : { rest: before, each: (after - before) / turns };
  } finally {
    await troupe.end();
  }
}

/** Each round in a program of its own: memory that was taken once is not given back. */
async function memory(model: PacedModel, { quick, rounds: count }: Scale): Promise<ReadonlyArray<Figure>> {
  const turns = quick ? 20 : HELD_TURNS;
  const found: Array<{ readonly rest: number; readonly each: number }> = [];
  for (let round = 0; round < count; round++) {
    const one = await heldMemory(model, turns);
    if (one === undefined) return [];
    found.push(one);
  }
  const each = found.map((one) => one.each / 1_000);
  return [
    { name: `memory with ${turns} rooms open, none running`, unit: "MB", rounds: found.map(({ rest }) => rest / 1e6) },
    { name: `memory of a running turn, ${turns} at a time`, unit: "kB", rounds: each },
  ];
}

export const stream: Part = {
  name: "stream",
  about: "a model that speaks at a pace, seen from a room's socket; its words are held back to whole sentences",
  async measure(scale) {
    const model = await startPacedModel();
    const troupe = await startTroupe(model.url);
    let rooms: ReadonlyArray<Watched> = [];
    const figures: Figure[] = [];
    try {
      rooms = await watchedRooms(troupe, Math.max(...AT_ONCE));
      await talk(rooms, model, { label: "warm-up", atOnce: 10, turns: scale.quick ? 10 : 50, ...USUAL });
      for (const atOnce of AT_ONCE) figures.push(...(await firstSigns(rooms, model, atOnce, scale)));
      for (const atOnce of AT_ONCE) figures.push(...(await floods(rooms, { model, troupe }, atOnce, scale)));
    } finally {
      for (const room of rooms) room.close();
      await troupe.end();
    }
    const held = await memory(model, scale).finally(model.end);
    const sentenceMs = (WORDS_A_SENTENCE * 1_000) / USUAL.perSecond;
    return {
      figures: [...figures, ...held],
      notes: [
        `a sentence takes the model ${sentenceMs} ms; frames wait up to 60 ms for company, so that a fast model makes few of them`,
        "memory: of all processes, before and while the model holds the streams; V8 keeps garbage at will, so trust its order",
        ...(held.length === 0 ? ["memory was not read: this kernel does not tell it"] : []),
      ],
    };
  },
};
