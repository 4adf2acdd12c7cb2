/** Who is asking: a verified token becomes a Principal. The only file that knows the identity provider's library. */
import { verifyToken } from "@clerk/backend";
import { Option, Schema } from "effect";
import type { Principal } from "#actors/kit/doors.ts";
import { UserId } from "#events/kit/ids.ts";
import { DEVELOPMENT_PARTY, type Identity, now } from "../env.ts";

/** What we read of a session token's claims; the rest is none of our business. */
const Claims = Schema.Struct({
  sub: UserId,
  exp: Schema.Finite,
  name: Schema.optionalKey(Schema.String),
  org_role: Schema.optionalKey(Schema.String),
  o: Schema.optionalKey(Schema.Struct({ rol: Schema.optionalKey(Schema.String) })),
  metadata: Schema.optionalKey(Schema.Struct({ roles: Schema.optionalKey(Schema.Array(Schema.String)) })),
});
const decodeClaims = Schema.decodeUnknownOption(Claims);

const known = ["participant", "auditor", "admin"] as const;

/** Everybody is a participant; more comes from the organisation's role or from `metadata.roles`. */
function rolesOf(claims: typeof Claims.Type): Principal["roles"] {
  const named = [claims.org_role, claims.o?.rol, ...(claims.metadata?.roles ?? [])].map((role) =>
    role?.replace(/^org:/, ""),
  );
  return known.filter((role) => role === "participant" || named.includes(role));
}

/** Development tokens go the same way as the identity provider's own: only the key and the party are ours. */
const verificationOf = (identity: Exclude<Identity, { kind: "none" }>) =>
  identity.kind === "development"
    ? { jwtKey: identity.publicKey, authorizedParties: [DEVELOPMENT_PARTY] }
    : {
        ...(identity.jwtKey === undefined ? {} : { jwtKey: identity.jwtKey }),
        ...(identity.secretKey === undefined ? {} : { secretKey: identity.secretKey }),
        authorizedParties: [...identity.authorizedParties],
      };

interface Verified {
  readonly principal: Principal;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Checking a signature is 1 ms of every request: what was found good is trusted this long, and never past its own end. */
const TRUSTED_FOR_MS = 30_000;
const TRUSTED_AT_MOST = 1_000;
const trusted = new WeakMap<Identity, Map<string, Verified>>();

/** The person behind a token; undefined for any token that is not whole, in time, and made for us. */
export async function principalOf(
  token: string | undefined,
  identity: Exclude<Identity, { kind: "none" }>,
): Promise<Principal | undefined> {
  if (token === undefined || token.length > 16_384) return undefined;
  const known = trusted.get(identity) ?? new Map<string, Verified>();
  trusted.set(identity, known);
  const found = known.get(token);
  if (found !== undefined && found.until > now()) return found.principal;
  const verified = await verify(token, identity);
  if (verified === undefined) return undefined;
  if (known.size >= TRUSTED_AT_MOST) known.clear();
  known.set(token, verified);
  return verified.principal;
}

async function verify(token: string, identity: Exclude<Identity, { kind: "none" }>): Promise<Verified | undefined> {
  try {
    const claims = decodeClaims(await verifyToken(token, verificationOf(identity)));
    if (Option.isNone(claims)) return undefined;
    const { sub, name, exp } = claims.value;
    const principal = { userId: sub, name: name?.slice(0, 100) || sub, roles: rolesOf(claims.value) };
    return { principal, until: Math.min(now() + TRUSTED_FOR_MS, exp * 1000) };
  } catch {
    return undefined; // every reason is the same to who asks: no valid token
  }
}

/** The token of an HTTP request. */
export const bearerOf = (request: Request): string | undefined =>
  /^Bearer ([\w.~+/-]+=*)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
