/** Step 4, tool evaluation: the intent is recorded before the effect, the outcome after; `decide` is the gate. */
import { Clock, Duration, Effect, Redacted } from "effect";
import { type CallView, isDue, type TurnView, unsettled } from "#events/agent/turn.ts";
import { utf8Bytes } from "#events/kit/canonical.ts";
import { Timeout, ToolFailure, type ToolReason } from "../failures.ts";
import { type Moderator, type Replay, type Rooms, Toolbox, TurnLedger } from "../ports.ts";
import { tool as toolRetries } from "../schedules.ts";
import { metaOf, type Step } from "../step.ts";
import { type CallSign, toolSigns } from "../tool-signs.ts";
import { roundsOf } from "../transcript.ts";

/** However long a tool asks for, a turn gives it no more. */
const TOOL_BOX = Duration.seconds(30);

const detailOf = ({ reason }: ToolFailure): string =>
  "detail" in reason ? reason.detail : reason._tag === "Timeout" ? "It took too long." : "The result was too large.";

/** Reasons that may be gone a moment later. */
const passing: ReadonlyArray<ToolReason["_tag"]> = ["Remote", "Timeout"];
/** Reasons that come from beyond the house, or after it was left: what was asked for may have happened all the same. */
const afterSending: ReadonlyArray<ToolReason["_tag"]> = ["Remote", "Timeout", "TooLarge"];

/** Runs one permitted call within its time, under one key however often; what must not happen twice is tried once. */
const attempt = Effect.fnUntraced(function* (turn: TurnView, call: CallView, input: string) {
  const ledger = yield* TurnLedger;
  const toolbox = yield* Toolbox;
  const { turnId, roomId } = turn;
  const once = toolbox.run(call.tool, input, { agentId: ledger.agentId, turnId, roomId, key: call.callId });
  const tried =
    call.replay === "once"
      ? once
      : Effect.retry(once, { ...toolRetries, while: ({ reason }: ToolFailure) => passing.includes(reason._tag) });
  return yield* Effect.timeoutOrElse(tried, {
    duration: TOOL_BOX,
    orElse: () =>
      Effect.fail(new ToolFailure({ tool: call.tool, reason: new Timeout({ afterMs: Duration.toMillis(TOOL_BOX) }) })),
  });
});

/** What a failure says of the call. [T2] A model that is told of a failure tries again, so none is told where it is not sure. */
function failureOf(failure: ToolFailure, replay: Replay | null) {
  if (replay === "once" && afterSending.includes(failure.reason._tag))
    return { sign: { status: "unknown" as const }, outcome: { kind: "unknown" as const } };
  const detail = detailOf(failure);
  return {
    sign: { status: "error" as const, error: detail },
    outcome: { kind: "failed" as const, reason: failure.reason._tag, words: Redacted.make({ detail }) },
  };
}

type Show = (sign: CallSign) => void;

/** Runs one permitted call and records what came of it. */
const execute = Effect.fnUntraced(function* (turn: TurnView, call: CallView, input: string, show: Show) {
  show({ status: "running" });
  const startedAt = yield* Clock.currentTimeMillis;
  const outcome = yield* attempt(turn, call, input).pipe(
    Effect.map((result) => ({
      sign: { status: "success" as const, output: result },
      outcome: { kind: "executed" as const, bytes: utf8Bytes(result), words: Redacted.make({ result }) },
    })),
    Effect.catchTag("ToolFailure", (failure) => Effect.succeed(failureOf(failure, call.replay))),
  );
  const ms = Math.round((yield* Clock.currentTimeMillis) - startedAt);
  yield* settle(turn, call, ms, outcome.outcome);
  show({ ...outcome.sign, ms });
});

const settle = Effect.fnUntraced(function* (
  turn: TurnView,
  call: CallView,
  ms: number,
  outcome: Extract<Parameters<TurnLedger["Service"]["commit"]>[0], { type: "SettleTool" }>["outcome"],
) {
  const ledger = yield* TurnLedger;
  yield* ledger.commit({
    type: "SettleTool",
    meta: yield* metaOf(turn, `call/${call.callId}/settle`),
    turnId: turn.turnId,
    attempt: turn.attempt,
    callId: call.callId,
    ms,
    outcome,
  });
});

/** Asks the gate for all calls that it has not seen yet, and answers those of the round that it let pass. */
const request = Effect.fnUntraced(function* (turn: TurnView, calls: ReadonlyArray<CallView>) {
  const ledger = yield* TurnLedger;
  const toolbox = yield* Toolbox;
  const asked = calls.filter(({ state }) => state === "asked");
  if (asked.length > 0)
    yield* ledger.commit({
      type: "RequestTools",
      meta: yield* metaOf(turn, `round/${turn.rounds.length}/request`),
      turnId: turn.turnId,
      attempt: turn.attempt,
      calls: asked.map(({ callId, tool }) => ({ callId, replay: toolbox.replayOf(tool) ?? null })),
    });
  const round = ledger.turn(turn.turnId)?.rounds.at(-1);
  return new Map(round?.calls.flatMap((call) => (call.state === "requested" ? [[call.callId, call]] : [])));
});

/** Takes one call from where it stood: runs what the gate let pass, or finishes what a crash interrupted. */
const take = Effect.fnUntraced(function* (
  turn: TurnView,
  call: CallView,
  passed: CallView | undefined,
  input: string,
  show: Show,
) {
  if (call.state === "requested" && call.replay === "once") {
    yield* settle(turn, call, 0, { kind: "unknown" }); // [T2] it may have happened; it never runs again
    return show({ status: "unknown" });
  }
  if (passed === undefined) return show({ status: "denied", error: "Not permitted." });
  yield* execute(turn, passed, input, show);
});

export const useTools = {
  name: "use tools",
  isDue: isDue.useTools,
  run: Effect.fnUntraced(function* (turn) {
    const signs = yield* toolSigns(turn);
    const open = unsettled(turn);
    signs.use(open);
    const inputs = (yield* roundsOf(turn)).at(-1)?.calls ?? [];
    const inputOf = (call: CallView) => inputs.find(({ callId }) => callId === call.callId)?.arguments ?? "{}";
    const passed = yield* request(turn, open);
    const takeOne = (call: CallView) => {
      const input = inputOf(call);
      return take(turn, call, passed.get(call.callId), input, signs.of(call, input));
    };
    yield* Effect.forEach(open, takeOne, { concurrency: "unbounded", discard: true });
  }),
} satisfies Step<unknown, TurnLedger | Rooms | Toolbox | Moderator>;
