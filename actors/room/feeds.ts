/** Whom a room's log is told to: the read models, the catalogue, and each agent that takes part; used by RoomActor. */

import { Erased, type Recorded, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import { type AgentId, idOf, type RoomId, type UserId } from "#events/kit/ids.ts";
import type { RoomKind } from "#events/room/addressing.ts";
import type { RoomEvent } from "#events/room/events.ts";
import type { Rhythm } from "#events/room/rhythm.ts";
import type { RoomState } from "#events/room/state.ts";
import type { ActorEnv, FullHouse, Heard } from "../kit/doors.ts";
import type { Feeds } from "../kit/feeds.ts";
import { addReadModels, type ProjectedLog } from "../kit/read-models.ts";

/** What a feed to an agent needs to know of its room. */
export interface FeedContext {
  readonly roomId: RoomId;
  readonly log: {
    readonly state: RoomState;
    readonly head: number;
    read(after: number, limit: number, types: ReadonlyArray<RoomEvent["type"]>): ReadonlyArray<RecordedOf<RoomEvent>>;
    message(messageId: string): RecordedOf<RoomEvent> | undefined;
  };
  readonly watched: () => boolean;
  readonly reveal: (seqs: ReadonlyArray<number>) => Promise<ReadonlyArray<Unsealed>>;
}

const AGENT = "agent:";

/** Adds the feeds of a room: also to agents that were sent away but have not been told yet. */
export function roomFeeds(
  feeds: Feeds,
  log: ProjectedLog & { readonly state: RoomState },
  env: ActorEnv,
  context: () => FeedContext,
): void {
  addReadModels(feeds, log, "room", env.DB);
  feeds.add({
    name: "system",
    wants: new Set<RoomEvent["type"]>(["RoomOpened", "RoomClosed"]),
    deliver: async (events, { to }) => {
      const name = log.stream.slice("room:".length);
      for (const { type } of events)
        await (type === "RoomOpened"
          ? env.SYSTEM.getByName("root").register("room", name)
          : env.SYSTEM.getByName("root").retire("room", name));
      return to;
    },
  });
  const kept = feeds
    .kept()
    .filter((name) => name.startsWith(AGENT))
    .map((name) => name.slice(AGENT.length) as AgentId);
  for (const [agentId, { invitedSeq }] of Object.entries(log.state.agents))
    addAgentFeed(feeds, agentId as AgentId, invitedSeq - 1, context(), env);
  for (const agentId of kept) addAgentFeed(feeds, agentId, 0, context(), env);
}

/** Tells one agent what happens here, from its invitation to its leaving; an agent that cannot be reached holds up no other. */
export function addAgentFeed(feeds: Feeds, agentId: AgentId, after: number, context: FeedContext, env: ActorEnv): void {
  const name = `${AGENT}${agentId}`;
  if (feeds.names().includes(name)) return;
  const door = env.AGENT.getByName(agentId);
  feeds.add(
    {
      name,
      wants: new Set<RoomEvent["type"]>([
        "MessagePosted",
        // These let an agent that waited for its turn go on.
        ...(["FloorGranted", "FloorPassed", "RoomPolicySet"] as const),
        "AgentInvoked",
        "AgentInvited",
        "AgentDismissed",
        // Who is there decides what an agent may call to mind.
        ...(["ParticipantJoined", "ParticipantLeft"] as const),
      ]),
      // In a round an agent is told of the message when its turn has come: told once, in its place, as spoken to itself.
      until: () => {
        const { floor } = context.log.state.rhythm;
        return floor?.waiting.includes(agentId) ? floor.seq - 1 : Number.POSITIVE_INFINITY;
      },
      deliver: async (events, { to }) => {
        const concerned = (events as ReadonlyArray<RecordedOf<RoomEvent>>).filter((event) => concerns(event, agentId));
        const leaving = concerned.findIndex(({ type }) => type === "AgentDismissed");
        const present = leaving < 0 ? concerned : concerned.slice(0, leaving + 1);
        const words = await context.reveal(present.map(({ seq }) => seq));
        const heard = words.flatMap((unsealed) => heardBy(agentId, unsealed, context));
        const others = present.some(({ type }) => type === "ParticipantJoined" || type === "ParticipantLeft");
        if (heard.length > 0 || others) await door.hear(context.roomId, await houseOf(context), heard);
        if (leaving < 0) return to;
        // What is said while it is away is not for its ears: this feed ends here, or goes on where it was invited again.
        const back = invitedAfter(agentId, concerned[leaving]!.seq, context);
        if (back !== undefined) return back - 1;
        feeds.remove(name);
        return to;
      },
    },
    after,
  );
}

/** An agent is told who is there, up to so many people; beyond them it takes the room for a crowd. */
const TOLD_AT_MOST = 500;

const houseOf = async (context: FeedContext): Promise<FullHouse> => ({
  watched: context.watched(),
  people: await peopleIn(context),
});

/** Who takes part in a room, and who did, with their names; null where they are too many to be told one by one. */
export async function peopleIn({ log, reveal }: FeedContext): Promise<FullHouse["people"]> {
  const { people, gone } = log.state;
  const known = [...Object.entries(people), ...Object.entries(gone)];
  if (known.length > TOLD_AT_MOST) return null;
  const names = await reveal(known.map(([, { joinedSeq }]) => joinedSeq));
  return known.map(([userId, { joinedSeq }], index) => {
    const words = names[index]?.words;
    const name = words === undefined || words === Erased ? "" : String(words.name);
    return { userId: userId as UserId, name, isHere: people[userId as UserId]?.joinedSeq === joinedSeq };
  });
}

/** The seq at which an agent was invited again after this event; it may even have been sent away again since. */
const invitedAfter = (agentId: AgentId, seq: number, { log }: FeedContext): number | undefined =>
  log
    .read(seq, log.head, ["AgentInvited"])
    .find((event) => event.type === "AgentInvited" && event.open.agentId === agentId)?.seq;

/** The person to whose word a message goes back: agents may have answered one another since. */
function answeredPerson({ turn }: Posted["open"], { log }: FeedContext): UserId | null {
  for (let answered = turn?.inReplyTo ?? null; answered !== null; ) {
    const message = log.message(answered);
    if (message?.type !== "MessagePosted") return null;
    if (message.open.turn === null) return idOf(message.open.by) as UserId;
    answered = message.open.turn.inReplyTo;
  }
  return null;
}

/** An agent is told what others say, and what is done to itself. */
function concerns(event: RecordedOf<RoomEvent>, agentId: AgentId): boolean {
  switch (event.type) {
    case "MessagePosted":
      return event.open.by !== `agent:${agentId}`;
    case "ParticipantJoined":
    case "ParticipantLeft":
      return true;
    case "AgentInvoked":
    case "AgentInvited":
    case "AgentDismissed":
      return event.open.agentId === agentId;
    default:
      return false;
  }
}

/** How a message speaks to an agent: by its words, or because it is the agent's turn to answer it. */
function addressedTo(agentId: AgentId, { messageId, addressed }: Posted["open"], { floor }: Rhythm) {
  const hasFloor = floor?.messageId === messageId && floor.holder === agentId;
  return addressed.find((other) => other.agentId === agentId)?.how ?? (hasFloor ? "invoked" : null);
}

type Posted = Extract<RecordedOf<RoomEvent>, { type: "MessagePosted" }>;

function heardBy(agentId: AgentId, { event, words }: Unsealed, context: FeedContext): ReadonlyArray<Heard> {
  const { kind: roomKind, rhythm } = context.log.state;
  const recorded = event as RecordedOf<RoomEvent>;
  const { seq } = recorded;
  const said = words === Erased ? undefined : words;
  switch (recorded.type) {
    case "AgentInvited":
      return [{ kind: "joined", seq, by: recorded.open.by, roomKind }];
    case "AgentDismissed":
      return [{ kind: "left", seq, by: recorded.open.by }];
    case "MessagePosted": {
      const { messageId, by, hops, replyTo, callsOff } = recorded.open;
      return [
        {
          ...message(recorded, roomKind),
          ...{ messageId, authorId: by, hops, replyTo, callsOff },
          answers: answeredPerson(recorded.open, context),
          authorName: String(said?.authorName ?? ""),
          text: said === undefined ? null : String(said.text ?? ""),
          addressed: addressedTo(agentId, recorded.open, rhythm),
        },
      ];
    }
    case "AgentInvoked": {
      const { messageId, by, replyTo } = recorded.open;
      const invoked = {
        messageId,
        authorId: by,
        authorName: "",
        text: "",
        hops: 0,
        replyTo,
        callsOff: false,
        answers: null,
      };
      return [{ ...message(recorded, roomKind), ...invoked, addressed: "invoked" }];
    }
    default:
      return [];
  }
}

const message = ({ seq, id, correlation }: Recorded, roomKind: RoomKind) =>
  ({ kind: "message", seq, roomKind, causation: id, correlation }) as const;
