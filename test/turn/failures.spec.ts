/** The reasons of a failed model as the retry policy and people know them: each has its row in the matrix and its own sentence. */

import { describe, expect, it } from "@effect/vitest";
import {
  Broken,
  Cut,
  Garbled,
  isTransient,
  kindOf,
  ModelFailure,
  ModelReason,
  OutOfTokens,
  Overloaded,
  RateLimited,
  Refused,
  SpentOut,
  Stalled,
  TooLong,
  TooManyCalls,
  Unacceptable,
  Unauthorized,
  Unreachable,
} from "#actors/agent/turn/failures.ts";
import { noticeFor } from "#actors/agent/turn/notices.ts";
import type { FailureKind } from "#events/agent/asking.ts";

const rows: ReadonlyArray<readonly [ModelReason, FailureKind]> = [
  [new RateLimited({ retryAfterMs: 7_000 }), "busy"],
  [new Overloaded({}), "busy"],
  [new Broken({}), "broken"],
  [new Unreachable(), "broken"],
  [new Garbled({ detail: "a page instead of an answer" }), "broken"],
  [new Garbled({ detail: "an event is not JSON", begun: true }), "cut"],
  [new Cut(), "cut"],
  [new Stalled({ silentMs: 30_000 }), "cut"],
  [new TooManyCalls(), "cut"],
  [new OutOfTokens(), "ours"],
  [new Unauthorized(), "money"],
  [new SpentOut(), "money"],
  [new TooLong(), "ours"],
  [new Unacceptable({ detail: "no such model" }), "ours"],
  [new Refused(), "refused"],
];

describe("a reason", () => {
  it.each(rows)("%s is %s", (reason, kind) => {
    expect(kindOf(reason)).toBe(kind);
    const failure = new ModelFailure({ provider: "anthropic", model: "some-model", reason });
    expect(isTransient(failure)).toBe(["busy", "broken", "cut"].includes(kind));
  });

  it("of any name is in the table, and people are told of it in a sentence of its own", () => {
    const tags = ModelReason.members.map((member) => member.fields._tag.ast.literal as string);
    expect(new Set(rows.map(([{ _tag }]) => _tag))).toEqual(new Set(tags));
    const sentences = tags.map((tag) => noticeFor(tag, null));
    expect(new Set(sentences).size).toBe(tags.length);
    expect(sentences).not.toContain(noticeFor("no such reason", null));
  });
});
