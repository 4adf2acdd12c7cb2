/** An agent as its form holds it, and how that becomes what the program is asked; pure, used by the agent's page. */
import type { AgentView, NewAgent, ToolSetting } from "#src/http/api.ts";

export type ToolMode = (typeof ToolSetting.Type)["mode"];

export interface AgentDraft {
  readonly name: string;
  readonly description: string;
  readonly provider: (typeof NewAgent.Type)["llm_provider"];
  readonly model: string;
  readonly systemPrompt: string;
  readonly memory: boolean;
  readonly tools: Readonly<Record<string, ToolMode>>;
}

/** The first of each is what a new agent gets; any other name may be typed. */
export const modelSuggestions: Record<AgentDraft["provider"], ReadonlyArray<string>> = {
  anthropic: ["claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"],
  openai: ["gpt-6.1-terra", "gpt-6-sol", "gpt-6-luna"],
  cloudflare: ["@cf/meta/llama-3.3-70b-instruct-fp8-fast", "@cf/openai/gpt-oss-120b", "@cf/openai/gpt-oss-20b"],
};

export const emptyDraft: AgentDraft = {
  name: "",
  description: "",
  provider: "anthropic",
  model: "claude-sonnet-5-5",
  systemPrompt: "",
  memory: true,
  tools: {},
};

export const draftFrom = (agent: AgentView, tools: ReadonlyArray<typeof ToolSetting.Type>): AgentDraft => ({
  name: agent.name,
  description: agent.description ?? "",
  provider: (Object.keys(modelSuggestions) as ReadonlyArray<AgentDraft["provider"]>).includes(
    agent.llm_provider as AgentDraft["provider"],
  )
    ? (agent.llm_provider as AgentDraft["provider"])
    : "anthropic",
  model: agent.model_name,
  systemPrompt: agent.system_prompt ?? "",
  memory: agent.memory_enabled,
  tools: Object.fromEntries(tools.map((tool) => [tool.name, tool.mode])),
});

export const payloadOf = (draft: AgentDraft): typeof NewAgent.Type => ({
  name: draft.name.trim(),
  description: draft.description.trim(),
  llm_provider: draft.provider,
  model_name: draft.model.trim(),
  system_prompt: draft.systemPrompt,
  memory_enabled: draft.memory,
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
