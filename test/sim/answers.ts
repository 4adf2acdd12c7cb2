/** Every message of a person that speaks to an agent has one answer of it, one notice, or a reason that is on record; asked by run.ts when the house has come to rest. */
import { limits } from "#events/agent/turn.ts";
import type { Chronicle, Happened, Tell } from "./chronicle.ts";

const endings = new Set(["TurnCompleted", "TurnFailed", "TurnDeclined", "TurnStopped"]);

/** After so long without a sign the world has kept a turn from its room; five minutes, less what clocks may be off. */
const KEPT_AWAY_MS = 4 * 60_000;

/** An agent that is gone from a room, or altogether, owes nothing there any more. */
const goneBecause = new Set(["agent-deleted", "left-room"]);

/** Which agents a message speaks to; an offer of the floor may be left to others. */
const calledIn = ({ open }: Happened): ReadonlyArray<string> =>
  (open["addressed"] as ReadonlyArray<{ readonly agentId: string; readonly how: string }>).flatMap(
    ({ agentId, how }) => (how === "floor" ? [] : [agentId]),
  );

/** What rooms hold of turns: how often each was answered for, and whose words can be read no more. */
class Answers {
  readonly #said = new Map<string, number>();
  readonly #shredded = new Set<unknown>();

  constructor(chronicle: Chronicle) {
    for (const { type, open } of chronicle.all("room").flat()) {
      const turn = type === "MessagePosted" ? (open["turn"] as { readonly turnId: string } | null) : null;
      if (turn !== null) this.#said.set(turn.turnId, this.of(turn.turnId) + 1);
    }
    for (const { type, open } of chronicle.all("vault").flat())
      if (type === "KeyShredded") this.#shredded.add(open["subject"]);
  }

  of(turnId: string): number {
    return this.#said.get(turnId) ?? 0;
  }

  /** True of somebody whose key was destroyed. */
  isErased(subject: unknown): boolean {
    return this.#shredded.has(subject);
  }
}

/** What an agent's log tells of its turns, and of why it said nothing. */
class Reasons {
  readonly turnOf = new Map<unknown, string>();
  readonly #received = new Map<string, Happened>();
  readonly #ended = new Map<string, Happened>();
  readonly #drafts = new Map<string, Happened>();
  readonly #interrupted = new Set<string>();
  /** Declined while it was switched off, or not in the room. */
  readonly #away = new Set<string>();
  /** By turn: how often it was taken up again since it last got on, and when it last gave a sign. */
  readonly #idle = new Map<string, { readonly resumed: number; readonly at: number }>();
  /** Turns that were tried until it was no use: nobody could say their last word either. */
  readonly #kept = new Set<string>();
  /** Events by command: what was decided in one breath. */
  readonly #breaths = new Map<string, Happened[]>();
  readonly #answers: Answers;

  constructor(events: ReadonlyArray<Happened>, answers: Answers) {
    this.#answers = answers;
    let active = true;
    const inside = new Set<unknown>();
    for (const event of events) {
      const { type, open, command } = event;
      const turnId = String(open["turnId"]);
      if (open["turnId"] !== undefined) this.#tried(turnId, event);
      this.#breaths.set(command, [...(this.#breaths.get(command) ?? []), event]);
      if (type === "AgentActivated" || type === "AgentDeactivated") active = type === "AgentActivated";
      if (type === "RoomJoined") inside.add(open["roomId"]);
      if (type === "RoomLeft") inside.delete(open["roomId"]);
      if (type === "MessageReceived") {
        this.turnOf.set(open["messageId"], turnId);
        this.#received.set(turnId, event);
      }
      if (type === "TurnInterrupted") this.#interrupted.add(turnId);
      if (type === "ReplyDrafted") this.#drafts.set(turnId, event);
      if (endings.has(type)) this.#ended.set(turnId, event);
      if (open["why"] === "inactive" && !active) this.#away.add(turnId);
      if (open["why"] === "left-room" && !inside.has(open["roomId"])) this.#away.add(turnId);
    }
  }

  #tried(turnId: string, { type, open, at }: Happened): void {
    const before = this.#idle.get(turnId) ?? { resumed: 0, at };
    const exhausted = before.resumed >= limits.attemptsWithoutProgress || at - before.at >= KEPT_AWAY_MS;
    if (type === "TurnFailed" && open["reason"] === "no-progress" && exhausted) this.#kept.add(turnId);
    this.#idle.set(turnId, { resumed: type === "TurnResumed" ? before.resumed + 1 : 0, at });
  }

  /** What is wrong with the end of a turn that owed an answer; undefined when nothing is, or it has no end. */
  fault(turnId: string): string | undefined {
    const ended = this.#ended.get(turnId);
    const said = this.#answers.of(turnId);
    switch (ended?.type) {
      case "TurnCompleted":
        return said === 1 ? undefined : `was completed with ${said} messages`;
      case "TurnStopped":
        return this.#interrupted.has(turnId) ? undefined : "was stopped by nobody";
      case "TurnFailed":
        return said === 1 || this.#unsayable(turnId, ended) ? undefined : `failed (${ended.open["reason"]}) in silence`;
      case "TurnDeclined":
        return this.#declined(turnId, ended);
      default:
        return undefined;
    }
  }

  /** Whoever is gone says nothing, nobody says what is erased, and one whose process always dies is given up. */
  #unsayable(turnId: string, { open }: Happened): boolean {
    const tells = (this.#drafts.get(turnId)?.open["tells"] ?? []) as ReadonlyArray<string>;
    if (this.#kept.has(turnId)) return true;
    return goneBecause.has(String(open["reason"])) || tells.some((userId) => this.#answers.isErased(`user:${userId}`));
  }

  #declined(turnId: string, ended: Happened): string | undefined {
    const { why, into } = ended.open;
    if (why === "coalesced") {
      if (this.#answers.of(turnId) > 0) return `was taken into ${into}, and answered by itself as well`;
      const other = this.#received.has(String(into)) ? this.fault(String(into)) : "which was never heard of";
      return other && `was taken into ${into}, ${other}`;
    }
    const breath = this.#breaths.get(ended.command) ?? [];
    const calledOff = () =>
      ended.command.includes("/stop/") ||
      breath.some(({ type, open }) => type === "MessageReceived" && open["callsOff"] === true);
    const left = () => breath.some(({ type }) => type === "RoomLeft" || type === "AgentDeleted");
    const told = why === "called-off" ? calledOff() : this.#away.has(turnId) || left();
    return told ? undefined : `was declined (${why}), which is no reason to keep silent`;
  }
}

/** Exactly one answer or one honest notice to everybody who spoke to an agent, unless it was stopped, called off, or is gone. */
export function checkAnswers(chronicle: Chronicle, tell: Tell): void {
  const answers = new Answers(chronicle);
  const reasons = new Map(chronicle.all("agent").map((events) => [events[0]!.stream, new Reasons(events, answers)]));
  for (const { type, open, actor, seq, stream } of chronicle.all("room").flat()) {
    const isWord = type === "MessagePosted" && actor.startsWith("user:");
    const called = isWord ? calledIn({ open } as Happened) : type === "AgentInvoked" ? [String(open["agentId"])] : [];
    if (answers.isErased(open["by"])) continue;
    for (const agentId of called) {
      const known = reasons.get(`agent:${agentId}`);
      const turnId = known?.turnOf.get(open["messageId"]);
      const fault = turnId === undefined ? undefined : known?.fault(turnId);
      if (fault !== undefined) tell("answer", `${seq} of ${stream} spoke to ${agentId}: ${turnId} ${fault}`);
    }
  }
}
