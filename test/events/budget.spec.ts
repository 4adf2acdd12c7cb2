/** Budgets: what is reserved before a request, what is settled after it, and which ceiling stops it. */
import { describe, expect, it } from "@effect/vitest";
import type { Budget, Scope } from "#events/agent/budget.ts";
import { agent } from "#events/agent/decide.ts";
import * as A from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import { userName } from "#events/kit/ids.ts";
import {
  agreed,
  asked,
  assembled,
  completed,
  created,
  dana,
  declined,
  eli,
  given,
  heard,
  joined,
  lobby,
  messageId,
  record,
  replied,
  settings,
  started,
  turnId,
  unanswered,
  words,
} from "../support/given.ts";

const ready = (label: string) => [heard(label), started(label), assembled(label)];
const here = [created, agreed, joined, ...ready("one")];

const owned = (budget: Budget) =>
  A.AgentReconfigured(
    { version: 2, ...settings, budget },
    userName(dana),
    words({ systemPrompt: "", description: "" }),
  );

const request = (over: { label?: string; tokens?: number; microUsd?: number | null } = {}) => {
  const { label = "one", tokens = 1_000 } = over;
  const microUsd = over.microUsd === undefined ? 50 : over.microUsd;
  const { provider, model } = settings;
  const why = "chosen" as const;
  const ofTurn = { turnId: turnId(label), attempt: 1, round: 1 };
  return { type: "AskModel" as const, ...ofTurn, provider, model, why, tokens, microUsd };
};

const intent = asked("one", { tokens: 1_000, microUsd: 50 });
const overBudget = (reason: string, label = "one") =>
  A.ModelGaveUp({ turnId: turnId(label), round: 1, reason, tried: 0 });

describe("a request", () => {
  it("is recorded with the most it may cost before it is made", () => {
    given(agent, ...here)
      .when(request())
      .then(intent);
  });

  it.each<[Scope, string]>([
    ["turn", "TurnBudget"],
    ["agent", "AgentBudget"],
    ["room", "RoomBudget"],
    ["asker", "AskerBudget"],
  ])("is not made when it might break the ceiling of the %s, in tokens or in money", (scope, reason) => {
    for (const ceiling of [{ tokens: 999 }, { microUsd: 49 }])
      given(agent, ...here, owned({ [scope]: ceiling }))
        .when(request())
        .then(overBudget(reason));
    for (const ceiling of [{ tokens: 1_000 }, { microUsd: 50 }])
      given(agent, ...here, owned({ [scope]: ceiling }))
        .when(request())
        .then(intent);
  });

  it("of a price that nobody knows does not pass a ceiling in money: unknown is not nothing", () => {
    given(agent, ...here, owned({ agent: { microUsd: 1_000_000 } }))
      .when(request({ microUsd: null }))
      .then(overBudget("AgentBudget"));
    given(agent, ...here, owned({ agent: { tokens: 1_000 } }))
      .when(request({ microUsd: null }))
      .then(asked("one", { tokens: 1_000, microUsd: null }));
  });

  it("has a ceiling also where the owner named none", () => {
    given(agent, ...here)
      .when(request({ tokens: 400_001 }))
      .then(overBudget("TurnBudget"));
  });
});

