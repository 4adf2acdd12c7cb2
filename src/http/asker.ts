/** The request at hand, as every handler sees it: who asks, through which doors, under which command id. */
import { Context, Effect } from "effect";
import type { ActorEnv, Principal } from "#actors/kit/doors.ts";
import type { Away, Reply } from "#actors/kit/reply.ts";
import { childId } from "#events/kit/ids.ts";
import { newId, now, type Settings } from "../env.ts";
import { problem, problemOf } from "./problem.ts";
import type { Problem } from "./problems.ts";

/** How long an answer waits at most for a read model to have seen what it tells of. */
export const SETTLE_MS = 500;

export interface Asking {
  readonly principal: Principal;
  readonly env: ActorEnv;
  readonly settings: Settings;
  readonly request: Request;
  /** Headers that the answer gets on top. */
  readonly headers: Headers;
}

export class Asker extends Context.Service<Asker, Asking>()("troupe/http/Asker") {}

/** The id of the command that this request stands for: from its Idempotency-Key, so that a repeat is the same command. */
export const commandId = (asking: Asking): string => {
  // Only a POST needs one: whatever is put or deleted twice is so once.
  const key = asking.request.method === "POST" ? asking.request.headers.get("idempotency-key") : null;
  if (key === null) return newId("command");
  const { pathname } = new URL(asking.request.url);
  return childId("command", asking.principal.userId, `${asking.request.method} ${pathname} ${key}`);
};

/** What keeps words sealed may be away for a moment; whatever else goes wrong is a defect. */
const attempted = <A>(act: () => Promise<A>): Effect.Effect<A, Problem> =>
  Effect.catch(Effect.tryPromise({ try: act, catch: (cause) => cause }), (cause) =>
    cause instanceof Error && cause.message.startsWith("out-of-reach" satisfies Away)
      ? Effect.fail(problem("provider-unavailable", { detail: "The keys are out of reach. Try again in a moment." }))
      : Effect.die(cause),
  );

/** Asks an actor. A refusal becomes its problem; whatever else happens is ours to answer for, and nobody's to read. */
export const ask = <A>(call: (asking: Asking) => Promise<Reply<A>>): Effect.Effect<A, Problem, Asker> =>
  Effect.flatMap(Asker, (asking) =>
    Effect.flatMap(
      attempted(() => call(asking)),
      (reply) => {
        if (reply.outcome === "refused") return Effect.fail(problemOf(reply.refusal));
        if (reply.replayed) asking.headers.set("Idempotency-Replayed", "true");
        return Effect.succeed(reply.value);
      },
    ),
  );

/** Does something with the request that is not a question to one actor. */
export const perform = <A>(act: (asking: Asking) => Promise<A>): Effect.Effect<A, Problem, Asker> =>
  Effect.flatMap(Asker, (asking) => attempted(() => act(asking)));

/** Rooms that a person has written to in the last seconds through this isolate. */
const written = new Map<string, Map<string, number>>();
const FORGET_AFTER_MS = 5_000;

/**
 * Notes that the caller writes to a room. A message must not wait for the read models; the caller's next list of rooms
 * does instead, for these rooms, so that it shows what was answered before.
 */
export function touched({ principal }: Asking, room: string): void {
  if (written.size > 1_000) written.clear();
  const rooms = written.get(principal.userId) ?? new Map<string, number>();
  written.set(principal.userId, rooms.set(room, now()));
}

/** The rooms that the caller has written to lately. */
export function recentlyTouched({ principal }: Asking): ReadonlyArray<string> {
  const rooms = [...(written.get(principal.userId) ?? [])].filter(([, at]) => at > now() - FORGET_AFTER_MS);
  written.delete(principal.userId);
  return rooms.map(([room]) => room);
}

/** The version a change asks for with `If-Match: "v3"`; undefined when it asks for none. */
export function wantedVersion(asking: Asking): Effect.Effect<number | undefined, Problem> {
  const header = asking.request.headers.get("if-match");
  if (header === null || header.trim() === "*") return Effect.succeed(undefined);
  const version = /^\s*(?:W\/)?"v(\d+)"\s*$/.exec(header)?.[1];
  // An ETag we never gave out matches no version of anything.
  return version === undefined
    ? Effect.fail(problem("precondition-failed", { detail: "If-Match names no version of this." }))
    : Effect.succeed(Number(version));
}
