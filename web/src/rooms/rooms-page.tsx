/** The rooms one is in and those one may join; where rooms are made. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { RoomSummary } from "#src/http/api.ts";
import { Icon } from "../parts/icon.tsx";
import { Moment } from "../parts/moment.tsx";
import { EmptyState, Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { roomsQuery } from "../service/queries.ts";
import { NewRoomDialog } from "./new-room-dialog.tsx";

type Room = typeof RoomSummary.Type;

const counted = new Intl.NumberFormat();
const messages = (count: number) => `${counted.format(count)} ${count === 1 ? "message" : "messages"}`;

function RoomFacts({ room }: { readonly room: Room }) {
  return (
    <span className="facts">
      <span className="chip">{room.kind}</span>
      <span>{messages(room.message_count)}</span>
      {room.last_message_at && (
        <span>
          last <Moment at={room.last_message_at} as="lately" />
        </span>
      )}
    </span>
  );
}

function JoinButton({ room }: { readonly room: Room }) {
  const [, go] = useLocation();
  const queries = useQueryClient();
  const join = useMutation({
    mutationFn: () => call(client.rooms.joinRoom({ params: { id: room.id } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: roomsQuery.queryKey });
      go(`/rooms/${room.id}`);
    },
  });
  return (
    <>
      <button type="button" disabled={join.isPending} onClick={() => join.mutate()} aria-label={`Join ${room.name}`}>
        Join
      </button>
      {join.isError && <ProblemNotice error={join.error} />}
    </>
  );
}

const byActivity = (one: Room, other: Room) =>
  (other.last_message_at ?? other.created_at).localeCompare(one.last_message_at ?? one.created_at);

function RoomLists({ rooms, onNew }: { readonly rooms: ReadonlyArray<Room>; readonly onNew: () => void }) {
  const joined = rooms.filter((room) => room.joined).toSorted(byActivity);
  const open = rooms.filter((room) => !room.joined).toSorted(byActivity);
  return (
    <>
      {joined.length > 0 ? (
        <ul className="list" aria-label="Your rooms">
          {joined.map((room) => (
            <li key={room.id}>
              <Link href={`/rooms/${room.id}`} className="list-link">
                <span className="list-title">{room.name}</span>
                <RoomFacts room={room} />
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <EmptyState
          icon="rooms"
          title="You are in no room yet"
          action={
            <button type="button" className="primary" onClick={onNew}>
              Create a room
            </button>
          }
        >
          A room is a conversation that people and agents share.{" "}
          {open.length > 0 && "Join one below, or make your own."}
        </EmptyState>
      )}
      {open.length > 0 && (
        <>
          <h2>Open to you</h2>
          <ul className="list" aria-label="Rooms you may join">
            {open.map((room) => (
              <li key={room.id} className="list-row">
                <span className="list-title">{room.name}</span>
                <RoomFacts room={room} />
                <JoinButton room={room} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

export default function RoomsPage() {
  const rooms = useQuery(roomsQuery);
  const [making, setMaking] = useState(false);
  return (
    <div className="page">
      <title>Rooms – Troupe</title>
      <header className="page-header">
        <div>
          <h1>Rooms</h1>
          <p className="lead">Where people and agents talk. Everything said is kept in the room’s own log.</p>
        </div>
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          <Icon name="add" /> New room
        </button>
      </header>
      {rooms.isPending && <Skeleton lines={4} label="Loading rooms" />}
      {rooms.isError && <ProblemNotice error={rooms.error} onRetry={() => void rooms.refetch()} />}
      {rooms.data && <RoomLists rooms={rooms.data} onNew={() => setMaking(true)} />}
      {making && <NewRoomDialog onClose={() => setMaking(false)} />}
    </div>
  );
}
