/** Random but reachable histories: each wish becomes a command that fits where its stream stands; used by the properties. */
import type { AgentCommand, NewMemory } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentState } from "#events/agent/state.ts";
import { isDue, type TurnView, unsettled } from "#events/agent/turn.ts";
import type { Decider, Refusal } from "#events/kit/decider.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Pending, Words } from "#events/kit/envelope.ts";
import {
  type ActorName,
  agentName,
  childId,
  type ErasureId,
  type MessageId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";
import type { RoomCommand } from "#events/room/commands.ts";
import { room } from "#events/room/decide.ts";
import { PassedBecause, RoomMode } from "#events/room/rhythm.ts";
import type { RoomState } from "#events/room/state.ts";
import type { SystemCommand } from "#events/system/commands.ts";
import { system } from "#events/system/decide.ts";
import type { UserCommand } from "#events/user/commands.ts";
import { user } from "#events/user/decide.ts";
import type { UserState } from "#events/user/state.ts";
import type { VaultCommand } from "#events/vault/commands.ts";
import { vault } from "#events/vault/decide.ts";
import type { VaultState } from "#events/vault/state.ts";
import type { Wish } from "../support/arbitrary.ts";
import {
  type Asked,
  ada,
  agentId,
  callId,
  dana,
  eli,
  memoryId,
  messageId,
  roomId,
  settings,
  turnId,
  words,
} from "../support/given.ts";

/** Marks everything that people and agents say in these histories; nowhere may it be found in clear. */
export const SECRET = "s3cr3t-w0rd";
const said = (...names: ReadonlyArray<string>): Words =>
  words(Object.fromEntries(names.map((name) => [name, `${SECRET} ${name} 好`])));

const at = <A>(list: ReadonlyArray<A>, index: number): A => list[index % list.length]!;
const people = [dana, eli, "user_fay" as UserId];
const tools = ["clock", "mail", "bomb"];
const rooms = ["lobby", "attic"].map(roomId);

// ── an agent ────────────────────────────────────────────────────────────────────────────────────────────────────────

const personality = {
  ...{ traits: { openness: 1 }, style: { humor: "none" } as const },
  words: said("interests", "expertise", "limitations"),
};
const owned = { settings, personality, tools: [], words: said("systemPrompt", "description") };

function receive({ which, how }: Wish, index: number): Asked<AgentCommand> {
  const label = String(index);
  return {
    ...{ type: "ReceiveMessage", turnId: turnId(label), roomId: at(rooms, how), roomSeq: which, roomKind: "public" },
    ...{ messageId: messageId(label), chars: 9, replyTo: null, hops: how % 6, words: said("text", "authorName") },
    authorId: how % 3 === 0 ? agentName(agentId("bo")) : userName(at(people, which)),
    addressed: at(["mention", "mention", "invoked", "reply", "direct", "question", null], how),
    callsOff: how % 13 === 0,
  } as const;
}

const think = (turn: TurnView, { which, how }: Wish): Asked<AgentCommand> => {
  const ofTurn = { turnId: turn.turnId, attempt: turn.attempt };
  const round = turn.rounds.length + 1;
  const { provider, model } = settings;
  const last = turn.asking?.asks.at(-1);
  const mayAsk = last === undefined || last.failure?.answered === true;
  if (how % 5 === 0 || round > 8 || (last?.failure != null && !mayAsk))
    return { type: "GiveUpOnModel", ...ofTurn, round, reason: "Stalled", tried: 1 };
  const request = { ...ofTurn, round, provider, model };
  if (how % 13 === 0) return { type: "NarrowContext", ...ofTurn, memorySeqs: [1] };
  if (how % 17 === 0) return { type: "DelayTurn", ...ofTurn, until: 99_000 };
  if (mayAsk) return { type: "AskModel", ...request, why: "chosen", tokens: 100, microUsd: how % 2 === 0 ? null : 10 };
  const failure = at(
    [{ kind: "cut", reason: "Garbled" } as const, { kind: "ours", reason: "TooLong" } as const],
    which,
  );
  if (how % 11 === 0 && !turn.withheld)
    return { type: "WithholdReply", ...ofTurn, rules: ["words"], policyVersion: 1, moderation: null };
  if (how % 6 === 0) return { type: "RecordModelFailure", ...request, ...failure, ms: 3 };
  const count = how % 7 === 0 ? 9 : how % 4;
  const calls = Array.from({ length: count }, (_, index) => ({
    ...{ callId: callId(`${turn.turnId}/${round}/${index}`), tool: at(tools, which + index), argsHash: "00" },
  }));
  return {
    ...{ type: "RecordModelReply", ...ofTurn, round, provider: "demo", model: "demo", calls, microUsd: null, ms: 3 },
    ...{
      ...(how % 3 === 0 ? {} : { tokensIn: which, tokensOut: how % 100 }),
      finish: count === 0 ? "end" : at(["tools", "tools", "tools", "length"], which),
      words: said("text", "arguments"),
    },
  } as const;
};

const useTool = (turn: TurnView, { which, how }: Wish): Asked<AgentCommand> => {
  const ofTurn = { turnId: turn.turnId, attempt: turn.attempt };
  const call = at(unsettled(turn), which);
  if (call.state === "asked")
    return {
      type: "RequestTools",
      ...ofTurn,
      calls: [{ callId: call.callId, replay: at(["pure", "idempotent", "once", null], how) }],
    };
  const outcomes = [
    { kind: "executed", bytes: 2, words: said("result") },
    { kind: "failed", reason: "Timeout", words: said("detail") },
    { kind: "unknown" },
  ] as const;
  return { type: "SettleTool", ...ofTurn, callId: call.callId, ms: 1, outcome: at(outcomes, how) };
};

/** What each step would ask next of this turn; `think` and `useTools` have several outcomes. */
const steps: { readonly [S in keyof typeof isDue]: (turn: TurnView, wish: Wish) => Asked<AgentCommand> } = {
  receive: ({ turnId: id }) => ({ type: "StartTurn", turnId: id }),
  assemble: ({ turnId: id, attempt, triggerSeq }) => ({
    type: "RecordContext",
    ...{ turnId: id, attempt, messageSeqs: [1, triggerSeq], memoryIds: [], memorySeqs: [1], tools },
    ...{ over: [{ seq: 1, until: 7 }], remembersAsker: true },
    ...{ summarySeq: null, policyVersion: 1, masked: [], verdicts: [], promptVersion: 1, promptHash: "00", tokens: 9 },
  }),
  think,
  useTools: useTool,
  respond: ({ turnId: id, attempt, gaveUp, interrupted }, { how }) =>
    interrupted !== null && how % 2 === 0
      ? { type: "EndTurn", turnId: id, attempt }
      : {
          type: "DraftReply",
          ...{ turnId: id, attempt, replyId: childId<MessageId>("message", id, "reply"), chars: 9, hash: "00" },
          ...{ notice: gaveUp !== null || how % 9 === 0, tells: [dana], words: said("text") },
          ...(how % 9 === 0 ? { withheld: { rules: ["words"], policyVersion: 1, moderation: null } } : {}),
        },
  remember: ({ turnId: id, attempt, triggerSeq }, { how }) => ({
    type: "ConsiderMemories",
    ...{ turnId: id, attempt },
    memories: Array.from({ length: how % 3 }, (_, index) => ({
      ...{ memoryId: memoryId(`${id}/${index}`), kind: "semantic" as const, importance: 0.5, basis: "asked" as const },
      ...{ about: index === 0 ? [dana] : [], origin: "person" as const, speaker: null, words: said("content") },
      sourceSeq: triggerSeq,
    })),
  }),
  broadcast: ({ turnId: id, attempt }) => ({
    type: "RecordPost",
    ...{ turnId: id, attempt, messageId: childId<MessageId>("message", id, "reply"), roomSeq: 9 },
  }),
};

export const dueSteps = (turn: TurnView) =>
  (Object.keys(isDue) as Array<keyof typeof isDue>).filter((step) => isDue[step](turn));

/** The command of the step that is due, or of the timer that holds the turn. */
export function advance(turn: TurnView, wish: Wish): Asked<AgentCommand> {
  const [step] = dueSteps(turn);
  return step === undefined ? { type: "ContinueTurn", turnId: turn.turnId } : steps[step](turn, wish);
}

const summarize = ({ which, how }: Wish, state: AgentState): Asked<AgentCommand> => ({
  type: "SummarizeRoom",
  ...{ roomId: at(rooms, how), fromSeq: 1, toSeq: which % 50, messages: 3, by: "rules", microUsd: null },
  ...{ about: how % 3 === 0 ? [at(people, which)] : [], after: state.rooms[at(rooms, how)]?.summary?.seq ?? null },
  words: said("text"),
});

/** A request that nobody waits for, or what came of one. */
function behind({ which, how }: Wish, { behind: underWay }: AgentState): Asked<AgentCommand> {
  const roomId = at(rooms, how);
  const purpose = at(["summary", "memories"] as const, which);
  const request = underWay[`${purpose}/${roomId}`]?.request;
  const ofRequest = { purpose, roomId, provider: "anthropic", model: "claude" };
  if (request === undefined)
    return {
      type: "AskBehind",
      ...ofRequest,
      request: String(which),
      tokens: 100,
      microUsd: how % 2 === 0 ? null : 10,
    };
  return which % 3 === 0
    ? { type: "RecordFailureBehind", ...ofRequest, request, kind: "busy", reason: "Overloaded", ms: 5 }
    : {
        ...{ type: "RecordReplyBehind", ...ofRequest, request, microUsd: null, ms: 5 },
        ...(how % 2 === 0 ? {} : { tokensIn: 60, tokensOut: 5 }),
      };
}

const newMemory = (label: string, about: ReadonlyArray<UserId>): NewMemory & { readonly basis: "added" } => ({
  ...({ kind: "semantic", basis: "added", origin: "owner", audience: "public" } as const),
  ...{ memoryId: memoryId(label), importance: 0.5, about, speaker: null, roomId: null, sourceSeqs: [] },
  words: said("content"),
});

/** Whatever may be asked about memories outside of turns. */
function aboutMemories({ which, how }: Wish, { consents }: AgentState): Asked<AgentCommand> {
  const [into, other] = [memoryId(String(which % 7)), memoryId(String(which % 5))];
  const memoryIds = [other];
  const { sourceSeqs: _sources, roomId: _room, ...revised } = newMemory(`${which % 7}`, []);
  const training = { trainingId: String(which % 3) };
  const all: ReadonlyArray<Asked<AgentCommand>> = [
    { type: "NoteConsent", userId: at(people, which), granted: consents[at(people, which)] !== "granted" },
    { type: "NoteConsent", userId: at(people, which), granted: true },
    { type: "AddMemories", memories: [newMemory(`${which}`, how % 2 === 0 ? [] : [at(people, which)])] },
    { type: "ReviseMemory", ...revised, version: 1, replacesSeq: 1 },
    { type: "SupersedeMemory", memoryId: other, by: into, validTo: how, retractedAt: how },
    { type: "MergeMemories", into, from: memoryIds },
    { type: "SeparateMemories", into, from: memoryIds },
    { type: "ArchiveMemories", memoryIds },
    { type: "RestoreMemories", memoryIds },
    { type: "ForgetMemories", memoryIds, seqs: [1], why: "asked", rooms: [at(rooms, which)] },
    { type: "ForgetSummaries", userId: at(people, which) },
    {
      ...{ type: "DrawMemories", roomId: at(rooms, which), toSeq: how % 50, looked: 2, dropped: 0, shown: [] },
      ...{ by: "anthropic/claude", microUsd: null, memories: [] },
    },
    { type: "EndSweep", looked: how, merged: 0, superseded: 0, archived: 1, forgotten: 0 },
    { type: "StartTraining", ...training, items: 3, digest: "00" },
    { type: "TeachItems", ...training, items: [{ row: 1, reason: "empty" }] },
    { type: "EndTraining", ...training, taken: 2, refused: 1, cancelled: false },
  ];
  return at(all, how);
}

/** Most wishes move a turn on; the others are what else may be asked of an agent, at the right time or the wrong one. */
export function agentCommand(wish: Wish, state: AgentState, index: number): Asked<AgentCommand> {
  const { what, which, how } = wish;
  if (state.status === "unknown" && what < 95) return { type: "CreateAgent", agentId: ada, ownerId: dana, ...owned };
  if (Object.keys(state.rooms).length === 0 && what < 80)
    return { type: "JoinRoom", roomId: at(rooms, which), kind: "public" };
  const turns = Object.values(state.turns);
  if (turns.length > 0) {
    const turn = at(turns, which);
    if (what < 55) return advance(turn, wish);
    if (what < 60) return { type: "ResumeTurn", turnId: turn.turnId };
    if (what < 64) return { ...advance(turn, wish), attempt: turn.attempt - 1 } as Asked<AgentCommand>;
    if (what < 67)
      return at(
        Object.values(steps).filter((step) => step !== useTool),
        how,
      )(turn, wish);
    if (what < 68) return { type: "StopTurn", roomId: turn.roomId, ...(how % 2 === 0 ? {} : { turnId: turn.turnId }) };
    if (what < 69) return { type: "FailTurn", turnId: turn.turnId, attempt: turn.attempt, reason: "no" };
  }
  if (what < 82) return receive(wish, index);
  if (what < 85) return { type: "JoinRoom", roomId: at(rooms, how), kind: "private" };
  if (what < 86) return { type: "LeaveRoom", roomId: at(rooms, how) };
  if (what < 87) return behind(wish, state);
  if (what < 88) return summarize(wish, state);
  if (what < 90) return { type: "SetActive", active: how % 3 > 0 };
  if (what < 94)
    return {
      type: "GrantTools",
      tools: tools.map((name, index) => ({ name, mode: at(["allow", "ask", "off"], how + index) })),
    };
  if (what < 97) return aboutMemories(wish, state);
  if (what < 98) return { type: "ReconfigureAgent", ...owned, ...(how % 2 === 0 ? {} : { ifVersion: which % 4 }) };
  return how % 4 === 0 ? { type: "DeleteAgent" } : { type: "CreateAgent", agentId: ada, ownerId: dana, ...owned };
}

// ── the other streams ───────────────────────────────────────────────────────────────────────────────────────────────

const reasons = PassedBecause.literals;
/** Rounds most of all: they are the longest way through the rules. */
const modes = [...RoomMode.literals, "list", "pooled", "list"] as const;

export function roomCommand({ what, which, how }: Wish, state: RoomState, index: number): Asked<RoomCommand> {
  const name = said("name");
  const message = { messageId: messageId(String(index)), chars: 9, replyTo: null, words: said("text", "authorName") };
  const addressed = Object.keys(state.agents).map((id) => ({ agentId: id as typeof ada, how: "mention" as const }));
  const guest = at([ada, agentId("bo")], which);
  const rounds = state.rhythm.mode === "list" || state.rhythm.mode === "pooled";
  const inReplyTo = state.rhythm.floor?.messageId ?? state.rhythm.called[0]?.messageId ?? messageId("x");
  if (state.status === "unknown" && what < 90)
    return {
      type: "OpenRoom",
      roomId: roomId("lobby"),
      name: "Lobby",
      kind: at(["public", "private", "direct"], how),
      ownerId: dana,
      words: name,
    };
  if (addressed.length > 0 && what % (rounds ? 20 : 4) === 0) return { type: "SetPolicy", mode: at(modes, which) };
  if (what < 40)
    return {
      type: "PostMessage",
      ...message,
      ...{ named: how % 11 === 0, callsOff: how % 13 === 0 },
      addressed: how % 5 === 0 ? [{ agentId: guest, how: "reply" }] : rounds || how % 5 < 2 ? [] : addressed,
    };
  if (what < 55)
    return {
      ...{ type: "PostReply", ...message, agentId: guest, turnId: turnId(String(which)), inReplyTo },
      ...{ answeredHops: how % 5, notice: how % 7 === 0, stopped: how % 9 === 0, addressed },
      ...{ model: null, tokensIn: null, tokensOut: 3, tells: [dana] },
      ...(how % 12 === 0 ? { alsoInReplyTo: [messageId("x")] } : {}),
    } as const;
  if (what < 58) return { type: "PassFloor", messageId: inReplyTo, agentId: guest, why: at(reasons, how) };
  if (what < 66) return { type: "InvokeAgent", messageId: messageId(String(index)), agentId: guest, replyTo: null };
  if (what < 70) return { type: "JoinRoom", userId: at(people, which), words: name };
  if (what < 76) return { type: "AddParticipant", userId: at(people, which), words: name };
  if (what < 82) return { type: "RemoveParticipant", userId: at(people, which) };
  if (what < 90) return { type: "InviteAgent", agentId: guest, agentName: at(["Ada", "Bo"], how) };
  if (what < 94) return { type: "SwitchAgent", agentId: guest, active: which % 4 === 0 };
  if (what < 97) return { type: "DismissAgent", agentId: guest };
  return how % 4 === 1
    ? { type: "CloseRoom" }
    : { type: "OpenRoom", roomId: roomId("lobby"), name: "Again", kind: "public", ownerId: eli, words: name };
}

type Command = { readonly type: string; readonly meta: CommandMeta };

/** A stream whose types are hidden, so that one property can be told of all of them. */
export interface AnyStream {
  readonly decider: Decider<unknown, Command, Pending, Refusal>;
  readonly ask: (wish: Wish, state: unknown, index: number) => Omit<Command, "meta">;
}

function stream<S, C extends Command, E extends Pending, R extends Refusal>(
  decider: Decider<S, C, E, R>,
  ask: (wish: Wish, state: S, index: number) => Asked<C>,
): AnyStream {
  return { decider, ask } as unknown as AnyStream;
}

const ofPerson = ({ what, which, how }: Wish, { erasure }: UserState, index: number): Asked<UserCommand> => {
  const userId = at(people, which);
  const agentOf = agentId(at(["ada", "bo", "cy"], how));
  if (what < 25) return { type: "Arrive", userId, words: said("name") };
  if (what < 40) return { type: "RequestConsent", agentId: agentOf, roomId: at(rooms, which) };
  if (what < 58) return { type: "DecideConsent", agentId: agentOf, granted: which % 2 === 0 };
  if (what < 70) return { type: "RequestErasure", userId };
  if (what < 82) return { type: "ComeBack", userId, words: said("name") };
  const erasureId = erasure?.erasureId ?? childId<ErasureId>("erasure", userId, String(index));
  const streams = [{ stream: `user:${userId}`, confirmedAt: index }];
  const shredded = { shreddedAt: index, generations: [1], fingerprints: ["a1"], kek: 1, streams };
  return { type: "CompleteErasure", erasureId, ...shredded, agents: [] };
};

const register = ({ what, which }: Wish): Asked<SystemCommand> => {
  const about = { kind: at(["agent", "room", "user"] as const, which), name: String(which) };
  return what < 60 ? { type: "RegisterStream", ...about } : { type: "RetireStream", ...about };
};

const ofKeys = ({ what, which, how }: Wish, { keys, rotatingTo }: VaultState): Asked<VaultCommand> => {
  const subject = userName(at(people, which));
  const { number = 1, lentTo = [], recalling = [], renewing = [], living = [] } = keys[subject] ?? {};
  const stream = `room:${how % 4}`;
  const fingerprints = living.map(String);
  if (what < 35) return { type: "LendKey", subject, stream };
  if (what < 42) return { type: "ShredKey", subject, fingerprints, kek: 1 };
  if (what < 56)
    return {
      type: "NoteRecalled",
      subject,
      stream: recalling[0]?.stream ?? stream,
      number: recalling[0]?.number ?? how,
    };
  if (what < 62) return { type: "AdmitAgain", subject };
  if (what < 74) return { type: "RenewKey", subject };
  if (what < 86) return { type: "NoteRenewed", subject, stream: renewing[0] ?? lentTo[0] ?? stream, number };
  if (what < 94) return { type: "RetireKey", subject, number: living[0] ?? how, fingerprint: String(how) };
  return how % 2 === 0 ? { type: "StartRotation", kek: which } : { type: "CompleteRotation", kek: rotatingTo ?? which };
};

export const streams: ReadonlyArray<readonly [kind: string, stream: AnyStream]> = [
  ["agent", stream(agent, agentCommand)],
  ["room", stream(room, roomCommand)],
  ["user", stream(user, ofPerson)],
  ["system", stream(system, register)],
  ["vault", stream(vault, ofKeys)],
];

/** Who asks: people mostly, now and then an agent, so that rights are refused too. */
export const asker = ({ how }: Wish): ActorName => (how % 6 === 0 ? agentName(ada) : userName(at(people, how)));
