/** The development identity: tokens for anybody who asks, on this machine only, never where an identity provider is set. */
import { Option, Schema } from "effect";
import { UserId } from "#events/kit/ids.ts";
import { DEVELOPMENT_PARTY, type Identity, now } from "../env.ts";
import { problemResponse } from "./problem.ts";

const Wanted = Schema.Struct({
  user: UserId,
  roles: Schema.optionalKey(Schema.Array(Schema.Literals(["participant", "auditor", "admin"]))),
});
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Wanted));

/**
 * True when the request is for this machine, and from a page of this machine if from a page at all. A browser always
 * names the page a POST comes from; the address alone can be made to point here (DNS rebinding).
 */
function isLocal(request: Request): boolean {
  const origin = request.headers.get("origin");
  const hosts = [request.url, ...(origin === null ? [] : [origin])];
  return hosts.every((url) => URL.canParse(url) && loopback.has(new URL(url).hostname));
}

const MAX_BODY_BYTES = 4_096;
const GOOD_FOR_SECONDS = 12 * 3600;
const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
const part = (value: unknown): string => base64Url(new TextEncoder().encode(JSON.stringify(value)));

/** Signs claims with the house's own key: RS256, as the identity provider does. */
async function sign(claims: object, privateKeyPem: string): Promise<string> {
  const der = Uint8Array.from(atob(privateKeyPem.replace(/-----[^-]+-----|\s/g, "")), (character) =>
    character.charCodeAt(0),
  );
  const key = await crypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const signed = `${part({ alg: "RS256", typ: "JWT", kid: "development" })}.${part(claims)}`;
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

/** `POST /dev/token {"user","roles"?}` → `{"token"}`. Everywhere but in development on loopback the path does not exist. */
export async function developmentToken(
  request: Request,
  identity: Identity,
  at: { instance: string; trace: string },
): Promise<Response> {
  if (identity.kind !== "development" || !isLocal(request)) return problemResponse("not-found", {}, at);
  if (request.method !== "POST") return problemResponse("method-not-allowed", {}, at, { allow: "POST" });
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES)
    return problemResponse("payload-too-large", {}, at);
  const wanted = decode(await request.text());
  if (Option.isNone(wanted))
    return problemResponse(
      "validation",
      { errors: [{ path: ["body"], message: 'is not {"user": id, "roles"?: [participant|auditor|admin]}' }] },
      at,
    );
  const { user, roles = [] } = wanted.value;
  const seconds = Math.floor(now() / 1000);
  const claims = {
    sub: user,
    name: user.charAt(0).toUpperCase() + user.slice(1),
    azp: DEVELOPMENT_PARTY,
    iss: "https://development.troupe.localhost",
    iat: seconds,
    nbf: seconds - 5,
    exp: seconds + GOOD_FOR_SECONDS,
    metadata: { roles },
  };
  return Response.json({ token: await sign(claims, identity.privateKey) });
}
