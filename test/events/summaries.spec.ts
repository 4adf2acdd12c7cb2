/** A summary on record: what it covers is covered once, what it cost counts, and the messages it stands for stay. */
import { describe, expect, it } from "@effect/vitest";
import { agent } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import {
  ada,
  asked,
  assembled,
  created,
  dana,
  declined,
  drafted,
  gaveUp,
  given,
  heard,
  joined,
  lobby,
  posted,
  replied,
  roomId,
  settings,
  started,
  turnId,
  words,
} from "../support/given.ts";

const said = words({ text: "They talked about tea." });
const covering = (fromSeq: number, toSeq: number, over: Partial<typeof E.RoomSummarized.open.Type> = {}) =>
  E.RoomSummarized(
    { roomId: lobby, fromSeq, toSeq, messages: toSeq - fromSeq + 1, by: "rules", microUsd: 0, about: [], ...over },
    agentName(ada),
    said,
  );
const summarize = ({ open }: ReturnType<typeof covering>) =>
  ({ type: "SummarizeRoom", ...open, about: open.about ?? [], after: null, words: said }) as const;
const overheard = (label: string) => [heard(label, { addressed: null }), declined(label, "not-addressed")];
/** Three messages, at the seqs 3, 5 and 7. */
const talk = [created, joined, ...["one", "two", "three"].flatMap(overheard)];

describe("a summary of a room", () => {
  it("is sealed under the agent's own key", () => {
    given(agent, ...talk)
      .when(summarize(covering(3, 5)))
      .then(covering(3, 5));
  });

  it("that comes late, or twice, changes nothing", () => {
    given(agent, ...talk, covering(3, 5))
      .when(summarize(covering(3, 5)))
      .nothing();
    given(agent, ...talk, covering(3, 7))
      .when(summarize(covering(3, 5)))
      .nothing();
    given(agent, ...talk)
      .when(summarize(covering(3, 5, { roomId: roomId("attic") })))
      .nothing();
  });

  it("leaves what it does not cover open, and every message where it was", () => {
    const { state } = given(agent, ...talk, covering(3, 5, { messages: 2 }));
    expect(state.rooms[lobby]).toMatchObject({
      unsummarized: 1,
      summary: { seq: 9, toSeq: 5, about: [] },
      recent: [3, 5, 7],
    });
  });

  it("counts the agent's own replies like other messages", () => {
    const turn = [started("four"), assembled("four"), replied("four"), drafted("four"), posted("four")];
    const { state } = given(agent, ...talk, heard("four"), ...turn);
    expect(state.rooms[lobby]).toMatchObject({ unsummarized: 5, recent: [3, 5, 7, 9, 13] });
  });
});

describe("what a summary cost", () => {
  const dear = covering(3, 5, { by: "anthropic/claude", tokensIn: 900, tokensOut: 100, microUsd: 70 });
  const spent = { tokens: 1_000, microUsd: 70, unpriced: 0 };

  it("counts in the room, and as the agent's own wish", () => {
    const { day } = given(agent, ...talk, dear).state;
    expect(day).toMatchObject({ agent: spent, rooms: { [lobby]: spent }, askers: { [agentName(ada)]: spent } });
    expect(Object.keys(day.askers)).toHaveLength(1);
  });

  it("is held against the ceilings of the day", () => {
    const { name, provider, model, memoryEnabled } = settings;
    const budget = { agent: { tokens: 1_050 } };
    const bound = E.AgentReconfigured(
      { version: 2, name, provider, model, memoryEnabled, budget },
      userName(dana),
      words(),
    );
    const begun = [bound, heard("four"), started("four"), assembled("four")];
    const request = { turnId: turnId("four"), attempt: 1, round: 1, provider, model, tokens: 100, microUsd: 10 };
    const ask = { type: "AskModel", why: "chosen", ...request } as const;
    given(agent, ...talk, ...begun)
      .when(ask)
      .then(asked("four"));
    given(agent, ...talk, dear, ...begun)
      .when(ask)
      .then(gaveUp("four", "AgentBudget", 0));
  });
});
