/** Words that are found again wherever they get to, and a world outside that says them again: models, an embedder, an index elsewhere; used by forgotten-bytes.spec.ts. */
import { createHash } from "node:crypto";
import { Effect, Layer, Stream } from "effect";
import { Embedder, VectorIndex } from "#actors/agent/turn/memory-ports.ts";
import { ChatModel, Moderator, type Prompt, Toolbox } from "#actors/agent/turn/ports.ts";
import { rerankerLayer } from "#src/memory/reranker.ts";
import { costOf } from "./prices.ts";

/** Each its own word, which is found again whatever is made of the text around it. */
export const canary = (whose: string, number: number) => `canary${whose}${String(number).padStart(3, "0")}x`;
export const CANARY = /canary[a-z]+\d{3}x/gi;

/** Vectors elsewhere, by agent and memory. */
export class Elsewhere {
  readonly kept = new Map<string, Map<string, ReadonlyArray<number>>>();

  readonly index: VectorIndex["Service"] = {
    ...{ name: "elsewhere", remote: true },
    upsert: (agentId, vectors) =>
      Effect.sync(() => {
        const space = this.kept.get(agentId) ?? new Map();
        this.kept.set(agentId, space);
        for (const { id, values } of vectors) space.set(id, [...values]);
      }),
    query: () => Effect.succeed([]),
    remove: (agentId, ids) =>
      Effect.sync(() => {
        for (const id of ids) this.kept.get(agentId)?.delete(id);
      }),
    removeAll: (agentId) => Effect.sync(() => void this.kept.delete(agentId)),
    count: (agentId) => Effect.sync(() => this.kept.get(agentId)?.size ?? 0),
  };

  get ids(): ReadonlyArray<string> {
    return [...this.kept.values()].flatMap((space) => [...space.keys()]);
  }
}

/** A text's own direction, which no other text has. */
const directionOf = (text: string): Float32Array =>
  Float32Array.from(createHash("sha256").update(text).digest(), (byte) => byte - 127.5);

/** Notes and facts say again what they were shown; a reply has a canary of its own. */
function answerTo({ system, messages: shown }: Prompt, number: number): string {
  const text = shown.map((message) => ("text" in message ? message.text : "")).join("\n");
  if (system.startsWith("You keep the notes")) return [...new Set(text.match(CANARY))].join(" ");
  if (!system.startsWith("You keep the memory")) return `Look at ${canary("ada", number)}.`;
  const facts = [...text.matchAll(/^#(\d+) (?:(?!^#).)*?(canary(dana|eli)\d{3}x)/gms)]
    .slice(0, 20)
    .map(([, at, what, who]) => ({
      ...{ content: `The kite of ${who} is called ${what}.`, kind: "semantic", about: [who] },
      ...{ sources: [Number(at)], importance: 0.5 },
    }));
  return JSON.stringify({ facts });
}

/** An agent that is reached by nobody else. */
export function abilitiesWith({ index }: Elsewhere) {
  let replies = 0;
  const usage = { provider: "anthropic", model: "claude", tokensIn: 1, tokensOut: 1 };
  const model: ChatModel["Service"] = {
    price: costOf,
    stream: (_choice, prompt) =>
      Stream.suspend(() => {
        const text = answerTo(prompt, replies++);
        return Stream.succeed({ type: "reply" as const, text, calls: [], finish: "end" as const, ...usage });
      }),
  };
  const embed = (texts: ReadonlyArray<string>) => Effect.succeed(texts.map(directionOf));
  return Layer.mergeAll(
    Layer.succeed(ChatModel, model),
    Layer.succeed(Toolbox, { describe: () => [], replayOf: () => undefined, run: () => Effect.die("nobody asks it") }),
    Layer.succeed(Moderator, { provider: null, words: () => [], check: () => Effect.die("nobody asks it") }),
    Layer.succeed(Embedder, { name: "test/directions", dimensions: 32, semantic: true, embed }),
    Layer.succeed(VectorIndex, index),
    rerankerLayer(undefined),
  );
}
