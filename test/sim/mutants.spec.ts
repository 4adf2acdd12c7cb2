/** Every planted bug is found within a few seeds, and nothing of it is left when it was pulled out. */
import { describe, expect, it } from "vitest";
import { mutants } from "./mutants.ts";
import { simulate, simulateMutant } from "./run.ts";

/** All are found within twenty seeds today; a change of the house may shuffle the histories. */
const SEEDS_AT_MOST = 60;

describe("a planted bug is found", () => {
  it.each(mutants)("$name", async (mutant) => {
    let seed = 0;
    let found = false;
    while (!found && seed < SEEDS_AT_MOST) found = (await simulateMutant(mutant, ++seed)).violation !== undefined;
    expect(found).toBe(true);
  });

  it("and is gone when it was pulled out", async () => {
    for (const mutant of mutants) await simulateMutant(mutant, 1);
    expect((await simulate(1)).violation).toBeUndefined();
  });
});
