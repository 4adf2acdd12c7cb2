/** The registry of projections: which version of each serves, which is being filled; actors take their feeds from it. */
import { agents } from "./agents.ts";
import { conversations } from "./conversations.ts";
import type { Projection, StreamKind } from "./kit/projection.ts";
import { memories } from "./memories.ts";
import { people } from "./people.ts";
import { rooms } from "./rooms.ts";
import { toolExecutions } from "./tool-executions.ts";

interface Registered {
  /** The version behind the view of the specification's name. */
  readonly live: Projection;
  /** The version that is being filled to take its place, if there is one. */
  readonly candidate?: Projection;
}

/** Every projection of the house. */
export const registry: ReadonlyArray<Registered> = [
  { live: agents },
  { live: memories },
  { live: conversations },
  { live: toolExecutions },
  { live: rooms },
  { live: people },
];

/** The versions that serve, of projections that read this kind of stream. */
export const liveFor = (kind: StreamKind): ReadonlyArray<Projection> =>
  registry.flatMap(({ live }) => (live.reads === kind ? [live] : []));

/** The versions that are being filled, of projections that read this kind of stream. */
export const candidatesFor = (kind: StreamKind): ReadonlyArray<Projection> =>
  registry.flatMap(({ candidate }) => (candidate?.reads === kind ? [candidate] : []));
