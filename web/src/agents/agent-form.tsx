/** The fields of an agent: who it is and what it is told, where its answers come from, which tools it may use, whether it remembers; on the agent's page. */
import { useQuery } from "@tanstack/react-query";
import { use, useCallback, useLayoutEffect, useRef } from "react";
import { Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { toolsQuery } from "../service/queries.ts";
import type { AgentDraft, ToolMode } from "./agent-draft.ts";
import { BudgetFields } from "./budget-fields.tsx";
import { Field, FieldIssues } from "./field.tsx";
import { ModelFields, SimpleModelField } from "./model-fields.tsx";
import { StandIns } from "./stand-ins.tsx";
import { percent, TalkativenessField } from "./talkativeness-field.tsx";

interface FieldsProps {
  readonly draft: AgentDraft;
  readonly onChange: (change: Partial<AgentDraft>) => void;
}

function IdentityFields({ draft, onChange }: FieldsProps) {
  return (
    <fieldset>
      <legend>Who it is</legend>
      <Field label="Name" path="name">
        {(attributes) => (
          <input
            {...attributes}
            value={draft.name}
            required
            maxLength={100}
            autoComplete="off"
            onChange={(event) => onChange({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Description" hint="for people, optional" path="description">
        {(attributes) => (
          <input
            {...attributes}
            value={draft.description}
            maxLength={2_000}
            onChange={(event) => onChange({ description: event.target.value })}
          />
        )}
      </Field>
      <Field label="System prompt" hint="what it is told before every conversation" path="system_prompt">
        {(attributes) => (
          <textarea
            {...attributes}
            value={draft.systemPrompt}
            required
            rows={7}
            maxLength={32_000}
            placeholder="You are a patient proofreader. Point out what to improve, and say why."
            onChange={(event) => onChange({ systemPrompt: event.target.value })}
          />
        )}
      </Field>
    </fieldset>
  );
}

/** What is set beyond the usual, so that nobody has to unfold it to know; else what there is to set. */
function beyondUsual({ standIns, simple, talkativeness, budget }: AgentDraft): string {
  const set = [
    standIns.length === 1 ? "1 stand-in" : standIns.length > 1 ? `${standIns.length} stand-ins` : "",
    simple ? `simple messages to ${simple.model}` : "",
    talkativeness === null ? "" : `talkativeness ${percent.format(talkativeness)}`,
    Object.keys(budget).length > 0 ? "budgets" : "",
  ].filter((part) => part !== "");
  return set.length > 0 ? listed.format(set) : "stand-ins, simple messages, talkativeness, budgets";
}

const listed = new Intl.ListFormat("en");
const foldedPaths = ["fallback_models", "simple_model", "talkativeness", "budget"].map((name) => `body.${name}`);

/** Folded until something in it wants attention: a field that is hidden can neither be told about nor focused. */
function More({ draft, onChange }: FieldsProps) {
  const frame = useRef<HTMLDetailsElement>(null);
  const issues = use(FieldIssues);
  const unfold = useCallback(() => frame.current?.setAttribute("open", ""), []);
  useLayoutEffect(() => {
    if (issues.some(({ path }) => foldedPaths.some((folded) => path.startsWith(folded)))) unfold();
  }, [issues, unfold]);
  return (
    <details className="more" ref={frame} onInvalidCapture={unfold}>
      <summary>
        <span>
          More <span className="hint">{beyondUsual(draft)}</span>
        </span>
      </summary>
      <div className="more-fields">
        <StandIns list={draft.standIns} chosen={draft.provider} onChange={(standIns) => onChange({ standIns })} />
        <SimpleModelField value={draft.simple} onChange={(simple) => onChange({ simple })} />
        <TalkativenessField value={draft.talkativeness} onChange={(talkativeness) => onChange({ talkativeness })} />
        <BudgetFields budget={draft.budget} onChange={(budget) => onChange({ budget })} />
      </div>
    </details>
  );
}

function AnswerFields({ draft, onChange }: FieldsProps) {
  return (
    <fieldset>
      <legend>Answers from</legend>
      <ModelFields value={draft} onChange={({ provider, model }) => onChange({ provider, model })} />
      <More draft={draft} onChange={onChange} />
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
      <Field
        label="Days it keeps what was said"
        hint="as long as the house does, if empty"
        path="memory_retention_days"
      >
        {(attributes) => (
          <input
            {...attributes}
            type="number"
            min={1}
            max={36_500}
            step={1}
            value={draft.retention}
            disabled={!draft.memory}
            onChange={(event) => onChange({ retention: event.target.value })}
          />
        )}
      </Field>
    </fieldset>
  );
}

export function AgentFields(props: FieldsProps) {
  return (
    <>
      <IdentityFields {...props} />
      <AnswerFields {...props} />
      <ToolFields {...props} />
      <MemoryField {...props} />
    </>
  );
}
