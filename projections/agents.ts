/** `ai_agents`: one row per agent, as its owner configured it; listed by `queries.ts`. */

import type { AgentEvent } from "#events/agent/events.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { bit, json, moment, sealedText, sealedTextAlways, wordsOf } from "./kit/columns.ts";
import { defineProjection, defineTable } from "./kit/projection.ts";

const rows = defineTable({
  name: "ai_agents_v1",
  scope: "id",
  key: [],
  columns: {
    name: "text",
    description: "text?",
    created_by: "text",
    llm_provider: "text",
    model_name: "text",
    system_prompt: "text",
    personality: "text?",
    capabilities: "text",
    memory_enabled: "integer",
    is_active: "integer",
    max_tokens: "integer?",
    temperature: "real?",
    version: "integer",
    created_at: "text",
    updated_at: "text",
  },
});

type Configured = Extract<RecordedOf<AgentEvent>, { type: "AgentCreated" | "AgentReconfigured" }>;

/** Description and system prompt are sealed together, so both columns hold the same ciphertext. */
const configuration = (event: Configured) => ({
  name: event.open.name,
  description: sealedText(event),
  llm_provider: event.open.provider,
  model_name: event.open.model,
  system_prompt: sealedTextAlways(event),
  memory_enabled: bit(event.open.memoryEnabled),
  max_tokens: event.open.maxTokens ?? null,
  temperature: event.open.temperature ?? null,
  updated_at: moment(event.at),
});

const switched = (active: boolean) => (event: { readonly at: number }) => [
  rows.update({}, { is_active: bit(active), updated_at: moment(event.at) }),
];

export const agents = defineProjection({
  name: "agents",
  version: 1,
  reads: "agent",
  tables: [rows],
  project: {
    AgentCreated: (event) => [
      rows.insert({
        ...configuration(event),
        created_by: event.open.ownerId,
        capabilities: json([]),
        is_active: bit(true),
        version: 1,
        created_at: moment(event.at),
      }),
    ],
    AgentReconfigured: (event) => [rows.update({}, { ...configuration(event), version: event.open.version })],
    PersonalitySet: (event) => [
      rows.update(
        {},
        {
          personality: json({
            traits: event.open.traits,
            communicationStyle: event.open.style,
            words: wordsOf(event),
          }),
        },
      ),
    ],
    ToolsGranted: (event) => [
      rows.update(
        {},
        { capabilities: json(event.open.tools.filter(({ mode }) => mode !== "off").map(({ name }) => name)) },
      ),
    ],
    AgentActivated: switched(true),
    AgentDeactivated: switched(false),
    AgentDeleted: () => [rows.clear()],
  },
});
