/** `long`: what a conversation's length costs: its last turns beside its first ones and beside a young conversation's, and how its log grows. */
import { bareChat, type Chat, troupeChat } from "../chats.ts";
import { budgets, type Figure, median, type Part, type Rounds, type Scale, sideBySide } from "../figures.ts";
import { type Program, startModel, startTroupe, startWorker } from "../program.ts";
import { type EventBytes, eventBytes } from "../stored.ts";

const TURNS = 150;
/** The turns whose times are compared: the tenth and five around it, and the last eleven. */
const EARLY = { from: 5, to: 15 };
const LATE = { from: TURNS - EARLY.to + EARLY.from, to: TURNS };
/** The turns whose bytes are compared: from the twentieth on a prompt reaches back as far as it ever will. */
const EARLY_BYTES = { from: 21, to: 60 };
const LATE_BYTES = { from: LATE.from - 40, to: LATE.from - 1 };

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The times of one long conversation and of a young one beside it, in milliseconds, and the bytes of its events. */
interface Life {
  readonly early: ReadonlyArray<number>;
  readonly late: ReadonlyArray<number>;
  readonly young: ReadonlyArray<number>;
  /** By the turns after which they were counted: where the compared stretches begin and end. */
  readonly bytes: ReadonlyArray<EventBytes>;
}

const marks: ReadonlySet<number> = new Set([EARLY_BYTES, LATE_BYTES].flatMap(({ from, to }) => [from - 1, to]));

async function say(chat: Chat, conversation: string, order: number): Promise<number> {
  const marker = `#${conversation}-${order}#`;
  const begun = performance.now();
  const { text } = await chat.say(conversation, `Hello, this is number ${order}. ${marker}`);
  const spentMs = performance.now() - begun;
  if (!text.includes(marker)) throw new Error(`${marker} was answered “${text}”`);
  return spentMs;
}

/**
 * Its last turns take turns with a young conversation's early ones, so that whatever else the machine does falls on
 * both. Each has an agent of its own.
 */
async function live(old: Chat, young: Chat, label: string): Promise<Life> {
  const names = { old: `${label}-old`, young: `${label}-young` };
  const times: number[] = [];
  const bytes: EventBytes[] = [];
  await old.prepare([names.old]);
  await young.prepare([names.young]);
  for (let order = 1; order < LATE.from; order++) {
    times.push(await say(old, names.old, order));
    if (marks.has(order)) bytes[order] = eventBytes(old.program.state);
  }
  for (let order = 1; order < EARLY.from; order++) await say(young, names.young, order);
  const late: number[] = [];
  const fresh: number[] = [];
  for (let order = EARLY.from; order <= EARLY.to; order++) {
    fresh.push(await say(young, names.young, order));
    late.push(await say(old, names.old, order - EARLY.from + LATE.from));
  }
  return { early: times.slice(EARLY.from - 1, EARLY.to), late, young: fresh, bytes };
}

/** Bytes a turn. */
const grown = ({ bytes }: Life, { from, to }: Span, whose: keyof EventBytes): number =>
  (bytes[to]![whose] - bytes[from - 1]![whose]) / (to - from + 1);

/** A round of one side: the times of all its conversations together, the bytes of the first. */
async function observed(chatOf: () => Promise<Chat>, label: string, conversations: number) {
  const lives: Life[] = [];
  for (let each = 0; each < conversations; each++)
    lives.push(await live(await chatOf(), await chatOf(), `${label}-${each}`));
  const early = median(lives.flatMap((life) => life.early));
  const late = median(lives.flatMap((life) => life.late));
  const young = median(lives.flatMap((life) => life.young));
  const first = lives[0]!;
  const agentLate = grown(first, LATE_BYTES, "agents");
  return {
    ...{ early, late, growth: late / early, beside: late / young },
    ...{ allEarly: grown(first, EARLY_BYTES, "all"), allLate: grown(first, LATE_BYTES, "all") },
    ...{ agentLate, agentGrowth: agentLate / grown(first, EARLY_BYTES, "agents") },
  };
}

type Observed = Rounds<keyof Awaited<ReturnType<typeof observed>>>;

const named = ({ from, to }: Span): string => `turns ${from}–${to}`;

function figuresOf(house: Observed, bare: Observed): ReadonlyArray<Figure> {
  const beside = (key: keyof Observed) => ({ rounds: house[key], bare: bare[key] });
  const [ms, bytes] = ["ms", "bytes/turn"];
  const [flat, budget] = [budgets.flatRatio, budgets.eventBytesPerTurn];
  const [early, late] = [named(EARLY), named(LATE)];
  return [
    { name: `${early}: whole turn p50`, unit: ms, ...beside("early") },
    { name: `${late}: whole turn p50`, unit: ms, ...beside("late") },
    { name: `${late} to ${early}`, unit: "ratio", ...beside("growth"), budget: flat },
    { name: `${late} to a young conversation's ${early}`, unit: "ratio", ...beside("beside"), budget: flat },
    { name: `${named(EARLY_BYTES)}: payload of events`, unit: bytes, rounds: house.allEarly, budget },
    { name: `${named(LATE_BYTES)}: payload of events`, unit: bytes, rounds: house.allLate, budget },
    { name: `${named(LATE_BYTES)}: of it in the agent's log`, unit: bytes, rounds: house.agentLate },
    { name: "the agent's log, late to early", unit: "ratio", rounds: house.agentGrowth, budget: flat },
  ];
}

/** One conversation, long enough that everything a turn runs through has been compiled. */
async function warmUp(chat: Chat, { quick }: Scale): Promise<void> {
  await chat.prepare(["warm-up"]);
  for (let order = 1; order <= (quick ? 10 : 60); order++) await say(chat, "warm-up", order);
}

export const long: Part = {
  name: "long",
  about: "one conversation that goes on and on, a model that answers at once; bare: an object that sends the model all",
  async measure(scale) {
    const model = await startModel();
    const programs: Program[] = [model];
    try {
      const troupe = await startTroupe(model.url);
      programs.push(troupe);
      const worker = await startWorker(model.url);
      programs.push(worker);
      const chats = { house: () => troupeChat(troupe), bare: async () => bareChat(worker) };
      const conversations = scale.quick ? 1 : 5;
      for (const chatOf of Object.values(chats)) await warmUp(await chatOf(), scale);
      const { house, bare } = await sideBySide(scale.rounds, (side, round) =>
        observed(chats[side], `${side}-${round}`, conversations),
      );
      return {
        figures: figuresOf(house, bare),
        notes: [
          `a round's times are those of ${conversations} long conversations, one after the other, each with an agent of its own`,
          "a ratio's bare column is the bare object's own ratio: what the machine did meanwhile moves both",
        ],
      };
    } finally {
      await Promise.all(programs.map((program) => program.end()));
    }
  },
};
