/** `npm run reset`: wipes what local runs have kept. */
import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { state: { type: "string", default: ".wrangler/state" } } });
const state = resolve(values.state);
// Only a folder that start has made is wiped: a wrong path must not cost somebody else's data.
if (existsSync(state) && !existsSync(`${state}/troupe-keys.env`)) {
  console.error(`${state} was not made by npm start; it is left alone`);
  process.exit(1);
}
rmSync(state, { recursive: true, force: true });
console.log(`wiped ${state}`);
