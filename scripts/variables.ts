/** The variables of a local run: settings from the environment or `.dev.vars`, and the keys that a first start makes. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { providersLive, settingsOf, type Variables } from "#src/env.ts";

/** Settings that a developer may give; all others belong to deployments. */
const names: ReadonlyArray<keyof Variables> = [
  "CLERK_PUBLISHABLE_KEY",
  "CLERK_SECRET_KEY",
  "CLERK_JWT_KEY",
  "CLERK_AUTHORIZED_PARTIES",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_BASE_URL",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "EMBEDDINGS",
  "VECTOR_INDEX",
  "PINECONE_API_KEY",
  "PINECONE_INDEX_HOST",
  "WEAVIATE_URL",
  "WEAVIATE_API_KEY",
  "KEY_ENCRYPTION_KEYS",
  "DEMO_WORD_PAUSE_MS",
];

type Made = Pick<Variables, "KEY_ENCRYPTION_KEYS" | "DEV_IDENTITY_PUBLIC_KEY" | "DEV_IDENTITY_PRIVATE_KEY">;

/** Keys for this place alone, made once and kept with its data: without them the data could not be read again. */
function keysOf(state: string): Made {
  const file = join(state, "troupe-keys.env");
  if (existsSync(file)) return parseEnv(readFileSync(file, "utf8")) as Made;
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const made = {
    KEY_ENCRYPTION_KEYS: `1:${randomBytes(32).toString("base64")}`,
    DEV_IDENTITY_PUBLIC_KEY: publicKey,
    DEV_IDENTITY_PRIVATE_KEY: privateKey,
  };
  mkdirSync(state, { recursive: true });
  writeFileSync(file, written(made), { mode: 0o600 });
  return made;
}

/** One variable a line, line breaks inside a value written as `\n`, as dotenv files have them. */
export const written = (variables: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(variables)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${value!.trim().replaceAll("\n", "\\n")}"\n`)
    .join("");

/**
 * The variables of the program, every setting checked.
 * @throws SettingsFault that names the first setting that is wrong.
 */
export function developmentVariables(state: string): {
  readonly variables: Readonly<Record<string, string>>;
  readonly live: ReadonlyArray<string>;
  readonly identity: string;
} {
  const kept = existsSync(".dev.vars") ? parseEnv(readFileSync(".dev.vars", "utf8")) : {};
  const given = names.flatMap((name) => {
    const value = process.env[name] ?? kept[name];
    return value === undefined || value.trim() === "" ? [] : [[name, value] as const];
  });
  const variables = { APP_ENV: "development", ...keysOf(state), ...Object.fromEntries(given) };
  const { models, identity } = settingsOf(variables);
  const live = Object.entries(providersLive(models)).filter(([, isLive]) => isLive);
  return { variables, live: live.map(([name]) => name), identity: identity.kind };
}
