/** An agent's life, the same each time: as pending events and as commands; written, folded and delivered by the bench Worker. */
import { Redacted } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { turnOf } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import {
  type ActorName,
  type AgentId,
  agentName,
  type CallId,
  childId,
  type MemoryId,
  type MessageId,
  type RoomId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";

/** `open`: no event has words. `life`: those have them that do in a real log, about two in five. `sealed`: every one. */
export type Sort = "open" | "life" | "sealed";

export const ada = childId<AgentId>("agent", "bench", "ada");
const lobby = childId<RoomId>("room", "bench", "lobby");
const dana = "user_dana" as UserId;
const author = userName(dana);
const self = agentName(ada);
const START = Date.UTC(2026, 9, 1, 12);
const MESSAGE = "Ada, what did we agree on for the trip in the second week of May?";
const REPLY = "You agreed to leave on Monday, take the early train and meet the others at the hut before it is dark.";
const settings = { name: "Ada", provider: "anthropic", model: "claude-sonnet-5-5", memoryEnabled: true };
const hash = "5d41402abc4b2a76b9719d911017c592ae3f3c1e5d41402abc4b2a76b9719d91";
const anyWords = Redacted.make({ text: MESSAGE });

/** What stands around a command of this bench; ids rise, as real ones do. */
export const metaOf = (id: string, order: number, by: ActorName = self): CommandMeta => ({
  ...{ id, at: START + order, by, correlation: id, causation: null },
});

const names = (order: number) => {
  const messageId = childId<MessageId>("message", "bench", String(order));
  const turnId = turnOf(ada, messageId);
  return { messageId, turnId, replyId: childId<MessageId>("message", turnId, "reply") };
};

const beginning: ReadonlyArray<E.AgentEvent> = [
  E.AgentCreated(
    { agentId: ada, ownerId: dana, ...settings },
    author,
    Redacted.make({ systemPrompt: "You are a careful researcher.", description: "Looks things up." }),
  ),
  E.ToolsGranted({ tools: [{ name: "calculator", mode: "allow" }] }),
  E.RoomJoined({ roomId: lobby, kind: "public" }),
];

const context = {
  memoryIds: [],
  memorySeqs: [],
  over: [],
  remembersAsker: true,
  tools: ["calculator"],
  promptVersion: 1,
  promptHash: hash,
  tokens: 412,
  summarySeq: null,
  policyVersion: 1,
  masked: [],
  verdicts: [],
};
const modelReply = {
  provider: "anthropic",
  model: "claude-sonnet-5-5",
  tokensIn: 412,
  tokensOut: 24,
  microUsd: 1_596,
  ms: 3,
};
const modelAsked = {
  provider: "anthropic",
  model: "claude-sonnet-5-5",
  why: "chosen",
  tokens: 1_436,
  microUsd: 16_596,
} as const;

/** One model round that asks for the calculator, and its result. */
function toolRound(turnId: ReturnType<typeof turnOf>): ReadonlyArray<E.AgentEvent> {
  const callId = childId<CallId>("call", turnId, "1/0");
  const about = { turnId, callId, tool: "calculator" };
  const calls = [{ callId, tool: "calculator", argsHash: hash }];
  return [
    E.ModelAsked({ turnId, round: 1, ...modelAsked }),
    E.ModelReplied(
      { turnId, round: 1, finish: "tools", calls, ...modelReply },
      self,
      Redacted.make({ text: "", arguments: { [callId]: '{"expression":"12*7"}' } }),
    ),
    E.ToolRequested({ ...about, replay: "pure", key: callId }),
    E.ToolExecuted({ ...about, ms: 1, bytes: 2 }, self, Redacted.make({ result: "84" })),
  ];
}

/** A whole turn: every fourth with a tool round, every eighth with something to remember. */
function turn(order: number, seq: number): ReadonlyArray<E.AgentEvent> {
  const { messageId, turnId, replyId } = names(order);
  const memoryId = childId<MemoryId>("memory", turnId, "0");
  const remembers = order % 8 === 0;
  const tools = order % 4 === 0 ? toolRound(turnId) : [];
  const received = { turnId, roomId: lobby, roomSeq: order, roomKind: "public", messageId, authorId: author } as const;
  const memory = {
    memoryId,
    turnId,
    roomId: lobby,
    kind: "semantic",
    importance: 0.7,
    about: [dana],
    origin: "person",
  } as const;
  return [
    E.MessageReceived(
      { ...received, hops: 0, chars: MESSAGE.length, replyTo: null, addressed: "mention", callsOff: false },
      author,
      Redacted.make({ text: MESSAGE, authorName: "Dana" }),
    ),
    E.TurnStarted({ turnId, roomId: lobby, trigger: messageId, attempt: 1 }),
    E.ContextAssembled({ turnId, messageSeqs: [seq], configSeq: 1, personalitySeq: 0, ...context }),
    ...tools,
    E.ModelAsked({ turnId, round: tools.length > 0 ? 2 : 1, ...modelAsked }),
    E.ModelReplied(
      { turnId, round: tools.length > 0 ? 2 : 1, finish: "end", calls: [], ...modelReply },
      self,
      Redacted.make({ text: REPLY, arguments: {} }),
    ),
    E.ReplyDrafted(
      { turnId, replyId, chars: REPLY.length, hash, notice: false, stopped: false, masked: [], tells: [] },
      self,
      Redacted.make({ text: REPLY }),
    ),
    ...(remembers
      ? [
          E.MemoryFormed(
            { ...memory, basis: "asked", audience: "room", speaker: author, sourceSeqs: [seq] },
            author,
            Redacted.make({ content: MESSAGE }),
          ),
        ]
      : []),
    E.MemoriesConsidered({ turnId, formed: remembers ? 1 : 0 }),
    E.ReplyPosted({ turnId, roomId: lobby, messageId: replyId, roomSeq: order + 1 }),
    E.TurnCompleted({ turnId, ms: 12 }),
  ];
}

const dressed = ({ type, open, sealed }: E.AgentEvent, sort: Sort): E.AgentEvent =>
  (sort === "open"
    ? { type, open }
    : { type, open, sealed: sealed ?? { subject: self, words: anyWords } }) as E.AgentEvent;

/** Events without end: a beginning, then turn after turn. */
export function* life(sort: Sort): Generator<E.AgentEvent, never> {
  let seq = 0;
  for (let order = 0; ; order++)
    for (const event of order === 0 ? beginning : turn(order, seq + 1)) {
      seq += 1;
      yield sort === "life" ? event : dressed(event, sort);
    }
}

/** The commands that begin an agent's log, for the agent's own `decide`. */
export const firstCommands = (): ReadonlyArray<AgentCommand> => [
  {
    ...{ type: "CreateAgent", meta: metaOf("create", 0, author), agentId: ada, ownerId: dana, settings, tools: [] },
    words: Redacted.make({ systemPrompt: "You are a careful researcher.", description: "Looks things up." }),
  },
  { type: "JoinRoom", meta: metaOf("join", 0, author), roomId: lobby, kind: "public" },
];

/** The eight commands of a plain turn; they make nine events. */
export function turnCommands(order: number): ReadonlyArray<AgentCommand> {
  const { messageId, turnId, replyId } = names(order);
  const of = (label: string) => ({ meta: metaOf(`${turnId}/${label}`, order), turnId, attempt: 1 });
  const received = { roomId: lobby, roomSeq: order, roomKind: "public", messageId, authorId: author } as const;
  return [
    {
      ...{ type: "ReceiveMessage", meta: metaOf(`${turnId}/receive`, order, author), turnId, ...received, hops: 0 },
      ...{ chars: MESSAGE.length, replyTo: null, addressed: "mention", callsOff: false },
      words: Redacted.make({ text: MESSAGE, authorName: "Dana" }),
    },
    { type: "StartTurn", meta: metaOf(`${turnId}/start`, order), turnId },
    { type: "RecordContext", ...of("context"), messageSeqs: [1], ...context },
    { type: "AskModel", ...of("ask/1"), round: 1, ...modelAsked },
    {
      ...{ type: "RecordModelReply", ...of("round/1"), round: 1, finish: "end", calls: [], ...modelReply },
      words: Redacted.make({ text: REPLY, arguments: {} }),
    },
    {
      ...{
        type: "DraftReply",
        ...of("draft"),
        replyId,
        chars: REPLY.length,
        hash,
        notice: false,
        masked: [],
        tells: [],
      },
      words: Redacted.make({ text: REPLY }),
    },
    { type: "ConsiderMemories", ...of("remember"), memories: [] },
    { type: "RecordPost", ...of("post"), messageId: replyId, roomSeq: order + 1 },
  ];
}
