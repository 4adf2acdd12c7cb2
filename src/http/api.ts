/** Every HTTP endpoint, its schemas and its problems, declared once: the document, the typed client and the validation come from it. */
import { Schema } from "effect";
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema, OpenApi } from "effect/http-api";
import { Usage } from "#actors/room/frames.ts";
import { Erasures } from "./erasure-api.ts";
import { Memories } from "./memory-api.ts";
import { Privacy } from "./privacy-api.ts";
import { anyProblem } from "./problems.ts";
import { Rooms } from "./rooms-api.ts";
import { ById, Cursor, EventView, Limit, pageOf, Seq, ShortText } from "./shapes.ts";

export { MAX_PASSAGE, type MemoryView, type OperationView } from "./memory-api.ts";
export type { ConsentView, ErasureReceipt, MemoryOfMe } from "./privacy-api.ts";
export type { RoomSummary, RoomView } from "./rooms-api.ts";
export type { EventView } from "./shapes.ts";

// ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────────
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }));
const Words = Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))).check(
  Schema.isMaxLength(50),
);

/** The specification's personality; keys as it writes them. */
export const Personality = Schema.Struct({
  traits: Schema.optionalKey(
    Schema.Struct({
      extraversion: Schema.optionalKey(Share),
      agreeableness: Schema.optionalKey(Share),
      conscientiousness: Schema.optionalKey(Share),
      neuroticism: Schema.optionalKey(Share),
      openness: Schema.optionalKey(Share),
    }),
  ),
  communicationStyle: Schema.optionalKey(
    Schema.Struct({
      formality: Schema.optionalKey(Schema.Literals(["casual", "professional", "formal"])),
      verbosity: Schema.optionalKey(Schema.Literals(["concise", "moderate", "verbose"])),
      humor: Schema.optionalKey(Schema.Literals(["none", "subtle", "frequent"])),
      empathy: Schema.optionalKey(Schema.Literals(["low", "moderate", "high"])),
    }),
  ),
  interests: Schema.optionalKey(Words),
  expertise: Schema.optionalKey(Words),
  limitations: Schema.optionalKey(Words),
});

export const Provider = Schema.Literals(["anthropic", "openai", "cloudflare"]);
const SystemPrompt = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(32_000));
const Description = Schema.String.check(Schema.isMaxLength(2_000));
const ModelName = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200));
const MaxTokens = Schema.Finite.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 200_000 }));
const RetentionDays = Schema.Finite.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 36_500 }));
const Temperature = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2 }));

const Model = Schema.Struct({ llm_provider: Provider, model_name: ModelName });
const Amount = Schema.Finite.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0));
const Ceiling = Schema.Struct({
  tokens: Schema.optionalKey(Amount),
  /** Millionths of a US dollar. */
  micro_usd: Schema.optionalKey(Amount),
});

/** Ceilings of one turn; and of one UTC day for the agent, each room and each person who asks. */
const Budget = Schema.Struct({
  turn: Schema.optionalKey(Ceiling),
  agent: Schema.optionalKey(Ceiling),
  room: Schema.optionalKey(Ceiling),
  asker: Schema.optionalKey(Ceiling),
});

const settings = {
  description: Schema.optionalKey(Description),
  personality: Schema.optionalKey(Personality),
  capabilities: Schema.optionalKey(Schema.Array(ShortText).check(Schema.isMaxLength(100))),
  memory_enabled: Schema.optionalKey(Schema.Boolean),
  /** For how many days it keeps what was said to it; null leaves it to the house. */
  memory_retention_days: Schema.optionalKey(Schema.NullOr(RetentionDays)),
  max_tokens: Schema.optionalKey(MaxTokens),
  temperature: Schema.optionalKey(Temperature),
  /** Who stands in when the chosen model does not answer, best first. */
  fallback_models: Schema.optionalKey(Schema.Array(Model).check(Schema.isMaxLength(5))),
  /** The cheap model for simple messages; null for none. */
  simple_model: Schema.optionalKey(Schema.NullOr(Model)),
  /** How readily it speaks where nobody asked it; null leaves it to its extraversion. */
  talkativeness: Schema.optionalKey(Schema.NullOr(Share)),
  budget: Schema.optionalKey(Budget),
};

export const NewAgent = Schema.Struct({
  name: ShortText,
  llm_provider: Provider,
  model_name: ModelName,
  system_prompt: SystemPrompt,
  ...settings,
});

