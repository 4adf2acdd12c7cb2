/** When an agent keeps silent, and why: the whole policy as one table. */
import { expect, it } from "@effect/vitest";
import { type Silence, silence } from "#events/agent/attention.ts";
import { limits } from "#events/agent/turn.ts";
import type { ActorName } from "#events/kit/ids.ts";
import type { Addressed } from "#events/room/addressing.ts";

const person: ActorName = "user:dana";
const other: ActorName = "agent:bo";
const ways = ["invoked", "direct", "mention", "reply", "question"] as const;

const cases: ReadonlyArray<
  readonly [
    string,
    { by: ActorName; how: Addressed | null; hops?: number; active?: boolean; present?: boolean },
    Silence | undefined,
  ]
> = [
  ...ways.map((how) => [`a person's ${how}`, { by: person, how }, undefined] as const),
  ["a person's word to somebody else", { by: person, how: null }, "not-addressed"],
  ["a person, however many agents have talked before", { by: person, how: "mention", hops: 99 }, undefined],
  ["another agent's mention", { by: other, how: "mention" }, undefined],
  [
    "another agent's mention, the last that is answered",
    { by: other, how: "mention", hops: limits.hops - 1 },
    undefined,
  ],
  ["another agent's mention, one too many", { by: other, how: "mention", hops: limits.hops }, "too-many-hops"],
  ...ways
    .filter((how) => how !== "mention")
    .map((how) => [`another agent's ${how}`, { by: other, how }, "not-addressed"] as const),
  ["a person, while switched off", { by: person, how: "mention", active: false }, "inactive"],
  ["a word to somebody else, while switched off", { by: person, how: null, active: false }, "not-addressed"],
  ["a room that was left", { by: person, how: "mention", present: false }, "left-room"],
];

it.each(cases)("%s", (_name, { by, how, hops = 0, active = true, present = true }, expected) => {
  expect(silence({ authorId: by, addressed: how, hops }, { active, present })).toBe(expected);
});
