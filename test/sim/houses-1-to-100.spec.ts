/** Simulated houses keep their promises whatever the weather; two files of a hundred seeds, so that both cores play. */
import { expect, it } from "vitest";
import { broken } from "./run.ts";

it.each([1, 26, 51, 76])("simulated houses keep their promises in twenty-five seeds from %i", async (first) => {
  expect(await broken(first, first + 24)).toEqual([]);
});
