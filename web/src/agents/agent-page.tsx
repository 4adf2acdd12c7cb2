/** One agent: made here, changed here, switched on and off and deleted here. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import type { AgentView } from "#src/http/api.ts";
import { Icon } from "../parts/icon.tsx";
import { Moment } from "../parts/moment.tsx";
import { Skeleton } from "../parts/placeholder.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client, idempotencyKey } from "../service/client.ts";
import { type Problem, problemIn } from "../service/problem.ts";
import { agentQuery, agentsQuery } from "../service/queries.ts";
import { announce } from "../shell/announcer.tsx";
import { ActiveSwitch } from "./active-switch.tsx";
import {
  type AgentDraft,
  draftFrom,
  emptyDraft,
  namedTools,
  payloadOf,
  samePayload,
  sameTools,
  toolsOf,
} from "./agent-draft.ts";
import { AgentFields } from "./agent-form.tsx";
import { Answering } from "./answering.tsx";
import { DeleteAgentDialog } from "./delete-agent-dialog.tsx";
import { FieldIssues } from "./field.tsx";

/** Asks before the window closes over changes that are not saved. */
function useUnsavedGuard(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [unsaved]);
}

interface FormProps {
  readonly draft: AgentDraft;
  readonly onChange: (change: Partial<AgentDraft>) => void;
  readonly onSave: () => void;
  readonly saving: boolean;
  readonly submit: string;
  readonly unsaved: boolean;
  /** Why the last try to save failed. */
  readonly error: unknown;
  readonly children?: ReactNode;
}

const wellFormed: Problem["errors"] = [];

function AgentForm({ draft, onChange, onSave, saving, submit, unsaved, error, children }: FormProps) {
  useUnsavedGuard(unsaved);
  const form = useRef<HTMLFormElement>(null);
  const issues = useMemo(() => (error ? problemIn(error).errors : wellFormed), [error]);
  useEffect(() => {
    if (issues.length > 0) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [issues]);
  const save = (event: FormEvent) => {
    event.preventDefault();
    onSave();
  };
  return (
    <form className="form wide" ref={form} onSubmit={save}>
      <FieldIssues value={issues}>
        <AgentFields draft={draft} onChange={onChange} />
      </FieldIssues>
      {children}
      <footer className="form-actions">
        {unsaved && <span className="hint">Not saved yet</span>}
        <button type="submit" className="primary" disabled={saving || !unsaved}>
          {saving ? "Saving…" : submit}
        </button>
      </footer>
    </form>
  );
}

function NewAgent() {
  const [draft, setDraft] = useState(emptyDraft);
  const [headers] = useState(idempotencyKey);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: async () => {
      const payload = { ...payloadOf(draft), capabilities: namedTools(draft) };
      const agent = await call(client.agents.createAgent({ payload }), { headers });
      const params = { id: agent.id };
      const { tools } = await call(client.agents.getAgentTools({ params }));
      // Where the program was more careful than its owner wants, the owner's word counts.
      if (!sameTools(draft, draftFrom(agent, tools)))
        await call(client.agents.setAgentTools({ params, payload: { tools: toolsOf(draft) } }));
      return agent;
    },
    onSuccess: (agent) => {
      void queries.invalidateQueries({ queryKey: agentsQuery.queryKey });
      announce(`${agent.name} was created.`);
      go(`/agents/${agent.id}`, { replace: true });
    },
  });
  return (
    <div className="page">
      <title>New agent – Troupe</title>
      <header className="page-header">
        <div>
          <h1>New agent</h1>
          <p className="lead">Everything here can be changed later; each change is a new version.</p>
        </div>
      </header>
      <AgentForm
        draft={draft}
        onChange={(change) => setDraft({ ...draft, ...change })}
        onSave={() => create.mutate()}
        saving={create.isPending}
        submit="Create agent"
        unsaved={draft !== emptyDraft && !create.isSuccess}
        error={create.error}
      >
        {create.isError && <ProblemNotice error={create.error} />}
      </AgentForm>
    </div>
  );
}

/** Somebody else was quicker: says so, and leaves what was typed in the form until it is decided. */
const ChangedMeanwhile = ({ onReload }: { readonly onReload: () => void }) => (
  <div className="notice problem" role="alert">
    <Icon name="warning" />
    <div>
      <p className="notice-title">This agent was changed in the meantime.</p>
      <p>Your changes were not saved; they are still in the form. Load the newer version to go on from there.</p>
      <button type="button" onClick={onReload}>
        Load the newer version
      </button>
    </div>
  </div>
);

