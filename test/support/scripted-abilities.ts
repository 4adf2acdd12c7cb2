/** A voice, a moderator and a former of memories that do as a script says; used by scripted.ts. */
import { Effect, Layer, Stream } from "effect";
import { ModerationFailure, Overloaded } from "#actors/agent/turn/failures.ts";
import { type Answer, type Formed, MemoryFormer, type ModelPart, type Moderator } from "#actors/agent/turn/ports.ts";
import { eli } from "./given.ts";

/** What a model says, piece by piece, so many milliseconds before each. */
export const paced = (said: ReadonlyArray<string> = [], paceMs = 0): Stream.Stream<ModelPart> =>
  Stream.fromIterable(said).pipe(
    Stream.mapEffect((delta) => Effect.as(Effect.sleep(paceMs), { type: "text" as const, delta })),
  );

/** What a script says of moderation: words that may not be said, and what a provider flags. */
export interface Moderation {
  readonly listed?: ReadonlyArray<string>;
  readonly flags?: ((text: string) => ReadonlyArray<string>) | "broken";
}

/** A Moderator that knows these words and has this opinion. */
export const scriptedModerator = ({ listed = [], flags }: Moderation): Moderator["Service"] => ({
  provider: flags === undefined ? null : "scripted",
  words: (text) =>
    listed.flatMap((word) =>
      Array.from(text.matchAll(new RegExp(word, "gi")), ({ index: start }) => ({
        ...{ start, end: start + word.length, rule: "listed-word" },
      })),
    ),
  check: (texts) =>
    flags === "broken"
      ? Effect.fail(new ModerationFailure({ provider: "scripted", reason: new Overloaded({}) }))
      : Effect.succeed(texts.map((text) => flags?.(text) ?? [])),
});

/** Forms what the script finds in a text; every answer weighs the same, tells of Eli, and is noted with all that it was written with. */
export const scriptedFormer = (answers: Array<Answer>, forms: (text: string) => ReadonlyArray<Formed> = () => []) =>
  Layer.succeed(MemoryFormer, {
    form: ({ text }) => Effect.sync(() => forms(text)),
    tells: () => Effect.succeed([eli]),
    episode: (_asker, answer) =>
      Effect.sync(() => {
        answers.push(answer);
        return { importance: 0.3, names: [], repeats: answer.shown.map(({ event }) => event.seq) };
      }),
  });
