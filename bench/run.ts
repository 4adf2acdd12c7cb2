/** `npm run bench [-- name…] [--quick]`: measures part after part, prints a table of each, keeps the rounds in bench/results/. */
import { parseArgs } from "node:util";
import type { Part } from "./figures.ts";
import { fanout } from "./parts/fanout.ts";
import { kills, killsUnderWrangler } from "./parts/kills.ts";
import { ledger } from "./parts/ledger.ts";
import { long } from "./parts/long.ts";
import { memory } from "./parts/memory.ts";
import { memoryRules } from "./parts/memory-rules.ts";
import { projection } from "./parts/projection.ts";
import { recall } from "./parts/recall.ts";
import { size } from "./parts/size.ts";
import { stream } from "./parts/stream.ts";
import { turn } from "./parts/turn.ts";
import { endEverything } from "./processes.ts";
import { keep, surroundings } from "./report.ts";

const parts: ReadonlyArray<Part> = [
  ...[ledger, projection, turn, long, stream, fanout, kills, killsUnderWrangler],
  ...[memory, recall, memoryRules, size],
];

function wanted() {
  const { values, positionals } = parseArgs({
    options: { quick: { type: "boolean", default: false }, rounds: { type: "string" } },
    allowPositionals: true,
  });
  const { quick } = values;
  const rounds = Number(values.rounds ?? (quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 20) throw new Error("--rounds is a number from 1 to 20");
  const stranger = positionals.find((name) => !parts.some((part) => part.name === name));
  if (stranger !== undefined)
    throw new Error(`there is no part ${stranger}; there are ${parts.map(({ name }) => name).join(", ")}`);
  const chosen = positionals.length === 0 ? parts : parts.filter(({ name }) => positionals.includes(name));
  return { scale: { quick, rounds }, chosen };
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    void endEverything().finally(() => process.exit(130));
  });

const { scale, chosen } = (() => {
  try {
    return wanted();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
})();

for (const part of chosen) {
  const around = surroundings();
  console.error(`… ${part.name} (load ${around.load_before.join(" ")})`);
  try {
    keep(part, scale, around, await part.measure(scale));
  } catch (error) {
    // A part that cannot run is a failure; a part over budget is only told.
    process.exitCode = 1;
    console.error(`${part.name} could not be measured:`, error);
  } finally {
    await endEverything();
  }
}
