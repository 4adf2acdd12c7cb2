/** What each event of an agent says, in a short sentence of its open facts; shown by the events page beside the event's name. */
import type { AgentEvent } from "#events/agent/events.ts";

type Open<T extends AgentEvent["type"]> = Extract<AgentEvent, { readonly type: T }>["open"];

const number = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
const list = new Intl.ListFormat("en");

const many = (count: number, one: string, more = `${one}s`): string =>
  `${number.format(count)} ${count === 1 ? one : more}`;
const lasted = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${number.format(Math.round(ms / 100) / 10)} s`);
const dollars = (microUsd: number | null): string => (microUsd === null ? "" : `, $${(microUsd / 1e6).toFixed(6)}`);
/** `user:dana` as people write it. */
const person = (actor: string): string => actor.slice(actor.indexOf(":") + 1);

const tokens = ({ tokensIn, tokensOut }: { readonly tokensIn?: number; readonly tokensOut?: number }): string =>
  tokensIn === undefined || tokensOut === undefined
    ? ""
    : `, ${number.format(tokensIn)} tokens in and ${number.format(tokensOut)} out`;

const addressed: { readonly [H in NonNullable<Open<"MessageReceived">["addressed"]>]: string } = {
  mention: "by name",
  reply: "by a reply",
  question: "by a question",
  invoked: "by being called in",
  direct: "as the only one there",
  floor: "by an offer to speak",
};

const silences: { readonly [W in Open<"TurnDeclined">["why"]]: string } = {
  "not-addressed": "nobody spoke to it",
  "not-selected": "it left the floor to others",
  "cool-down": "it had spoken a moment ago",
  "too-many-hops": "agents had talked among themselves for long enough",
  inactive: "it is switched off",
  coalesced: "another turn answers for this one",
  "called-off": "it was called off",
  "left-room": "it is not in the room any more",
};

const whyAsked: { readonly [W in Open<"ModelAsked">["why"]]: string } = {
  chosen: "the chosen model",
  simple: "for a simple message",
  again: "once more",
  fallback: "as a stand-in",
};

const purposes: { readonly [P in Open<"ModelAskedBehind">["purpose"]]: string } = {
  summary: "for the notes of a room",
  memories: "for what is worth keeping",
};

const denials: { readonly [W in Open<"ToolDenied">["why"]]: string } = {
  "not-granted": "its owner has not granted it",
  "needs-approval": "somebody would have to approve it",
  "unknown-tool": "there is no such tool",
  "reply-cut-short": "the model's reply was cut short",
  "too-many-calls": "too many calls in one turn",
  "turn-over": "the turn was over",
};

const forgotten: { readonly [W in Open<"MemoryForgotten">["why"]]: string } = {
  asked: "somebody asked for it",
  faded: "it had faded",
  expired: "its time was over",
  withdrawn: "the person does not want to be remembered",
  erased: "everything about the person was erased",
};

const notesGone: { readonly [W in Open<"SummariesForgotten">["why"]]: string } = {
  asked: "something in it was to be forgotten",
  faded: "something in it had faded",
  expired: "the time of something in it was over",
  withdrawn: "somebody in it does not want to be remembered",
  erased: "everything about somebody in it was erased",
  "left-room": "the agent left",
};

const bases: { readonly [B in Open<"MemoryFormed">["basis"]]: string } = {
  said: "as it was said",
  asked: "as it was asked to",
  drawn: "drawn from other memories",
  added: "added by its owner",
  trained: "from a training",
  observed: "from using tools",
};

/** What the content rules and a provider's moderation found, where they found something. */
const found = (rules: ReadonlyArray<string> = []): string =>
  rules.length === 0 ? "" : `; content rules: ${list.format(rules)}`;

const memories = (count: number): string => many(count, "memory", "memories");

const configured = ({ name, model, fallbacks = [] }: Open<"AgentReconfigured"> | Open<"AgentCreated">): string =>
  `${name} asks ${model}${fallbacks.length > 0 ? `, then ${list.format(fallbacks.map((one) => one.model))}` : ""}`;

const words: { readonly [T in AgentEvent["type"]]: (open: Open<T>) => string } = {
  AgentCreated: (open) => `Made: ${configured(open)}`,
  AgentReconfigured: (open) => `Version ${open.version}: ${configured(open)}`,
  PersonalitySet: () => "Got a personality",
  ToolsGranted: ({ tools }) => {
    const granted = tools.flatMap(({ name, mode }) =>
      mode === "off" ? [] : [mode === "ask" ? `${name} (ask)` : name],
    );
    return granted.length === 0 ? "May use no tools" : `May use ${list.format(granted)}`;
  },
  AgentActivated: () => "Switched on",
  AgentDeactivated: () => "Switched off",
  AgentDeleted: ({ rooms }) => `Deleted, while in ${many(rooms.length, "room")}`,
  RoomJoined: ({ kind }) => `Came into a ${kind} room`,
  RoomLeft: () => "Left a room",
  MessageReceived: ({ authorId, chars, addressed: how, callsOff }) =>
    callsOff
      ? `${person(authorId)} called it off`
      : `Heard ${many(chars, "character")} from ${person(authorId)}${how === null ? "" : `, addressed ${addressed[how]}`}`,
  TurnStarted: () => "Decided to answer",
  TurnDeclined: ({ why }) => `Kept silent: ${silences[why]}`,
  TurnResumed: ({ attempt }) => `Went on after its fiber died, attempt ${attempt}`,
  TurnDelayed: ({ until }) => `Has to wait until ${clock.format(until)}`,
  TurnContinued: () => "Went on after waiting",
  TurnInterrupted: ({ by, why }) => `${why === "stopped" ? "Stopped" : "Called off"} by ${person(by)}`,
  ContextAssembled: ({ messageSeqs, memoryIds, tokens: size, degraded, masked }) =>
    `Chose ${many(messageSeqs.length, "message")} and ${memories(memoryIds.length)}, ${many(size, "token")}${degraded === undefined ? "" : `, without ${degraded}`}${found(masked)}`,
  ContextNarrowed: ({ memorySeqs }) => `Left ${memories(memorySeqs.length)} out that may not be told any more`,
  ModelAsked: ({ model, why, tokens: reserved, microUsd, verdict }) =>
    `Asked ${model} (${whyAsked[why]}), reserved ${many(reserved, "token")}${dollars(microUsd)}${found(verdict?.rules)}`,
  ModelFailed: ({ model, reason, ms }) => `${model} gave no usable reply after ${lasted(ms)}: ${reason}`,
  ModelReplied: ({ model, calls, ms, microUsd, ...usage }) =>
    `${model} replied in ${lasted(ms)}${calls.length > 0 ? `, wanting ${list.format(calls.map(({ tool }) => tool))}` : ""}${tokens(usage)}${dollars(microUsd)}`,
  ModelAskedBehind: ({ model, purpose, tokens: reserved, microUsd }) =>
    `Asked ${model} for itself, ${purposes[purpose]}, reserved ${many(reserved, "token")}${dollars(microUsd)}`,
  ModelFailedBehind: ({ model, reason, ms }) => `${model} gave no usable answer after ${lasted(ms)}: ${reason}`,
  ModelRepliedBehind: ({ model, ms, microUsd, ...usage }) =>
    `${model} answered in ${lasted(ms)}${tokens(usage)}${dollars(microUsd)}`,
  ModelGaveUp: ({ reason, tried }) => `Gave up after ${many(tried, "request")}: ${reason}`,
  ToolRequested: ({ tool }) => `Is about to use ${tool}`,
  ToolDenied: ({ tool, why }) => `May not use ${tool}: ${denials[why]}`,
  ToolExecuted: ({ tool, ms }) => `Used ${tool} for ${lasted(ms)}`,
  ToolFailed: ({ tool, reason, ms }) => `${tool} failed after ${lasted(ms)}: ${reason}`,
  ToolOutcomeUnknown: ({ tool }) => `${tool} may or may not have happened`,
  ReplyDrafted: ({ chars, notice, stopped, verdict, masked }) =>
    `Drafted ${many(chars, "character")}${notice ? ", a notice of the house" : ""}${stopped ? ", all that was said until it was stopped" : ""}${found(verdict?.rules ?? masked ?? [])}`,
  ReplyWithheld: ({ rules }) => `Kept its reply back by the content rules: ${list.format(rules)}`,
  MemoryFormed: ({ kind, basis }) => `Will remember something ${kind}, ${bases[basis]}`,
  MemoriesConsidered: ({ formed }) => (formed === 0 ? "Found nothing to remember" : `Kept ${memories(formed)}`),
  MemoryRevised: ({ version }) => `A memory was corrected, version ${version}`,
  MemorySuperseded: () => "A newer memory took the place of another",
  MemoriesMerged: ({ from }) => `Made one of ${memories(from.length)} that said the same`,
  MemoriesSeparated: ({ from }) => `Took ${memories(from.length)} apart again`,
  MemoriesArchived: ({ memoryIds }) => `Put ${memories(memoryIds.length)} away`,
  MemoriesRestored: ({ memoryIds }) => `Brought ${memories(memoryIds.length)} back`,
  MemoryForgotten: ({ memoryIds, why }) => `Forgot ${memories(memoryIds.length)}: ${forgotten[why]}`,
  MemoriesDrawn: ({ looked, drawn, by }) =>
    `Looked through ${memories(looked)} and drew ${number.format(drawn)}, by ${by}`,
  MemoriesSwept: ({ looked, ...done }) =>
    `Tidied up: of ${memories(looked)}, ${done.merged} merged, ${done.superseded} superseded, ${done.archived} archived, ${done.forgotten} forgotten`,
  ConsentAsked: ({ userId }) => `Asked ${userId} whether it may remember them`,
  ConsentNoted: ({ userId, granted }) =>
    `${userId} ${granted ? "lets it remember them" : "does not want to be remembered"}`,
  TrainingStarted: ({ items }) => `Was given ${many(items, "item")} to learn`,
  TrainingItemRefused: ({ item, reason }) => `Did not take item ${item}: ${reason}`,
  TrainingEnded: ({ taken, refused, cancelled }) =>
    `${cancelled ? "Its training was cancelled" : "Had learnt"}: ${many(taken, "item")} taken, ${number.format(refused)} refused`,
  ReplyPosted: ({ roomSeq }) => `The room took the reply as its number ${roomSeq}`,
  TurnCompleted: ({ ms }) => `Done after ${lasted(ms)}`,
  TurnStopped: ({ ms }) => `Ended as stopped after ${lasted(ms)}`,
  TurnFailed: ({ reason, ms }) => `Failed after ${lasted(ms)}: ${reason}`,
  RoomSummarized: ({ messages, by }) =>
    `Summed up ${many(messages, "message")} of a room, ${by === "rules" ? "by rules" : `by ${by}`}`,
  SummariesForgotten: ({ seqs, why }) =>
    `Forgot ${many(seqs.length, "summary", "summaries")} of a room: ${notesGone[why]}`,
};

/** Empty for a type that this page does not know yet. */
export const wordsOf = (event: { readonly type: string; readonly open: unknown }): string =>
  Object.hasOwn(words, event.type) ? words[event.type as AgentEvent["type"]](event.open as never) : "";
