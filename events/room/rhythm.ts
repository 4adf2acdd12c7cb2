/** The rhythm of a room: how much agents have said since a person spoke, who may speak next, and what is held back; folded by `evolve`, asked by `decide`. */
import { Schema } from "effect";
import { AgentId, MessageId } from "../kit/ids.ts";
import { own } from "../kit/own.ts";
import type { Addressed } from "./addressing.ts";

/**
 * Who speaks to a person's message that addresses nobody: none unless called on (`mention`), each as it likes
 * (`natural`), all in the order in which they came (`list`), the one that has kept silent longest (`pooled`). In
 * `manual` only a name with @ or an invitation to speak counts at all.
 */
export const RoomMode = Schema.Literals(["mention", "natural", "list", "pooled", "manual"]);
export type RoomMode = typeof RoomMode.Type;

/** Why an agent's message was not passed on to those it names. */
export const Brake = Schema.Literals(["hops", "agent-messages"]);
export type Brake = typeof Brake.Type;

/** How far agents may go on their own after a person's word (`../reference/security.md` § 1, 12). */
export const brakes = { hops: 4, agentMessages: 6 } as const;

/** An agent that has the floor and says nothing for this long is passed over. */
export const FLOOR_MS = 45_000;

/** How an agent let the floor go by. */
export const PassedBecause = Schema.Literals(["declined", "failed", "coalesced", "late"]);
export type PassedBecause = typeof PassedBecause.Type;

const Call = Schema.Struct({ messageId: MessageId, agentId: AgentId });

export const Rhythm = Schema.Struct({
  mode: RoomMode,
  /** Messages of agents since a person last spoke. */
  sinceHuman: Schema.Int,
  /** Agents called on since then that have not answered, oldest first: each of them may still say something. */
  called: Schema.Array(Call),
  /** The place of the newest message of each agent that is here. */
  spoke: Schema.Record(AgentId, Schema.Int),
  /** The round that goes on, in the modes `list` and `pooled`. */
  floor: Schema.NullOr(
    Schema.Struct({
      messageId: MessageId,
      /** The place of the message: those who wait for their turn are told of nothing from here on. */
      seq: Schema.Int,
      /** Counts the agents of the round, the holder included. */
      place: Schema.Int,
      holder: Schema.NullOr(AgentId),
      waiting: Schema.Array(AgentId),
    }),
  ),
});
export type Rhythm = typeof Rhythm.Type;

export const still: Rhythm = { mode: "mention", sinceHuman: 0, called: [], spoke: {}, floor: null };

/** The agents of a room, as far as their order matters. */
export type Agents = Readonly<Record<string, { readonly invitedSeq: number; readonly active: boolean }>>;

/** An agent that is spoken to. */
export interface Addressee {
  readonly agentId: AgentId;
  readonly how: Addressed;
}

/** What agents may still say before a person speaks again; whoever is called on already has its word kept for it. */
export const wordsLeft = ({ sinceHuman, called }: Rhythm): number =>
  Math.max(0, brakes.agentMessages - sinceHuman - called.length);

/** How many agents have answered one another up to this reply: one more than up to what it answers. */
export const hopsAfter = (answered: number): number => Math.min(answered + 1, brakes.hops);

// ── who may speak ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The agents in the order in which this mode asks them; who is switched off would only let the floor go by. */
function inOrder({ mode, spoke }: Rhythm, agents: Agents): ReadonlyArray<AgentId> {
  const lastWord = (id: string) => (mode === "list" ? 0 : (own(spoke, id) ?? 0));
  return Object.entries(agents)
    .filter(([, { active }]) => active)
    .sort(([one, here], [other, there]) => lastWord(one) - lastWord(other) || here.invitedSeq - there.invitedSeq)
    .map(([agentId]) => agentId as AgentId);
}

