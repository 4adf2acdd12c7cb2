/** `npm run sim`: plays simulated houses from seeds and says which promise breaks, if any; `--mutants` shows that planted bugs are found. */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const usage = `npm run sim -- [--seed N] [--runs N] [--watch] [--mutants [--only TEXT]]
  --seed N     the first seed (1)
  --runs N     how many seeds, one after the other (100); with --mutants, how many a planted bug may take (10000)
  --watch      tells every step, event and report
  --mutants    plants one bug after the other and says after how many seeds each is found
  --only TEXT  of the planted bugs, those whose name has this in it`;

function refuse(): never {
  console.error(usage);
  process.exit(2);
}

function asked() {
  try {
    return parseArgs({
      options: {
        seed: { type: "string", default: "1" },
        runs: { type: "string" },
        watch: { type: "boolean", default: false },
        mutants: { type: "boolean", default: false },
        only: { type: "string", default: "" },
      },
    }).values;
  } catch {
    return refuse();
  }
}

const values = asked();
const whole = (text: string): number => (/^\d{1,9}$/.test(text) ? Number(text) : refuse());
const first = whole(values.seed);

// The actors' base class is the platform's: outside of it there is another one in its place.
const runtime = pathToFileURL(join(import.meta.dirname, "../test/sim/workers-runtime.ts")).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: runtime, shortCircuit: true } : next(specifier, context),
});
const { simulate, simulateMutant } = await import("../test/sim/run.ts");
const { mutants } = await import("../test/sim/mutants.ts");

const told = console.log; // a run has a console of its own

/** How many of these seeds broke a promise. */
async function play(runs: number): Promise<number> {
  let broken = 0;
  const sums = { steps: 0, events: 0, deaths: 0 };
  const all = new Map<string, number>();
  for (let seed = first; seed < first + runs; seed++) {
    const { violation, steps, events, deaths, happened } = await simulate(seed, values.watch ? { watch: told } : {});
    sums.steps += steps;
    sums.events += events;
    sums.deaths += deaths;
    for (const [type, times] of happened) all.set(type, (all.get(type) ?? 0) + times);
    if (violation === undefined) continue;
    broken += 1;
    told(`seed ${seed}, step ${violation.step}: [${violation.promise}] ${violation.what}`);
  }
  told(
    `${runs} seeds from ${first}: ${sums.steps} steps, ${sums.events} events, ${sums.deaths} deaths; ${broken} broken`,
  );
  told(
    [...all]
      .sort()
      .map(([type, times]) => `${type} ${times}`)
      .join(", "),
  );
  return broken;
}

/** How many planted bugs were not found. */
async function hunt(most: number): Promise<number> {
  let survived = 0;
  for (const mutant of mutants.filter(({ name }) => name.includes(values.only))) {
    let seed = first;
    let found = (await simulateMutant(mutant, seed)).violation;
    while (found === undefined && seed + 1 < first + most) found = (await simulateMutant(mutant, ++seed)).violation;
    if (found === undefined) survived += 1;
    const how = found === undefined ? "SURVIVED" : `[${found.promise}] ${found.what}`;
    told(`${String(seed - first + 1).padStart(5)}  ${mutant.name}\n       ${how}`);
  }
  return survived;
}

const failed = values.mutants ? await hunt(whole(values.runs ?? "10000")) : await play(whole(values.runs ?? "100"));
process.exit(failed === 0 ? 0 : 1);
