/** Simulated houses keep their promises whatever the weather, and much happens in them; two files of a hundred seeds, so that both cores play. */
import { expect, it } from "vitest";
import { lived, played } from "./run.ts";

it.each([
  101, 126, 151, 176,
])("simulated houses keep their promises in twenty-five seeds from %i, and much happens in them", async (first) => {
  const { broken, happened } = await played(first, first + 24);
  expect(broken).toEqual([]);
  expect(lived.filter((type) => !happened.has(type))).toEqual([]);
});
