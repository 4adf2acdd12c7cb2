/** When an agent keeps silent, and why: the whole policy as one table. */
import { describe, expect, it } from "@effect/vitest";
import { COOL_DOWN_MS, roll, type Silence, silence } from "#events/agent/attention.ts";
import type { ActorName } from "#events/kit/ids.ts";
import type { Addressed } from "#events/room/addressing.ts";
import { brakes } from "#events/room/rhythm.ts";
import { ada, agentId, bo, messageId, START } from "../support/given.ts";

const person: ActorName = "user:dana";
const other: ActorName = "agent:bo";
const ways = ["invoked", "direct", "mention", "reply", "question"] as const;

/** What Ada throws for this message. */
const thrown = roll({ messageId: messageId("one"), agentId: ada });

interface Case {
  readonly by: ActorName;
  readonly how: Addressed | null;
  readonly hops?: number;
  readonly active?: boolean;
  readonly present?: boolean;
  readonly talkativeness?: number;
  /** How long ago Ada last spoke here without being asked. */
  readonly spokeMsAgo?: number;
}

const cases: ReadonlyArray<readonly [string, Case, Silence | undefined]> = [
  ...ways.map((how) => [`a person's ${how}`, { by: person, how }, undefined] as const),
  ["a person's word to somebody else", { by: person, how: null }, "not-addressed"],
  ["a person, however many agents have talked before", { by: person, how: "mention", hops: 99 }, undefined],
  ["another agent's mention", { by: other, how: "mention" }, undefined],
  [
    "another agent's mention, the last that is answered",
    { by: other, how: "mention", hops: brakes.hops - 1 },
    undefined,
  ],
  ["another agent's mention, one too many", { by: other, how: "mention", hops: brakes.hops }, "too-many-hops"],
  ...[...ways, "floor" as const]
    .filter((how) => how !== "mention")
    .map((how) => [`another agent's ${how}`, { by: other, how, talkativeness: 1 }, "not-addressed"] as const),
  ["a person, while switched off", { by: person, how: "mention", active: false }, "inactive"],
  ["a word to somebody else, while switched off", { by: person, how: null, active: false }, "not-addressed"],
  ["a room that was left", { by: person, how: "mention", present: false }, "left-room"],

  ["an offer of the floor, by one that always talks", { by: person, how: "floor", talkativeness: 1 }, undefined],
  ["an offer, by one that never talks", { by: person, how: "floor", talkativeness: 0 }, "not-selected"],
  ["an offer, below what was thrown", { by: person, how: "floor", talkativeness: thrown }, "not-selected"],
  ["an offer, just above it", { by: person, how: "floor", talkativeness: thrown + 2 ** -32 }, undefined],
  ["an offer, while switched off", { by: person, how: "floor", talkativeness: 1, active: false }, "inactive"],
  [
    "an offer, too soon after the last",
    { by: person, how: "floor", talkativeness: 1, spokeMsAgo: COOL_DOWN_MS - 1 },
    "cool-down",
  ],
  [
    "an offer, long enough after it",
    { by: person, how: "floor", talkativeness: 1, spokeMsAgo: COOL_DOWN_MS },
    undefined,
  ],
  ...ways.map(
    (how) =>
      [
        `a person's ${how}, though it never talks and just did`,
        { by: person, how, talkativeness: 0, spokeMsAgo: 1 },
        undefined,
      ] as const,
  ),
];

it.each(cases)("%s", (_name, { by, how, hops = 0, active = true, present = true, ...over }, expected) => {
  const { talkativeness = 0.5, spokeMsAgo } = over;
  const message = { messageId: messageId("one"), agentId: ada, authorId: by, addressed: how, hops, at: START };
  const lastFloorAt = spokeMsAgo === undefined ? null : START - spokeMsAgo;
  expect(silence(message, { active, present, talkativeness, lastFloorAt })).toBe(expected);
});

describe("what is thrown", () => {
  const many = Array.from({ length: 2_000 }, (_, index) => messageId(String(index)));

  it("is the same whenever one looks, and another for each message and each agent", () => {
    const throws = many
      .slice(0, 100)
      .flatMap((id) => [ada, bo].map((agent) => roll({ messageId: id, agentId: agent })));
    expect(
      many.slice(0, 100).flatMap((id) => [ada, bo].map((agent) => roll({ messageId: id, agentId: agent }))),
    ).toEqual(throws);
    expect(new Set(throws).size).toBe(throws.length);
  });

  it("is fair: an agent takes up its share of offers", () => {
    for (const share of [0.1, 0.5, 0.9]) {
      const agent = agentId(`agent with ${share}`);
      const taken = many.filter((id) => roll({ messageId: id, agentId: agent }) < share).length;
      expect(Math.abs(taken / many.length - share)).toBeLessThan(0.04);
    }
  });
});
