/** How far a training has got, and what came of it; on top of the agent's memory, also after a reload and in other tabs. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Icon } from "../parts/icon.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { personId } from "../service/identity.ts";
import { announce } from "../shell/announcer.tsx";
import { cancelOperation, isGone, type Operation, operationQuery, useMemoryChange } from "./memory-service.ts";

const keyOf = (agentId: string) => `troupe.${personId}.training.${agentId}`;
const counted = new Intl.NumberFormat();
const SHOWN_AT_MOST = 100;

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
  "no-content": "has no content.",
  "importance-out-of-range": "has an importance that is not between 0 and 1.",
  "no-person": "is about something that is no person’s id.",
  "consent-required": "is about somebody who has not agreed to be remembered.",
  "sensitive-is-no-boolean": "says of “sensitive” neither true nor false.",
  "pinned-is-no-boolean": "says of “pinned” neither true nor false.",
  empty: "is empty.",
  "too-long": "is longer than a memory may be.",
  "context-too-long": "has a context that is longer than may be.",
};

function Refused({ result }: { readonly result: NonNullable<Operation["result"]> }) {
  if (result.refused === 0) return null;
  const shown = result.refused_rows.slice(0, SHOWN_AT_MOST);
  return (
    <details>
      <summary>{counted.format(result.refused)} refused: which, and why</summary>
      <ol className="refused-rows">
        {shown.map(({ row, reason }) => (
          <li key={row}>
            <b>Row {row}</b> {reasons[reason] ?? reason}
          </li>
        ))}
      </ol>
      {result.refused > shown.length && <p className="hint">The first {shown.length} are shown.</p>}
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
      {result && <Refused result={result} />}
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
