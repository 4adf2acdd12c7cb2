/** What the stand-in says: rules over one request, first one that fits answers; used by demo.ts. It claims nothing it cannot do. */
import { Option, Schema } from "effect";
import { rounded, spelled, sumIn } from "./demo-arithmetic.ts";
import { forget, keep, recall } from "./demo-memory.ts";
import { type Asked, type Line, type Scene, sceneOf, topicOf, turned } from "./demo-read.ts";

/** An answer: prose, and the tools to be asked first. */
export interface Said {
  readonly text: string;
  readonly calls: ReadonlyArray<{
    readonly id: string;
    readonly tool: string;
    readonly input: Readonly<Record<string, unknown>>;
  }>;
}

type Rule = (scene: Scene) => string | Said | undefined;

/** Answers a request. */
export function reply(asked: Asked): Said {
  const scene = sceneOf(asked);
  const last = asked.lines.at(-1);
  const said = last !== undefined && last.results.length > 0 ? results(scene, asked.lines) : firstOf(scene);
  return typeof said === "string" ? { text: said, calls: [] } : said;
}

function firstOf(scene: Scene): string | Said {
  for (const rule of [invitation, identity, keep, forget, tools, recall, greeting, manners, abilities, beyond]) {
    const said = rule(scene);
    if (said !== undefined) return said;
  }
  return reflection(scene);
}

/** How the stand-in names itself; short once people here know. */
const confession = (scene: Scene): string =>
  scene.confessed
    ? scene.pick(["That is beyond a stand-in.", "For that you would want a real model.", "That takes a real model."])
    : scene.pick([
        `I'm the demo stand-in: set ${scene.asked.missing} for a real model.`,
        `That is beyond me, because I'm the demo stand-in: set ${scene.asked.missing} for a real model.`,
        `A real model could do that. I'm the demo stand-in: set ${scene.asked.missing} and one answers in my place.`,
      ]);

/** Called in without a word: what the prompt's compiler writes then stands in brackets. */
const invitation: Rule = (scene) =>
  scene.text === "" || /^\(asks you to say something\)$/.test(scene.text)
    ? `${scene.pick(["Here I am.", "You called?", "I'm here."])} ${scene.pick(["What is it about?", "What can I do for you?"])}`
    : undefined;

const identity: Rule = (scene) => {
  const asks =
    /\b(?:who|what) (?:exactly )?are you\b|\bare you (?:really )?(?:an? )?(?:ai|a\.i\.|bot|robot|human|person|real|machine|llm|chatgpt|gpt|claude)\b|\bwhat(?:'s|’s| is) your name\b|\b(?:which|what) (?:language )?model\b|\bintroduce yourself\b/i;
  if (!asks.test(scene.text)) return undefined;
  const can = skills(scene);
  return `I'm ${scene.name}. ${scene.pick([
    "To be exact, this is a demo stand-in speaking, not an AI model.",
    "What answers you here is a demo stand-in, not an AI model.",
  ])} ${scene.pick(["I follow a few simple rules.", "A handful of simple rules picks my words."])} ${
    can === "" ? "" : `I can ${can}. `
  }Set ${scene.asked.missing}, and a real model takes over under the same name.`;
};

/** What it can do with what it was given, in words; empty when that is nothing but talking. */
function skills(scene: Scene): string {
  const can = [
    ...(scene.asked.tools.has("calculator") ? ["work out sums and convert units"] : []),
    ...(scene.asked.tools.has("time_date") ? ["tell the time"] : []),
    ...(scene.memoryOff ? [] : ["repeat what I have been asked to remember"]),
  ];
  return can.length < 2 ? (can[0] ?? "") : `${can.slice(0, -1).join(", ")} and ${can.at(-1)}`;
}

const clock =
  /\bwhat(?:s|'s|’s| is)? (?:the )?(?:current )?(?:time|date|day)\b|\bwhat (?:time|day|date|year|month) is\b|\btoday(?:'s|’s) date\b|\bcurrent (?:time|date)\b|\bhow late is it\b|\bwhich day is\b|\btell me the (?:time|date)\b|\bwhen is (?:next|this|tomorrow)\b|\bwhat day (?:was|will)\b/i;
const someday =
  /\b(?:next|this|last) (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\btomorrow\b|\byesterday\b|\bin \d+ (?:days|weeks|months)\b|\b\d+ (?:days|weeks|months) (?:ago|from now)\b/i;

const zones: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bberlin|germany\b/i, "Europe/Berlin"],
  [/\bparis|france\b/i, "Europe/Paris"],
  [/\blondon|england|britain\b/i, "Europe/London"],
  [/\blisbon|portugal\b/i, "Europe/Lisbon"],
  [/\bmadrid|spain\b/i, "Europe/Madrid"],
  [/\brome|italy\b/i, "Europe/Rome"],
  [/\bzurich|switzerland\b/i, "Europe/Zurich"],
  [/\bnew york|boston|washington\b/i, "America/New_York"],
  [/\bchicago\b/i, "America/Chicago"],
  [/\bdenver\b/i, "America/Denver"],
  [/\blos angeles|san francisco|seattle|california\b/i, "America/Los_Angeles"],
  [/\bs[aã]o paulo\b/i, "America/Sao_Paulo"],
  [/\btokyo|japan\b/i, "Asia/Tokyo"],
  [/\bseoul\b/i, "Asia/Seoul"],
  [/\bsingapore\b/i, "Asia/Singapore"],
  [/\bshanghai|beijing|china\b/i, "Asia/Shanghai"],
  [/\bindia|delhi|mumbai\b/i, "Asia/Kolkata"],
  [/\bdubai\b/i, "Asia/Dubai"],
  [/\bsydney|melbourne\b/i, "Australia/Sydney"],
  [/\bcairo\b/i, "Africa/Cairo"],
  [/\bnairobi\b/i, "Africa/Nairobi"],
];

