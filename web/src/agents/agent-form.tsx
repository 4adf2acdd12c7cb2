/** The fields of an agent: who it is, which model it asks, what it is told, which tools it may use, whether it remembers; on the agent's page. */
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { meQuery, toolsQuery } from "../service/queries.ts";
import { type AgentDraft, modelSuggestions, type ToolMode } from "./agent-draft.ts";
import { providerNames } from "./answering.tsx";

interface FieldsProps {
  readonly draft: AgentDraft;
  readonly onChange: (change: Partial<AgentDraft>) => void;
}

const providers = Object.keys(modelSuggestions) as ReadonlyArray<AgentDraft["provider"]>;

function IdentityFields({ draft, onChange }: FieldsProps) {
  return (
    <fieldset>
      <legend>Who it is</legend>
      <label>
        Name
        <input
          value={draft.name}
          required
          maxLength={100}
          autoComplete="off"
          onChange={(event) => onChange({ name: event.target.value })}
        />
      </label>
      <label>
        <span>
          Description <span className="hint">for people, optional</span>
        </span>
        <input
          value={draft.description}
          maxLength={2_000}
          onChange={(event) => onChange({ description: event.target.value })}
        />
      </label>
    </fieldset>
  );
}

function ModelFields({ draft, onChange }: FieldsProps) {
  const listId = useId();
  const live = useQuery(meQuery).data?.house.providers;
  const change = (provider: AgentDraft["provider"]) =>
    onChange({ provider, model: modelSuggestions[provider][0] ?? "" });
  return (
    <fieldset>
      <legend>What it thinks with</legend>
      <div className="columns">
        <label>
          Provider
          <select value={draft.provider} onChange={(event) => change(event.target.value as AgentDraft["provider"])}>
            {providers.map((provider) => (
              <option key={provider} value={provider}>
                {providerNames[provider]}
                {live && !live[provider] ? " (demo: no key set)" : ""}
              </option>
            ))}
          </select>
        </label>
        <label>
          Model
          <input
            value={draft.model}
            required
            maxLength={200}
            list={listId}
            autoComplete="off"
            onChange={(event) => onChange({ model: event.target.value })}
          />
          <datalist id={listId}>
            {modelSuggestions[draft.provider].map((model) => (
              <option key={model} value={model} />
            ))}
          </datalist>
        </label>
      </div>
      <label>
        <span>
          System prompt <span className="hint">what it is told before every conversation</span>
        </span>
        <textarea
          value={draft.systemPrompt}
          required
          rows={7}
          maxLength={32_000}
          placeholder="You are a patient proofreader. Point out what to improve, and say why."
          onChange={(event) => onChange({ systemPrompt: event.target.value })}
        />
      </label>
    </fieldset>
  );
}

const modes: ReadonlyArray<readonly [ToolMode, string]> = [
  ["off", "Off"],
  ["ask", "Ask first"],
  ["allow", "Allow"],
];

function ToolFields({ draft, onChange }: FieldsProps) {
  const tools = useQuery(toolsQuery);
  return (
    <fieldset>
      <legend>What it may use</legend>
      {tools.isPending && <Skeleton lines={2} label="Loading tools" />}
      {tools.isError && <ProblemNotice error={tools.error} onRetry={() => void tools.refetch()} />}
      {tools.data?.length === 0 && <p className="hint">There are no tools here.</p>}
      <ul className="tool-settings">
        {tools.data?.map((tool) => (
          <li key={tool.name}>
            <label>
              <span>
                <b className="tool-name">{tool.name}</b>
                <span className="hint">{tool.description}</span>
              </span>
              <select
                value={draft.tools[tool.name] ?? "off"}
                onChange={(event) =>
                  onChange({ tools: { ...draft.tools, [tool.name]: event.target.value as ToolMode } })
                }
              >
                {modes.map(([mode, text]) => (
                  <option key={mode} value={mode}>
                    {text}
                  </option>
                ))}
              </select>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function MemoryField({ draft, onChange }: FieldsProps) {
  return (
    <fieldset>
      <legend>What it remembers</legend>
      <label className="choice">
        <input
          type="checkbox"
          checked={draft.memory}
          onChange={(event) => onChange({ memory: event.target.checked })}
        />
        <span>
          <b>Memory</b>
          <span className="hint">It keeps what people ask it to remember, and uses it later.</span>
        </span>
      </label>
    </fieldset>
  );
}

export function AgentFields(props: FieldsProps) {
  return (
    <>
      <IdentityFields {...props} />
      <ModelFields {...props} />
      <ToolFields {...props} />
      <MemoryField {...props} />
    </>
  );
}
