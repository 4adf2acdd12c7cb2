/** Everything that happened to an agent, in the order of its log; where one looks up why. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "wouter";
import type { EventView } from "#src/http/api.ts";
import { Icon } from "../parts/icon.tsx";
import { Moment } from "../parts/moment.tsx";
import { EmptyState, Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { agentQuery } from "../service/queries.ts";
import { eventTypes } from "./event-types.ts";
import { wordsOf } from "./event-words.ts";

type Event = typeof EventView.Type;

const PAGE = 50;
const LIVE_MS = 2_000;

/** From one event on; 1 is the first. */
const eventsOf = (id: string, type: string, from: number) => ({
  queryKey: ["agents", id, "events", type, from],
  initialPageParam: from - 1,
  queryFn: ({ pageParam, signal }: { readonly pageParam: number; readonly signal: AbortSignal }) =>
    call(
      client.agents.listAgentEvents({
        params: { id },
        query: { after: pageParam, limit: PAGE, ...(type === "" ? {} : { type }) },
      }),
      { signal },
    ),
  getNextPageParam: (page: { readonly data: ReadonlyArray<Event>; readonly page: { readonly has_more: boolean } }) =>
    page.page.has_more ? page.data.at(-1)?.seq : undefined,
});

function EventRow({ event, open }: { readonly event: Event; readonly open: boolean }) {
  return (
    <details open={open}>
      <summary>
        <span className="event-number">{event.seq}</span>
        <span className="event-what">
          <b>{event.type}</b> <span className="event-words">{wordsOf(event)}</span>
        </span>
        <Moment at={event.at} as="exact" />
        <span className="event-actor">{event.actor}</span>
        <code>{event.hash.slice(0, 10)}</code>
      </summary>
      <pre>{JSON.stringify(event.open, null, 2)}</pre>
      <dl className="event-facts">
        <dt>Command</dt>
        <dd>{event.command}</dd>
        <dt>Caused by</dt>
        <dd>{event.causation ?? "nothing before it"}</dd>
        <dt>Hash</dt>
        <dd>{event.hash}</dd>
      </dl>
    </details>
  );
}

interface ListProps {
  readonly events: ReadonlyArray<Event>;
  readonly name: string;
  /** The one that was asked for. */
  readonly wanted: number | undefined;
}

function EventList({ events, name, wanted }: ListProps) {
  return (
    <ol className="events" aria-label={`Events of ${name}`}>
      {events.map((event) => (
        <li key={event.seq}>
          <EventRow event={event} open={event.seq === wanted} />
        </li>
      ))}
    </ol>
  );
}

interface FilterProps {
  readonly type: string;
  readonly onType: (type: string) => void;
  readonly live: boolean;
  readonly onLive: () => void;
  readonly onRefresh: () => void;
}

function Filters({ type, onType, live, onLive, onRefresh }: FilterProps) {
  return (
    <div className="filters">
      <label>
        Type
        <select value={type} onChange={(event) => onType(event.target.value)}>
          <option value="">All types</option>
          {eventTypes.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={onRefresh}>
        <Icon name="refresh" size={16} /> Refresh
      </button>
      <button type="button" role="switch" className="switch" aria-checked={live} onClick={onLive}>
        <span className="switch-track" aria-hidden="true" /> Live
      </button>
    </div>
  );
}

export default function AgentEventsPage({ id }: { readonly id: string }) {
  const [type, setType] = useState("");
  const [live, setLive] = useState(false);
  const wanted = Number(useSearchParams()[0].get("seq")) || undefined;
  const agent = useQuery(agentQuery(id)).data?.agent;
  const events = useInfiniteQuery({ ...eventsOf(id, type, wanted ?? 1), refetchInterval: live ? LIVE_MS : false });
  const shown = events.data?.pages.flatMap((page) => page.data) ?? [];
  const name = agent?.name ?? "this agent";
  return (
    <div className="page">
      <title>{`Events of ${name} – Troupe`}</title>
      <header className="page-header">
        <div>
          <h1>Events of {name}</h1>
          <p className="lead">
            The agent’s whole history, oldest first: each line is bound to the one before by its hash.{" "}
            <Link href={`/agents/${id}`}>To the agent</Link>
          </p>
        </div>
      </header>
      {wanted !== undefined && (
        <p>
          Shown from event {wanted} on. <Link href={`/agents/${id}/events`}>From the beginning</Link>
        </p>
      )}
      <Filters
        type={type}
        onType={setType}
        live={live}
        onLive={() => setLive(!live)}
        onRefresh={() => void events.refetch()}
      />
      {events.isPending && <Skeleton lines={8} label="Loading events" />}
      {events.isError && <ProblemNotice error={events.error} onRetry={() => void events.refetch()} />}
      {events.isSuccess && shown.length === 0 && (
        <EmptyState icon="history" title="No such events">
          {type === ""
            ? "Nothing has happened to this agent yet."
            : `No ${type} has happened yet: choose another type.`}
        </EmptyState>
      )}
      {shown.length > 0 && <EventList events={shown} name={name} wanted={wanted} />}
      {events.hasNextPage && (
        <button type="button" disabled={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
          {events.isFetchingNextPage ? "Loading…" : `Next ${PAGE}`}
        </button>
      )}
    </div>
  );
}
