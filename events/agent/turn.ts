/** The fold of one turn, and the seven questions whether a step is due; asked by the pipeline, answered from events alone. */
import { Schema } from "effect";
import { CallId, MessageId, RoomId, TurnId } from "../kit/ids.ts";
import { Addressed } from "../room/addressing.ts";
import { Asking, ModelName, TOO_LONG } from "./asking.ts";
import { Reserve, Spent } from "./budget.ts";

const Count = Schema.Int;

/** The bounds of one turn's work [T4]. */
export const limits = { rounds: 8, callsPerRound: 8, calls: 24, attemptsWithoutProgress: 3 } as const;

export const CallView = Schema.Struct({
  callId: CallId,
  tool: Schema.String,
  seq: Count,
  state: Schema.Literals(["asked", "requested", "settled"]),
  replay: Schema.NullOr(Schema.Literals(["pure", "idempotent", "once"])),
  /** The event that holds the outcome, once settled. */
  settledSeq: Schema.NullOr(Count),
  /** True once it is settled that nobody knows what came of it. */
  isUnknown: Schema.Boolean,
});
export type CallView = typeof CallView.Type;

/** What one turn has done so far; kept in the agent's state while the turn is open. */
export const TurnView = Schema.Struct({
  turnId: TurnId,
  roomId: RoomId,
  trigger: MessageId,
  triggerSeq: Count,
  /** The messages that were taken together with the trigger, oldest first. */
  taken: Schema.Array(Count),
  /** What the reply is an answer to: the trigger, or what an invocation without words points at. */
  inReplyTo: MessageId,
  authorId: Schema.String,
  /** Everybody who waits for this answer: its author, and those whose messages were taken together with it. */
  askers: Schema.Array(Schema.String),
  /** The people whose words it answers, also by way of other agents; null where nobody knows of one of them. */
  people: Schema.NullOr(Schema.Array(Schema.String)),
  hops: Count,
  addressed: Schema.NullOr(Addressed),
  /** The length of what is to be answered. */
  chars: Count,
  correlation: Schema.String,
  /** The newest event of this turn: what the next one was caused by. */
  lastEvent: Schema.String,
  lastAt: Schema.Finite,
  receivedAt: Schema.Finite,
  /** 0 while there is no verdict; rises with every resume. */
  attempt: Count,
  /** Resumes since the last event that was progress. */
  idleAttempts: Count,
  /** Seqs and references of ContextAssembled. */
  context: Schema.NullOr(
    Schema.Struct({
      seq: Count,
      messageSeqs: Schema.Array(Count),
      memorySeqs: Schema.Array(Count),
      summarySeq: Schema.NullOr(Count),
      tools: Schema.Array(Schema.String),
      tokens: Count,
    }),
  ),
  /** The memories of all its contexts: the answer may say the same, also of one that is shown no longer. */
  given: Schema.Array(Count),
  /** True once the context was assembled again, shorter, because a model could not take it. */
  shortened: Schema.Boolean,
  /** The requests of the running round; null before the first. */
  asking: Schema.NullOr(Asking),
  /** The model that answered last, by the name it was asked under. */
  answering: Schema.NullOr(ModelName),
  /** The reserve of a request that is under way, and who bears it. */
  reserved: Schema.NullOr(Schema.Struct({ ...Reserve.fields, payers: Schema.Array(Schema.String) })),
  /** What this turn has cost so far, reserves included. */
  spent: Spent,
  /** Time that rounds which came to an end had lost with failures before. */
  wastedMs: Schema.Finite,
  /** Set while a timer holds the turn. */
  delayedUntil: Schema.NullOr(Schema.Finite),
  /** Set once somebody stopped it. */
  interrupted: Schema.NullOr(Schema.Literals(["stopped", "called-off"])),
  rounds: Schema.Array(
    Schema.Struct({
      seq: Count,
      finish: Schema.Literals(["end", "tools", "length", "unknown"]),
      provider: Schema.String,
      model: Schema.String,
      /** Null where the provider did not say. */
      tokensIn: Schema.NullOr(Count),
      tokensOut: Schema.NullOr(Count),
      calls: Schema.Array(CallView),
    }),
  ),
  gaveUp: Schema.NullOr(Schema.Struct({ reason: Schema.String, retryAfterMs: Schema.NullOr(Count) })),
  draft: Schema.NullOr(
    Schema.Struct({ seq: Count, replyId: MessageId, notice: Schema.Boolean, stopped: Schema.Boolean }),
  ),
  /** True when the content rules kept the model's own words back. */
  withheld: Schema.Boolean,
  /** True when nothing is left to be drawn from what was said. */
  considered: Schema.Boolean,
});
export type TurnView = typeof TurnView.Type;

/** The calls of the last round that have no outcome yet. */
export const unsettled = (turn: TurnView): ReadonlyArray<CallView> =>
  turn.rounds.at(-1)?.calls.filter((call) => call.state !== "settled") ?? [];

/** True when the last round asked for tools, and every one of them has its outcome. */
const toolsAnswered = (turn: TurnView): boolean =>
  (turn.rounds.at(-1)?.calls.length ?? 0) > 0 && unsettled(turn).length === 0;

/** A reply ends the thinking, and so does giving up, or being stopped. */
const thoughtOut = (turn: TurnView): boolean =>
  turn.interrupted !== null ||
  turn.gaveUp !== null ||
  (turn.rounds.length > 0 && turn.rounds.at(-1)!.calls.length === 0);

/** True for the place of a message that the turn answers: the trigger, and what was taken together with it. */
export const isAnswered = ({ triggerSeq, taken }: TurnView, seq: number): boolean =>
  seq === triggerSeq || taken.includes(seq);

/** The context was too long for the model that was asked last, and there is a shorter one that has not been tried. */
const tooLong = (turn: TurnView): boolean =>
  !turn.shortened &&
  (turn.context?.messageSeqs ?? []).some((seq) => !isAnswered(turn, seq)) &&
  turn.asking?.asks.at(-1)?.failure?.reason === TOO_LONG;

/**
 * Is this step due? At most one is, and when none is, the turn is over or waits for its timer: the events of a step
 * make it undue, and the next one due. Running and resuming are the same loop because of it.
 */
export const isDue = {
  receive: (turn: TurnView): boolean => turn.attempt === 0,
  assemble: (turn: TurnView): boolean =>
    turn.attempt > 0 && (turn.context === null || tooLong(turn)) && !thoughtOut(turn),
  think: (turn: TurnView): boolean =>
    turn.context !== null &&
    !tooLong(turn) &&
    turn.draft === null &&
    turn.delayedUntil === null &&
    !thoughtOut(turn) &&
    (turn.rounds.length === 0 || toolsAnswered(turn)),
  useTools: (turn: TurnView): boolean =>
    turn.draft === null && turn.gaveUp === null && turn.interrupted === null && unsettled(turn).length > 0,
  respond: (turn: TurnView): boolean => turn.attempt > 0 && turn.draft === null && thoughtOut(turn),
  remember: (turn: TurnView): boolean => turn.draft !== null && !turn.considered,
  broadcast: (turn: TurnView): boolean => turn.draft !== null && turn.considered,
} as const;
