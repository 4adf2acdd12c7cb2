/** A room: its conversation, who is in it, and where one writes. */
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import type { RoomView } from "#src/http/api.ts";
import { Icon } from "../parts/icon.tsx";
import { EmptyState, Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { personId } from "../service/identity.ts";
import { ProblemError } from "../service/problem.ts";
import { meQuery, roomsQuery } from "../service/queries.ts";
import { Composer } from "./composer.tsx";
import { ConsentCard } from "./consent-card.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { PeoplePanel } from "./people-panel.tsx";
import type { RoomConnection, RoomSnapshot } from "./room-connection.ts";
import { rememberRoom } from "./room-memory.ts";
import { rowsOf, runningTurns } from "./room-rows.ts";
import { nameOfAgent, type RoomState } from "./room-state.ts";
import { startersFor } from "./starters.ts";
import { stopKey } from "./stopping.ts";
import { Timeline } from "./timeline.tsx";
import { TimelineRow } from "./timeline-row.tsx";
import { modes } from "./turn-taking.tsx";
import { useRoom } from "./use-room.ts";

/** In this many messages a conversation has found its own way. */
const YOUNG = 4;

function Doorstep({
  id,
  name,
  onJoined,
}: {
  readonly id: string;
  readonly name: string;
  readonly onJoined: () => void;
}) {
  const queries = useQueryClient();
  const join = useMutation({
    mutationFn: () => call(client.rooms.joinRoom({ params: { id } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: roomsQuery.queryKey });
      onJoined();
    },
  });
  const action = (
    <button type="button" className="primary" disabled={join.isPending} onClick={() => join.mutate()}>
      Join the room
    </button>
  );
  return (
    <EmptyState icon="rooms" title={`You are not in “${name}”`} action={action}>
      Join to read what was said and to take part. {join.isError && <ProblemNotice error={join.error} />}
    </EmptyState>
  );
}

/** Says that what is shown may be old, and whether it will catch up by itself. */
function LinkBanner({ snapshot, room }: { readonly snapshot: RoomSnapshot; readonly room: RoomConnection }) {
  if (snapshot.link === "lost")
    return (
      <output className="banner">
        <Icon name="refresh" size={16} /> Connection lost, reconnecting…
      </output>
    );
  if (snapshot.link === "refused")
    return (
      <p className="banner refused" role="alert">
        <Icon name="block" size={16} /> The room closed this connection: {snapshot.refusal}
        <button type="button" className="small" onClick={room.reopen}>
          Try again
        </button>
      </p>
    );
  return null;
}

function RoomHeader(props: {
  readonly name: string;
  readonly kind: string;
  readonly count: number;
  readonly onPeople: () => void;
}) {
  return (
    <header className="room-header">
      <Link href="/rooms" className="button quiet icon-only narrow-only" aria-label="All rooms">
        <Icon name="back" />
      </Link>
      <h1>{props.name}</h1>
      <span className="chip">{props.kind}</span>
      <button type="button" className="quiet" onClick={props.onPeople} aria-label={`Who is here: ${props.count}`}>
        <Icon name="people" /> <span>{props.count}</span>
      </button>
    </header>
  );
}

const unsaid = (starters: ReadonlyArray<string>, state: RoomState) =>
  starters.filter((starter) => ![...state.messages, ...state.outgoing].some((one) => one.text === starter));

function Starters({
  starters,
  onSend,
}: {
  readonly starters: ReadonlyArray<string>;
  readonly onSend: (text: string) => void;
}) {
  if (starters.length === 0) return null;
  return (
    <ul className="starters" aria-label="Ways to begin">
      {starters.map((starter) => (
        <li key={starter}>
          <button type="button" onClick={() => onSend(starter)}>
            {starter}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface ConversationProps {
  readonly room: RoomConnection;
  readonly snapshot: RoomSnapshot;
  readonly onInvite: () => void;
}

interface EmptyRoomProps {
  readonly cast: boolean;
  readonly mode: RoomView["mode"];
  readonly onInvite: () => void;
}

const EmptyRoom = ({ cast, mode, onInvite }: EmptyRoomProps) => (
  <EmptyState
    icon="rooms"
    title="Nothing has been said here yet"
    action={
      !cast && (
        <button type="button" onClick={onInvite}>
          <Icon name="add" /> Invite an agent
        </button>
      )
    }
  >
    {cast
      ? `Write the first line below. ${modes[mode].about}`
      : "Write the first line below. No agent is here to answer it yet."}
  </EmptyState>
);

function Conversation({ room, snapshot, onInvite }: ConversationProps) {
  const me = useSuspenseQuery(meQuery).data;
  const { state } = snapshot;
  const rows = useMemo(() => rowsOf(state, personId), [state]);
  const agents = useMemo(() => state.participants.filter((one) => one.kind === "agent"), [state.participants]);
  const young = !state.hasOlder && state.messages.length + state.outgoing.length < YOUNG;
  const nameOf = useCallback((agentId: string) => nameOfAgent(state, agentId), [state]);
  return (
    <>
      {rows.length === 0 ? (
        <EmptyRoom cast={agents.length > 0} mode={snapshot.room?.mode ?? "mention"} onInvite={onInvite} />
      ) : (
        <Timeline rows={rows} hasOlder={state.hasOlder} loadingOlder={snapshot.loadingOlder} onOlder={room.loadOlder}>
          {(row) => (
            <TimelineRow
              row={row}
              me={me}
              nameOf={nameOf}
              onStop={room.stop}
              onRetry={(outgoing) => room.send(outgoing.text, outgoing.clientId)}
              onDiscard={room.discard}
            />
          )}
        </Timeline>
      )}
      {young && <Starters starters={unsaid(startersFor(agents), state)} onSend={room.send} />}
    </>
  );
}

function OpenRoom({
  id,
  room,
  snapshot,
}: {
  readonly id: string;
  readonly room: RoomConnection;
  readonly snapshot: RoomSnapshot;
}) {
  const [panel, setPanel] = useState(false);
  const [inviting, setInviting] = useState(false);
  const { state } = snapshot;
  const agents = useMemo(() => state.participants.filter((one) => one.kind === "agent"), [state.participants]);
  const name = snapshot.room?.name ?? "";
  const running = runningTurns(state).filter(
    (turn) => turn.state !== "queued" && state.stops.get(stopKey(turn))?.status !== "asked",
  );
  useEffect(() => rememberRoom(id), [id]);
  return (
    <div className="room">
      <title>{`${name} – Troupe`}</title>
      <div className="room-conversation">
        <RoomHeader
          name={name}
          kind={snapshot.room?.kind ?? ""}
          count={state.participants.length}
          onPeople={() => setPanel(true)}
        />
        <LinkBanner snapshot={snapshot} room={room} />
        <Conversation room={room} snapshot={snapshot} onInvite={() => setInviting(true)} />
        <ConsentCard roomId={id} agents={agents} />
        <Composer
          roomId={id}
          roomName={name}
          agents={agents}
          atWork={[...new Set(running.map((turn) => nameOfAgent(state, turn.agentId)))]}
          onSend={room.send}
          onStop={() => running.forEach(room.stop)}
        />
      </div>
      <PeoplePanel
        roomId={id}
        room={snapshot.room}
        state={state}
        asSheet={panel}
        onClose={() => setPanel(false)}
        onInvite={() => {
          setPanel(false);
          setInviting(true);
        }}
      />
      {inviting && <InviteDialog roomId={id} state={state} onClose={() => setInviting(false)} />}
    </div>
  );
}

export default function RoomPage({ id }: { readonly id: string }) {
  const { room, snapshot } = useRoom(id);
  if (snapshot.phase === "ready") return <OpenRoom id={id} room={room} snapshot={snapshot} />;
  if (snapshot.phase === "loading") return <Skeleton lines={6} label="Loading the room" />;
  return (
    <div className="page">
      <title>{`${snapshot.room?.name ?? "Room"} – Troupe`}</title>
      <h1>{snapshot.room?.name ?? "This room did not open"}</h1>
      {snapshot.phase === "outside" ? (
        <Doorstep id={id} name={snapshot.room?.name ?? "this room"} onJoined={room.reopen} />
      ) : (
        snapshot.problem && <ProblemNotice error={new ProblemError(snapshot.problem)} onRetry={room.reopen} />
      )}
    </div>
  );
}
