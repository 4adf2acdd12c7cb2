/** What agents remember about the reader, one agent after another, each memory to be deleted; on the page about oneself. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Moment } from "../parts/moment.tsx";
import { EmptyState, Skeleton } from "../parts/placeholder.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { ForgetDialog } from "./forget-dialog.tsx";
import { forgetOfMe, type MemoryOfMe, memoriesOfMe } from "./memory-service.ts";
import { Ground, kinds, MemoryText } from "./memory-words.tsx";

/** What somebody else said of several people is shown to none of them, and may be deleted by each. */
const Withheld = ({ others }: { readonly others: number }) => (
  <p className="erased">
    Something that somebody else said about you and {others === 1 ? "one other person" : `${others} other people`}: its
    words are theirs as well.
  </p>
);

function OwnMemory({ about }: { readonly about: MemoryOfMe }) {
  const { memory, agent, others } = about;
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const gone = () => void queries.invalidateQueries({ queryKey: memoriesOfMe.queryKey });
  return (
    <li className="memory">
      {memory.content === null && others > 0 ? <Withheld others={others} /> : <MemoryText memory={memory} />}
      <p className="facts">
        <span className="chip">{kinds[memory.memory_type].label}</span>
        {memory.state === "archived" && <span className="chip demo">put away</span>}
        <span>
          said <Moment at={memory.said_at} as="exact" />
        </span>
        <span>
          <Ground source={memory.source} />
        </span>
      </p>
      <div className="memory-actions">
        <button
          type="button"
          className="danger quiet small"
          aria-label={`Delete: ${(memory.content ?? "erased").slice(0, 60)}`}
          onClick={() => setAsking(true)}
        >
          Delete
        </button>
      </div>
      {asking && (
        <ForgetDialog
          memory={memory}
          name={agent.name}
          forget={() => forgetOfMe(memory.id)}
          onGone={gone}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}

/** By agent, in the order in which the agents come first. */
function byAgent(found: ReadonlyArray<MemoryOfMe>): ReadonlyArray<readonly [string, ReadonlyArray<MemoryOfMe>]> {
  return [...Map.groupBy(found, (one) => one.agent.id)];
}

export function MemoriesOfMe() {
  const found = useInfiniteQuery(memoriesOfMe);
  if (found.isPending) return <Skeleton lines={5} label="Loading what is remembered about you" />;
  if (found.isError) return <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />;
  const all = found.data.pages.flatMap((page) => page.data);
  if (all.length === 0)
    return (
      <EmptyState icon="memory" title="Nothing is remembered about you">
        What you say to an agent that may remember you will stand here, to be read and to be deleted.
      </EmptyState>
    );
  return (
    <>
      {byAgent(all).map(([agentId, memories]) => {
        const name = memories[0]?.agent.name ?? "Agent";
        return (
          <section key={agentId} className="part" aria-label={`What ${name} remembers about you`}>
            <h3 className="remembering">
              <Portrait id={agentId} name={name} kind="agent" /> {name} <AiBadge />
            </h3>
            <ul className="list">
              {memories.map((one) => (
                <OwnMemory key={one.memory.id} about={one} />
              ))}
            </ul>
          </section>
        );
      })}
      {found.hasNextPage && (
        <button type="button" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {found.isFetchingNextPage ? "Loading…" : "More"}
        </button>
      )}
    </>
  );
}
