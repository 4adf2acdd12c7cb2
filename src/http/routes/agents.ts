/** Handlers for agents: their life, their tools, their log, and talking with one. */
import { Effect } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import type { AgentDescription, AgentInput, PersonalityInput } from "#actors/kit/doors.ts";
import type { ConversationDescription, EmbeddingProgress } from "#actors/kit/memory-doors.ts";
import type { ModelName } from "#events/agent/asking.ts";
import type { Ceiling, Scope } from "#events/agent/budget.ts";
import { type AgentId, childId, type RoomId } from "#events/kit/ids.ts";
import { agentsOf, conversationsOf } from "#projections/queries.ts";
import { providersLive } from "../../env.ts";
import { toolCatalogue } from "../../tools/shelf.ts";
import { type AgentChange, type AgentView, Api, type NewAgent, type Personality, type ToolSetting } from "../api.ts";
import { Asker, type Asking, ask, commandId, perform, SETTLE_MS, wantedVersion } from "../asker.ts";
import { problem } from "../problem.ts";
import { chat } from "./chat.ts";
import { embeddingId } from "./operations.ts";
import { type HistoryParameters, historyPage, listPage } from "./pages.ts";
import { agentId } from "./paths.ts";
import { iso, namesReceipt } from "./receipts.ts";

/** An agent as the API tells it; its version goes into the ETag. */
const show = (agent: AgentDescription, asking: Asking): AgentView => {
  asking.headers.set("ETag", `"v${agent.version}"`);
  return viewOf(agent, asking);
};

function viewOf(agent: AgentDescription, { settings }: Asking): AgentView {
  const live: Readonly<Record<string, boolean>> = providersLive(settings.models);
  const { personality } = agent;
  return {
    id: agent.agentId,
    name: agent.name,
    description: agent.description,
    created_by: agent.ownerId,
    llm_provider: agent.provider,
    model_name: agent.model,
    answered_by: live[agent.provider] ? agent.provider : "demo",
    system_prompt: agent.systemPrompt,
    personality: personality && {
      traits: personality.traits,
      communicationStyle: personality.style,
      interests: personality.interests,
      expertise: personality.expertise,
      limitations: personality.limitations,
    },
    capabilities: agent.tools.filter(({ mode }) => mode !== "off").map(({ name }) => name),
    memory_enabled: agent.memoryEnabled,
    memory_retention_days: agent.retentionDays,
    max_tokens: agent.maxTokens,
    temperature: agent.temperature,
    fallback_models: agent.fallbacks.map(modelView),
    simple_model: agent.simpleModel && modelView(agent.simpleModel),
    talkativeness: agent.talkativeness,
    budget: perScope(agent.budget, ceilingView),
    is_active: agent.active,
    version: agent.version,
    seq: agent.seq,
    created_at: iso(agent.createdAt),
    updated_at: iso(agent.updatedAt),
    ...(agent.embedding && { embedding: embeddingOf(agent.agentId, agent.embedding) }),
  };
}

const embeddingOf = (agent: AgentId, { status, model, done, total, skipped }: EmbeddingProgress) => ({
  ...{ operation_id: embeddingId(agent), model, status, done, total, skipped },
});

const modelView = ({ provider, model }: ModelName) => ({ llm_provider: provider, model_name: model });
const modelOf = (named: { readonly llm_provider: string; readonly model_name: string }): ModelName => ({
  provider: named.llm_provider,
  model: named.model_name,
});

const perScope = <From, To>(budget: Readonly<Partial<Record<Scope, From>>>, spell: (ceiling: From) => To) =>
  Object.fromEntries(Object.entries(budget).map(([scope, ceiling]) => [scope, spell(ceiling)])) as Partial<
    Record<Scope, To>
  >;

const ceilingView = ({ tokens, microUsd }: Ceiling) => ({
  ...(tokens === undefined ? {} : { tokens }),
  ...(microUsd === undefined ? {} : { micro_usd: microUsd }),
});

const ceilingOf = ({ tokens, micro_usd }: ReturnType<typeof ceilingView>): Ceiling => ({
  ...(tokens === undefined ? {} : { tokens }),
  ...(micro_usd === undefined ? {} : { microUsd: micro_usd }),
});

