/** `given(stream, …events).when(command).then(…events)`: how specifications of decisions are written, and their cast. */
import { Redacted, Result } from "effect";
import { expect } from "vitest";
import { turnOf } from "#events/agent/decide.ts";
import * as A from "#events/agent/events.ts";
import { type Decider, fold, type Refusal } from "#events/kit/decider.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Pending, Recorded, Words } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  agentName,
  type CallId,
  childId,
  type MemoryId,
  type MessageId,
  type RoomId,
  type TurnId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";

// ── the cast ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const START = Date.UTC(2026, 9, 1, 12);
export const dana = "user_dana" as UserId;
export const eli = "user_eli" as UserId;
export const agentId = (label: string): AgentId => childId("agent", "test", label);
export const roomId = (label: string): RoomId => childId("room", "test", label);
export const messageId = (label: string): MessageId => childId("message", "test", label);
export const memoryId = (label: string): MemoryId => childId("memory", "test", label);
export const callId = (label: string): CallId => childId("call", "test", label);
export const ada = agentId("ada");
export const bo = agentId("bo");
export const lobby = roomId("lobby");
/** The turn with which Ada would answer the message of this label. */
export const turnId = (label: string): TurnId => turnOf(ada, messageId(label));
export const words = (said: Readonly<Record<string, unknown>> = {}): Words => Redacted.make(said);

export const settings = { name: "Ada", provider: "anthropic", model: "claude-sonnet-4-5", memoryEnabled: true };

// ── what has happened to Ada ────────────────────────────────────────────────────────────────────────────────────────

export const created = A.AgentCreated(
  { agentId: ada, ownerId: dana, ...settings },
  userName(dana),
  words({ systemPrompt: "Be kind.", description: "" }),
);
/** Dana let her remember what she says. */
export const agreed = A.ConsentNoted({ userId: dana, granted: true });
export const joined = A.RoomJoined({ roomId: lobby, kind: "public" });

type Heard = typeof A.MessageReceived.open.Type;

/** A message in the lobby that mentions Ada, unless said otherwise. */
export const heard = (label: string, over: Partial<Heard> = {}) =>
  A.MessageReceived(
    {
      ...{ turnId: turnId(label), roomId: lobby, roomSeq: 7, roomKind: "public", messageId: messageId(label) },
      ...{ authorId: userName(dana), hops: 0, chars: 9, replyTo: null, addressed: "mention" },
      callsOff: false,
      ...over,
    },
    over.authorId ?? userName(dana),
    words({ text: `Ada, ${label}?`, authorName: "Dana" }),
  );

const ofTurn = (label: string) => ({ turnId: turnId(label), roomId: lobby });

export const started = (label: string, attempt = 1) =>
  A.TurnStarted({ ...ofTurn(label), trigger: messageId(label), attempt });

export const assembled = (label: string, over: Partial<typeof A.ContextAssembled.open.Type> = {}) =>
  A.ContextAssembled({
    ...{ turnId: turnId(label), messageSeqs: [3], memoryIds: [], memorySeqs: [], configSeq: 1, tools: ["clock"] },
    ...{ over: [], remembersAsker: true, personalitySeq: 0, summarySeq: null, policyVersion: 1, masked: [] },
    verdicts: [],
    ...{ promptVersion: 1, promptHash: "00", tokens: 12 },
    ...over,
  });

export const call = (name: string, tool = "clock") => ({ callId: callId(name), tool, argsHash: "00" });

/** The intent of a request. */
export const asked = (label: string, over: Partial<typeof A.ModelAsked.open.Type> = {}) =>
  A.ModelAsked({
    ...{ turnId: turnId(label), round: 1, provider: settings.provider, model: settings.model, why: "chosen" },
    ...{ tokens: 100, microUsd: 10, ...over },
  });

/** A request that gave nothing. */
export const unanswered = (label: string, over: Partial<typeof A.ModelFailed.open.Type> = {}) =>
  A.ModelFailed({
    ...{ turnId: turnId(label), round: 1, provider: settings.provider, model: settings.model },
    ...{ kind: "broken", reason: "Overloaded", ms: 5, ...over },
  });

/** A model's reply: prose, or the tool calls of these names. */
export const replied = (label: string, over: Partial<typeof A.ModelReplied.open.Type> = {}) =>
  A.ModelReplied(
    {
      ...{ turnId: turnId(label), round: 1, provider: "demo", model: "demo", calls: [], microUsd: null, ms: 5 },
      finish: (over.calls?.length ?? 0) > 0 ? "tools" : "end",
      ...over,
    },
    agentName(ada),
    words({ text: "Well.", arguments: {} }),
  );

