/** The seven questions of a turn: exactly one step is due while it is open, and what the step records makes another due. */
import { describe, expect, it } from "@effect/vitest";
import { Result } from "effect";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import { type AgentState, actionable } from "#events/agent/state.ts";
import type { isDue, TurnView } from "#events/agent/turn.ts";
import { fold } from "#events/kit/decider.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import { agentName, childId } from "#events/kit/ids.ts";
import { both, property, type Wish, wish, wishes } from "../support/arbitrary.ts";
import {
  type Asked,
  ada,
  agreed,
  asked,
  assembled,
  call,
  callId,
  considered,
  created,
  drafted,
  executed,
  gaveUp,
  given,
  heard,
  joined,
  replied,
  requested,
  START,
  started,
  turnId,
  unanswered,
} from "../support/given.ts";
import { advance, agentCommand, dueSteps } from "./histories.ts";

describe("which step is due", () => {
  const begun = [created, agreed, joined, heard("one"), started("one")];
  const ready = [...begun, assembled("one", { messageSeqs: [4] })]; // its message alone
  const longer = assembled("one", { messageSeqs: [2, 3] });
  const refused = unanswered("one", { kind: "ours", reason: "TooLong" });
  const tooLong = [...begun, longer, asked("one"), refused];
  const stopped = E.TurnInterrupted({ turnId: turnId("one"), by: agentName(ada), why: "stopped" });
  const calling = [...ready, replied("one", { calls: [call("a"), call("b")] })];
  const denied = E.ToolDenied({ turnId: turnId("one"), callId: callId("b"), tool: "clock", why: "not-granted" });
  const resumed = E.TurnResumed({ turnId: turnId("one"), attempt: 2 });
  const answered = [...calling, requested("one", "a"), executed("one", "a"), denied];

  it.each<[string, ReadonlyArray<E.AgentEvent>, keyof typeof isDue]>([
    ["a message without a verdict", [created, agreed, joined, heard("one")], "receive"],
    ["a turn that has started", begun, "assemble"],
    ["one that was resumed before its context", [...begun, resumed], "assemble"],
    ["a context", ready, "think"],
    ["a failure that passes", [...ready, asked("one"), unanswered("one")], "think"],
    ["a context that was too long", tooLong, "assemble"],
    ["the shorter context", [...tooLong, longer], "think"],
    ["a shorter context that was too long too", [...tooLong, longer, asked("one"), refused], "think"],
    ["one message that was too long", [...ready, asked("one"), refused], "think"],
    ["a context that was too long, in a turn that was stopped", [...tooLong, stopped], "respond"],
    ["a reply of prose", [...ready, replied("one")], "respond"],
    ["a reply of prose cut by its length", [...ready, replied("one", { finish: "length" })], "respond"],
    ["a reply with calls", calling, "useTools"],
    ["calls of which one is answered", [...calling, requested("one", "a"), executed("one", "a")], "useTools"],
    ["a call that is on its way", [...calling, requested("one", "a")], "useTools"],
    ["calls that are all answered", answered, "think"],
    ["a second reply of prose", [...answered, replied("one", { round: 2 })], "respond"],
    ["a model that gave up at once", [...ready, gaveUp("one")], "respond"],
    ["a model that gave up after tools", [...answered, gaveUp("one")], "respond"],
    ["a draft", [...ready, replied("one"), drafted("one")], "remember"],
    [
      "a draft whose memories were considered",
      [...ready, replied("one"), drafted("one"), considered("one")],
      "broadcast",
    ],
    [
      "one that was resumed before its post",
      [...ready, replied("one"), drafted("one"), considered("one"), resumed],
      "broadcast",
    ],
  ])("after %s", (_name, events, step) => {
    expect(dueSteps(given(agent, ...events).state.turns[turnId("one")]!)).toEqual([step]);
  });
});

/** An agent without a ledger: decides and folds, nothing else. */
class Bare {
  state: AgentState = agent.initial;
  #seq = 0;

  ask(command: Asked<AgentCommand>): number {
    const meta = { id: `cmd-${this.#seq}`, at: START, by: agentName(ada), correlation: "test", causation: null };
    const answer = agent.decide({ ...command, meta } as AgentCommand, this.state);
    if (Result.isFailure(answer)) return 0;
    const recorded = answer.success.map(({ type, open }): Recorded<E.AgentEvent> => {
      this.#seq += 1;
      const id = childId<string>("event", "bare", String(this.#seq));
      return {
        seq: this.#seq,
        id,
        type,
        v: 1,
        at: START,
        actor: agentName(ada),
        command: meta.id,
        open,
        correlation: "test",
        causation: null,
      };
    });
    this.state = fold(agent, recorded, this.state);
    return recorded.length;
  }
}

const lived = (history: ReadonlyArray<Wish>): Bare => {
  const bare = new Bare();
  history.forEach((each, index) => void bare.ask(agentCommand(each, bare.state, index)));
  return bare;
};

/** How far a turn has come: every step's events must raise it. */
const facts = ({
  attempt,
  context,
  shortened,
  asking,
  rounds,
  gaveUp: up,
  draft,
  considered: over,
  withheld,
}: TurnView): number =>
  [attempt > 0, context !== null, shortened, up !== null, draft !== null, over, withheld].filter(Boolean).length +
  (asking?.asks ?? []).reduce((sum, { failure }) => sum + (failure === null ? 1 : 2), 0) +
  rounds.reduce(
    (sum, { calls }) =>
      sum + 100 + calls.reduce((inner, { state }) => inner + ["asked", "requested", "settled"].indexOf(state), 0),
    0,
  );

describe("whatever has happened", () => {
  property("of every open turn exactly one step is due, and none while a timer holds it", wishes(80), (history) => {
    for (const turn of Object.values(lived(history).state.turns))
      expect(dueSteps(turn)).toHaveLength(turn.delayedUntil === null ? 1 : 0);
  });

  property(
    "[T3] a step that is taken records something, and the turn is further or over",
    both(wishes(80), wish),
    ([history, next]) => {
      const bare = lived(history);
      for (const { turnId: id } of actionable(bare.state).map((each) => bare.state.turns[each]!)) {
        const before = bare.state.turns[id];
        if (before === undefined) continue; // taken together with another one
        expect(bare.ask(advance(before, next))).toBeGreaterThan(0);
        const now = bare.state.turns[id];
        if (now !== undefined && now.delayedUntil === null) expect(facts(now)).toBeGreaterThan(facts(before));
      }
    },
  );

  property(
    "[T4] every turn comes to its end in a bounded number of steps",
    both(wishes(40), wishes(20)),
    ([history, outcomes]) => {
      const bare = lived(history);
      let taken = 0;
      for (let [turn] = Object.values(bare.state.turns); turn !== undefined; [turn] = Object.values(bare.state.turns)) {
        const [id = turn.turnId] = actionable(bare.state);
        bare.ask(advance(bare.state.turns[id]!, outcomes[taken % outcomes.length]!));
        taken += 1;
        expect(taken).toBeLessThan(40 * 250);
      }
      expect(bare.state.turns).toEqual({});
    },
    60,
  );
});
