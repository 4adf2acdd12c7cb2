/** What was said, as a model gets it: the messages of a prompt since its second version; used by its compilers. Another way of saying it is another file, or older prompts could not be compiled again. */
import type { Unsealed } from "#events/kit/envelope.ts";
import type { Ingredients, Round } from "./ingredients.ts";
import type { PromptMessage } from "./ports.ts";
import { indented, labelled, mark, quotedResult, wordOf } from "./quotation.ts";

/** What was said before the messages that are shown. */
const summaryMessage = (summary: Unsealed): PromptMessage => ({
  role: "user",
  text: `# Earlier in this room\n${mark("your notes of what was said")}\n${indented(wordOf(summary.words, "text"))}`,
});

/** A stored message as a part of the conversation: own drafts as the assistant's, all others labelled with their author. */
export const messageOf = (message: Unsealed): PromptMessage =>
  message.event.type === "ReplyDrafted"
    ? { role: "assistant", text: wordOf(message.words, "text"), calls: [] }
    : { role: "user", text: labelled(message) };

/** Neighbours of one role become one message: providers want the roles to alternate. */
function alternate(messages: ReadonlyArray<PromptMessage>): ReadonlyArray<PromptMessage> {
  const out: PromptMessage[] = [];
  for (const message of messages) {
    const last = out.at(-1);
    if (last?.role === "user" && message.role === "user")
      out[out.length - 1] = { role: "user", text: `${last.text}\n${message.text}` };
    else if (last?.role === "assistant" && message.role === "assistant")
      out[out.length - 1] = { ...message, text: `${last.text}\n\n${message.text}` };
    else out.push(message);
  }
  return out[0]?.role === "assistant" ? [{ role: "user", text: "(the conversation so far)" }, ...out] : out;
}

/** A round as it went: what the model said and asked for, then what came of it. */
const roundMessages = ({ text, calls, results }: Round): ReadonlyArray<PromptMessage> => [
  { role: "assistant", text, calls },
  {
    role: "tool",
    results: results.map(({ callId, output, failed, house }) => {
      const tool = calls.find((call) => call.callId === callId)?.tool ?? "";
      return { callId, output: house ? output : quotedResult(tool, output), failed };
    }),
  },
];

/** Notes, messages and rounds, in the order in which they happened. */
export function conversationOf({ summary, messages, rounds }: Ingredients): ReadonlyArray<PromptMessage> {
  const earlier = summary === null ? [] : [summaryMessage(summary)];
  return [...alternate([...earlier, ...messages.map(messageOf)]), ...rounds.flatMap(roundMessages)];
}
