/** An agent as its form holds it, and how that becomes what the program is asked; pure, used by the agent's page. */
import type { AgentView, NewAgent, ToolSetting } from "#src/http/api.ts";

type Wanted = typeof NewAgent.Type;
export type ToolMode = (typeof ToolSetting.Type)["mode"];
export type Provider = Wanted["llm_provider"];

export interface ModelDraft {
  readonly provider: Provider;
  readonly model: string;
}

/** A model of the ordered list; `key` is its own, so that a row stays itself when the order changes. */
export interface StandIn extends ModelDraft {
  readonly key: string;
}

export const scopes = ["turn", "agent", "room", "asker"] as const;
export type Scope = (typeof scopes)[number];

/** What may be spent, as it is typed: whole tokens, dollars with a point. */
export interface CeilingDraft {
  readonly tokens: string;
  readonly dollars: string;
}

export interface AgentDraft extends ModelDraft {
  readonly name: string;
  readonly description: string;
  readonly standIns: ReadonlyArray<StandIn>;
  readonly simple: ModelDraft | null;
  /** Null leaves it to the agent's personality. */
  readonly talkativeness: number | null;
  /** A scope that is not here keeps the house's own ceiling; one that is empty has none. */
  readonly budget: Readonly<Partial<Record<Scope, CeilingDraft>>>;
  readonly systemPrompt: string;
  readonly memory: boolean;
  /** In days, as it is typed; empty leaves it to the house. */
  readonly retention: string;
  readonly tools: Readonly<Record<string, ToolMode>>;
}

/** As many as the program takes. */
export const MOST_STAND_INS = 5;

/** The first of each is what a new agent gets, the last is the cheapest; any other name may be typed. */
export const modelSuggestions: Record<Provider, ReadonlyArray<string>> = {
  anthropic: ["claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"],
  openai: ["gpt-6.1-terra", "gpt-6-sol", "gpt-6-luna"],
  cloudflare: ["@cf/meta/llama-3.3-70b-instruct-fp8-fast", "@cf/openai/gpt-oss-120b", "@cf/openai/gpt-oss-20b"],
};
export const providers = Object.keys(modelSuggestions) as ReadonlyArray<Provider>;

const isProvider = (name: string): name is Provider => Object.hasOwn(modelSuggestions, name);

export const emptyDraft: AgentDraft = {
  name: "",
  description: "",
  provider: "anthropic",
  model: "claude-sonnet-5-5",
  standIns: [],
  simple: null,
  talkativeness: null,
  budget: {},
  systemPrompt: "",
  memory: true,
  retention: "",
  tools: {},
};

export const standIn = (named: ModelDraft): StandIn => ({ ...named, key: crypto.randomUUID() });

type ModelView = Pick<AgentView, "llm_provider" | "model_name">;

const modelFrom = ({ llm_provider, model_name }: ModelView): ModelDraft => ({
  provider: isProvider(llm_provider) ? llm_provider : "anthropic",
  model: model_name,
});
const modelOf = ({ provider, model }: ModelDraft) => ({ llm_provider: provider, model_name: model.trim() });

const MICRO = 1_000_000;

const ceilingFrom = ({ tokens, micro_usd }: NonNullable<AgentView["budget"]["turn"]>): CeilingDraft => ({
  tokens: tokens === undefined ? "" : String(tokens),
  dollars: micro_usd === undefined ? "" : String(micro_usd / MICRO),
});
const ceilingOf = ({ tokens, dollars }: CeilingDraft) => ({
  ...(tokens === "" ? {} : { tokens: Number(tokens) }),
  ...(dollars === "" ? {} : { micro_usd: Math.round(Number(dollars) * MICRO) }),
});

/** The same thing for each scope that has something. */
const perScope = <From, To>(budget: Readonly<Partial<Record<Scope, From>>>, change: (from: From) => To) =>
  Object.fromEntries(
    scopes.flatMap((scope) => {
      const ceiling = budget[scope];
      return ceiling === undefined ? [] : [[scope, change(ceiling)]];
    }),
  ) as Partial<Record<Scope, To>>;

export const draftFrom = (agent: AgentView, tools: ReadonlyArray<typeof ToolSetting.Type>): AgentDraft => ({
  ...modelFrom(agent),
  name: agent.name,
  description: agent.description ?? "",
  standIns: agent.fallback_models.map(modelFrom).map(standIn),
  simple: agent.simple_model && modelFrom(agent.simple_model),
  talkativeness: agent.talkativeness,
  budget: perScope(agent.budget, ceilingFrom),
  systemPrompt: agent.system_prompt ?? "",
  memory: agent.memory_enabled,
  retention: agent.memory_retention_days === null ? "" : String(agent.memory_retention_days),
  tools: Object.fromEntries(tools.map((tool) => [tool.name, tool.mode])),
});

export const payloadOf = (draft: AgentDraft): Wanted => ({
  ...modelOf(draft),
  name: draft.name.trim(),
  description: draft.description.trim(),
  fallback_models: draft.standIns.map(modelOf),
  simple_model: draft.simple && modelOf(draft.simple),
  talkativeness: draft.talkativeness,
  budget: perScope(draft.budget, ceilingOf),
  system_prompt: draft.systemPrompt,
  memory_enabled: draft.memory,
  memory_retention_days: draft.retention === "" ? null : Number(draft.retention),
});

export const toolsOf = (draft: AgentDraft): ReadonlyArray<typeof ToolSetting.Type> =>
  Object.entries(draft.tools).map(([name, mode]) => ({ name, mode }));

/** The tools that are named when an agent is made; each then starts as the program thinks safe. */
export const namedTools = (draft: AgentDraft): ReadonlyArray<string> =>
  Object.entries(draft.tools).flatMap(([name, mode]) => (mode === "off" ? [] : [name]));

export const samePayload = (one: AgentDraft, other: AgentDraft): boolean =>
  JSON.stringify(payloadOf(one)) === JSON.stringify(payloadOf(other));

export const sameTools = (one: AgentDraft, other: AgentDraft): boolean =>
  [...new Set([...Object.keys(one.tools), ...Object.keys(other.tools)])].every(
    (name) => (one.tools[name] ?? "off") === (other.tools[name] ?? "off"),
  );
