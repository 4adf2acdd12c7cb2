/** What requests cost that nobody waits for: reserved before they are made, settled by real usage, kept where nobody knows it, and counted once. */
import { describe, expect, it } from "@effect/vitest";
import type { Budget, Scope } from "#events/agent/budget.ts";
import { agent } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import { AgentIsInactive, NotInRoom, OverBudget } from "#events/agent/refusals.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { upcast } from "#events/kit/upcast.ts";
import { ada, created, dana, given, joined, lobby, record, roomId, START, settings, words } from "../support/given.ts";

const { provider, model } = settings;
const here = [created, joined];
const ofRequest = (request = "first") => ({ request, purpose: "summary", roomId: lobby, provider, model }) as const;
const intent = (request?: string, over: Partial<typeof E.ModelAskedBehind.open.Type> = {}) =>
  E.ModelAskedBehind({ ...ofRequest(request), tokens: 1_000, microUsd: 50, ...over });
const replied = (over: Partial<typeof E.ModelRepliedBehind.open.Type> = {}) =>
  E.ModelRepliedBehind({ ...ofRequest(), tokensIn: 200, tokensOut: 30, microUsd: 12, ms: 5, ...over });
const unsaid = E.ModelRepliedBehind({ ...ofRequest(), microUsd: null, ms: 5 });
const failed = E.ModelFailedBehind({ ...ofRequest(), kind: "cut", reason: "Garbled", ms: 5 });
const ask = (over: Partial<typeof E.ModelAskedBehind.open.Type> = {}) =>
  ({ type: "AskBehind", ...intent("first", over).open }) as const;
const owned = (budget: Budget) =>
  E.AgentReconfigured({ version: 2, ...settings, budget }, userName(dana), words({ systemPrompt: "" }));

describe("a request that nobody waits for", () => {
  it("is recorded with the most it may cost before it is made", () => {
    given(agent, ...here)
      .when(ask())
      .then(intent());
  });

  it.each<[Scope]>([
    ["agent"],
    ["room"],
    ["asker"],
  ])("is not made when it might break the ceiling of the %s, in tokens or in money", (scope) => {
    for (const ceiling of [{ tokens: 999 }, { microUsd: 49 }])
      given(agent, ...here, owned({ [scope]: ceiling }))
        .when(ask())
        .refused(OverBudget, { scope });
    for (const ceiling of [{ tokens: 1_000 }, { microUsd: 50 }])
      given(agent, ...here, owned({ [scope]: ceiling }))
        .when(ask())
        .then(intent());
  });

  it("is not made beside another one that has reserved what is left", () => {
    given(agent, ...here, owned({ agent: { tokens: 1_999 } }), intent())
      .when({ ...ask(), purpose: "memories", request: "second" })
      .refused(OverBudget);
  });

  it("of a price that nobody knows does not pass a ceiling in money", () => {
    given(agent, ...here, owned({ agent: { microUsd: 1_000_000 } }))
      .when(ask({ microUsd: null }))
      .refused(OverBudget);
  });

  it("is not made by an agent that is switched off, nor for a room that it is not in", () => {
    given(agent, ...here, E.AgentDeactivated({}))
      .when(ask())
      .refused(AgentIsInactive);
    given(agent, ...here)
      .when(ask({ roomId: roomId("attic") }))
      .refused(NotInRoom);
  });
});

describe("what it reserved", () => {
  const spent = (...events: ReadonlyArray<E.AgentEvent>) => {
    const { day } = given(agent, ...here, ...events).state;
    return { agent: day.agent, room: day.rooms[lobby], asker: day.askers[agentName(ada)] };
  };
  const everywhere = (tokens: number, microUsd: number, unpriced = 0) => {
    const amount = { tokens, microUsd, unpriced };
    return { agent: amount, room: amount, asker: amount };
  };

  it("counts at once, for the agent and the room, and as the agent's own wish", () => {
    expect(spent(intent())).toEqual(everywhere(1_000, 50));
  });

  it("gives way to what was really used", () => {
    expect(spent(intent(), replied())).toEqual(everywhere(230, 12));
    expect(spent(intent(), replied({ microUsd: null }))).toEqual(everywhere(230, 50)); // its price got lost
  });

  it("is kept where the usage is not said, where nothing came back, and where the process died", () => {
    expect(spent(intent(), unsaid)).toEqual(everywhere(1_000, 50));
    expect(spent(intent(), failed)).toEqual(everywhere(1_000, 50));
    expect(spent(intent(), intent("second"))).toEqual(everywhere(2_000, 100));
    expect(spent(intent(), intent("second"), replied({ request: "second" }))).toEqual(everywhere(1_230, 62));
  });

  it("is settled once, by the outcome of the request that is under way", () => {
    const reply = { type: "RecordReplyBehind", ...replied().open } as const;
    const failure = { type: "RecordFailureBehind", ...failed.open } as const;
    given(agent, ...here, intent())
      .when(reply)
      .then(replied());
    given(agent, ...here, intent())
      .when(failure)
      .then(failed);
    for (const earlier of [[], [intent(), replied()], [intent(), failed], [intent(), intent("second")]])
      for (const outcome of [reply, failure])
        given(agent, ...here, ...earlier)
          .when(outcome)
          .nothing();
  });

  it("takes nothing from the next day, on which the usage counts", () => {
    const [asked, answered] = record([intent(), replied()]);
    const evening = agent.evolve(given(agent, ...here).state, { ...asked!, seq: 3, at: START });
    const { day } = agent.evolve(evening, { ...answered!, seq: 4, at: START + 86_400_000 });
    expect(day).toMatchObject({ number: evening.day.number + 1, agent: { tokens: 230, microUsd: 12 } });
  });
});

describe("what came of it", () => {
  const summary = {
    ...{ roomId: lobby, fromSeq: 1, toSeq: 2, messages: 1, by: `${provider}/${model}`, about: [] },
    ...{ tokensIn: 200, tokensOut: 30, microUsd: 12 },
  };
  const drawn = {
    ...{ roomId: lobby, toSeq: 2, looked: 1, drawn: 0, dropped: 0, by: `${provider}/${model}` },
    ...{ tokensIn: 200, tokensOut: 30, microUsd: 12 },
  };
  const sealed = [agentName(ada), words({ text: "Tea." })] as const;
  const once = { tokens: 230, microUsd: 12, unpriced: 0 };

  it("does not count a second time where the request has counted", () => {
    const request = "first";
    for (const made of [E.RoomSummarized({ ...summary, request }, ...sealed), E.MemoriesDrawn({ ...drawn, request })])
      expect(given(agent, ...here, intent(), replied(), made).state.day.agent).toEqual(once);
  });

  it("counts with itself where it was written before requests were: an old log costs what it cost", () => {
    const olds = [
      E.RoomSummarized(upcast(E.RoomSummarized, 2, summary) as typeof summary, ...sealed),
      E.MemoriesDrawn(upcast(E.MemoriesDrawn, 1, drawn) as typeof drawn),
    ];
    for (const old of olds) expect(given(agent, ...here, old).state.day.agent).toEqual(once);
  });
});
