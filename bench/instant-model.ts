/** A model server that answers at once in Anthropic's streaming format and says how long it took; a program of its own: `node bench/instant-model.ts <port>`. */
import { pathToFileURL } from "node:url";
import { limits } from "#events/agent/turn.ts";
import { type Asked, asked, type Calculation, calculations, prose, serveModel } from "./model-wire.ts";

/** One request: which turn it belonged to, and from its arrival to its last byte. */
export interface ModelCall {
  readonly marker: string;
  readonly ms: number;
}

const DELTAS = 10;

/** How many requests a turn with so many tool calls makes: as many calls in a round as the gate lets pass, then the reply. */
export const requestsFor = (toolCalls: number): number => Math.ceil(toolCalls / limits.callsPerRound) + 1;

/**
 * `[tool 12*7]` asks for one calculation, `[tools 20 12*7]` for twenty: `12*7*1` to `12*7*20`. Those that have no result
 * yet are called, so many in a round as may be.
 */
function wanted({ words, results }: Asked): ReadonlyArray<Calculation> {
  const [, many, expression] = [...words.matchAll(/\[tool(?:s (\d+))? ([^\]]+)\]/g)].at(-1) ?? [];
  if (expression === undefined) return [];
  const all =
    many === undefined
      ? [expression]
      : Array.from({ length: Number(many) }, (_, index) => `${expression}*${index + 1}`);
  return all.slice(results.length, results.length + limits.callsPerRound).map((each) => ({ expression: each }));
}

function reply({ words, results }: Asked): string {
  const result = results.at(-1);
  if (result === undefined) return `You said: ${words.slice(-60)}`;
  return `${results.length} results, the last is ${/[\d.]+/.exec(result)?.[0]}.`;
}

/** The whole answer: calls of the calculator, or a reply in so many pieces. */
function answerTo(id: string, request: Asked): ReadonlyArray<string> {
  const calls = wanted(request);
  if (calls.length > 0) return calculations(id, request.model, calls);
  const text = reply(request);
  const step = Math.max(1, Math.ceil(text.length / DELTAS));
  const { open, piece, close } = prose(id, request.model);
  return [open, ...(text.match(new RegExp(`[\\s\\S]{1,${step}}`, "g")) ?? []).map(piece), close];
}

function serve(port: number): void {
  const calls: ModelCall[] = [];
  // Whoever reads the calls takes them away.
  serveModel(
    port,
    () => calls.splice(0),
    async (request, response, id) => {
      const begun = performance.now();
      const what = await asked(request);
      response.once("finish", () => calls.push({ marker: what.marker, ms: performance.now() - begun }));
      for (const each of answerTo(id, what)) response.write(each);
      response.end();
    },
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) serve(Number(process.argv[2]));