/** Whom a person's message that addresses nobody is put before, and how. In a round it is the first agent alone. */
export function offered(rhythm: Rhythm, agents: Agents): ReadonlyArray<Addressee> {
  const order = inOrder(rhythm, agents);
  switch (rhythm.mode) {
    case "natural":
      // As many as may speak: in a large room those that have kept silent longest.
      return order.slice(0, brakes.agentMessages).map((agentId) => ({ agentId, how: "floor" }));
    case "list":
    case "pooled":
      return order.slice(0, 1).map((agentId) => ({ agentId, how: "invoked" }));
    default:
      return [];
  }
}

/** Whom a person's message calls on, of those its text addresses. No count holds a person's word back. */
export const calledOn = ({ mode }: Rhythm, addressed: ReadonlyArray<Addressee>): ReadonlyArray<Addressee> =>
  mode === "manual" ? addressed.filter(({ how }) => how === "mention" || how === "invoked") : addressed;

/** The agent whose turn has come in the round: there is one while nobody has the floor. */
export const nextInRound = ({ floor }: Rhythm): AgentId | undefined =>
  floor?.holder === null ? floor.waiting[0] : undefined;

/** What an agent says: where, in answer to what, and whom it calls on. */
export interface AgentWord {
  readonly agentId: AgentId;
  readonly messageId: MessageId;
  readonly inReplyTo: MessageId;
  readonly seq: number;
  readonly addressed: ReadonlyArray<{ readonly agentId: AgentId }>;
}

/**
 * Whom an agent's message is passed on to, of those it names with @, and what held it back if something did. Words are
 * promised, not only counted: were they counted when they are said, one message to nine agents would be nine more.
 */
export function passedOn(
  rhythm: Rhythm,
  word: Omit<AgentWord, "addressed" | "seq">,
  hops: number,
  named: ReadonlyArray<Addressee>,
): { readonly addressed: ReadonlyArray<Addressee>; readonly brake: Brake | null } {
  // Whoever waits in the round has its turn to come, and would else speak twice.
  const waiting = rhythm.mode === "list" ? (rhythm.floor?.waiting ?? []) : [];
  const wanted = named.filter(({ agentId, how }) => how === "mention" && !waiting.includes(agentId));
  if (wanted.length > 0 && hops >= brakes.hops) return { addressed: [], brake: "hops" };
  const left = wordsLeft(agentSpoke(rhythm, { ...word, seq: 0, addressed: [] }));
  const addressed = wanted.slice(0, left);
  const endsRound = left === addressed.length && goesOnAfter(rhythm, word);
  return { addressed, brake: wanted.length > left || endsRound ? "agent-messages" : null };
}

type Answering = Pick<AgentWord, "agentId" | "inReplyTo">;

const hasFloor = ({ floor }: Rhythm, { agentId, inReplyTo }: Answering): boolean =>
  floor?.holder === agentId && floor.messageId === inReplyTo;

/** True when others wait behind the agent that says this. */
const goesOnAfter = (rhythm: Rhythm, word: Answering): boolean =>
  rhythm.mode === "list" && hasFloor(rhythm, word) && rhythm.floor!.waiting.length > 0;

// ── the fold ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A round is over when nobody is left to ask, or no word is left to be said. */
function unlessOver(rhythm: Rhythm): Rhythm {
  const { floor } = rhythm;
  const over = floor?.holder === null && (floor.waiting.length === 0 || wordsLeft(rhythm) === 0);
  return over ? { ...rhythm, floor: null } : rhythm;
}

/**
 * A person spoke: the count starts anew, and a round that went on is over. Who only tells agents to leave off gives them
 * no new words.
 */
export const humanSpoke = (
  rhythm: Rhythm,
  { messageId, addressed, callsOff }: Pick<AgentWord, "messageId" | "addressed"> & { readonly callsOff: boolean },
): Rhythm => ({
  ...rhythm,
  sinceHuman: callsOff ? rhythm.sinceHuman : 0,
  called: [...(callsOff ? rhythm.called : []), ...addressed.map(({ agentId }) => ({ messageId, agentId }))],
  floor: null,
});

