/** Who lives in a simulated house: drawn from the seed before anything happens; read by people and by the world. */
import type { Principal } from "#actors/kit/doors.ts";
import type { ModelName } from "#events/agent/asking.ts";
import type { Budget } from "#events/agent/budget.ts";
import { type AgentId, childId, type RoomId, type UserId } from "#events/kit/ids.ts";
import type { RoomKind } from "#events/room/addressing.ts";
import type { Chance } from "./chance.ts";
import { chosen, standIns } from "./prices.ts";

export interface Plan {
  readonly people: ReadonlyArray<Principal>;
  readonly rooms: ReadonlyArray<{ readonly roomId: RoomId; readonly kind: RoomKind }>;
  readonly agents: ReadonlyArray<{
    readonly agentId: AgentId;
    readonly name: string;
    /** Whom it asks; left out: the demo. */
    readonly model?: ModelName;
    /** Who stands in for it, if anybody does. */
    readonly standIn?: ModelName;
    /** What its owner lets it spend; left out: what the house lets everybody spend. */
    readonly budget?: Budget;
  }>;
  /** How much each person does before they fall silent. */
  readonly deeds: number;
  /** How often an agent calls upon another one, of one. */
  readonly chatter: number;
  /** How often models fail by themselves, whatever the weather, and say what they must not, of one; left out: never. */
  readonly vices?: { readonly fails: number; readonly swears: number };
  /** How many requests that nobody waits for may fail by themselves: each is made again ten minutes later. */
  readonly stumbles?: number;
  /** When it all begins; left out: at noon. */
  readonly beginning?: number;
}

export const personOf = (name: string): Principal => ({
  ...{ userId: `user_${name}` as UserId, name, roles: ["participant"] as const },
});

/** The room of this number. */
export const roomOf = (number: number): RoomId => childId("room", "sim", String(number));

export const agentOf = (name: string): AgentId => childId("agent", "sim", name);

const everybody = ["dana", "eli", "host", "other"];
const names = ["Ada", "Bo", "Cy"];
/**
 * A request of a turn reserves a thousand tokens and a little, one that nobody waits for up to three thousand; most of
 * them use fewer by far, and some say nothing of it. In money that is 10 to 20 thousand, and 30 to 50.
 */
const budgets: ReadonlyArray<Budget> = [
  { turn: { tokens: 4_000 } },
  { agent: { tokens: 12_000 } },
  { room: { tokens: 6_000 } },
  { asker: { tokens: 6_000 } },
  { turn: { microUsd: 40_000 } },
  { agent: { microUsd: 120_000 } },
  { room: { microUsd: 60_000 } },
  { asker: { tokens: 9_000, microUsd: 60_000 } },
];

const NOON = Date.UTC(2026, 9, 1, 12);
const MIDNIGHT = Date.UTC(2026, 9, 2);

const kinds: ReadonlyArray<RoomKind> = ["public", "private", "direct"];

/**
 * Who lives in the house of a seed: one to four people, one to three rooms, one to three agents. Where agents talk at
 * length, models do their best and nobody counts tokens: one that fails ends a talk that may go too far.
 */
export function planOf(chance: Chance): Plan {
  const chatter = chance.pick([0.2, 0.2, 0.95]);
  const atLength = chatter > 0.5;
  return {
    ...{ chatter, deeds: chance.between(2, 10) },
    people: everybody.slice(0, chance.between(1, everybody.length)).map(personOf),
    // One to three, of which the first is public.
    rooms: Array.from({ length: chance.between(1, 3) }, (_, number) => ({
      roomId: roomOf(number),
      kind: number === 0 ? "public" : chance.pick(kinds),
    })),
    agents: names.slice(0, chance.between(1, names.length)).map((name) => ({
      ...{ agentId: agentOf(name), name },
      model: chance.pick(chosen),
      ...(chance.maybe(0.5) ? { standIn: chance.pick(standIns) } : {}),
      ...(!atLength && chance.maybe(0.5) ? { budget: chance.pick(budgets) } : {}),
    })),
    ...(atLength ? {} : { vices: { fails: chance.pick([0.1, 0.3, 0.5]), swears: chance.pick([0, 0.05, 0.3]) } }),
    stumbles: chance.pick([0, 1, 2]),
    // Ceilings are a day's: in some houses midnight comes while they are talked in, in some before what follows of it.
    beginning: chance.pick([NOON, NOON, MIDNIGHT - 60_000, MIDNIGHT - 30 * 60_000]),
  };
}
