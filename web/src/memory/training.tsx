/** How far a training has got, and what came of it; on top of the agent's memory, also after a reload and in other tabs. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Icon } from "../parts/icon.tsx";
import { Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { personId } from "../service/identity.ts";
import { announce } from "../shell/announcer.tsx";
import {
  cancelOperation,
  isGone,
  type Operation,
  operationQuery,
  refusedRows,
  useMemoryChange,
} from "./memory-service.ts";

const keyOf = (agentId: string) => `troupe.${personId}.training.${agentId}`;
const counted = new Intl.NumberFormat();

/** The newest training of this agent that this browser knows of, until it is put aside. */
export function useTraining(agentId: string) {
  const key = keyOf(agentId);
  const [id, setId] = useState(() => localStorage.getItem(key));
  const queries = useQueryClient();
  return {
    id,
    begin: (operation: Operation) => {
      queries.setQueryData(operationQuery(operation.id).queryKey, operation);
      localStorage.setItem(key, operation.id);
      setId(operation.id);
    },
    putAside: () => {
      localStorage.removeItem(key);
      setId(null);
    },
  };
}

const outcomes = {
  running: "Learning",
  done: "Learnt",
  cancelled: "Cancelled",
  failed: "This did not work",
} as const;

/** Why a row was not taken, in words. */
const reasons: Readonly<Record<string, string>> = {
  "not-json": "is not JSON.",
  "not-an-item": "is no memory: it needs a content.",
  "not-storable": "holds something that cannot be stored.",
  "unknown-kind": "is of a kind that there is not.",
  "no-content": "has no content, or one that is no text.",
  "importance-out-of-range": "has an importance that is not between 0 and 1.",
  "no-person": "is about something that is no person’s id.",
  duplicate: "says the same as one above it.",
  "consent-required": "is about somebody who has not agreed to be remembered.",
  "sensitive-is-no-boolean": "says of “sensitive” neither true nor false.",
  "pinned-is-no-boolean": "says of “pinned” neither true nor false.",
  empty: "is empty.",
  "too-long": "is longer than a memory may be.",
  "context-too-long": "has a context that is longer than may be.",
  "no-moment": "has a context whose “at” is no date.",
};

function RefusedRows({ id }: { readonly id: string }) {
  const found = useInfiniteQuery(refusedRows(id));
  if (found.isPending) return <Skeleton lines={3} label="Loading the rows" />;
  if (found.isError) return <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <>
      <ol className="refused-rows">
        {found.data.pages
          .flatMap(({ result }) => result?.refused_rows ?? [])
          .map(({ row, reason }) => (
            <li key={row}>
              <b>Row {row}</b> {reasons[reason] ?? reason}
            </li>
          ))}
      </ol>
      <p className="hint">Rows are counted as they stand in what was sent, blank lines too.</p>
      {found.hasNextPage && (
        <button
          type="button"
          className="small"
          disabled={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          More
        </button>
      )}
    </>
  );
}

function Refused({ id, refused }: { readonly id: string; readonly refused: number }) {
  const [open, setOpen] = useState(false);
  if (refused === 0) return null;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{counted.format(refused)} refused: which, and why</summary>
      {open && <RefusedRows id={id} />}
    </details>
  );
}

interface ProgressProps {
  readonly operation: Operation;
  readonly onPutAside: () => void;
}

function Progress({ operation, onPutAside }: ProgressProps) {
  const { id, status, done, total, result, error } = operation;
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelOperation(id),
    onSettled: () => queries.invalidateQueries({ queryKey: operationQuery(id).queryKey }),
  });
  const running = status === "running";
  const count = result ? result.taken : done;
  return (
    <>
      <header>
        <h2>{outcomes[status]}</h2>
        {running ? (
          <button type="button" className="small" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel
          </button>
        ) : (
          <button type="button" className="quiet small icon-only" aria-label="Put aside" onClick={onPutAside}>
            <Icon name="close" size={16} />
          </button>
        )}
      </header>
      <progress max={Math.max(total, 1)} value={done} aria-label="Learnt so far" />
      <p>
        {running
          ? `${counted.format(done)} of ${counted.format(total)} looked at`
          : `${counted.format(count)} of ${counted.format(total)} became memories`}
      </p>
      {error && <p className="failure">{error}</p>}
      {cancel.isError && <ProblemNotice error={cancel.error} />}
      {result && <Refused id={id} refused={result.refused} />}
    </>
  );
}

interface TrainingProps {
  readonly agentId: string;
  readonly training: ReturnType<typeof useTraining>;
}

export function Training({ agentId, training }: TrainingProps) {
  const { id, putAside } = training;
  const found = useQuery({ ...operationQuery(id ?? ""), enabled: id !== null });
  const changed = useMemoryChange(agentId);
  const status = found.data?.status;
  const done = found.data?.done;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was learnt meanwhile is the occasion
  useEffect(() => {
    if (done) changed();
  }, [done, status]);
  const before = useRef(status);
  useEffect(() => {
    if (before.current === "running" && status === "done") announce("The training has ended.");
    before.current = status;
  }, [status]);
  if (id === null) return null;
  if (found.isError)
    return isGone(found.error) ? null : <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <section className="card training" aria-label="Training">
      {found.data && <Progress operation={found.data} onPutAside={putAside} />}
    </section>
  );
}
