/** Tokens as an attacker or a careless program would make them; used by the specs of the doors. */
import { bindings } from "../support/door.ts";

const encode = (value: string | Uint8Array): string =>
  btoa(String.fromCharCode(...(typeof value === "string" ? new TextEncoder().encode(value) : value)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

const der = (pem: string): Uint8Array =>
  Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (character) => character.charCodeAt(0));

const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;

type Signer = (text: string) => Promise<string>;

const signWith =
  (key: Promise<CryptoKey>, algorithm: string): Signer =>
  async (text) =>
    encode(new Uint8Array(await crypto.subtle.sign(algorithm, await key, new TextEncoder().encode(text))));

/** The house's own key. */
export const house: Signer = signWith(
  crypto.subtle.importKey("pkcs8", der(bindings.DEV_IDENTITY_PRIVATE_KEY), rsa, false, ["sign"]),
  rsa.name,
);

/** Somebody else's key of the same kind. */
export const stranger = async (): Promise<Signer> => {
  const made = { ...rsa, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair = (await crypto.subtle.generateKey(made, true, ["sign", "verify"])) as CryptoKeyPair;
  return signWith(Promise.resolve(pair.privateKey), rsa.name);
};

/** The house's public key used as a shared secret: the oldest trick against verifiers that believe the header. */
export const publicKeyAsSecret: Signer = signWith(
  crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(bindings.DEV_IDENTITY_PUBLIC_KEY),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  ),
  "HMAC",
);

export const nobody: Signer = async () => "";

const seconds = (): number => Math.floor(Date.now() / 1000);

export const goodClaims = (sub: string) => ({
  sub,
  azp: "troupe-development",
  iss: "https://development.troupe.localhost",
  iat: seconds(),
  nbf: seconds() - 5,
  exp: seconds() + 600,
});

export async function tokenOf(
  claims: Readonly<Record<string, unknown>>,
  sign: Signer = house,
  header: Readonly<Record<string, unknown>> = { alg: "RS256", typ: "JWT", kid: "development" },
): Promise<string> {
  const signed = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}`;
  return `${signed}.${await sign(signed)}`;
}
