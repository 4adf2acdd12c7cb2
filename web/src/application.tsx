/** The frame around every page and which page stands at which address; rendered by main. */
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect, useRef } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { ErrorBoundary } from "./parts/error-boundary.tsx";
import { EmptyState, Skeleton } from "./parts/placeholder.tsx";
import { ProblemNotice } from "./parts/problem-notice.tsx";
import { rememberedRoom } from "./rooms/room-memory.ts";
import { meQuery, roomsQuery } from "./service/queries.ts";
import { Announcer } from "./shell/announcer.tsx";
import { HouseStrip } from "./shell/house-strip.tsx";
import { BottomNavigation, SideNavigation } from "./shell/navigation.tsx";
import { EntranceProblem } from "./shell/sign-in-help.tsx";

const RoomsPage = lazy(() => import("./rooms/rooms-page.tsx"));
const RoomPage = lazy(() => import("./rooms/room-page.tsx"));
const AgentsPage = lazy(() => import("./agents/agents-page.tsx"));
const AgentPage = lazy(() => import("./agents/agent-page.tsx"));
const AgentEventsPage = lazy(() => import("./agents/agent-events-page.tsx"));
const AgentMemoryPage = lazy(() => import("./memory/agent-memory-page.tsx"));
const AboutMePage = lazy(() => import("./memory/about-me-page.tsx"));

const activity = (room: { readonly last_message_at: string | null; readonly created_at: string }) =>
  room.last_message_at ?? room.created_at;

/** Home is the conversation: the room one was in last, else where something was said last, else the list. */
function HomePage() {
  const rooms = useQuery(roomsQuery);
  if (rooms.isPending) return <PageSkeleton />;
  if (rooms.isError) return <ProblemNotice error={rooms.error} onRetry={() => void rooms.refetch()} />;
  const joined = rooms.data
    .filter((room) => room.joined)
    .toSorted((one, other) => activity(other).localeCompare(activity(one)));
  const room = joined.find((one) => one.id === rememberedRoom()) ?? joined.at(0);
  return <Redirect replace href={room ? `/rooms/${room.id}` : "/rooms"} />;
}

const MissingPage = () => (
  <div className="page">
    <title>Not found – Troupe</title>
    <EmptyState
      icon="question"
      title="There is nothing at this address"
      action={<Link href="/rooms">To the rooms</Link>}
    >
      The link may be old, or what it led to was deleted.
    </EmptyState>
  </div>
);

const PageSkeleton = () => (
  <div className="page">
    <Skeleton lines={6} label="Loading the page" />
  </div>
);

/** A page of its own state for every thing: leaving one agent's form for another's must not carry words along. */
const page = (Page: ComponentType<{ readonly id: string }>) => (params: { readonly id: string }) => (
  <Page key={params.id} id={params.id} />
);

function Pages() {
  const [location] = useLocation();
  return (
    <ErrorBoundary key={location}>
      <Suspense fallback={<PageSkeleton />}>
        <Switch>
          <Route path="/" component={HomePage} />
          <Route path="/rooms" component={RoomsPage} />
          <Route path="/rooms/:id">{page(RoomPage)}</Route>
          <Route path="/agents" component={AgentsPage} />
          <Route path="/agents/:id">{page(AgentPage)}</Route>
          <Route path="/agents/:id/events">{page(AgentEventsPage)}</Route>
          <Route path="/agents/:id/memory">{page(AgentMemoryPage)}</Route>
          <Route path="/me" component={AboutMePage} />
          <Route component={MissingPage} />
        </Switch>
      </Suspense>
    </ErrorBoundary>
  );
}

export function Application() {
  const me = useQuery(meQuery);
  const main = useRef<HTMLElement>(null);
  const [location] = useLocation();
  // What had the focus is gone with the page it was on: go on from the top of the new one, not of the document.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is the occasion
  useEffect(() => {
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [location]);
  if (me.isPending) return <Skeleton lines={5} label="Loading Troupe" />;
  if (me.isError) return <EntranceProblem error={me.error} onRetry={() => void me.refetch()} />;
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <HouseStrip />
      <div className="stage">
        <SideNavigation />
        <main id="main" ref={main} tabIndex={-1}>
          <Pages />
        </main>
        <BottomNavigation />
      </div>
      <Announcer />
    </>
  );
}
