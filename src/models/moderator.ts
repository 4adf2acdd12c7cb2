/** The Moderator: a short list of words through the `obscenity` library, and OpenAI's moderation where its key is set; bound in src/worker.ts. */

import { Effect, Layer } from "effect";
import { DataSet, englishDataset, englishRecommendedTransformers, pattern, RegExpMatcher } from "obscenity";
import { type ListedWord, Moderator } from "#actors/agent/turn/ports.ts";
import { type OpenAiSettings, openAiModeration } from "./openai.ts";

/** How a listed word is named in verdicts; which word it was stays out of the log. */
const RULE = "abusive-language";

/**
 * What is taken over from the library's English list of 69 words: those with hardly another meaning in any language that
 * is written in Latin letters, where the patterns hold to whole words. The whole list flags 15 of the 41 harmless
 * sentences in its specification: bodies and their care (penis, semen), birds (tit, booby), trades (flame retardant), names
 * (Dick, Dyke, Fu, Kike), Swedish (slut: end), French (retard: delay), Spanish (negro: black). A list knows no context; a
 * provider's moderation does.
 */
const taken = new Set([
  ...["africoon", "arabush", "blowjob", "buttplug", "chingchong", "cunt", "finger bang", "gangbang", "handjob"],
  ...["jerk off", "jizz", "lubejob", "twat", "whore"],
]);

/** Words of that list whose patterns are too wide (`f[?]ck`, `bich`, `nigga` in “niggardly”), drawn tighter, and a few more. */
const dataset = new DataSet<{ originalWord: string }>()
  .addAll(englishDataset)
  .removePhrasesIf(({ metadata }) => !taken.has(metadata?.originalWord ?? ""))
  .addPhrase((phrase) =>
    phrase
      .setMetadata({ originalWord: "fuck" })
      .addPattern(pattern`fuck`)
      .addPattern(pattern`phuck`)
      .addPattern(pattern`|f*ck`),
  )
  .addPhrase((phrase) =>
    phrase
      .setMetadata({ originalWord: "shit" })
      .addPattern(pattern`|shit`)
      .addPattern(pattern`bullshit`)
      .addPattern(pattern`dipshit`)
      .addPattern(pattern`|sh*t`)
      .addWhitelistedTerm("shitake")
      .addWhitelistedTerm("shiitake")
      .addWhitelistedTerm("shiite")
      .addWhitelistedTerm("shittim"),
  )
  .addPhrase((phrase) =>
    phrase
      .setMetadata({ originalWord: "bitch" })
      .addPattern(pattern`|bitch|`)
      .addPattern(pattern`|bitches`)
      .addPattern(pattern`|bitchi`)
      .addPattern(pattern`|bitchy`),
  )
  .addPhrase((phrase) =>
    phrase
      .setMetadata({ originalWord: "nigger" })
      .addPattern(pattern`nigger`)
      .addPattern(pattern`|nigga|`)
      .addPattern(pattern`|niggas|`)
      .addWhitelistedTerm("snigger"),
  )
  .addPhrase((phrase) => phrase.setMetadata({ originalWord: "faggot" }).addPattern(pattern`|faggot`))
  .addPhrase((phrase) =>
    phrase
      .setMetadata({ originalWord: "asshole" })
      .addPattern(pattern`asshole`)
      .addPattern(pattern`|arsehole`)
      .addPattern(pattern`|dickhead`)
      .addPattern(pattern`|cocksuck`),
  )
  .addPhrase((phrase) =>
    phrase.setMetadata({ originalWord: "wank" }).addPattern(pattern`|wanker`).addPattern(pattern`|wanking`),
  )
  .addPhrase((phrase) =>
    phrase.setMetadata({ originalWord: "raghead" }).addPattern(pattern`|raghead`).addPattern(pattern`|towelhead`),
  );

const matcher = new RegExpMatcher({ ...dataset.build(), ...englishRecommendedTransformers });

/**
 * The library reads `!`, `(`, `|` and `/` as letters, and `_` belongs to a word: around a word they are punctuation, and
 * would hide where it begins and ends. One character for one, so that places stay.
 */
const plain = (text: string): string =>
  text.replace(/[_/]|(?<![A-Za-z0-9$@])[!(|]+|[!(|]+(?![A-Za-z0-9$@])/g, (found) => " ".repeat(found.length));

const found = (text: string): ReadonlyArray<readonly [start: number, end: number]> =>
  matcher.getAllMatches(plain(text), true).map(({ startIndex, endIndex }) => [startIndex, endIndex + 1]);

/** Four letters or more, each alone, with one blank, dot, hyphen or the like between two: a word spelled out. */
const SPELLED_OUT = /(?<![A-Za-z0-9])[A-Za-z0-9@$](?:[\s._*-][A-Za-z0-9@$]){3,}(?![A-Za-z0-9])/g;

/** Listed words in a text, also spelled out, in disguise of digits and signs, or with letters repeated. */
export const listedWords = (text: string): ReadonlyArray<ListedWord> => [
  ...found(text).map(([start, end]) => ({ start, end, rule: RULE })),
  ...[...text.matchAll(SPELLED_OUT)].flatMap(({ 0: run, index }) =>
    // Every second character is a letter of the word.
    found([...run].filter((_, place) => place % 2 === 0).join("")).map(([start, end]) => ({
      start: index + 2 * start,
      end: index + 2 * end - 1,
      rule: RULE,
    })),
  ),
];

/**
 * The port over the list and, with OpenAI's own address, over its moderation. Another address is a server that speaks Chat
 * Completions, which knows no moderation.
 */
export const moderatorLayer = (openai: OpenAiSettings | undefined): Layer.Layer<Moderator> =>
  Layer.sync(Moderator, () => {
    const opinion = openai === undefined || openai.baseUrl !== undefined ? undefined : openAiModeration(openai);
    return {
      words: listedWords,
      provider: opinion === undefined ? null : "openai",
      check: (texts) => (opinion === undefined ? Effect.succeed(texts.map(() => [])) : opinion(texts)),
    };
  });
