/** Handlers for what a person decides about themselves: who may remember them. */
import { Effect } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import type { AgentIntroduction, ConsentView as Consent } from "#actors/kit/doors.ts";
import { Api } from "../api.ts";
import { Asker, ask, commandId, perform } from "../asker.ts";
import type { ConsentView } from "../privacy-api.ts";
import { agentId } from "./paths.ts";

const view = ({ agentId: agent_id, decision, at, roomId }: Consent, agent: AgentIntroduction | null): ConsentView => ({
  agent_id,
  agent_name: agent?.name ?? null,
  decision,
  granted: decision === "granted",
  days: agent?.retentionDays ?? null,
  room_id: roomId,
  at: new Date(at).toISOString(),
});

const list = Effect.fnUntraced(function* () {
  const { env, principal } = yield* Asker;
  const data = yield* perform(async () => {
    const consents = await env.USER.getByName(principal.userId).consents(principal);
    const agents = await Promise.all(consents.map((consent) => env.AGENT.getByName(consent.agentId).introduce()));
    return consents.map((consent, index) => view(consent, agents[index]!));
  });
  return { data };
});

const decide = Effect.fnUntraced(function* (id: string, granted: boolean) {
  const asking = yield* Asker;
  const known = yield* agentId(id);
  const { env, principal } = asking;
  const consent = yield* ask(() =>
    env.USER.getByName(principal.userId).decideConsent(principal, commandId(asking), known, granted),
  );
  return view(consent, yield* perform(() => env.AGENT.getByName(known).introduce()));
});

export const PrivacyRoutes = HttpApiBuilder.group(
  Api,
  "privacy",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      listConsents: () => list(),
      decideConsent: ({ payload }) => decide(payload.agent_id, payload.granted),
    });
  }),
);
