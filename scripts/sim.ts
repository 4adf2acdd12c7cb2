/** `npm run sim`: plays simulated houses from seeds and says which promise breaks, if any; `--mutants` shows that planted bugs are found. */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const runtime = pathToFileURL(join(import.meta.dirname, "../test/sim/workers-runtime.ts")).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: runtime, shortCircuit: true } : next(specifier, context),
});
const { simulate } = await import("../test/sim/world.ts");
const seed = Number(process.argv[2] ?? 1);
const runs = Number(process.argv[3] ?? 1);
const watch = process.argv[4] === "watch" ? (l: string) => process.stdout.write(l + "\n") : undefined;
const t = performance.now();
let steps = 0,
  events = 0,
  deaths = 0;
for (let s = seed; s < seed + runs; s++) {
  const r = await simulate(s, watch ? { watch } : {});
  steps += r.steps;
  events += r.events;
  deaths += r.deaths;
  if (r.violation) console.log(r.seed, r.steps, JSON.stringify(r.violation));
}
console.log({
  cpu: (process.cpuUsage().user + process.cpuUsage().system) / 1000 / runs,
  runs,
  ms: (performance.now() - t) / runs,
  steps: steps / runs,
  events: events / runs,
  deaths: deaths / runs,
});
if (process.argv[5] === "mutants") {
  const { mutants } = await import("../test/sim/mutants.ts");
  for (const m of mutants.filter(({ name }) => !process.argv[6] || name.includes(process.argv[6]))) {
    const t = performance.now();
    let found;
    for (let s = 1; s <= 400 && !found; s++) {
      const { bent, pull } = m.plant();
      try {
        const r = await simulate(s, { bent });
        if (r.violation) found = [s, r.violation];
      } finally {
        pull();
      }
    }
    console.log(m.name, "->", JSON.stringify(found), Math.round(performance.now() - t));
  }
}
