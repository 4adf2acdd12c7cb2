/** Models and tools outside of a simulated house: what they answer is drawn from the seed, what they do is counted by key. */
import { Effect, Layer, Stream } from "effect";
import * as Failures from "#actors/agent/turn/failures.ts";
import { ChatModel, type ModelPart, Moderator, type Prompt, type Replay, Toolbox } from "#actors/agent/turn/ports.ts";
import type { ModelName } from "#events/agent/asking.ts";
import { embedderLayer } from "#src/memory/embedder.ts";
import { rerankerLayer } from "#src/memory/reranker.ts";
import { vectorIndexLayer } from "#src/memory/vector-index.ts";
import type { Chance } from "./chance.ts";
import { silence, type Trouble } from "./network.ts";
import type { Plan } from "./plan.ts";
import { calledBack, costOf } from "./prices.ts";
import { LISTED } from "./speech.ts";
import type { Weather } from "./weather.ts";

/** The tools there are; models also ask for one that nobody was granted, and for one that does not exist. */
export const tools: Readonly<Record<string, Replay>> = {
  look: "pure",
  note: "idempotent",
  stamp: "once",
  secret: "pure",
};

export const granted = ["look", "note", "stamp"];

type Reply = Extract<ModelPart, { type: "reply" }>;
type Answer =
  | { readonly pieces: ReadonlyArray<string>; readonly paceMs: number; readonly end: Reply }
  | { readonly pieces: ReadonlyArray<string>; readonly paceMs: number; readonly end: Failures.ModelReason };

/** What an agent reaches the outside with: one errand, with what may go wrong on its way. */
export type Errand = <A>(what: string, trouble: Trouble, effect: () => A | typeof silence) => Promise<A>;

export interface Mindful {
  readonly chance: Chance;
  readonly weather: () => Weather;
  /** Whom a model may call upon, and how often it does. */
  readonly plan: Pick<Plan, "agents" | "chatter" | "vices">;
  /** Hears of every effect in the moment in which it happens. */
  readonly effect: (tool: string, key: string, agentId: string) => void;
  /** A number that no other request of the house has. */
  readonly request: () => number;
  /** Whether one more request that nobody waits for may fail. */
  readonly stumbles: () => boolean;
  /** The process that asks dies over its request. */
  readonly dies: () => void;
  /** Hears of every piece of prose in the moment in which a model gives it. */
  readonly given: (piece: string) => void;
}

const mostRounds = 3;

/** What a model is like in this moment. */
function answerTo(prompt: Prompt, asked: ModelName, world: Mindful): Answer | typeof silence {
  const { chance, weather, plan, request } = world;
  const rounds = prompt.messages.filter(({ role }) => role === "tool").length;
  const number = request();
  const paceMs = chance.pick([0, 0, 30, 700]);
  const pieces = Array.from({ length: chance.between(0, 3) }, (_, index) => `Sentence ${number}.${index}. `);
  const name = calledBack(asked, number);
  if (isBehind(prompt)) return notesOf(prompt, { pieces, paceMs, name }, world);
  const { fails, swears } = plan.vices ?? virtuous;
  if (chance.maybe(swears)) pieces.push(...swearing(chance));
  if (chance.maybe(weather().model)) {
    return chance.maybe(0.1) ? silence : { pieces, paceMs, end: chance.pick(reasons) };
  }
  const length = prompt.messages.reduce((sum, message) => sum + (message.role === "user" ? message.text.length : 0), 0);
  if (fails > 0 && length > LONG_TALK && chance.maybe(fails / 2))
    return { pieces: [], paceMs, end: new Failures.TooLong({}) };
  if (chance.maybe(fails)) return { pieces, paceMs, end: failureOf(chance) };
  const asksTools = rounds < mostRounds && chance.maybe(0.5);
  if (!asksTools && chance.maybe(0.9)) pieces.push(`Number ${chance.between(1, 99)}.`);
  if (!asksTools && chance.maybe(plan.chatter)) pieces.push(` @${chance.pick(plan.agents).name}, what do you say?`);
  const calls = Array.from({ length: asksTools ? chance.between(1, 3) : 0 }, (_, index) => ({
    callId: `theirs-${index}`,
    tool: chance.pick([...granted, ...granted, "stamp", "secret", "forge"]),
    arguments: JSON.stringify({ round: rounds, index }),
  }));
  const finish = chance.maybe(0.05) ? "length" : asksTools ? "tools" : "end";
  return {
    pieces,
    paceMs,
    end: { type: "reply", text: pieces.join(""), calls, finish, ...name, ...chance.pick(usages) },
  };
}

/** So many characters are too long for a model now and then, so that contexts are shortened while there is something in them. */
const LONG_TALK = 500;

const virtuous = { fails: 0, swears: 0 };

const isBehind = ({ system }: Prompt): boolean => system.startsWith("You keep the ");

/**
 * What a model makes of a talk when nobody waits: prose for notes, facts for a memory, now and then nothing of use. It is
 * asked again every ten minutes: a house whose models failed for ever would not come to rest.
 */
function notesOf(
  { system, messages }: Prompt,
  { pieces, paceMs, name }: Omit<Answer, "end"> & { readonly name: ModelName },
  { chance, weather, stumbles, dies }: Mindful,
): Answer | typeof silence {
  if (chance.maybe(weather().model) || (chance.maybe(0.5) && stumbles())) {
    if (chance.maybe(0.7)) return { pieces, paceMs, end: failureOf(chance) };
    if (chance.maybe(0.6)) dies();
    return silence;
  }
  const numbers = messages.flatMap((message) =>
    message.role === "user" ? [...message.text.matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number)) : [],
  );
  const facts = numbers.slice(0, chance.between(0, 3)).map((number) => ({
    ...{ content: `Somebody asked for thing ${chance.between(1, 9)}.`, kind: "semantic", about: [] },
    ...{ sources: [number], importance: 0.5 },
  }));
  const text =
    system.includes('{"facts"') && chance.maybe(0.9) ? JSON.stringify({ facts }) : `${pieces.join("")}So it was.`;
  return {
    pieces: [text],
    paceMs,
    end: { type: "reply", text, calls: [], finish: "end", ...name, ...chance.pick(usages) },
  };
}

