/** One's agents as cards: what each is for, which model answers, whether it is on; where agents are made. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { AgentView } from "#src/http/api.ts";
import { Icon } from "../parts/icon.tsx";
import { EmptyState, Skeleton } from "../parts/placeholder.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { agentsQuery } from "../service/queries.ts";
import { ActiveSwitch } from "./active-switch.tsx";
import { Answering } from "./answering.tsx";

function AgentCard({ agent }: { readonly agent: AgentView }) {
  return (
    <li className={agent.is_active ? "card agent-card" : "card agent-card off"}>
      <div className="agent-card-head">
        <Portrait id={agent.id} name={agent.name} kind="agent" />
        <h2>
          <Link href={`/agents/${agent.id}`}>{agent.name}</Link> <AiBadge />
        </h2>
        <ActiveSwitch agent={agent} />
      </div>
      <p className="agent-card-about">{agent.description || <span className="hint">No description yet.</span>}</p>
      <Answering agent={agent} />
      <footer>
        <Link href={`/agents/${agent.id}`} className="button quiet" aria-label={`Edit ${agent.name}`}>
          <Icon name="edit" size={16} /> Edit
        </Link>
        <Link href={`/agents/${agent.id}/memory`} className="button quiet" aria-label={`Memory of ${agent.name}`}>
          <Icon name="memory" size={16} /> Memory
        </Link>
        <Link href={`/agents/${agent.id}/events`} className="button quiet" aria-label={`Events of ${agent.name}`}>
          <Icon name="history" size={16} /> Events
        </Link>
      </footer>
    </li>
  );
}

const NewAgentLink = () => (
  <Link href="/agents/new" className="button primary">
    <Icon name="add" /> New agent
  </Link>
);

export default function AgentsPage() {
  const agents = useQuery(agentsQuery);
  return (
    <div className="page">
      <title>Agents – Troupe</title>
      <header className="page-header">
        <div>
          <h1>Agents</h1>
          <p className="lead">The members of your troupe: each with its own brief, tools and memory.</p>
        </div>
        {agents.data && agents.data.length > 0 && <NewAgentLink />}
      </header>
      {agents.isPending && <Skeleton lines={5} label="Loading agents" />}
      {agents.isError && <ProblemNotice error={agents.error} onRetry={() => void agents.refetch()} />}
      {agents.data?.length === 0 && (
        <EmptyState icon="agents" title="You have no agents yet" action={<NewAgentLink />}>
          An agent is an AI colleague that you can invite into rooms. Give it a name, a brief and the tools it may use.
        </EmptyState>
      )}
      {agents.data && agents.data.length > 0 && (
        <ul className="cards">
          {agents.data.map((agent) => (
            <AgentCard key={agent.id} agent={agent} />
          ))}
        </ul>
      )}
    </div>
  );
}
