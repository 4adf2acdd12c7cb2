/** What must be so when faults are over and the house has come to rest: nothing is lost, nothing is owed, everything can be told again. */
import { isDeepStrictEqual } from "node:util";
import { Schema } from "effect";
import { Ledger } from "#actors/kit/ledger.ts";
import type { SqlPort, SqlValue } from "#actors/kit/sql.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentState } from "#events/agent/views.ts";
import type { Decider, Refusal } from "#events/kit/decider.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Pending, Recorded } from "#events/kit/envelope.ts";
import { type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import { room } from "#events/room/decide.ts";
import { system } from "#events/system/decide.ts";
import { user } from "#events/user/decide.ts";
import { vault } from "#events/vault/decide.ts";
import type { VaultState } from "#events/vault/state.ts";
import { liveFor } from "#projections/index.ts";
import { deliver } from "#projections/kit/deliver.ts";
import type { StreamKind, StreamName } from "#projections/kit/projection.ts";
import type { Chronicle, Tell } from "./chronicle.ts";
import { shreddedIn } from "./erasures.ts";
import type { SimulatedObject } from "./instance.ts";
import type { Invariants } from "./invariants.ts";
import { ReadModels } from "./outside.ts";

type AnyCommand = { readonly type: string; readonly meta: CommandMeta };
type AnyDecider = Decider<unknown, AnyCommand, Pending, Refusal>;
type AnyLedger = Ledger<unknown, AnyCommand, Pending, Refusal>;

const deciders = { AGENT: agent, ROOM: room, USER: user, SYSTEM: system, VAULT: vault } as unknown as Readonly<
  Record<SimulatedObject["kind"], AnyDecider>
>;

const portOf = ({ disk }: SimulatedObject): SqlPort => ({
  run: (query, ...parameters) => {
    disk.execute(query, parameters);
    return disk.changes() > 0;
  },
  rows: (query, ...parameters) => disk.execute(query, parameters) as ReadonlyArray<ReadonlyArray<SqlValue>>,
  transaction: (body) => disk.transaction(body, () => {}),
});

/** The log of an object, opened anew from its disk. */
const reopened = (object: SimulatedObject): AnyLedger =>
  new Ledger(deciders[object.kind], {
    stream: object.stream,
    sql: portOf(object),
    keys: { get: () => undefined },
  });

/** The ledger that an object's living instance holds in memory. */
export const ledgerOf = (object: SimulatedObject): AnyLedger | undefined =>
  (object.instance?.actor as { readonly ledger?: AnyLedger } | undefined)?.ledger;

/** Chains verify, and fold = live state = snapshot and the rest [L4] [L5] [L7]. */
export function checkLogs(objects: Iterable<SimulatedObject>, middle: (head: number) => number, tell: Tell): void {
  for (const object of objects) {
    const ledger = reopened(object);
    if (ledger.head === 0) continue;
    const { stream } = object;
    const chain = ledger.verify();
    if (!chain.intact) tell("L4", `${stream} does not verify at ${chain.brokenAt}`);
    const live = ledgerOf(object);
    if (live !== undefined && !isDeepStrictEqual(live.state, ledger.state))
      tell("L5", `${stream} holds another state in memory than its log tells`);
    const decider = deciders[object.kind];
    const at = middle(ledger.head);
    const codec = Schema.fromJsonString(decider.state);
    const kept = Schema.decodeUnknownSync(codec)(JSON.stringify(ledger.stateAt(at)));
    const state = ledger.read(at, ledger.head).reduce((sum: unknown, event) => decider.evolve(sum, event), kept);
    if (!isDeepStrictEqual(state, ledger.state)) tell("L7", `${stream} folds otherwise from a snapshot at ${at}`);
  }
}

/** Tables that are built again from the logs equal those that were kept up to date [P2]. */
export async function checkReadModels(objects: Iterable<SimulatedObject>, live: ReadModels, tell: Tell): Promise<void> {
  const again = new ReadModels();
  const database = again.binding(async (_what, effect) => effect());
  for (const object of objects) {
    const kind = object.kind.toLowerCase() as StreamKind;
    const projections = liveFor(kind);
    const ledger = reopened(object);
    if (projections.length === 0 || ledger.head === 0) continue;
    const events = ledger.read(0, ledger.head) as unknown as ReadonlyArray<Recorded>;
    await deliver(database, projections, object.stream as StreamName, { from: 0, to: ledger.head }, events);
  }
  const [kept, rebuilt] = [live.content(), again.content()];
  again.close();
  if (kept === rebuilt) return;
  const lines = new Set(kept.split("\n"));
  const missing = rebuilt.split("\n").find((line) => !lines.has(line));
  tell("P2", `read models differ; told again there would be ${missing?.slice(0, 200) ?? "fewer rows"}`);
}

/** Who is in a room, as its log tells. */
export interface Presence {
  readonly roomId: RoomId;
  readonly people: ReadonlySet<string>;
  /** Agents with the names they are called by here. */
  readonly agents: ReadonlyMap<string, string>;
}

export function presences(chronicle: Chronicle): ReadonlyArray<Presence> {
  return chronicle.all("room").map((events) => {
    const people = new Set<string>();
    const agents = new Map<string, string>();
    for (const { type, open } of events) {
      if (type === "ParticipantJoined") people.add(String(open["userId"]));
      if (type === "ParticipantLeft") people.delete(String(open["userId"]));
      if (type === "AgentInvited") agents.set(String(open["agentId"]), String(open["name"]));
      if (type === "AgentDismissed") agents.delete(String(open["agentId"]));
    }
    return { roomId: events[0]!.stream.slice("room:".length) as RoomId, people, agents };
  });
}

const isDeleted = (chronicle: Chronicle, agentId: string): boolean =>
  chronicle.of(`agent:${agentId}`).at(-1)?.type === "AgentDeleted";

/** Every message reached everybody it was for, who was there when it was said [house.md II.12], unless its author was erased. */
export function checkDeliveries(chronicle: Chronicle, tell: Tell): void {
  const heard = new Set(
    chronicle
      .all("agent")
      .flatMap((events) =>
        events.flatMap(({ type, open, stream }) =>
          type === "MessageReceived" ? [`${stream} ${open["messageId"]}`] : [],
        ),
      ),
  );
  const erased = new Set(
    chronicle
      .all("vault")
      .flatMap((events) => events.filter(({ type }) => type === "KeyShredded").map(({ open }) => open["subject"])),
  );
  for (const events of chronicle.all("room")) {
    const here = new Set<string>();
    for (const { type, open, stream, seq } of events) {
      if (type === "AgentInvited") here.add(String(open["agentId"]));
      if (type === "AgentDismissed") here.delete(String(open["agentId"]));
      const concerned =
        type === "MessagePosted"
          ? [...here].filter((agentId) => open["by"] !== `agent:${agentId}`)
          : type === "AgentInvoked"
            ? [String(open["agentId"])]
            : [];
      for (const agentId of concerned)
        if (
          !isDeleted(chronicle, agentId) &&
          !erased.has(open["by"]) &&
          !heard.has(`agent:${agentId} ${open["messageId"]}`)
        )
          tell("delivery", `${agentId} never heard ${seq} of ${stream}`);
    }
  }
}

/** Rooms and agents agree on who is where, and the catalogue knows everybody. */
export function checkAgreement(chronicle: Chronicle, tell: Tell): void {
  const rooms = presences(chronicle);
  for (const events of chronicle.all("agent")) {
    const agentId = events[0]!.stream.slice("agent:".length);
    const inside = new Set<string>();
    for (const { type, open } of events) {
      if (type === "RoomJoined") inside.add(String(open["roomId"]));
      if (type === "RoomLeft") inside.delete(String(open["roomId"]));
      if (type === "AgentDeleted") inside.clear();
    }
    for (const { roomId, agents } of rooms)
      if (agents.has(agentId) !== inside.has(roomId))
        tell("presence", `${roomId} and ${agentId} do not agree whether it is there: ${agents.has(agentId)}`);
  }
  const catalogue = new Set(
    chronicle
      .all("system")
      .flatMap((events) => events.map(({ type, open }) => `${type} ${open["kind"]}:${open["name"]}`)),
  );
  for (const kind of ["agent", "room", "user"])
    for (const [first] of chronicle.all(kind))
      if (!catalogue.has(`StreamRegistered ${first!.stream}`)) tell("catalogue", `${first!.stream} is not in it`);
}

/** Every key that was to be destroyed or turned is, and every stream knows. */
export function checkKeys(objects: Iterable<SimulatedObject>, tell: Tell): void {
  for (const object of objects) {
    if (object.kind !== "VAULT") continue;
    const { keys, rotatingTo } = reopened(object).state as VaultState;
    if (rotatingTo !== null) tell("liveness", `${object.stream} turns its keys for ever`);
    for (const [subject, { recalling, renewing }] of Object.entries(keys))
      if (recalling.length + renewing.length > 0)
        tell("S2", `${object.stream} never reached ${[...recalling, ...renewing].length} streams about ${subject}`);
  }
}

/** No agent keeps words of a turn whose reply may say again what somebody said who is erased and has not come back [S2]. */
export function checkForgotten(objects: Iterable<SimulatedObject>, chronicle: Chronicle, tell: Tell): void {
  const shredded = shreddedIn(chronicle);
  for (const { kind, disk, stream } of objects) {
    if (kind !== "AGENT" || chronicle.of(stream).length === 0) continue;
    const kept = new Set(disk.execute("SELECT seq FROM event_keys", []).map(([seq]) => Number(seq)));
    for (const { type, seq, open } of chronicle.of(stream)) {
      const { tells = [] } = open as { readonly tells?: ReadonlyArray<UserId> };
      if (type === "ReplyDrafted" && kept.has(seq) && tells.some((userId) => shredded.has(userName(userId))))
        tell("S2", `${stream} keeps the words of ${seq}, and the key of one of ${tells} is destroyed`);
    }
  }
}

/** What agents believe to have spent is what their logs add up to. */
export function checkDays(objects: Iterable<SimulatedObject>, { spending }: Invariants): void {
  for (const object of objects)
    if (object.kind === "AGENT") spending.checkDay(object.stream, (reopened(object).state as AgentState).day);
}

/** Every turn that was heard of has its end. */
export function checkTurns({ turns }: Invariants, tell: Tell): void {
  for (const { turnId, agent: stream, ended, started } of turns.values())
    if (ended === undefined) tell("liveness", `${turnId} of ${stream} ${started ? "runs" : "waits"} for ever`);
}

/** After so long in calm weather, nothing that went wrong in the storm is still on its way: an alarm may be tried for a minute. */
const GRACE_MS = 120_000;

/** Nothing is given up in calm weather: the world has kept no turn from its end. */
export function checkPatience({ turns }: Invariants, calmSince: number, tell: Tell): void {
  for (const { turnId, agent: stream, ended } of turns.values())
    if (ended?.open["reason"] === "no-progress" && ended.at > calmSince + GRACE_MS)
      tell("liveness", `${turnId} of ${stream} was given up in calm weather`);
}