const personalityOf = (personality: typeof Personality.Type): PersonalityInput => ({
  traits: personality.traits ?? {},
  style: personality.communicationStyle ?? {},
  interests: personality.interests ?? [],
  expertise: personality.expertise ?? [],
  limitations: personality.limitations ?? [],
});

/** A tool that an owner names starts as `allow` when it is pure, else as `ask`. */
const grantsFor = (names: ReadonlyArray<string>) =>
  Effect.forEach([...new Set(names)], (name) => {
    const tool = toolCatalogue.find((other) => other.name === name);
    return tool === undefined
      ? Effect.fail(
          problem("validation", {
            detail: `There is no tool ${name}.`,
            errors: [{ path: ["capabilities"], message: `unknown tool ${name}` }],
          }),
        )
      : Effect.succeed({ name, mode: tool.replay === "pure" ? ("allow" as const) : ("ask" as const) });
  });

const inputOf = Effect.fnUntraced(function* (change: typeof AgentChange.Type) {
  const input: Partial<AgentInput> = {
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.description === undefined ? {} : { description: change.description }),
    ...(change.llm_provider === undefined ? {} : { provider: change.llm_provider }),
    ...(change.model_name === undefined ? {} : { model: change.model_name }),
    ...(change.system_prompt === undefined ? {} : { systemPrompt: change.system_prompt }),
    ...(change.memory_enabled === undefined ? {} : { memoryEnabled: change.memory_enabled }),
    ...(change.memory_retention_days === undefined ? {} : { retentionDays: change.memory_retention_days }),
    ...(change.max_tokens === undefined ? {} : { maxTokens: change.max_tokens }),
    ...(change.temperature === undefined ? {} : { temperature: change.temperature }),
    ...(change.fallback_models === undefined ? {} : { fallbacks: change.fallback_models.map(modelOf) }),
    ...(change.simple_model === undefined
      ? {}
      : { simpleModel: change.simple_model === null ? null : modelOf(change.simple_model) }),
    ...(change.talkativeness === undefined ? {} : { talkativeness: change.talkativeness }),
    ...(change.budget === undefined ? {} : { budget: perScope(change.budget, ceilingOf) }),
    ...(change.personality === undefined ? {} : { personality: personalityOf(change.personality) }),
    ...(change.capabilities === undefined ? {} : { tools: yield* grantsFor(change.capabilities) }),
  };
  return input;
});

const create = Effect.fnUntraced(function* (payload: typeof NewAgent.Type) {
  const asking = yield* Asker;
  const id = commandId(asking);
  const made = childId<AgentId>("agent", asking.principal.userId, id);
  const input = { description: "", memoryEnabled: true, ...(yield* inputOf(payload)) } as AgentInput;
  const door = asking.env.AGENT.getByName(made);
  const agent = yield* ask(() => door.create(asking.principal, id, made, input));
  yield* perform(() => door.settle(SETTLE_MS));
  return show(agent, asking);
});

const change = Effect.fnUntraced(function* (id: string, payload: typeof AgentChange.Type) {
  const asking = yield* Asker;
  const door = asking.env.AGENT.getByName(yield* agentId(id));
  const input = yield* inputOf(payload);
  const version = yield* wantedVersion(asking);
  const agent = yield* ask(() => door.change(asking.principal, commandId(asking), input, version));
  yield* perform(() => door.settle(SETTLE_MS));
  return show(agent, asking);
});

/** The owner's agents. The table knows which and in what order; each agent says itself how it is. */
const list = Effect.fnUntraced(function* (query: { readonly limit?: number; readonly cursor?: string }) {
  const asking = yield* Asker;
  const page = yield* listPage(agentsOf(asking.env.DB, asking.principal.userId, query));
  const found = yield* perform(() =>
    Promise.all(page.data.map(({ id }) => asking.env.AGENT.getByName(id).describe(asking.principal))),
  );
  return {
    ...page,
    data: found.flatMap((reply) => (reply.outcome === "accepted" ? [viewOf(reply.value, asking)] : [])),
  };
});

const tools = ({ tools: granted }: AgentDescription) => ({ tools: granted });