describe("a reserve", () => {
  const spent = (...events: ReadonlyArray<A.AgentEvent>) => {
    const { day } = given(agent, ...here, ...events).state;
    return { agent: day.agent, room: day.rooms[lobby], asker: day.askers[userName(dana)] };
  };
  const everywhere = (tokens: number, microUsd: number, unpriced = 0) => {
    const amount = { tokens, microUsd, unpriced };
    return { agent: amount, room: amount, asker: amount };
  };

  it("counts at once, for the agent, the room and the person", () => {
    expect(spent(intent)).toEqual(everywhere(1_000, 50));
  });

  it("gives way to what was really used", () => {
    expect(spent(intent, replied("one", { tokensIn: 200, tokensOut: 30, microUsd: 12 }))).toEqual(everywhere(230, 12));
  });

  it("is kept when the usage is not said, or half of it is not, and when there was no reply", () => {
    expect(spent(intent, replied("one"))).toEqual(everywhere(1_000, 50));
    for (const half of [{ tokensIn: 200 }, { tokensOut: 30 }])
      expect(spent(intent, replied("one", half))).toEqual(everywhere(1_000, 50));
    expect(spent(intent, unanswered("one"))).toEqual(everywhere(1_000, 50));
    expect(spent(intent, A.TurnResumed({ turnId: turnId("one"), attempt: 2 }))).toEqual(everywhere(1_000, 50));
  });

  it("keeps its money when the price got lost on the way", () => {
    expect(spent(intent, replied("one", { tokensIn: 200, tokensOut: 30, microUsd: null }))).toEqual(
      everywhere(230, 50),
    );
  });

  it("that crosses midnight takes nothing from the new day", () => {
    const at = (hours: number) => Date.UTC(2026, 9, 1, hours);
    const tell = (state: AgentState, event: A.AgentEvent, when: number, seq: number) =>
      agent.evolve(state, {
        ...{ ...event, seq, at: when, id: `evt_${seq}`, v: 1, actor: userName(dana), command: `cmd-${seq}` },
        ...{ correlation: "test", causation: null },
      } as never);
    let state = given(agent, ...here, ...ready("two").slice(0, 1)).state;
    state = tell(state, intent, at(23), 20);
    state = tell(
      state,
      A.TurnStarted({ turnId: turnId("two"), roomId: lobby, trigger: messageId("two"), attempt: 1 }),
      at(25),
      21,
    );
    state = tell(state, asked("two", { tokens: 9_000, microUsd: 900 }), at(25), 22);
    state = tell(state, replied("one", { tokensIn: 200, tokensOut: 0, microUsd: 20 }), at(25), 23);
    expect(state.day.agent).toEqual({ tokens: 9_200, microUsd: 920, unpriced: 0 });
  });

  it("is not forgotten when the clock steps back over midnight: a day never goes back", () => {
    const midnight = Date.UTC(2026, 9, 2);
    const tell = (state: AgentState, event: A.AgentEvent, when: number, seq: number) =>
      agent.evolve(state, { ...record([event])[0]!, seq, at: when });
    let state = given(agent, ...here, ...ready("two"), owned({ agent: { tokens: 2_000 } })).state;
    state = tell(state, intent, midnight + 1, 20);
    const meta = { id: "late", at: midnight - 1, by: userName(dana), correlation: "test", causation: null };
    const late = agent.decide({ ...request({ label: "two", tokens: 1_500 }), meta }, state);
    expect(late).toMatchObject({ success: [{ type: "ModelGaveUp", open: { reason: "AgentBudget" } }] });
    state = tell(state, asked("two", { tokens: 500, microUsd: 5 }), midnight - 1, 21);
    expect(state.day.agent).toEqual({ tokens: 1_500, microUsd: 55, unpriced: 0 });
    state = tell(state, replied("two", { tokensIn: 30, tokensOut: 0, microUsd: 3 }), midnight + 2, 22);
    state = tell(state, replied("one", { tokensIn: 200, tokensOut: 0, microUsd: 20 }), midnight + 3, 23);
    expect(state.day.agent).toEqual({ tokens: 230, microUsd: 23, unpriced: 0 });
  });

  it("counts tokens without a price as such", () => {
    const unpriced = asked("one", { tokens: 1_000, microUsd: null });
    expect(spent(unpriced)).toEqual(everywhere(1_000, 0, 1_000));
    expect(spent(unpriced, replied("one", { tokensIn: 200, tokensOut: 30, microUsd: null }))).toEqual(
      everywhere(230, 0, 230),
    );
  });

  it("counts for the next turn of the day, and not for the next day", () => {
    const first = [...here, intent, replied("one", { tokensIn: 900, tokensOut: 100, microUsd: 40 }), completed("one")];
    const second = given(agent, ...first, ...ready("two"), owned({ asker: { tokens: 1_500 } }));
    second.when(request({ label: "two" })).then(overBudget("AskerBudget", "two"));
    expect(second.state.turns[turnId("two")]?.spent.tokens).toBe(0); // the turn's own count begins anew
    const tomorrow = agent.decide(
      {
        ...request({ label: "two" }),
        meta: {
          ...{ id: "tomorrow", at: Date.UTC(2026, 9, 2, 12), by: userName(dana) },
          ...{ correlation: "test", causation: null },
        },
      },
      second.state,
    );
    expect(tomorrow).toMatchObject({ success: [{ type: "ModelAsked" }] });
  });

  describe("of a turn that answers several people", () => {
    const [anna, bert] = [userName(dana), userName(eli)];
    /** Eli's message was taken together with Dana's, which is the newest. */
    const together = [
      ...[created, agreed, joined, heard("zero", { authorId: bert }), heard("one")],
      ...[declined("zero", "coalesced", "one"), started("one"), assembled("one")],
    ];
    const counted = (tokens: number, microUsd: number) => ({ tokens, microUsd, unpriced: 0 });
    /** What somebody has spent before, in another room. */
    const spentBefore = (authorId: typeof anna, tokens: number) => [
      ...[heard("earlier", { authorId }), started("earlier"), assembled("earlier")],
      ...[
        asked("earlier", { tokens, microUsd: 0 }),
        replied("earlier", { tokensIn: tokens, tokensOut: 0, microUsd: 0 }),
      ],
      completed("earlier"),
    ];

    it("is borne by all of them in equal shares, rounded up, and settled so", () => {
      const shared = { ...intent, open: { ...intent.open, tokens: 1_001, payers: [anna, bert] } };
      given(agent, ...together)
        .when(request({ tokens: 1_001 }))
        .then(shared);
      const reserved = given(agent, ...together, shared).state.day;
      expect(reserved.agent).toEqual(counted(1_001, 50));
      expect(reserved.askers).toEqual({ [anna]: counted(501, 25), [bert]: counted(501, 25) });
      const settled = given(agent, ...together, shared, replied("one", { tokensIn: 200, tokensOut: 30, microUsd: 12 }));
      expect(settled.state.day.agent).toEqual(counted(230, 12));
      expect(settled.state.day.askers).toEqual({ [anna]: counted(115, 6), [bert]: counted(115, 6) });
    });

    it.each([
      ["the newest message's author", anna, bert],
      ["another", bert, anna],
    ])("is borne by the others where %s has too little left", (_, poor, rich) => {
      const [first, agrees, joins, ...rest] = together;
      given(agent, first!, agrees!, joins!, ...spentBefore(poor, 1_000), owned({ asker: { tokens: 1_200 } }), ...rest)
        .when(request({ tokens: 1_000 }))
        .then({ ...intent, open: { ...intent.open, payers: [rich] } });
    });

    it("is not asked for where nobody has enough for a share", () => {
      given(agent, ...together, owned({ asker: { tokens: 499 } }))
        .when(request({ tokens: 1_000 }))
        .then(overBudget("AskerBudget"));
      // One of them might bear half of it, and nobody all of it.
      const [first, agrees, joins, ...rest] = together;
      given(agent, first!, agrees!, joins!, ...spentBefore(bert, 500), owned({ asker: { tokens: 900 } }), ...rest)
        .when(request({ tokens: 1_000 }))
        .then(overBudget("AskerBudget"));
    });
  });

  it("of a thousand turns on a budget for ten lets ten requests through", () => {
    const rooms = Array.from({ length: 1_000 }, (_, index) => String(index));
    let { state } = given(agent, created, agreed, joined, owned({ agent: { tokens: 10_000 } }));
    let made = 0;
    for (const label of rooms) {
      const begun = given(agent, created, agreed, joined, owned({ agent: { tokens: 10_000 } }), ...ready(label)).state;
      state = { ...begun, day: state.day };
      const meta = {
        id: label,
        at: Date.UTC(2026, 9, 1, 12),
        by: userName(dana),
        correlation: "test",
        causation: null,
      };
      const answer = agent.decide({ ...request({ label }), meta }, state);
      const [event] = "success" in answer ? answer.success : [];
      if (event?.type !== "ModelAsked") continue;
      made += 1;
      state = agent.evolve(state, {
        ...event,
        seq: made,
        v: 1,
        ...meta,
        actor: meta.by,
        command: label,
      } as never);
    }
    expect(made).toBe(10);
  });
});