const month = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;

const zoneIn = (text: string): string | undefined =>
  /\b(?:[A-Z][a-z]+\/[A-Z][A-Za-z_]+|UTC)\b/.exec(text)?.[0] ?? zones.find(([place]) => place.test(text))?.[1];

/** Sums and the clock, through the tools when they are offered; an honest word when they are not. */
const tools: Rule = (scene) => {
  const sum = sumIn(scene.text);
  const asksClock = clock.test(scene.text);
  const timezone = asksClock ? zoneIn(scene.text) : undefined;
  const place = /\bin ((?:\p{Lu}[\p{L}'-]+ ?)+)/u.exec(scene.text)?.[1]?.trim();
  if (asksClock && timezone === undefined && place !== undefined && !month.test(place)) {
    return `I don't know which time zone ${place} is in. Give me its name as on a map of zones, such as Europe/Berlin, and I can look.`;
  }
  const has = scene.asked.tools;
  const calls: Array<Said["calls"][number]> = [];
  const id = (): string => `toolu_demo_${scene.asked.lines.length}_${calls.length}`;
  if (sum !== undefined && has.has("calculator"))
    calls.push({ id: id(), tool: "calculator", input: { expression: sum } });
  if (asksClock && has.has("time_date")) {
    const date = someday.exec(scene.text)?.[0];
    calls.push({ id: id(), tool: "time_date", input: { ...(timezone && { timezone }), ...(date && { date }) } });
  }
  if (calls.length > 0) return { text: "", calls };
  if (sum !== undefined) {
    return `${scene.pick(["I would need the calculator for that", "Sums are the calculator's business"])}, and I have not been given it. ${scene.pick(
      ["My owner can switch it on among my tools.", "It can be granted in my settings, under tools."],
    )}`;
  }
  if (asksClock)
    return "I have no clock: the tool time_date is not switched on for me. My owner can grant it among my tools.";
  return undefined;
};

const decodeOutput = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)));

/** Puts into words what the tools answered, each call with its own result. */
function results(scene: Scene, lines: ReadonlyArray<Line>): string {
  const called = new Map(lines.flatMap((line) => line.calls.map((call) => [call.id, call] as const)));
  const told = lines.at(-1)?.results.map(({ id, output, failed }) => {
    const call = called.get(id);
    if (failed) return trouble(scene, call?.tool ?? "tool", output);
    const found = Option.getOrElse(decodeOutput(output), (): Record<string, unknown> => ({}));
    if (call?.tool === "calculator")
      return `${capital(spelled(String(call.input.expression)))} is ${rounded(found.value)}.`;
    if (call?.tool === "time_date" && typeof found.text === "string") return `${found.text}.`;
    return `The tool ${call?.tool ?? ""} answered: ${output.slice(0, 300)}`;
  });
  const onlySums = lines.at(-1)?.results.every(({ id, failed }) => !failed && called.get(id)?.tool === "calculator");
  const more = onlySums ? scene.pick(["", "", " Anything else to work out?", " Shall I do another one?"]) : "";
  return `${told?.join(" ") ?? ""}${more}`;
}

