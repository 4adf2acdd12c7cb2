/** Whom an agent's log is told to: the read models, the rooms it is in, the Vault, and the catalogue; used by AgentActor. */
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { Recorded, RecordedOf } from "#events/kit/envelope.ts";
import { type AgentId, agentName, type RoomId } from "#events/kit/ids.ts";
import type { ActorEnv, AgentChange } from "../kit/doors.ts";
import type { Feeds } from "../kit/feeds.ts";
import { vaultOf } from "../kit/keys.ts";
import { addReadModels } from "../kit/read-models.ts";
import { type FailureLog, tellFailure } from "./failures-told.ts";

/** What the agent asks leave for. */
const REMEMBERED = "what you say where it takes part, and what it learns about you from it";

/** Adds the feeds of an agent, which keeps what is said for so many days. */
export function agentFeeds(feeds: Feeds, log: FailureLog, env: ActorEnv, retentionDays: () => number): void {
  addReadModels(feeds, log, "agent", env.DB);
  feeds.add({
    name: "system",
    wants: new Set<AgentEvent["type"]>(["AgentCreated", "AgentDeleted"]),
    deliver: async (events, { to }) => {
      const name = log.stream.slice("agent:".length);
      for (const { type } of events)
        await (type === "AgentCreated"
          ? env.SYSTEM.getByName("root").register("agent", name)
          : env.SYSTEM.getByName("root").retire("agent", name));
      return to;
    },
  });
  feeds.add({
    name: "vault",
    wants: new Set<AgentEvent["type"]>(["AgentDeleted"]),
    deliver: async (events, { to }) => {
      const subject = agentName(log.stream.slice("agent:".length) as AgentId);
      for (const { actor, id } of events)
        await env.VAULT.getByName(vaultOf(subject)).shred(subject, { by: actor, causation: id }, 0);
      return to;
    },
  });
  feeds.add({
    name: "people",
    wants: new Set<AgentEvent["type"]>(["ConsentAsked"]),
    deliver: async (events, { to }) => {
      for (const event of events)
        await askForConsent(event as RecordedOf<AgentEvent>, log.stream, env, retentionDays());
      return to;
    },
  });
  feeds.add({
    name: "rooms",
    wants: new Set<AgentEvent["type"]>([
      ...(["AgentReconfigured", "AgentActivated", "AgentDeactivated", "AgentDeleted"] as const),
      ...(["RoomJoined", "TurnFailed"] as const),
    ]),
    deliver: async (events, { to }) => {
      for (const event of events as ReadonlyArray<RecordedOf<AgentEvent>>)
        await (event.type === "TurnFailed" ? tellFailure(event, log, env) : tellRooms(event, log, env));
      return to;
    },
  });
}

/** Long enough to be told with the question: how long what is kept of talk is kept. */
async function askForConsent(
  event: RecordedOf<AgentEvent>,
  stream: string,
  env: ActorEnv,
  days: number,
): Promise<void> {
  if (event.type !== "ConsentAsked") return;
  const { userId, roomId } = event.open;
  const agentId = stream.slice("agent:".length) as AgentId;
  const isNew = await env.USER.getByName(userId).requestConsent(changeId(event, agentId), agentId, roomId);
  if (!isNew) return; // delivered before: the person has been asked
  const payload = { agent_id: agentId, what: REMEMBERED, days };
  // Lost is no loss: the person finds the question among their consents.
  await env.ROOM.getByName(roomId)
    .show([{ event: "consent_requested", payload, only: userId }])
    .catch(() => {});
}

/** Rooms show an agent's name and how it stands: they are told when it is called otherwise, switched on or off, or gone. */
async function tellRooms(
  event: RecordedOf<AgentEvent>,
  log: { readonly state: AgentState; readonly stream: string },
  env: ActorEnv,
) {
  const agentId = log.stream.slice("agent:".length) as AgentId;
  const tell = (rooms: ReadonlyArray<RoomId>, change: AgentChange) =>
    Promise.all(
      rooms.map((roomId) => env.ROOM.getByName(roomId).agentChanged(changeId(event, agentId), agentId, change)),
    );
  const rooms = Object.keys(log.state.rooms) as RoomId[];
  switch (event.type) {
    case "AgentReconfigured":
      return tell(rooms, { name: event.open.name });
    case "AgentActivated":
      return tell(rooms, { active: true });
    case "AgentDeactivated":
      return tell(rooms, { active: false });
    case "RoomJoined":
      // A room takes whoever comes for switched on.
      return log.state.status === "inactive" ? tell([event.open.roomId], { active: false }) : undefined;
    case "AgentDeleted":
      return tell(event.open.rooms, "gone");
    default:
  }
}

const changeId = (event: Recorded, agentId: AgentId): string => `${agentId}:${event.seq}`;
