/** What an object of a simulated platform is, dead or alive, and what surrounds it; types that platform, network and invariants share. */
import type { Chance } from "./chance.ts";
import type { Entry, Life, VirtualClock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { Line, Lines, ServerSocket } from "./sockets.ts";
import type { Weather } from "./weather.ts";

export type Kind = "AGENT" | "ROOM" | "USER" | "SYSTEM" | "VAULT";

/** An actor as the platform sees it: methods by name. */
export type Actor = Readonly<Record<string, (...values: ReadonlyArray<unknown>) => unknown>>;

/** A call that an instance has taken and not answered yet. */
export interface Taken {
  readonly fail: () => void;
}

/** One life of an object. */
export interface Instance extends Life {
  readonly object: SimulatedObject;
  readonly number: number;
  actor: Actor;
  /** Another instance has taken over: storage answers this one no more, but it does not know yet. */
  stale: boolean;
  /** Its writes will never be safe, so nothing it says may leave. */
  mute: boolean;
  /** What waits for the disk. */
  readonly held: Array<() => void>;
  readonly taken: Set<Taken>;
  readonly sockets: Map<Line, ServerSocket>;
  flushing: Entry | undefined;
}

/** What is known by a name, dead or alive. */
export interface SimulatedObject {
  readonly kind: Kind;
  readonly name: string;
  /** `agent:agt_…`: the stream it writes. */
  readonly stream: string;
  readonly disk: Disk;
  /** Open sockets. They outlive an instance that sleeps, and none that dies. */
  readonly lines: Lines;
  instance: Instance | undefined;
  bell: Entry | undefined;
  /** Who handles the alarm just now. */
  ringing: Instance | undefined;
  /** How often in a row its alarm has thrown. */
  tries: number;
}

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

/** Ways in which the platform itself is bent to play a program that goes wrong (test/sim/mutants.ts). */
export interface Bent {
  /** Answers leave before what they tell of is safe. */
  gateless?: boolean;
  /** A transaction that was taken back looks as if it had been ended. */
  rollbackHidden?: boolean;
  /** Statements as the mutant would have written them. */
  rewrite?: (query: string) => string;
}

export interface Surroundings {
  /** Where the files of all objects lie; undefined: in memory. */
  readonly folder: string | undefined;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly weather: () => Weather;
  readonly bent: Bent;
  readonly build: (instance: Instance, ctx: DurableObjectState) => Actor;
  /** Something new is safe on this object's disk. */
  readonly safe: (object: SimulatedObject) => void;
}