const trouble = (scene: Scene, tool: string, output: string): string =>
  `${scene.pick(["That did not work", "No luck"])}: the ${tool.replaceAll("_", " ")} answered “${output.trim().slice(0, 160)}”. ${scene.pick(
    ["Could you put it another way?", "Shall we try it in other words?"],
  )}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const greeting: Rule = (scene) => {
  if (
    !/^(?:hi|hello|hey|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)|moin|servus|hallo)\b[\s!.,]*(?:there|everyone|all|again|team)?[\s!.,👋]*(?:how are you(?: today| doing)?\??)?[\s!.]*$/iu.test(
      scene.text,
    )
  )
    return undefined;
  const whom = scene.author === "" ? "" : ` ${scene.author}`;
  const hello = scene.pick([`Hello${whom}!`, `Hi${whom}!`, `Good to see you${whom && `,${whom}`}.`]);
  const can = skills(scene);
  const offer = can === "" ? "" : ` I can ${can}.`;
  return `${hello} I'm ${scene.name}.${scene.pick(["", offer])} ${scene.pick([
    "What is on your mind today?",
    "What shall we talk about?",
    "What are you working on?",
  ])}`;
};

const manners: Rule = (scene) => {
  if (
    /^(?:many )?(?:thanks|thank you|thx|cheers|great|perfect|nice|cool|awesome)\b/i.test(scene.text) &&
    scene.text.length < 60
  ) {
    return scene.pick([
      "You're welcome. What is next?",
      "Glad that helped. Is there more?",
      "With pleasure. Just say when something else comes up.",
    ]);
  }
  if (!/[\p{L}\p{N}]/u.test(scene.text) || /^(?:lol|haha\w*|hehe\w*|wow)[\s.!]*$/i.test(scene.text)) {
    return scene.pick(["Quite. What is next?", "I take that as a good sign. What else?", "Ha. Where shall we go on?"]);
  }
  if (/^(?:ok|okay|yes|yeah|yep|no|nope|sure|right|fine|hm+|i see|done)[\s.!]*$/i.test(scene.text)) {
    return scene.pick(["All right. Where shall we go on?", "Fine. What comes next?", "Good. What else is there?"]);
  }
  if (/^(?:bye|goodbye|see you|good night|ciao|later)\b/i.test(scene.text)) {
    return scene.pick(["Goodbye! I'll be here.", "See you. It was good to talk.", "Until next time."]);
  }
  if (/\bhow are you\b|\bhow(?:'s|’s| is) it going\b/i.test(scene.text)) {
    return `${scene.pick(["All is quiet on my side, thank you.", "Running smoothly, thank you."])} ${scene.pick(["And how are you?", "How is your day so far?"])}`;
  }
  return undefined;
};

const abilities: Rule = (scene) => {
  if (
    !/\bwhat can you do\b|\bwhat are you (?:able|capable|good)\b|\bhow can you help\b|^\/?help\b[\s?!.]*$|\byour (?:skills|abilities|tools)\b/i.test(
      scene.text,
    )
  )
    return undefined;
  const can = skills(scene);
  return `${can === "" ? "Little more than listen, to be honest." : `I can ${can}.`} For anything that takes thought or knowledge, I'm only the demo stand-in: set ${scene.asked.missing} for a real model. What would you like to try first?`;
};

const tasks =
  /\b(?:write|draft|compose|translate|summari[sz]e|generate|code|program|debug|refactor|draw|paint|search|google|browse|look up|book|order|send|e-?mail|schedule|plan (?:me|a|my|our)|rewrite|proofread|analy[sz]e|review|explain|list|give me|make me|tell me(?= (?:a|an|about|the)\b))\b/i;
const question =
  /^(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|does|do|did|can|could|will|would|should|has|have|may|might)\b/i;

