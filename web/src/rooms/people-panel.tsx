/** Who is in a room and what they are doing: beside the conversation on wide screens, a sheet over it on narrow ones. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import type { Participant } from "#actors/room/frames.ts";
import type { RoomView } from "#src/http/api.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { personId } from "../service/identity.ts";
import { consentsQuery, roomsQuery } from "../service/queries.ts";
import { keyOf, type RoomState } from "./room-state.ts";
import { TurnTaking } from "./turn-taking.tsx";

interface PanelProps {
  readonly roomId: string;
  readonly room: RoomView | undefined;
  readonly state: RoomState;
  readonly asSheet: boolean;
  readonly onClose: () => void;
  readonly onInvite: () => void;
}

/** What one is doing, in a word; a running turn is newer than what presence said. */
function doing(one: Participant, state: RoomState): string {
  const own = state.turns.filter((running) => running.agentId === one.agent_id);
  const turn = own.find((running) => running.state !== "queued") ?? own[0];
  if (turn) return turn.text === undefined ? turn.label : "Writing…";
  if (state.presence.size === 0) return "";
  const status = state.presence.get(keyOf(one));
  if (one.kind === "user") return status === undefined ? "away" : "here";
  if (status === "off") return "switched off";
  return status === undefined || status === "idle" ? "listening" : status;
}

/** True for an agent that the reader lets remember them. */
const useRemembered = (agentId: string | undefined): boolean =>
  useQuery(consentsQuery).data?.some((consent) => consent.granted && consent.agent_id === agentId) ?? false;

function Person({ one, state }: { readonly one: Participant; readonly state: RoomState }) {
  const remembers = useRemembered(one.agent_id);
  const status = [doing(one, state), remembers ? "remembers you" : ""].filter(Boolean).join(" · ");
  return (
    <li className="person">
      <Portrait id={one.agent_id ?? one.user_id ?? one.name} name={one.name} kind={one.kind} />
      <span className="person-name">
        {one.name} {one.kind === "agent" && <AiBadge />}{" "}
        {one.user_id === personId && <span className="hint">(you)</span>}
      </span>
      {status !== "" && <span className={status === "away" ? "person-status away" : "person-status"}>{status}</span>}
    </li>
  );
}

function People({
  title,
  list,
  state,
}: {
  readonly title: string;
  readonly list: ReadonlyArray<Participant>;
  readonly state: RoomState;
}) {
  if (list.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {list.map((one) => (
          <Person key={keyOf(one)} one={one} state={state} />
        ))}
      </ul>
    </>
  );
}

function LeaveButton({ roomId }: { readonly roomId: string }) {
  const [, go] = useLocation();
  const queries = useQueryClient();
  const leave = useMutation({
    mutationFn: () => call(client.rooms.leaveRoom({ params: { id: roomId } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: roomsQuery.queryKey });
      go("/rooms");
    },
  });
  return (
    <>
      <button type="button" className="quiet" disabled={leave.isPending} onClick={() => leave.mutate()}>
        Leave the room
      </button>
      {leave.isError && <ProblemNotice error={leave.error} />}
    </>
  );
}

function PanelBody({ roomId, room, state, onInvite }: Pick<PanelProps, "roomId" | "room" | "state" | "onInvite">) {
  return (
    <div className="people">
      <People title="The cast" list={state.participants.filter((one) => one.kind === "agent")} state={state} />
      <People title="People" list={state.participants.filter((one) => one.kind === "user")} state={state} />
      {room && <TurnTaking room={room} />}
      <div className="people-actions">
        <button type="button" onClick={onInvite}>
          <Icon name="add" /> Invite
        </button>
        <LeaveButton roomId={roomId} />
      </div>
    </div>
  );
}

const wide = "(min-width: 68rem)";

function useWide(): boolean {
  const [is, setIs] = useState(() => matchMedia(wide).matches);
  useEffect(() => {
    const query = matchMedia(wide);
    const listen = () => setIs(query.matches);
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);
  return is;
}

export function PeoplePanel(props: PanelProps) {
  if (useWide())
    return (
      <aside className="room-people" aria-label="Who is here">
        <h2>Who is here</h2>
        <PanelBody {...props} />
      </aside>
    );
  if (!props.asSheet) return null;
  return (
    <Dialog title="Who is here" sheet onClose={props.onClose}>
      <PanelBody {...props} />
    </Dialog>
  );
}
