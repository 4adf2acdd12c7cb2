/** The catalogue of streams, as a specification of `decide`. */
import { expect, it } from "@effect/vitest";
import { system } from "#events/system/decide.ts";
import { StreamRegistered, StreamRetired } from "#events/system/events.ts";
import { given } from "../support/given.ts";

const stream = { kind: "room", name: "rm_1" } as const;

it("a stream is registered when it begins and retired at its end", () => {
  given(system)
    .when({ type: "RegisterStream", ...stream })
    .then(StreamRegistered(stream));
  given(system, StreamRegistered(stream))
    .when({ type: "RetireStream", ...stream })
    .then(StreamRetired(stream));
});

it("streams are counted, not listed: the log is the list", () => {
  const { state } = given(system, StreamRegistered(stream), StreamRegistered(stream), StreamRetired(stream));
  expect(state).toEqual({ registered: 2, retired: 1 });
});
