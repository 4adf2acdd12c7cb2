/** Simulated houses keep their promises whatever the weather, and much happens in them; two files of a hundred seeds, so that both cores play. */
import { expect, it } from "vitest";
import { lived, played } from "./run.ts";

const happened = new Set<string>();

it.each([1, 26, 51, 76])("simulated houses keep their promises in twenty-five seeds from %i", async (first) => {
  const { broken, happened: all } = await played(first, first + 24);
  for (const what of all) happened.add(what);
  expect(broken).toEqual([]);
});

it("in all of these houses together, everything happens that can happen in a turn", () => {
  expect(lived.filter((what) => !happened.has(what))).toEqual([]);
});