export const granted = (...tools: ReadonlyArray<readonly [name: string, mode: A.ToolMode]>) =>
  A.ToolsGranted({ tools: tools.map(([name, mode]) => ({ name, mode })) });

export const requested = (label: string, name: string, replay: "pure" | "idempotent" | "once" = "pure") =>
  A.ToolRequested({ turnId: turnId(label), callId: callId(name), tool: "clock", replay, key: callId(name) });

export const executed = (label: string, name: string) =>
  A.ToolExecuted(
    { turnId: turnId(label), callId: callId(name), tool: "clock", ms: 1, bytes: 2 },
    agentName(ada),
    words({ result: "12" }),
  );

export const gaveUp = (label: string, reason = "Overloaded", tried = 4) =>
  A.ModelGaveUp({ turnId: turnId(label), round: 1, reason, tried });

export const drafted = (label: string, notice = false) =>
  A.ReplyDrafted(
    {
      turnId: turnId(label),
      replyId: messageId(`${label}/reply`),
      chars: 5,
      hash: "00",
      notice,
      stopped: false,
      masked: [],
      tells: [dana],
    },
    agentName(ada),
    words({ text: "Well." }),
  );

export const considered = (label: string, formed = 0) => A.MemoriesConsidered({ turnId: turnId(label), formed });

export const posted = (label: string) =>
  A.ReplyPosted({ ...ofTurn(label), messageId: messageId(`${label}/reply`), roomSeq: 8 });

export const completed = (label: string, ms = 0) => A.TurnCompleted({ turnId: turnId(label), ms });

export const failed = (label: string, reason: string, ms = 0) => A.TurnFailed({ ...ofTurn(label), reason, ms });

export const declined = (label: string, why: (typeof A.TurnDeclined.open.Type)["why"], into?: string) =>
  A.TurnDeclined({
    ...ofTurn(label),
    trigger: messageId(label),
    why,
    ...(into === undefined ? {} : { into: turnId(into) }),
  });

// ── the language ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The events as a ledger would have recorded them, one a second, from seq 1. */
export const record = <E extends Pending>(events: ReadonlyArray<E>): ReadonlyArray<Recorded<E>> =>
  events.map(({ type, open }, index) => ({
    ...{ seq: index + 1, id: childId("event", "test", String(index + 1)), type, v: 1, at: START + index * 1000, open },
    ...{ actor: userName(dana), command: `cmd-${index}`, correlation: "test", causation: null },
  }));

/** Words as plain values, so that they compare by what they say. */
const plain = ({ type, open, sealed }: Pending) => ({
  type,
  open,
  ...(sealed && { sealed: { subject: sealed.subject, words: Redacted.value(sealed.words) } }),
});

/** A command without its meta, which `when` adds. */
export type Asked<C> = C extends unknown ? Omit<C, "meta"> : never;
type Tagged<R> = abstract new (...fields: never) => R;

/** Where a stream stands after these events, and what it answers then. */
export function given<
  S,
  C extends { readonly type: string; readonly meta: CommandMeta },
  E extends Pending,
  R extends Refusal,
>(decider: Decider<S, C, E, R>, ...events: ReadonlyArray<E>) {
  const state = fold(decider, record(events), decider.initial);
  const when = (command: Asked<C>, by: ActorName = userName(dana)) => {
    const at = START + events.length * 1000;
    const meta: CommandMeta = { id: "cmd", at, by, correlation: "test", causation: null };
    const answer = decider.decide({ ...command, meta } as unknown as C, state);
    return {
      /** Accepted: exactly these events follow. */
      // biome-ignore lint/suspicious/noThenProperty: the third word of given-when-then; nobody awaits a specification
      then: (...expected: ReadonlyArray<E>) => {
        expect(Result.isFailure(answer) ? answer.failure : answer.success.map(plain)).toEqual(expected.map(plain));
      },
      /** Accepted, and nothing needs to happen. */
      nothing: () => {
        expect(Result.isFailure(answer) ? answer.failure : answer.success.map(plain)).toEqual([]);
      },
      /** Refused with this named no. */
      refused: (refusal: Tagged<R>, fields: Readonly<Record<string, unknown>> = {}) => {
        expect(Result.isFailure(answer) ? answer.failure : answer.success.map(plain)).toBeInstanceOf(refusal);
        expect(answer).toMatchObject({ failure: fields });
      },
    };
  };
  return { state, when };
}
