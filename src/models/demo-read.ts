/** How the stand-in reads a request: who it is, what it remembers, what was said last and by whom; used by the demo's rules. */

/** One message of the request, prose and tools apart. */
export interface Line {
  readonly role: "user" | "assistant";
  readonly text: string;
  readonly calls: ReadonlyArray<{
    readonly id: string;
    readonly tool: string;
    readonly input: Readonly<Record<string, unknown>>;
  }>;
  readonly results: ReadonlyArray<{ readonly id: string; readonly output: string; readonly failed: boolean }>;
}

/** Everything the stand-in gets to see. */
export interface Asked {
  readonly system: string;
  readonly lines: ReadonlyArray<Line>;
  /** The tools it may call in this round. */
  readonly tools: ReadonlySet<string>;
  readonly seed: number;
  /** The setting that would bring a real model. */
  readonly missing: string;
}

/** The stand-in's picture of the moment. */
export interface Scene {
  readonly asked: Asked;
  readonly name: string;
  readonly memories: ReadonlyArray<string>;
  readonly memoryOff: boolean;
  /** True when whoever spoke last has not agreed to be remembered. */
  readonly isStranger: boolean;
  /** Who said the last message, as its label names them; empty without a label. */
  readonly author: string;
  /** The last message without its label and without being addressed. */
  readonly text: string;
  /** What the same person said before, oldest first. */
  readonly earlier: ReadonlyArray<string>;
  /** Whether the people here have been told that this is the demo. */
  readonly confessed: boolean;
  /** One of several wordings; the same conversation gets the same ones. */
  readonly pick: (wordings: ReadonlyArray<string>) => string;
}

interface Spoken {
  readonly author: string;
  readonly text: string;
}

const LABEL = /^((?:user|agent):[^\s:]+|[^\s:][^\n:]{0,63}): ?(.*)$/;
/** What the house puts to an agent's name, and to an id that stands for a name. */
const ADDED = /^(?:user|agent):|\s*\(an agent\)$/g;

/** Labelled messages stand one per line; a line without a label goes on with the message above it. */
function spoken(text: string): Array<Spoken> {
  const found: Array<Spoken> = [];
  for (const line of text.split("\n")) {
    const label = LABEL.exec(line);
    const last = found.at(-1);
    if (label?.[1] !== undefined && looksLikeName(label[1]))
      found.push({ author: label[1].replace(ADDED, ""), text: label[2] ?? "" });
    else if (last === undefined) found.push({ author: "", text: line });
    else found[found.length - 1] = { author: last.author, text: `${last.text}\n${line}` };
  }
  return found;
}

/** At most four words and no sentence's punctuation: “Dana”, “Ada Lovelace”, “user_2x”, but not “so here is what I think”. */
const looksLikeName = (label: string): boolean =>
  !/[?!,;“”"/]/.test(label) && label.replace(ADDED, "").trim().split(/\s+/).length <= 4;

/** The rules look at no more than this: some of their patterns take time that grows with the square of a text. */
const LONGEST_READ = 2_000;

/** Reads the request. */
export function sceneOf(asked: Asked): Scene {
  const said = asked.lines.flatMap((line) => (line.role === "user" && line.text !== "" ? spoken(line.text) : []));
  const last = said.at(-1) ?? { author: "", text: "" };
  const name = /^You are ([^,\n]+),/.exec(asked.system)?.[1]?.trim() ?? "your agent";
  const text = withoutAddress(last.text.slice(0, LONGEST_READ), name);
  return {
    asked,
    name,
    memories: memoriesIn(asked.system),
    memoryOff: /^Memory is off\.\s*$/m.test(asked.system),
    isStranger: /\bhas not agreed to be remembered\b/.test(asked.system),
    author: last.author,
    text,
    earlier: said.slice(0, -1).flatMap((one) => (one.author === last.author ? [one.text] : [])),
    confessed: asked.lines.some((line) => line.role === "assistant" && /\bdemo\b/i.test(line.text)),
    pick: picker(`${asked.seed} ${name} ${asked.lines.length} ${text}`),
  };
}

/** What the agent knows of people; how its tools are used is nothing to tell them. */
function memoriesIn(system: string): Array<string> {
  const section = /^# What you remember[^\n]*\n([\s\S]*?)(?=^# |(?![\s\S]))/m.exec(system)?.[1] ?? "";
  let isOfTools = false;
  return section.split("\n").flatMap((line) => {
    if (line.startsWith("[")) isOfTools = line.startsWith("[from what tools did");
    return line.startsWith("- ") && !isOfTools ? [line.slice(2).trim()] : [];
  });
}

/** Takes “@Ada”, “hey Ada:” at the front, “hello Ada” and “, Ada?” at the end, and mentions from anywhere. */
function withoutAddress(text: string, name: string): string {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text
    .replace(new RegExp(`@${escaped}(?![\\p{L}\\p{N}])[,:]?`, "giu"), " ")
    .replace(new RegExp(`^\\s*(?:hey |hi |hello |ok )?${escaped}\\s*[,:]\\s*`, "iu"), "")
    .replace(
      new RegExp(`^\\s*(hi|hello|hey|good \\w+|thanks|thank you|bye|goodbye)[,\\s]+${escaped}(?![\\p{L}\\p{N}])`, "iu"),
      "$1",
    )
    .replace(new RegExp(`,\\s*${escaped}([.!?]*)\\s*$`, "iu"), "$1")
    .replace(/(^|\s)@[\p{L}\p{N}_-]+[,:]?/gu, "$1")
    .replace(/[ \t]+/g, " ")
    .trim();
}

/** FNV-1a seeds, mulberry32 goes on: chance without a clock and without the machine’s own chance, so that a replay says the same. */
function picker(text: string): Scene["pick"] {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  return (wordings) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return wordings[((mixed ^ (mixed >>> 14)) >>> 0) % wordings.length] ?? "";
  };
}

