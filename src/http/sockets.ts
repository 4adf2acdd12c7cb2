/** Upgrades to sockets: an explicit list of doors, the caller verified first and handed over by a header of our own. */
import { Schema } from "effect";
import type { ActorEnv, Principal } from "#actors/kit/doors.ts";
import { PRINCIPAL_HEADER } from "#actors/room/frames.ts";
import { RoomId } from "#events/kit/ids.ts";
import type { Identity } from "../env.ts";
import { principalOf } from "./auth.ts";
import { problemResponse } from "./problem.ts";

/** Phoenix's way to carry a token in the subprotocol list, where browsers let a page put one. */
const BEARER = /^base64url\.bearer\.phx\.([A-Za-z0-9+/_-]+)$/;

const offered = (request: Request): ReadonlyArray<string> =>
  (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

function tokenOf(request: Request): string | undefined {
  const encoded = offered(request)
    .map((name) => BEARER.exec(name)?.[1])
    .find((found) => found !== undefined);
  if (encoded === undefined) return new URL(request.url).searchParams.get("token") ?? undefined;
  try {
    return atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}

/** A page of another site must not speak with the cookies or the network position of ours. No Origin is no fault: programs have none. */
function isForeign(request: Request): boolean {
  const origin = request.headers.get("origin");
  return origin !== null && (!URL.canParse(origin) || new URL(origin).host !== new URL(request.url).host);
}

/** Lets a client in at `/parties/room/:id`, with or without Phoenix's `/websocket` behind it. */
export async function upgrade(
  request: Request,
  env: ActorEnv,
  identity: Identity,
  at: { instance: string; trace: string },
  arrived: (principal: Principal) => void,
): Promise<Response> {
  const url = new URL(request.url);
  const [, , kind, id, suffix, ...rest] = url.pathname.split("/");
  if (kind !== "room" || !Schema.is(RoomId)(id) || rest.length > 0 || (suffix !== undefined && suffix !== "websocket"))
    return problemResponse("not-found", {}, at);
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
    return problemResponse("validation", { detail: "This is a door for WebSockets." }, at);
  if (identity.kind === "none") return problemResponse("auth-not-configured", {}, at);
  const version = url.searchParams.get("vsn");
  if (isForeign(request) || (version !== null && version !== "2.0.0")) return problemResponse("forbidden", {}, at);
  const principal = await principalOf(tokenOf(request), identity);
  if (principal === undefined) return problemResponse("forbidden", { detail: "A valid token is needed." }, at);
  arrived(principal);
  const response = await env.ROOM.getByName(id).fetch(handedOver(request, principal));
  if (response.status !== 101) return problemResponse("internal", {}, at);
  // A client that offered a subprotocol refuses a 101 without one, and the other way round.
  const headers = offered(request).includes("phoenix") ? { "sec-websocket-protocol": "phoenix" } : undefined;
  return new Response(null, { status: 101, webSocket: response.webSocket, ...(headers ? { headers } : {}) });
}

/** The request as the room gets it: nothing from outside can pass for a word of ours or of partyserver's. */
function handedOver(request: Request, principal: Principal): Request {
  const headers = new Headers(request.headers);
  for (const name of [...headers.keys()])
    if (name.startsWith("x-partykit-") || name.startsWith("x-troupe-")) headers.delete(name);
  headers.delete("authorization");
  headers.delete("sec-websocket-protocol");
  headers.set(PRINCIPAL_HEADER, encodeURIComponent(JSON.stringify(principal)));
  const url = new URL(request.url);
  url.search = "";
  return new Request(url, { method: "GET", headers });
}
