/** The front door: sends a request to the API, the sockets, or the development identity, in the contract's order of checks. */
import { Context, Layer, Option, Scheduler, Schema } from "effect";
import { HttpRouter, HttpServer } from "effect/http";
import { HttpApi, HttpApiBuilder, OpenApi } from "effect/http-api";
import type { ActorEnv, Principal } from "#actors/kit/doors.ts";
import { newTrace, report, type Settings, SettingsFault, settingsOf, type Variables } from "../env.ts";
import { Api } from "./api.ts";
import { Asker, type Asking } from "./asker.ts";
import { bearerOf, principalOf } from "./auth.ts";
import { type ReadBody, readBody } from "./body.ts";
import { developmentToken } from "./development-identity.ts";
import { problemResponse } from "./problem.ts";
import { AgentRoutes } from "./routes/agents.ts";
import { ErasureRoutes } from "./routes/erasures.ts";
import { MeRoutes } from "./routes/me.ts";
import { MemoryRoutes } from "./routes/memories.ts";
import { PrivacyRoutes } from "./routes/privacy.ts";
import { RoomRoutes } from "./routes/rooms.ts";
import { ToolRoutes } from "./routes/tools.ts";
import { upgrade } from "./sockets.ts";
import { missingRight, RequestValidationLayer } from "./validation.ts";

export const VERSION = "0.1.0";

const document = OpenApi.fromApi(Api);
/** What the router answers by itself, a path it cannot decode for one, is no problem of ours yet. */
const decodeProblem = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.StructWithRest(Schema.Struct({ type: Schema.String }), [Schema.Record(Schema.String, Schema.Unknown)]),
  ),
);

/** Every path of the API with its methods, read off the declaration: what it does not have is 404 or 405. */
const paths: ReadonlyArray<{ readonly pattern: RegExp; readonly methods: Set<string> }> = (() => {
  const known = new Map<string, Set<string>>();
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      const methods = known.get(endpoint.path) ?? new Set<string>();
      known.set(endpoint.path, methods.add(endpoint.method));
    },
  });
  // Literal paths first: `/tools/executions` must not be taken for a tool's id.
  return [...known]
    .sort(([left], [right]) => Number(left.includes(":")) - Number(right.includes(":")))
    .map(([path, methods]) => ({ pattern: new RegExp(`^${path.replace(/:[^/]+/g, "[^/]+")}$`), methods }));
})();

const api = HttpRouter.toWebHandler(
  HttpApiBuilder.layer(Api).pipe(
    Layer.provide([AgentRoutes, MemoryRoutes, ErasureRoutes, RoomRoutes, ToolRoutes, MeRoutes, PrivacyRoutes]),
    Layer.provide(RequestValidationLayer),
    Layer.provide(HttpServer.layerServices),
    // Effect yields with `setImmediate` by default, which costs a turn of the event loop at every hop.
    Layer.provideMerge(Layer.succeed(Scheduler.Scheduler, new Scheduler.MixedScheduler("sync"))),
  ),
  { disableLogger: true },
);

interface At {
  readonly instance: string;
  readonly trace: string;
}

const json = (body: unknown, headers: HeadersInit = {}): Response =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json", ...headers } });

/** Answers any request that is not for the page. `arrived` is told of every person who comes in. */
export async function answer(
  request: Request,
  env: ActorEnv & Variables,
  arrived: (principal: Principal) => void,
): Promise<Response> {
  if (request.method !== "HEAD") return guarded(await answered(request, env, arrived));
  const response = guarded(await answered(new Request(request, { method: "GET" }), env, arrived));
  await response.body?.cancel();
  return new Response(null, response);
}

/** Tokens and private words are kept by no cache in between, and no answer is taken for what it is not. */
function guarded(response: Response): Response {
  if (response.status === 101) return response;
  response.headers.set("cache-control", "no-store");
  response.headers.set("x-content-type-options", "nosniff");
  return response;
}

async function answered(
  request: Request,
  env: ActorEnv & Variables,
  arrived: (principal: Principal) => void,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const at: At = { instance: pathname, trace: newTrace() };
  try {
    // Alive is alive, whatever the settings say; every other door needs them.
    if (pathname === "/health") return json({ status: "ok", version: VERSION });
    return await route(request, env, settingsOf(env), at, arrived);
  } catch (defect) {
    report(`request ${at.trace} ${request.method} ${pathname}`, defect);
    return defect instanceof SettingsFault
      ? problemResponse("not-configured", { detail: defect.message }, at)
      : problemResponse("internal", {}, at);
  }
}

async function route(
  request: Request,
  env: ActorEnv & Variables,
  settings: Settings,
  at: At,
  arrived: (principal: Principal) => void,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/api/openapi.json" && request.method === "GET") return json(document);
  if (pathname === "/dev/token") return developmentToken(request, settings.identity, at);
  if (pathname.startsWith("/parties/")) return upgrade(request, env, settings.identity, at, arrived);
  if (pathname !== "/api" && !pathname.startsWith("/api/")) return problemResponse("not-found", {}, at);
  if (settings.identity.kind === "none")
    return problemResponse("auth-not-configured", { detail: "Set CLERK_JWT_KEY and CLERK_AUTHORIZED_PARTIES." }, at);
  const principal = await principalOf(bearerOf(request), settings.identity);
  if (principal === undefined) return problemResponse("unauthenticated", {}, at, { "www-authenticate": "Bearer" });
  arrived(principal);
  const path = paths.find(({ pattern }) => pattern.test(pathname));
  if (path === undefined) return problemResponse("not-found", {}, at);
  if (!path.methods.has(request.method))
    return problemResponse("method-not-allowed", {}, at, { allow: [...path.methods].join(", ") });
  return callApi(request, { principal, env, settings, request, headers: new Headers() }, at);
}

/** Runs a request that has a right to be heard through the API, and finishes its answer. */
async function callApi(request: Request, asking: Asking, at: At): Promise<Response> {
  const body = await readBody(request);
  if ("name" in body) {
    const missing = await missingRight(asking);
    return missing === undefined
      ? problemResponse(body.name, body.said, at)
      : finish(Response.json(missing, { status: missing.status }), asking, at);
  }
  const response = await api.handler(heard(request, body), Context.make(Asker, asking));
  return finish(response, asking, at);
}

/**
 * A request whose body was read and looked over, as much of it as the API's library asks for. In a request of the
 * platform's the body would be a stream again, to be read in a later turn of the event loop, beside an abort signal that
 * nobody pulls: 0.1 ms. Without a `MaxBodySize`, which the body has passed already, the library takes `arrayBuffer`.
 */
const heard = ({ url, method }: Request, { text = "", type }: ReadBody): Request => {
  const { buffer } = new TextEncoder().encode(text);
  // All other headers are read off the asker's request.
  const known = { url, method, headers: { "content-type": type }, body: null, arrayBuffer: async () => buffer };
  return known as unknown as Request;
};

/** Adds what every answer carries: its own headers, and on problems where and under which trace they happened, and when to come back. */
async function finish(response: Response, { headers }: Asking, at: At): Promise<Response> {
  if (response.status < 400) {
    for (const [name, value] of headers) response.headers.set(name, value);
    return response;
  }
  const said = decodeProblem(await response.text());
  if (Option.isNone(said)) return problemResponse(response.status < 500 ? "not-found" : "internal", {}, at);
  const retryAfter = headers.get("retry-after");
  return new Response(JSON.stringify({ ...said.value, instance: at.instance, trace_id: at.trace }), {
    status: response.status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfter === null ? {} : { "retry-after": retryAfter }),
    },
  });
}