const swaps: Readonly<Record<string, string>> = {
  i: "you",
  me: "you",
  my: "your",
  mine: "yours",
  myself: "yourself",
  we: "you",
  us: "you",
  our: "your",
  ours: "yours",
  "i'm": "you're",
  "i've": "you've",
  "i'd": "you'd",
  "i'll": "you'll",
  "we're": "you're",
  am: "are",
  you: "I",
  your: "my",
  yours: "mine",
  yourself: "myself",
  "you're": "I'm",
};

/** The other person's point of view: “my trip” becomes “your trip”. */
export const turned = (text: string): string =>
  text
    .replaceAll("’", "'")
    .replace(/[A-Za-z']+/g, (word) => swaps[word.toLowerCase()] ?? word)
    .replace(/\byou was\b/gi, "you were")
    .replace(/\bI are\b/g, "I am");

const common = new Set(
  `a about again all also am an and any anything are as at be because been before being both but by can could did do does doing
  done dont down each else even ever every few for from get gets getting give go goes going good got great had has have having he
  help her here hers hey hi him his how i id if ill im in into is isnt it its ive just kind know knows let lets like lot made make
  makes many may maybe me mean might mine more most mostly much must my need needs never next no not now of off ok okay on often one only or
  other our out over own part people perhaps please probably put really right said same say says see seem seems she should so some someone something
  sort still such sure take tell than thank thanks that thats the their them then there these they thing things think this those
  though time to today too try trying two under until up us use used usually very want wants was way we well were what whats when where
  which while who whom whose why will with wonder wondering would yes yet you your yours remember about`.split(/\s+/),
);

/** The words that carry a text, in a crude common form (“prefers” and “prefer” are one). */
export const carriers = (text: string): Array<string> =>
  (
    text
      .toLowerCase()
      .replaceAll(/['’]/g, "")
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).flatMap((word) => (common.has(word) || word.length < 2 ? [] : [stem(word)]));

/** Letters doubled or not, and “ph” for “f”, are the commonest slips: they make no other word. */
const stem = (word: string): string =>
  (word.length > 4 ? word.replace(/(?:ings?|ed|es|s)$/, "") : word)
    .replace(/(?<=..)e$/, "")
    .replaceAll("ph", "f")
    .replace(/(\p{L})\1+/gu, "$1");

/** Words that say how it goes with a thing rather than what it is. */
const states =
  /^(?:(?:fail|crash|break|keep|start|stop|happen|chang|feel|decid|hat|lov|prefer|enjoy|call|ask)(?:e?s|e?d|ing|e)?|broken?|kept|felt|stopp(?:ed|ing))$/i;
const article = /^(?:the|a|an|my|our|your|their|his|her|this|that)$/i;

/** What a text is about: its longest run of words that carry something, with its article and “of”, “in” and “to” between. */
export function topicOf(text: string): string {
  const words = text.replaceAll("’", "'").match(/[\p{L}\p{N}][\p{L}\p{N}'/-]*|[.,;:!?]/gu) ?? [];
  let best: ReadonlyArray<string> = [];
  let run: Array<string> = [];
  let lead = "";
  const close = (next: string) => {
    while (run.length > 0 && isCommon(run.at(-1) ?? "")) run.pop();
    if (run.length > best.length) best = lead === "" ? run : [lead, ...run];
    run = [];
    lead = article.test(next) ? next.toLowerCase() : "";
  };
  for (const word of words) {
    const carries = /[\p{L}\p{N}]/u.test(word) && !isCommon(word) && !states.test(word);
    if (carries || (run.length > 0 && /^(?:of|in|to|for|with|the|a|an|my|our|your)$/i.test(word))) run.push(word);
    else close(word);
    if (run.length >= 6) close("");
  }
  close("");
  const topic = turned(best.join(" "));
  return topic.length > 80 ? "" : topic;
}

const isCommon = (word: string): boolean => common.has(word.toLowerCase().replaceAll("'", ""));