function AgentHead({ agent, onDelete }: { readonly agent: AgentView; readonly onDelete: () => void }) {
  return (
    <header className="page-header agent-head">
      <div>
        <h1>
          <Portrait id={agent.id} name={agent.name} kind="agent" /> {agent.name} <AiBadge />
        </h1>
        <Answering agent={agent} />
        <p className="hint">
          Version {agent.version}, changed <Moment at={agent.updated_at} as="exact" />
        </p>
      </div>
      <div className="agent-actions">
        <ActiveSwitch agent={agent} />
        <Link href={`/agents/${agent.id}/memory`} className="button">
          <Icon name="memory" size={16} /> Memory
        </Link>
        <Link href={`/agents/${agent.id}/events`} className="button">
          <Icon name="history" size={16} /> Events
        </Link>
        <button type="button" className="danger quiet" onClick={onDelete}>
          Delete
        </button>
      </div>
    </header>
  );
}

const ifMatch = (version: string | undefined): Record<string, string> =>
  version === undefined ? {} : { "if-match": version };

interface StoredAgentProps {
  readonly agent: AgentView;
  readonly tools: Parameters<typeof draftFrom>[1];
  readonly etag: string | undefined;
  readonly onReload: () => void;
}

function StoredAgent({ agent, tools, etag, onReload }: StoredAgentProps) {
  const stored = draftFrom(agent, tools);
  const [draft, setDraft] = useState(stored);
  const [base] = useState({ version: agent.version, etag });
  // What was typed rests on the version the form was filled from, also when a newer one has been fetched since.
  const match = agent.version === base.version ? etag : base.etag;
  const [deleting, setDeleting] = useState(false);
  const queries = useQueryClient();
  const params = { id: agent.id };
  const save = useMutation({
    mutationFn: async () => {
      let version = match;
      if (!samePayload(draft, stored)) {
        const change = { params, payload: payloadOf(draft), responseMode: "decoded-and-response" } as const;
        const [, response] = await call(client.agents.updateAgent(change), { headers: ifMatch(version) });
        version = response.headers.etag;
      }
      if (!sameTools(draft, stored))
        await call(client.agents.setAgentTools({ params, payload: { tools: toolsOf(draft) } }), {
          headers: ifMatch(version),
        });
    },
    onSuccess: () => {
      announce("Saved.");
      onReload();
      void queries.invalidateQueries({ queryKey: agentsQuery.queryKey, exact: true });
    },
  });
  const stale = save.isError && problemIn(save.error).name === "precondition-failed";
  const unsaved = !samePayload(draft, stored) || !sameTools(draft, stored);
  return (
    <div className="page">
      <title>{`${agent.name} – Troupe`}</title>
      <AgentHead agent={agent} onDelete={() => setDeleting(true)} />
      <AgentForm
        draft={draft}
        onChange={(change) => setDraft({ ...draft, ...change })}
        onSave={() => save.mutate()}
        saving={save.isPending}
        submit="Save"
        unsaved={unsaved}
        error={save.error}
      >
        {stale && <ChangedMeanwhile onReload={onReload} />}
        {save.isError && !stale && <ProblemNotice error={save.error} />}
      </AgentForm>
      {deleting && <DeleteAgentDialog agent={agent} etag={etag} onClose={() => setDeleting(false)} />}
    </div>
  );
}

function KnownAgent({ id }: { readonly id: string }) {
  const found = useQuery(agentQuery(id));
  const [loads, setLoads] = useState(0);
  if (found.isPending || (!found.isFetchedAfterMount && found.isFetching))
    return (
      <div className="page">
        <Skeleton lines={8} label="Loading the agent" />
      </div>
    );
  if (found.isError)
    return (
      <div className="page">
        <title>Agent – Troupe</title>
        <h1>This agent did not open</h1>
        <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />
        <p>
          <Link href="/agents">All agents</Link>
        </p>
      </div>
    );
  // A fresh form for a version that was asked for; a version that merely arrived must not overwrite what is typed.
  const reload = () => void found.refetch().then(() => setLoads((count) => count + 1));
  return <StoredAgent key={loads} {...found.data} onReload={reload} />;
}

export default function AgentPage({ id }: { readonly id: string }) {
  return id === "new" ? <NewAgent /> : <KnownAgent id={id} />;
}
