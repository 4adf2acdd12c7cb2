/** How far an agent's memories are embedded while that is not done, with what waits; on top of the agent's memory. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { AgentView } from "#src/http/api.ts";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { agentQuery } from "../service/queries.ts";
import { cancelOperation, operationQuery, resumeOperation } from "./memory-service.ts";

const counted = new Intl.NumberFormat();

interface EmbeddingProps {
  readonly agentId: string;
  readonly embedding: NonNullable<AgentView["embedding"]>;
}

export function Embedding({ agentId, embedding }: EmbeddingProps) {
  const { operation_id: id, model } = embedding;
  const queries = useQueryClient();
  const { status, done, total, error } = useQuery(operationQuery(id)).data ?? { ...embedding, error: null };
  const running = status === "running";
  const turn = useMutation({
    mutationFn: () => (running ? cancelOperation(id) : resumeOperation(id)),
    onSuccess: (operation) => queries.setQueryData(operationQuery(id).queryKey, operation),
  });
  useEffect(() => {
    if (status === "done") void queries.invalidateQueries({ queryKey: agentQuery(agentId).queryKey });
  }, [status, agentId, queries]);
  return (
    <section className="card training" aria-label="Embedding">
      <header>
        <h2>{running ? "Reading memories for their meaning" : "Stopped reading memories for their meaning"}</h2>
        <button type="button" className="small" disabled={turn.isPending} onClick={() => turn.mutate()}>
          {running ? "Cancel" : "Go on"}
        </button>
      </header>
      <progress max={Math.max(total, 1)} value={done} aria-label="Read so far" />
      <p>
        {running
          ? `${counted.format(done)} of ${counted.format(total)} read by ${model}`
          : `${counted.format(total - done)} wait, and are found by their words alone`}
      </p>
      {error && <p className="failure">{error}</p>}
      {turn.isError && <ProblemNotice error={turn.error} />}
    </section>
  );
}
