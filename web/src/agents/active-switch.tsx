/** Switches an agent on and off at once; on cards and on the agent's page. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { AgentView } from "#src/http/api.ts";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { agentsQuery } from "../service/queries.ts";

export function ActiveSwitch({ agent }: { readonly agent: AgentView }) {
  const queries = useQueryClient();
  const activate = useMutation({
    mutationFn: () =>
      call(client.agents.activateAgent({ params: { id: agent.id }, payload: { active: !agent.is_active } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: agentsQuery.queryKey }),
  });
  return (
    <>
      <button
        type="button"
        role="switch"
        className="switch"
        aria-checked={agent.is_active}
        aria-label={`${agent.name} is active`}
        disabled={activate.isPending}
        onClick={() => activate.mutate()}
      >
        <span className="switch-track" aria-hidden="true" />
        {agent.is_active ? "Active" : "Off"}
      </button>
      {activate.isError && <ProblemNotice error={activate.error} />}
    </>
  );
}