/** What is left out stays as it is. */
export const AgentChange = Schema.Struct({
  name: Schema.optionalKey(ShortText),
  llm_provider: Schema.optionalKey(Provider),
  model_name: Schema.optionalKey(ModelName),
  system_prompt: Schema.optionalKey(SystemPrompt),
  ...settings,
});

export const AgentView = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  description: Schema.NullOr(Schema.String),
  created_by: Schema.String,
  llm_provider: Schema.String,
  model_name: Schema.String,
  /** What answers now: the provider, or `demo` while no key is set. */
  answered_by: Schema.String,
  system_prompt: Schema.NullOr(Schema.String),
  personality: Schema.NullOr(Personality),
  capabilities: Schema.Array(Schema.String),
  memory_enabled: Schema.Boolean,
  memory_retention_days: Schema.NullOr(Schema.Int),
  max_tokens: Schema.NullOr(Schema.Finite),
  temperature: Schema.NullOr(Schema.Finite),
  fallback_models: Schema.Array(Schema.Struct({ llm_provider: Schema.String, model_name: Schema.String })),
  simple_model: Schema.NullOr(Schema.Struct({ llm_provider: Schema.String, model_name: Schema.String })),
  talkativeness: Schema.NullOr(Schema.Finite),
  budget: Budget,
  is_active: Schema.Boolean,
  version: Schema.Int,
  seq: Schema.Int,
  created_at: Schema.String,
  updated_at: Schema.String,
  /** How far its memories are embedded, and which operation that is; left out where none ever were to be. */
  embedding: Schema.optionalKey(
    Schema.Struct({
      operation_id: Schema.String,
      model: Schema.String,
      status: Schema.Literals(["running", "done", "cancelled"]),
      done: Schema.Int,
      total: Schema.Int,
      /** Memories that the provider does not take. */
      skipped: Schema.Int,
    }),
  ),
});
export type AgentView = typeof AgentView.Type;

export const ToolSetting = Schema.Struct({ name: Schema.String, mode: Schema.Literals(["off", "ask", "allow"]) });
const ToolSettings = Schema.Struct({ tools: Schema.Array(ToolSetting).check(Schema.isMaxLength(100)) });

export const ToolExecution = Schema.Struct({
  id: Schema.String,
  agent_id: Schema.String,
  turn_id: Schema.optionalKey(Schema.String),
  tool: Schema.String,
  status: Schema.Literals([
    "pending",
    "awaiting_approval",
    "running",
    "success",
    "error",
    "denied",
    "cancelled",
    "unknown",
  ]),
  input: Schema.NullOr(Schema.String),
  output: Schema.NullOr(Schema.String),
  error: Schema.NullOr(Schema.String),
  ms: Schema.NullOr(Schema.Finite),
  executed_at: Schema.String,
});

export const ChatReply = Schema.Struct({
  turn_id: Schema.String,
  room_id: Schema.String,
  message_id: Schema.String,
  reply: Schema.Struct({
    message_id: Schema.String,
    /** The message that it answers: another one where this was taken together with later ones. */
    in_reply_to: Schema.String,
    /** The messages that it answers as well, oldest first. */
    also_in_reply_to: Schema.optionalKey(Schema.Array(Schema.String)),
    text: Schema.NullOr(Schema.String),
    parts: Schema.Array(Schema.Struct({ type: Schema.Literal("text"), text: Schema.String })),
    /** Somebody stopped the agent in the middle of it. */
    stopped: Schema.optionalKey(Schema.Literal(true)),
  }),
  tool_executions: Schema.Array(ToolExecution),
  /** Null where it is not known, as of an answer that was stopped. */
  usage: Schema.NullOr(Usage),
});

/** `Prefer: respond-async`. */
const ChatAccepted = Schema.Struct({ turn_id: Schema.String, room_id: Schema.String, message_id: Schema.String });

const Conversation = Schema.Struct({
  id: Schema.String,
  agent_id: Schema.String,
  room_id: Schema.String,
  conversation_summary: Schema.NullOr(Schema.String),
  last_message_at: Schema.NullOr(Schema.String),
  message_count: Schema.Int,
  /** What passed between the agent and the people who let it remember them, the closest first. */
  relationship_data: Schema.Struct({
    people: Schema.Array(
      Schema.Struct({
        user_id: Schema.String,
        tie: Schema.Finite,
        reciprocity: Schema.Finite,
        trust: Schema.Finite,
        messages_received: Schema.Int,
        messages_sent: Schema.Int,
        topics: Schema.Array(Schema.String),
        names: Schema.Array(Schema.Struct({ relation: Schema.String, name: Schema.String })),
      }),
    ),
  }),
  created_at: Schema.String,
});

