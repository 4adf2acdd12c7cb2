/** Asks for the agent's name before deleting it for good; opened from the agent's page. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import type { AgentView } from "#src/http/api.ts";
import { Dialog } from "../parts/dialog.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { agentQuery, agentsQuery } from "../service/queries.ts";

interface DeleteProps {
  readonly agent: AgentView;
  readonly etag: string | undefined;
  readonly onClose: () => void;
}

export function DeleteAgentDialog({ agent, etag, onClose }: DeleteProps) {
  const [typed, setTyped] = useState("");
  const [, go] = useLocation();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      call(client.agents.deleteAgent({ params: { id: agent.id } }), {
        headers: etag === undefined ? {} : { "if-match": etag },
      }),
    onSuccess: () => {
      go("/agents", { replace: true });
      queries.removeQueries({ queryKey: agentQuery(agent.id).queryKey });
      void queries.invalidateQueries({ queryKey: agentsQuery.queryKey });
    },
  });
  return (
    <Dialog title={`Delete ${agent.name}?`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          remove.mutate();
        }}
      >
        <p>
          It leaves all rooms and its memory is gone for good. What it said in rooms stays there. This cannot be undone.
        </p>
        <label>
          <span>
            Type <b>{agent.name}</b> to confirm
          </span>
          <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" />
        </label>
        {remove.isError && <ProblemNotice error={remove.error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" className="danger primary" disabled={typed !== agent.name || remove.isPending}>
            Delete for good
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
