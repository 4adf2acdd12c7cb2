/** Handlers about the caller: who they are here, and what is demo and what is live. */
import { Effect } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import { providersLive } from "../../env.ts";
import { Api } from "../api.ts";
import { perform } from "../asker.ts";

export const MeRoutes = HttpApiBuilder.group(
  Api,
  "me",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      getMe: () =>
        perform(async ({ principal, settings, env }) => ({
          id: principal.userId,
          name: principal.name,
          roles: principal.roles,
          erasure_id: await env.USER.getByName(principal.userId).standingErasure(principal),
          house: {
            identity: settings.identity.kind === "development" ? ("development" as const) : ("clerk" as const),
            providers: providersLive(settings.models),
          },
        })),
    });
  }),
);