const withoutWaiting = (floor: NonNullable<Rhythm["floor"]>, agentId: AgentId) => ({
  ...floor,
  waiting: floor.waiting.filter((other) => other !== agentId),
});

/** A person asked an agent to speak, which is a person's word too. It need not wait for its turn in a round any more. */
export const humanInvoked = (rhythm: Rhythm, call: typeof Call.Type): Rhythm => ({
  ...rhythm,
  sinceHuman: 0,
  called: [call],
  floor: rhythm.floor && withoutWaiting(rhythm.floor, call.agentId),
});

/** An agent spoke: it has answered this call, and every earlier one, which it took together with it. */
export function agentSpoke(rhythm: Rhythm, word: AgentWord): Rhythm {
  const { agentId, messageId, inReplyTo, seq, addressed } = word;
  const { floor, mode } = rhythm;
  const answered = rhythm.called.findLastIndex((call) => call.agentId === agentId && call.messageId === inReplyTo);
  const open = rhythm.called.filter((call, index) => call.agentId !== agentId || index > answered);
  const freed = mode === "pooled" ? null : floor && { ...floor, holder: null };
  return unlessOver({
    ...rhythm,
    sinceHuman: rhythm.sinceHuman + 1,
    called: [...open, ...addressed.map((other) => ({ messageId, agentId: other.agentId }))],
    spoke: { ...rhythm.spoke, [agentId]: seq },
    floor: hasFloor(rhythm, word) ? freed : floor,
  });
}

/** An agent was given the floor: the first one of a round opens it. */
export function floorGranted(
  rhythm: Rhythm,
  granted: typeof Call.Type & { readonly place: number; readonly seq: number },
  agents: Agents,
): Rhythm {
  const { messageId, agentId, place, seq } = granted;
  const { called } = rhythm;
  // The message that a round is about stands right before the event that opens it.
  const opened = { messageId, seq: seq - 1, waiting: inOrder(rhythm, agents) };
  const round = rhythm.floor?.messageId === messageId ? rhythm.floor : opened;
  const known = called.some((call) => call.messageId === messageId && call.agentId === agentId);
  return {
    ...rhythm,
    called: known ? called : [...called, { messageId, agentId }],
    floor: withoutWaiting({ ...round, place, holder: agentId }, agentId),
  };
}

type Passed = typeof Call.Type & { readonly why: PassedBecause };

/** True while the room waits for an agent's answer to this message; late is only who has the floor. */
export const mayPass = ({ called, floor }: Rhythm, { messageId, agentId, why }: Passed): boolean =>
  (floor?.messageId === messageId && floor.holder === agentId) ||
  (why !== "late" && called.some((call) => call.messageId === messageId && call.agentId === agentId));

/** The floor went past an agent. One that was only late may still speak, so its word stays kept for it. */
export function floorPassed(rhythm: Rhythm, passed: Passed): Rhythm {
  const { floor, called } = rhythm;
  const { messageId, agentId, why } = passed;
  const others = called.filter((call) => call.messageId !== messageId || call.agentId !== agentId);
  return unlessOver({
    ...rhythm,
    called: why === "late" ? called : others,
    floor: floor?.messageId === messageId && floor.holder === agentId ? { ...floor, holder: null } : floor,
  });
}

/** An agent is no longer here: nobody waits for it. */
export function agentLeft(rhythm: Rhythm, agentId: AgentId): Rhythm {
  const { [agentId]: _left, ...spoke } = rhythm.spoke;
  const { floor } = rhythm;
  const without =
    floor && withoutWaiting({ ...floor, holder: floor.holder === agentId ? null : floor.holder }, agentId);
  return unlessOver({
    ...rhythm,
    spoke,
    called: rhythm.called.filter((call) => call.agentId !== agentId),
    floor: without,
  });
}

/** The room's owner chose a mode: a round of the former one is over. */
export const modeChosen = (rhythm: Rhythm, mode: RoomMode): Rhythm => ({ ...rhythm, mode, floor: null });