/** Work and knowledge it does not have. It says so once in full, then shortly, and turns the talk back to the person. */
const beyond: Rule = (scene) => {
  const wanted = scene.text.replace(
    /^(?:please |(?:can|could|would|will) you (?:please )?|i (?:want|need|would like) you to )+/i,
    "",
  );
  const task = tasks.exec(wanted);
  if (task !== null && task.index === 0)
    return `${confession(scene)} ${scene.pick(turnsOfWork(wanted.slice(task[0].length)))}`;
  const sentence = scene.text.split(/(?<=[.!?])\s+/).findLast((one) => one.endsWith("?")) ?? scene.text;
  const exclaims = /^what an?\b/i.test(sentence) && !sentence.endsWith("?");
  if (!sentence.endsWith("?") && (exclaims || !question.test(sentence.trim()))) return undefined;
  const topic = topicOf(sentence);
  return `${confession(scene)} ${scene.pick(
    topic === ""
      ? ["What is your own view?", "What would the answer change for you?"]
      : [
          `What is your own guess about ${topic}?`,
          `What do you know about ${topic} so far?`,
          `What would an answer about ${topic} change for you?`,
        ],
  )}`;
};

function turnsOfWork(order: string): ReadonlyArray<string> {
  const topic = topicOf(/\b(?:about|on|for)\s+(.+)/is.exec(order)?.[1] ?? order);
  return topic === ""
    ? ["What would a good result look like?", "What have you got so far?"]
    : [
        `What have you got about ${topic} so far?`,
        `What should be said first about ${topic}?`,
        `Whom is it for, and what do they know about ${topic}?`,
      ];
}

const moods: ReadonlyArray<readonly [RegExp, ReadonlyArray<string>]> = [
  [
    /\b(?:problem|broken|breaks|fails?|failing|failed|error|bug|stuck|crash\w*|can't|cannot|doesn't work|won't)\b/i,
    ["What happens exactly, and what should happen instead?", "Since when is it so?", "What have you tried already?"],
  ],
  [
    /\b(?:tired|sad|worried|afraid|angry|upset|stressed|anxious|lonely|exhausted|frustrated)\b/i,
    ["What weighs most on you there?", "What brought it on?", "What would make it a little lighter?"],
  ],
  [
    /\b(?:happy|glad|excited|proud|love|enjoy|delighted)\b/i,
    ["What do you like best about it?", "How did it come about?", "Whom would you like to share it with?"],
  ],
  [
    /\b(?:planning|plan|going to|want to|trying to|need to|thinking about|thinking of|decide|deciding|choose|launch|trip|project)\b/i,
    ["What is settled, and what is still open?", "What would a good outcome look like?", "Which part comes first?"],
  ],
];

/** When nothing else fits: says back what it heard, from the other side, and asks one question. */
function reflection(scene: Scene): string {
  const clean = scene.text
    .replace(/\s+/g, " ")
    .replace(/^(?:well|so|ok|okay|hey|hi|hello|and|but|also|actually|yes|no)[,!.]?\s+/i, "");
  const sentence = (
    clean.split(/(?<=[.!?])\s+/).findLast((one) => /\b(?:i|i'm|we|my|our)\b/i.test(one)) ?? clean
  ).replace(/[.!?…]+$/, "");
  const topic = topicOf(clean);
  const questions = moods.find(([mood]) => mood.test(clean))?.[1] ?? [
    `What matters most to you about ${topic === "" ? "it" : topic}?`,
    "What makes you bring it up now?",
    "How did you come to that?",
  ];
  const own = /^(?:i|i'm|i’m|i've|i’ve|we|we're|we’re|my|our)\b/i.test(sentence) && sentence.split(" ").length <= 20;
  const heard = own
    ? scene.pick([
        `So ${turned(sentence).replace(/^You/, "you").replace(/^Your/, "your")}.`,
        `I see: ${turned(sentence)}.`,
      ])
    : topic === ""
      ? scene.pick(["I'm listening.", "Go on.", "Tell me more."])
      : scene.pick([`${capital(topic)}: I follow.`, `You bring up ${topic}.`, `I hear you about ${topic}.`]);
  return `${heard} ${scene.pick(questions)}`;
}