const Agents = HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.get("listAgents", "/agents", {
      query: { limit: Limit, cursor: Cursor },
      success: pageOf(AgentView),
      error: anyProblem,
    }),
    HttpApiEndpoint.post("createAgent", "/agents", {
      payload: NewAgent,
      success: AgentView.pipe(HttpApiSchema.status(201)),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("getAgent", "/agents/:id", { params: ById, success: AgentView, error: anyProblem }),
    HttpApiEndpoint.put("updateAgent", "/agents/:id", {
      params: ById,
      payload: AgentChange,
      success: AgentView,
      error: anyProblem,
    }),
    HttpApiEndpoint.delete("deleteAgent", "/agents/:id", {
      params: ById,
      success: HttpApiSchema.NoContent,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("activateAgent", "/agents/:id/activate", {
      params: ById,
      payload: Schema.Struct({ active: Schema.Boolean }),
      success: AgentView,
      error: anyProblem,
    }),
    HttpApiEndpoint.get("getAgentTools", "/agents/:id/tools", {
      params: ById,
      success: ToolSettings,
      error: anyProblem,
    }),
    HttpApiEndpoint.put("setAgentTools", "/agents/:id/tools", {
      params: ById,
      payload: ToolSettings,
      success: ToolSettings,
      error: anyProblem,
    }),
    HttpApiEndpoint.get("listAgentEvents", "/agents/:id/events", {
      params: ById,
      query: { after: Seq, limit: Limit, cursor: Cursor, type: Schema.optionalKey(Schema.String) },
      success: pageOf(EventView),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("listConversations", "/agents/:id/conversations", {
      params: ById,
      query: { limit: Limit, cursor: Cursor },
      success: pageOf(Conversation),
      error: anyProblem,
    }),
    HttpApiEndpoint.post("chat", "/agents/:id/chat", {
      params: ById,
      payload: Schema.Struct({ message: Schema.String, room_id: Schema.optionalKey(Schema.String) }),
      success: [ChatReply, ChatAccepted.pipe(HttpApiSchema.status(202))],
      error: anyProblem,
    }),
  )
  .prefix("/api");

// ── tools ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const Tool = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  family: Schema.String,
  permission: Schema.String,
  replay: Schema.Literals(["pure", "idempotent", "once"]),
  input_schema: Schema.Unknown,
});

const Tools = HttpApiGroup.make("tools")
  .add(
    HttpApiEndpoint.get("listTools", "/tools", {
      query: { limit: Limit, cursor: Cursor },
      success: pageOf(Tool),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("listToolExecutions", "/tools/executions", {
      query: {
        agent_id: Schema.optionalKey(Schema.String),
        tool: Schema.optionalKey(Schema.String),
        status: Schema.optionalKey(Schema.String),
        limit: Limit,
        cursor: Cursor,
      },
      success: pageOf(ToolExecution),
      error: anyProblem,
    }),
  )
  .prefix("/api");

// ── me ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const Me = HttpApiGroup.make("me")
  .add(
    HttpApiEndpoint.get("getMe", "/me", {
      success: Schema.Struct({
        id: Schema.String,
        name: Schema.String,
        roles: Schema.Array(Schema.String),
        /** The erasure that stands for the caller, until they come back; its receipt is at `/api/me/erasures/:id`. */
        erasure_id: Schema.NullOr(Schema.String),
        /** What is demo and what is live here, for the page's strip. */
        house: Schema.Struct({
          identity: Schema.Literals(["development", "clerk"]),
          providers: Schema.Struct({ anthropic: Schema.Boolean, openai: Schema.Boolean, cloudflare: Schema.Boolean }),
        }),
      }),
      error: anyProblem,
    }),
  )
  .prefix("/api");

/** Turns what does not decode into the contract's problem; its layer stands in validation.ts. */
export class RequestValidation extends HttpApiMiddleware.Service<RequestValidation>()("troupe/http/RequestValidation", {
  error: anyProblem,
}) {}

export const Api = HttpApi.make("troupe")
  .add(Agents, Memories, Erasures, Tools, Rooms, Me, Privacy)
  .middleware(RequestValidation)
  .annotateMerge(
    OpenApi.annotations({
      title: "Troupe",
      version: "0.1.0",
      description:
        "LLM agents as event-sourced actors in chat rooms. `additionalProperties: false` says which keys are known: " +
        "others are passed over, and no request is refused for them.",
    }),
  );
