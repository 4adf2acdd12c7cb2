/** Answers why an agent remembers something: on what ground, from which turn, room, events and memories; under a memory, loaded when asked. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { Moment } from "../parts/moment.tsx";
import { Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { roomsQuery } from "../service/queries.ts";
import { SeparateButton } from "./memory-buttons.tsx";
import { type Evidence, type Memory, memoryQuery } from "./memory-service.ts";
import { Ground, origins } from "./memory-words.tsx";

/** An event of the agent's log, where one can read it among its neighbours. */
const EventLink = ({ agentId, seq }: { readonly agentId: string; readonly seq: number }) => (
  <Link href={`/agents/${agentId}/events?seq=${seq}`}>event {seq}</Link>
);

function Room({ id }: { readonly id: string }) {
  const name = useQuery(roomsQuery).data?.find((room) => room.id === id)?.name;
  return <Link href={`/rooms/${id}`}>{name ?? id}</Link>;
}

const Source = ({ agentId, event }: { readonly agentId: string; readonly event: Evidence }) => (
  <li>
    <EventLink agentId={agentId} seq={event.seq} /> <span className="hint">{event.type}</span>{" "}
    <Moment at={event.at} as="exact" />
    {event.text !== null && <p className="plain quoted">{event.text}</p>}
  </li>
);

function Circumstances({ memory }: { readonly memory: Memory }) {
  const { origin, turn_id, room_id, reworded_at } = memory.source;
  return (
    <>
      <dt>Why</dt>
      <dd>
        <Ground source={memory.source} />
        {reworded_at === null && ` It goes back to ${origins[origin]}.`}
      </dd>
      {room_id !== null && (
        <>
          <dt>Room</dt>
          <dd>
            <Room id={room_id} />
          </dd>
        </>
      )}
      {turn_id !== null && (
        <>
          <dt>Turn</dt>
          <dd>
            <code>{turn_id}</code>
          </dd>
        </>
      )}
      <dt>Formed</dt>
      <dd>
        <Moment at={memory.created_at} as="exact" />, <EventLink agentId={memory.agent_id} seq={memory.seq} />
        {memory.valid_to !== null && (
          <>
            , held until <Moment at={memory.valid_to} as="exact" />
          </>
        )}
      </dd>
      <dt>Used</dt>
      <dd>
        {memory.access_count === 0 ? "never yet" : `${memory.access_count} times`}
        {memory.accessed_at !== null && (
          <>
            , last <Moment at={memory.accessed_at} as="exact" />
          </>
        )}
      </dd>
    </>
  );
}

export function Provenance({ memoryId }: { readonly memoryId: string }) {
  const found = useQuery(memoryQuery(memoryId));
  if (found.isPending) return <Skeleton lines={3} label="Looking up where it comes from" />;
  if (found.isError) return <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />;
  const { memory, events, memories } = found.data;
  const merged = memories.filter(({ merged_into }) => merged_into === memory.id);
  const drawnFrom = memories.filter(
    (source) => memory.source.memory_ids.includes(source.id) && !merged.includes(source),
  );
  return (
    <div className="provenance">
      <dl>
        <Circumstances memory={memory} />
      </dl>
      {events.length > 0 && (
        <>
          <h4>{memory.source.reworded_at === null ? "The events it comes from" : "The events it came from before"}</h4>
          <ul>
            {events.map((event) => (
              <Source key={event.seq} agentId={memory.agent_id} event={event} />
            ))}
          </ul>
        </>
      )}
      {merged.length > 0 && (
        <>
          <h4>Memories that said the same, and live on in it</h4>
          <ul>
            {merged.map((other) => (
              <li key={other.id} className="plain">
                {other.content ?? "These words were erased."} <SeparateButton memory={other} />
              </li>
            ))}
          </ul>
        </>
      )}
      {drawnFrom.length > 0 && (
        <>
          <h4>The memories it was drawn from</h4>
          <ul>
            {drawnFrom.map((source) => (
              <li key={source.id} className="plain">
                {source.content ?? "These words were erased."}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
