/** Brings an agent or a person into a room; opened from the list of who is here. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { Dialog } from "../parts/dialog.tsx";
import { Skeleton } from "../parts/placeholder.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { people } from "../service/identity.ts";
import { agentsQuery, meQuery } from "../service/queries.ts";
import type { RoomState } from "./room-state.ts";

interface InviteProps {
  readonly roomId: string;
  readonly state: RoomState;
  readonly onClose: () => void;
}

type Guest = { readonly agent_id: string } | { readonly user_id: string };

function useInvite(roomId: string) {
  // Who came in is told by the room itself, to everybody who is there.
  return useMutation({
    mutationFn: (payload: Guest) => call(client.rooms.addParticipant({ params: { id: roomId }, payload })),
  });
}

function AgentGuests({ roomId, state }: Omit<InviteProps, "onClose">) {
  const agents = useQuery(agentsQuery);
  const invite = useInvite(roomId);
  const here = new Set(state.participants.map((one) => one.agent_id));
  const absent = agents.data?.filter((agent) => !here.has(agent.id)) ?? [];
  return (
    <section>
      <h3>An agent</h3>
      {agents.isPending && <Skeleton lines={2} label="Loading agents" />}
      {agents.isError && <ProblemNotice error={agents.error} />}
      {agents.data && absent.length === 0 && (
        <p className="hint">
          {agents.data.length === 0 ? "You have no agents yet. " : "All of your agents are here. "}
          <Link href="/agents/new">Make an agent</Link>
        </p>
      )}
      <ul className="guests">
        {absent.map((agent) => (
          <li key={agent.id}>
            <Portrait id={agent.id} name={agent.name} kind="agent" />
            <span className="person-name">
              {agent.name} <AiBadge />
            </span>
            <button
              type="button"
              disabled={invite.isPending}
              aria-label={`Invite ${agent.name}`}
              onClick={() => invite.mutate({ agent_id: agent.id })}
            >
              Invite
            </button>
          </li>
        ))}
      </ul>
      {invite.isError && <ProblemNotice error={invite.error} />}
    </section>
  );
}

function PersonGuest({ roomId, state }: Omit<InviteProps, "onClose">) {
  const development = useQuery(meQuery).data?.house.identity === "development";
  const [id, setId] = useState("");
  const invite = useInvite(roomId);
  const absent = people.filter((person) => !state.participants.some((one) => one.user_id === person.id));
  return (
    <section>
      <h3>A person</h3>
      <form
        className="form inline"
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate({ user_id: id.trim() }, { onSuccess: () => setId("") });
        }}
      >
        <label>
          Their id
          <input value={id} onChange={(event) => setId(event.target.value)} list="known-people" required />
        </label>
        <datalist id="known-people">
          {development && absent.map((person) => <option key={person.id} value={person.id} label={person.name} />)}
        </datalist>
        <button type="submit" disabled={invite.isPending || id.trim() === ""}>
          Invite
        </button>
      </form>
      {development && absent.length > 0 && (
        <p className="hint">Others on this machine: {absent.map((person) => person.id).join(", ")}.</p>
      )}
      {invite.isError && <ProblemNotice error={invite.error} />}
    </section>
  );
}

export function InviteDialog({ roomId, state, onClose }: InviteProps) {
  return (
    <Dialog title="Invite to this room" onClose={onClose}>
      <div className="invite">
        <AgentGuests roomId={roomId} state={state} />
        <PersonGuest roomId={roomId} state={state} />
      </div>
    </Dialog>
  );
}
