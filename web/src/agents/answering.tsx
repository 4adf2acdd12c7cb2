/** Which model an agent asks, and whether that model itself answers or the built-in stand-in; on cards and on the agent's page. */
import type { AgentView } from "#src/http/api.ts";

export const providerNames: Record<string, string> = {
  anthropic: "Anthropic",
  openai: "OpenAI",
  cloudflare: "Cloudflare",
};

export function Answering({ agent }: { readonly agent: AgentView }) {
  const demo = agent.answered_by === "demo";
  return (
    <p className="answering">
      <span className="model">{agent.model_name}</span>
      <span className={demo ? "chip demo" : "chip live"}>
        {demo ? "demo model answers" : `${providerNames[agent.answered_by] ?? agent.answered_by} answers`}
      </span>
    </p>
  );
}
