/** Keeps from models what people should not have said in a chat, and tools not have answered: secrets, card and account numbers; used wherever their words go into a prompt. */
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { judge, type Verdict } from "./filter.ts";
import type { Outcome, Round } from "./ingredients.ts";
import { judgeToolWords } from "./tool-words.ts";

/** People may swear, and the contact data they give is theirs to give: only the rules are asked, no list of words. */
const anybody = { said: [], words: () => [] } as const;

/** Words stay the same object as long as the ledger has them at hand, and every turn of a room reads most of them again. */
const judged = new WeakMap<object, Verdict>();

function verdictOn(words: Readonly<Record<string, unknown>>): Verdict {
  const known = judged.get(words);
  if (known !== undefined) return known;
  const verdict = judge(String(words["text"] ?? ""), "in", anybody);
  judged.set(words, verdict);
  return verdict;
}

/** A message as models may see it. */
export function discreet(message: Unsealed): Unsealed {
  if (message.words === Erased || message.event.type !== "MessageReceived") return message;
  const { action, text } = verdictOn(message.words);
  return action === "pass" ? message : { ...message, words: { ...message.words, text } };
}

/** What tools answered goes by the rules for what people say; looked at for the prompt and again for its record. */
const judgedOutcomes = new WeakMap<Outcome, Verdict>();

function verdictOnOutcome(outcome: Outcome): Verdict {
  const known = judgedOutcomes.get(outcome);
  if (known !== undefined) return known;
  const verdict = judgeToolWords(outcome.output, "in", anybody);
  judgedOutcomes.set(outcome, verdict);
  return verdict;
}

/** A round as models may see it. */
export const discreetRound = (round: Round): Round => ({
  ...round,
  results: round.results.map((result) =>
    result.house ? result : { ...result, output: verdictOnOutcome(result).text },
  ),
});

/** The verdict on all that tools answered in these rounds; undefined where none has. */
export function verdictOnRounds(rounds: ReadonlyArray<Round>): Pick<Verdict, "action" | "rules"> | undefined {
  const answers = rounds.flatMap(({ results }) => results.filter(({ house }) => !house));
  if (answers.length === 0) return undefined;
  const verdicts = answers.map(verdictOnOutcome);
  const action = (["withhold", "mask"] as const).find((each) => verdicts.some((verdict) => verdict.action === each));
  return { action: action ?? "pass", rules: [...new Set(verdicts.flatMap(({ rules }) => rules))] };
}

/** The rules that hide something in these messages, each once. */
export const hidden = (messages: ReadonlyArray<Unsealed>): ReadonlyArray<string> => [
  ...new Set(
    messages.flatMap(({ event, words }) =>
      words === Erased || event.type !== "MessageReceived" ? [] : verdictOn(words).rules,
    ),
  ),
];
