/** Events of older versions are lifted step by step, and those of newer programs are refused by name. */
import { describe, expect, it } from "@effect/vitest";
import { Schema } from "effect";
import { defineEvent } from "#events/kit/define.ts";
import { LogFromTheFuture, upcast } from "#events/kit/upcast.ts";
import { registry } from "#events/registry.ts";

const Moved = defineEvent("Moved", {
  v: 3,
  about: "Something moved.",
  open: { to: Schema.String, hops: Schema.Int, by: Schema.NullOr(Schema.String) },
  upcasts: { 1: (open) => ({ ...open, hops: 0 }), 2: ({ where, ...open }) => ({ ...open, to: where, by: null }) },
});

describe("an event of an older version", () => {
  it("goes up one version at a time, to the newest", () => {
    expect(upcast(Moved, 1, { where: "here" })).toEqual({ to: "here", hops: 0, by: null });
    expect(upcast(Moved, 2, { where: "here", hops: 4 })).toEqual({ to: "here", hops: 4, by: null });
  });

  it("is left alone when it is of the newest", () => {
    const open = { to: "here", hops: 1, by: "me" };
    expect(upcast(Moved, 3, open)).toBe(open);
  });

  it("cannot be read where a step is missing", () => {
    expect(() => upcast({ ...Moved, upcasts: {} }, 2, {})).toThrow("Moved has no way up from version 2");
  });
});

it("an event of a newer program is refused by name", () => {
  expect(() => upcast(Moved, 4, {})).toThrow(new LogFromTheFuture("Moved", 4));
});

describe("the registry", () => {
  const all = Object.entries(registry).flatMap(([kind, events]) =>
    events.map((event) => [`${kind} ${event.type}`, event] as const),
  );

  it.each(all)("%s has a way up from every version before", (_name, { v, upcasts }) => {
    expect(Object.keys(upcasts).map(Number)).toEqual(Array.from({ length: v - 1 }, (_, index) => index + 1));
  });

  it("knows every type once in its stream", () => {
    for (const events of Object.values(registry))
      expect(new Set(events.map(({ type }) => type)).size).toBe(events.length);
  });
});