/** Sets which tools an agent may use; tools that are not named are off. */
const setTools = Effect.fnUntraced(function* (id: string, wanted: ReadonlyArray<typeof ToolSetting.Type>) {
  const asking = yield* Asker;
  const unknown = wanted.find(({ name }) => !toolCatalogue.some((tool) => tool.name === name));
  if (unknown !== undefined)
    return yield* problem("validation", { errors: [{ path: ["tools"], message: `there is no tool ${unknown.name}` }] });
  const door = asking.env.AGENT.getByName(yield* agentId(id));
  const version = yield* wantedVersion(asking);
  const agent = yield* ask(() => door.change(asking.principal, commandId(asking), { tools: wanted }, version));
  yield* perform(() => door.settle(SETTLE_MS));
  show(agent, asking);
  return tools(agent);
});

const describe = Effect.fnUntraced(function* (id: string) {
  const known = yield* agentId(id);
  return yield* ask(({ env, principal }) => env.AGENT.getByName(known).describe(principal));
});

const remove = Effect.fnUntraced(function* (id: string) {
  const asking = yield* Asker;
  const known = yield* agentId(id);
  const door = asking.env.AGENT.getByName(known);
  const version = yield* wantedVersion(asking);
  namesReceipt(asking, known, yield* ask(() => door.remove(asking.principal, commandId(asking), version)));
  yield* perform(() => door.settle(SETTLE_MS));
});

const activate = Effect.fnUntraced(function* (id: string, active: boolean) {
  const asking = yield* Asker;
  const door = asking.env.AGENT.getByName(yield* agentId(id));
  const agent = yield* ask(() => door.setActive(asking.principal, commandId(asking), active));
  // Whoever switched it off may count on its rooms knowing.
  yield* perform(() => door.settle(SETTLE_MS, { rooms: true }));
  return show(agent, asking);
});

const conversations = Effect.fnUntraced(function* (
  id: string,
  query: { readonly limit?: number; readonly cursor?: string },
) {
  const asking = yield* Asker;
  const agent = yield* describe(id);
  const door = asking.env.AGENT.getByName(agent.agentId);
  yield* perform(() => door.settle(SETTLE_MS));
  const page = yield* listPage(conversationsOf(asking.env.DB, agent.agentId, query));
  // Words stand in no table: the agent opens what it may still read.
  const rooms = yield* ask(() =>
    door.conversations(
      asking.principal,
      page.data.map(({ room_id }) => room_id as RoomId),
    ),
  );
  return { ...page, data: page.data.map((row, index) => ({ ...row, ...opened(rooms[index]) })) };
});

/** The columns of a conversation that hold what the agent knows. */
const opened = (room: ConversationDescription | undefined) => ({
  conversation_summary: room?.summary ?? null,
  relationship_data: {
    people: (room?.people ?? []).map(({ userId, received, sent, ...person }) => ({
      ...{ user_id: userId, ...person, messages_received: received, messages_sent: sent },
    })),
  },
});

const events = Effect.fnUntraced(function* (id: string, query: HistoryParameters) {
  const known = yield* agentId(id);
  return yield* historyPage(query, ({ env, principal }, wanted) =>
    env.AGENT.getByName(known).history(principal, wanted),
  );
});

export const AgentRoutes = HttpApiBuilder.group(
  Api,
  "agents",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      listAgents: ({ query }) => list(query),
      createAgent: ({ payload }) => create(payload),
      getAgent: ({ params }) =>
        Effect.flatMap(describe(params.id), (agent) => Effect.map(Asker, (asking) => show(agent, asking))),
      updateAgent: ({ params, payload }) => change(params.id, payload),
      deleteAgent: ({ params }) => remove(params.id),
      activateAgent: ({ params, payload }) => activate(params.id, payload.active),
      getAgentTools: ({ params }) =>
        Effect.flatMap(describe(params.id), (agent) =>
          Effect.map(Asker, (asking) => {
            show(agent, asking);
            return tools(agent);
          }),
        ),
      setAgentTools: ({ params, payload }) => setTools(params.id, payload.tools),
      listAgentEvents: ({ params, query }) => events(params.id, query),
      listConversations: ({ params, query }) => conversations(params.id, query),
      chat: ({ params, payload }) => chat(params.id, payload),
    });
  }),
);
