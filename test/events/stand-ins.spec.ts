/** A model that stood in for the owner's choice in a turn: it goes on, as long as the owner lets it. */
import { describe, it } from "@effect/vitest";
import type { ModelName } from "#events/agent/asking.ts";
import { agent } from "#events/agent/decide.ts";
import * as A from "#events/agent/events.ts";
import { WrongMoment } from "#events/agent/refusals.ts";
import { userName } from "#events/kit/ids.ts";
import {
  agreed,
  asked,
  assembled,
  call,
  created,
  dana,
  executed,
  given,
  granted,
  heard,
  joined,
  replied,
  requested,
  settings,
  started,
  turnId,
  unanswered,
  words,
} from "../support/given.ts";

const choice: ModelName = { provider: settings.provider, model: settings.model };
const standIn: ModelName = { provider: "openai", model: "other" };

describe("a stand-in that answered once in a turn", () => {
  const owned = (version: number, fallbacks: ReadonlyArray<ModelName>) =>
    A.AgentReconfigured({ version, ...settings, fallbacks }, userName(dana), words({}));
  const answered = [
    ...[created, agreed, joined, owned(2, [standIn]), granted(["clock", "allow"]), heard("one"), started("one")],
    ...[assembled("one"), asked("one"), unanswered("one", { kind: "money" })],
    ...[asked("one", { ...standIn, why: "fallback" }), replied("one", { calls: [call("a")] })],
    ...[requested("one", "a"), executed("one", "a")],
  ];
  const ask = (name: ModelName, why: "chosen" | "fallback") =>
    ({ type: "AskModel", turnId: turnId("one"), attempt: 1, round: 2, ...name, why, tokens: 1, microUsd: 1 }) as const;
  const request = (name: ModelName, why: "chosen" | "fallback") =>
    A.ModelAsked({ turnId: turnId("one"), round: 2, ...name, why, tokens: 1, microUsd: 1 });

  it("goes on with it", () => {
    given(agent, ...answered)
      .when(ask(standIn, "fallback"))
      .then(request(standIn, "fallback"));
  });

  it("is not asked again when its owner has withdrawn it in the meantime", () => {
    const withdrawn = [...answered, owned(3, [])];
    given(agent, ...withdrawn)
      .when(ask(standIn, "fallback"))
      .refused(WrongMoment);
    given(agent, ...withdrawn)
      .when(ask(choice, "chosen"))
      .then(request(choice, "chosen"));
  });
});