/** What a provider says of the usage: now and then more than was reserved, or nothing. */
const usages: ReadonlyArray<Pick<Reply, "tokensIn" | "tokensOut">> = [
  { tokensIn: 10, tokensOut: 5 },
  { tokensIn: 400, tokensOut: 60 },
  { tokensIn: 2_000, tokensOut: 900 },
  { tokensIn: undefined, tokensOut: undefined },
];

/** The listed word, as it comes: in one piece, in two, or with a sentence behind it. */
const swearing = (chance: Chance): ReadonlyArray<string> =>
  chance.pick([
    [`You ${LISTED}! `],
    [`You ${LISTED.slice(0, 7)}`, `${LISTED.slice(7)}! `],
    [`A ${LISTED}. It stings. `],
  ]);

/** Every kind of failure, and as often one that names a time: some are waited for by a fiber, some by a timer. */
const failureOf = (chance: Chance): Failures.ModelReason =>
  chance.maybe(0.6) ? chance.pick(reasons) : new Failures.RateLimited({ retryAfterMs: chance.between(12_000, 40_000) });

const reasons: ReadonlyArray<Failures.ModelReason> = [
  new Failures.RateLimited({ retryAfterMs: 2_000 }),
  new Failures.RateLimited({ retryAfterMs: 3_600_000 }),
  new Failures.Overloaded({}),
  new Failures.Broken({}),
  new Failures.Cut({}),
  new Failures.Stalled({ silentMs: 30_000 }),
  new Failures.SpentOut({}),
  new Failures.Garbled({ detail: "cut", begun: true }),
  new Failures.Unreachable({}),
  new Failures.Refused({}),
  new Failures.TooLong({}),
  new Failures.Garbled({ detail: "cut" }),
  new Failures.Unauthorized({}),
  new Failures.Unacceptable({ detail: "no such model" }),
];

function streamOf(answer: Answer, provider: string, model: string, given: Mindful["given"]) {
  const said = Stream.fromIterable(answer.pieces).pipe(
    Stream.mapEffect((delta) =>
      Effect.map(Effect.sleep(answer.paceMs), (): ModelPart => {
        given(delta);
        return { type: "text", delta };
      }),
    ),
  );
  const { end } = answer;
  return "_tag" in end
    ? Stream.concat(said, Stream.fail(new Failures.ModelFailure({ provider, model, reason: end })))
    : Stream.concat(said, Stream.succeed<ModelPart>(end));
}

/** Where the listed word stands. */
const listedIn = (text: string) =>
  [...text.matchAll(new RegExp(LISTED, "g"))].map(({ index }) => ({
    start: index,
    end: index + LISTED.length,
    rule: "words/listed",
  }));

const troubleOf = (share: number, takesMs: number): Trouble => ({ notDone: share, notTold: share, takesMs });

/** The abilities of an agent that lives in a simulation. */
export function abilitiesOf(errand: Errand, world: Mindful) {
  const chatModel: ChatModel["Service"] = {
    price: costOf,
    stream: ({ provider, model }, prompt) =>
      Stream.unwrap(
        Effect.tryPromise({
          try: () =>
            errand("model", troubleOf(world.weather().model / 4, world.chance.pick([0, 300, 2_000, 6_000])), () =>
              answerTo(prompt, { provider, model }, world),
            ),
          catch: () => new Failures.ModelFailure({ provider, model, reason: new Failures.Unreachable({}) }),
        }).pipe(Effect.map((answer) => streamOf(answer, provider, model, world.given))),
      ),
  };
  const toolbox: Toolbox["Service"] = {
    describe: (names) => names.map((name) => ({ name, description: `Does ${name}.`, input: { type: "object" } })),
    replayOf: (name) => tools[name],
    run: (name, input, { key, agentId }) =>
      Effect.tryPromise({
        try: () =>
          errand(name, troubleOf(world.weather().tool / 3, world.chance.pick([0, 0, 500, 4_000])), () => {
            if (world.chance.maybe((world.plan.vices?.fails ?? 0) / 4)) return undefined;
            world.effect(name, key, agentId);
            return world.chance.maybe(world.weather().tool / 3) ? silence : JSON.stringify({ did: input });
          }),
        catch: (error) =>
          new Failures.ToolFailure({ tool: name, reason: new Failures.Remote({ detail: String(error) }) }),
      }).pipe(
        // What its arguments mean nothing to has done nothing.
        Effect.flatMap((result) =>
          result === undefined
            ? Effect.fail(
                new Failures.ToolFailure({ tool: name, reason: new Failures.BadInput({ detail: "what is meant?" }) }),
              )
            : Effect.succeed(result),
        ),
      ),
  };
  return Layer.mergeAll(
    Layer.succeed(ChatModel, chatModel),
    Layer.succeed(Toolbox, toolbox),
    Layer.succeed(Moderator, { provider: null, words: listedIn, check: () => Effect.die("nobody asks it") }),
    rerankerLayer(undefined),
    Layer.provideMerge(vectorIndexLayer({ index: "local" }), embedderLayer({ provider: "local" })),
  );
}
