/** How the stand-in speaks of memory: what it was asked to keep or to forget, and what it finds again; three of the demo's rules. */
import { carriers, type Scene, turned } from "./demo-read.ts";

const asksToKeep =
  /(?:^|[.!,;:]\s*|\b(?:please|and|also|you|you to|to|just)\s+)remember\b[\s,:]*(?:this:|that\b)?[\s,:]*(?!(?:me|anything|everything|what|when|who|how|where|which|if|it|us)\b)(\S.*)/is;
const otherWays: ReadonlyArray<RegExp> = [
  /\b(?:don't|don’t|do not|never) forget(?: that)?[\s,:]+(\S.*)/is,
  /\b(?:keep in mind|make a note|take note|note down)(?: that)?[\s,:]+(\S.*)/is,
  /(?:^|[.!,;]\s*|\b(?:hi|hello|hey)\s+)((?:my name is|call me|i am called|i'm called)\s+(?!(?:at|on|in|by|when|if|later|back|again|soon|tomorrow|today|tonight|now|maybe|not)\b)\S.*)/is,
];

/** What the person asked to be kept, in their own words; undefined when they asked for nothing of the kind. */
function kept(text: string): string | undefined {
  if (/\b(?:do|did|can't|don't|could) you (?:still )?remember\b(?! that\b)/i.test(text)) return undefined;
  for (const way of [asksToKeep, ...otherWays]) {
    const found = way.exec(text)?.[1]?.trim();
    if (found !== undefined && found.length > 1) return found;
  }
  return undefined;
}

/** Acknowledges what it is asked to remember; the house keeps it after the reply, if the person lets it. */
export function keep(scene: Scene): string | undefined {
  const wish = kept(scene.text);
  if (wish === undefined) return undefined;
  const name = /^(?:my name is|call me|i am called|i'm called)\s+([\p{L}][\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)?)/iu.exec(
    wish,
  )?.[1];
  if (scene.memoryOff) {
    return `${name === undefined ? "I hear you" : `Nice to meet you, ${name}`}, but my memory is switched off, so I cannot keep that beyond this conversation. My owner can turn it on in my settings.`;
  }
  const clause = turned(wish.replace(/[.!\s]+$/, ""));
  const noted =
    name === undefined
      ? scene.pick([`Noted: ${clause}.`, `Got it: ${clause}.`, `Thank you, I have that: ${clause}.`])
      : scene.pick([`Nice to meet you, ${name}.`, `Good to know you, ${name}.`, `Hello ${name}, noted.`]);
  return `${noted} ${scene.pick(
    scene.isStranger
      ? [
          "I keep it if you let me remember you: say yes where I ask, and tell me again.",
          "It stays in my memory if I may remember you: say yes where I ask, and tell me again.",
        ]
      : ["I keep that in my memory.", "That stays in my memory."],
  )}`;
}

const asksToForget =
  /^(?:(?:please|can you|could you|would you|i want you to|you (?:can|should|must)|now|ok|okay|and|so)\b[\s,]*)*(?:(?:please\s)?(?:forget|erase|delete|unlearn|stop remembering)\b(?!\s+(?:about it|it|that i asked|to)\b)\s*(?<what>\S[^.!?\n]*))/i;
const everythingOfOneself = /\b(?:everything|all|anything|me|myself|my (?:data|memories))\b/i;

/** What is asked to be forgotten cannot be by talking: says where it can, for it would be a lie to say that it was done. */
export function forget(scene: Scene): string | undefined {
  const what = asksToForget.exec(scene.text)?.groups?.what?.trim();
  if (what === undefined) return undefined;
  const all = everythingOfOneself.test(what)
    ? "There you can delete each memory of you, take back that I may remember you, or have all of it erased."
    : "There you see what is remembered about you, and can delete it.";
  return `${scene.pick(["I cannot forget by being told so here.", "Telling me here does not make me forget."])} ${scene.pick(["Open", "Go to"])} “About me”. ${all} My owner can delete a memory on my memory page.`;
}

const asksToRecall =
  /\bwhat do you (?:still )?(?:remember|know)\b|\b(?:do|did|can) you (?:still )?(?:remember|recall|know) (?:my|me|what|when|where|which|who|how|the|our|i)\b|\bwhat(?:'s|’s| is| are| was| were) (?:my|our)\b|\bwhat did (?:i|we) (?:say|tell|ask)\b|\b(?:which|what) [\w\s-]{0,40}\b(?:do|did|am) (?:i|we)\b|\bwho am i\b|\b(?:when|where|how) (?:is|are|do|am|did) (?:i|my|our|we)\b|\bhow old am i\b|\bremind me\b/i;
const asksForAll =
  /\bwhat do you (?:still )?(?:remember|know)(?:\s+(?:about|of) (?:me|us|this|everything|all))?[\s?!.]*$|\b(?:what|everything|anything|all|whatever)\b[\w\s]{0,30}\byou\b[\w\s]{0,20}\b(?:know|remember|hold|have|keep|store|stored|kept|saved|noted|tell me)\b[\w\s]{0,20}\b(?:about|of|on) (?:me|us|myself)[\s?!.]*$|\byou\b[\w\s]{0,20}\b(?:know|remember|have|hold|keep) (?:anything|something|everything)\b[\w\s]{0,10}\b(?:about|of|on) (?:me|us|myself)[\s?!.]*$/i;
const asksForName = /\bwhat(?:'s|’s| is) my name\b|\bwho am i\b|\bmy name\b.*\?/i;

/** Answers from the memories in the prompt, then from what the same person said earlier; says so when there is nothing. */
export function recall(scene: Scene): string | undefined {
  const asks = asksToRecall.test(scene.text);
  const asksAll = asksForAll.test(scene.text);
  // Any other question may still be one that a memory answers: then two words must meet, not one.
  if (!asks && !asksAll && !/\?\s*$/.test(scene.text)) return undefined;
  if (asksAll && scene.memories.length > 0) return everything(scene);
  if (asksForName.test(scene.text)) return name(scene);
  const wanted = carriers(scene.text);
  const memory = nearestMemory(scene, asks ? 1 : Math.min(2, Math.max(1, wanted.length)));
  if (memory !== undefined) return quoted(scene, memory);
  if (!asks && !asksAll) return undefined;
  const said = nearest(
    wanted,
    scene.earlier.filter((text) => !/\?\s*$/.test(text)),
    1,
  );
  if (said !== undefined) return `Earlier in this conversation you said: “${said}”`;
  if (scene.memoryOff)
    return "My memory is switched off, so I keep nothing from one conversation to the next. Tell me again, and I can use it here.";
  return `${scene.pick(["I find nothing about that in my memory.", "Nothing I remember fits that."])} ${scene.pick([
    "Say “remember that …”, and I keep it as far as you allow.",
    "Tell me, and ask me to remember it.",
  ])}`;
}

const quoted = (scene: Scene, memory: string): string =>
  `${scene.pick(["As far as I remember", "From what I remember", "This is in my memory"])}: ${memory.replace(/[.\s]+$/, "")}.`;

function everything(scene: Scene): string {
  const shown = scene.memories.slice(0, 8).map((memory) => `- ${memory}`);
  const rest = scene.memories.length - shown.length;
  return `${scene.pick(["This is what comes to mind:", "Here is what I remember:"])}\n${shown.join("\n")}${rest > 0 ? `\n- and ${rest} more` : ""}`;
}

function name(scene: Scene): string {
  const memory = scene.memories.find((one) => /\b(?:is called|name is|goes by)\b/i.test(one));
  const called = /\b(?:is called|name is|goes by)\s+(.+)$/i.exec(memory ?? "")?.[1];
  if (called !== undefined)
    return `${scene.pick(["As far as I remember", "From what I remember"])}, the name is ${called.replace(/[.\s]+$/, "")}.`;
  const told = scene.earlier
    .map((text) => /\b(?:my name is|call me)\s+([\p{L}][\p{L}'’-]*)/iu.exec(text)?.[1])
    .findLast((one) => one !== undefined);
  if (told !== undefined) return `You told me earlier: you are ${told}.`;
  if (scene.author !== "")
    return `Your messages here carry the name ${scene.author}. You have not told me another one.`;
  return "You have not told me your name yet.";
}

const isOver = (memory: string): boolean => /\(until [^)]*\)\.?$/.test(memory);
const asksOfThePast = /\b(?:used to|before|previously|formerly|earlier|once|back then|did|was|were|had)\b/i;

/** Of memories that fit, one that still holds, unless what was is asked for; and one of whoever asks. */
function nearestMemory({ text, author, memories }: Scene, least: number): string | undefined {
  const wanted = carriers(text);
  const names = carriers(author);
  const isOwn = (memory: string) => carriers(memory).some((word) => names.includes(word));
  const isPast = asksOfThePast.test(text);
  const fitting = memories.filter((memory) => isOver(memory) === isPast);
  const own = /\b(?:i|my|me|we|our)\b/i.test(text) ? fitting.filter(isOwn) : [];
  for (const among of [own, fitting, memories]) {
    const found = nearest(wanted, among, least);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text that shares most words with the question, the last among equals; at least `least` of them. */
function nearest(wanted: ReadonlyArray<string>, texts: ReadonlyArray<string>, least: number): string | undefined {
  let best: { readonly text: string; readonly shared: number } | undefined;
  for (const text of texts) {
    const carried = new Set(carriers(text));
    const shared = wanted.filter((word) => carried.has(word)).length;
    if (shared >= least && shared >= (best?.shared ?? 0)) best = { text, shared };
  }
  return best?.text;
}
