/** The settings, read and checked once; the Worker, the actors' layers and the start script all come here for them. */

import type { KeyEncryptionKeys } from "#actors/vault/vault.ts";
import { RETENTION_DAYS } from "#events/agent/memory.ts";
import { type Kind, makeId } from "#events/kit/ids.ts";
import type { EmbeddingSettings } from "./memory/embedder.ts";
import type { VectorizeBinding } from "./memory/index/vectorize.ts";
import type { VectorIndexSettings } from "./memory/vector-index.ts";
import type { ModelSettings } from "./models/route.ts";

/** Milliseconds since 1970. Time and chance enter this floor here. */
export const now = (): number => Date.now();

/** A new id of this kind, made of now and chance. */
export const newId = <I extends string>(kind: Kind): I =>
  makeId<I>(kind, now(), crypto.getRandomValues(new Uint8Array(10)));

/** What an answer and the line in the log have in common when something goes wrong. */
export const newTrace = (): string => crypto.randomUUID();

/** Notes a defect where operators look. Never what people said: defects carry code, not content. */
export const report = (what: string, defect: unknown): void => console.error(what, defect);

/** Variables and secrets as the platform hands them over: all text. */
export interface Variables {
  readonly APP_ENV?: string;
  readonly CLERK_PUBLISHABLE_KEY?: string;
  readonly CLERK_SECRET_KEY?: string;
  readonly CLERK_JWT_KEY?: string;
  readonly CLERK_AUTHORIZED_PARTIES?: string;
  readonly ANTHROPIC_API_KEY?: string;
  readonly ANTHROPIC_BASE_URL?: string;
  readonly OPENAI_API_KEY?: string;
  readonly OPENAI_BASE_URL?: string;
  readonly KEY_ENCRYPTION_KEYS?: string;
  /** Made by the start script and kept with the local state: the development identity's own key pair. */
  readonly DEV_IDENTITY_PUBLIC_KEY?: string;
  readonly DEV_IDENTITY_PRIVATE_KEY?: string;
  /** Milliseconds between two words of the demo model; 0 in tests. */
  readonly DEMO_WORD_PAUSE_MS?: string;
  /** Days for which what was said is remembered, where an agent's owner does not say otherwise. */
  readonly RETENTION_DAYS?: string;
  readonly EMBEDDINGS?: string;
  readonly VECTOR_INDEX?: string;
  readonly PINECONE_API_KEY?: string;
  readonly PINECONE_INDEX_HOST?: string;
  readonly WEAVIATE_URL?: string;
  readonly WEAVIATE_API_KEY?: string;
  readonly AI?: ModelSettings["cloudflare"];
  readonly VECTORIZE?: VectorizeBinding;
  /** The way out to model providers; the platform's own where none is bound. */
  readonly OUTBOUND?: Fetcher;
}

/** Who says who somebody is. */
export type Identity =
  | {
      readonly kind: "clerk";
      readonly jwtKey: string | undefined;
      readonly secretKey: string | undefined;
      readonly authorizedParties: ReadonlyArray<string>;
    }
  | { readonly kind: "development"; readonly publicKey: string; readonly privateKey: string }
  | { readonly kind: "none" };

export interface Settings {
  readonly development: boolean;
  readonly identity: Identity;
  readonly models: ModelSettings;
  readonly embeddings: EmbeddingSettings;
  readonly vectorIndex: VectorIndexSettings;
  readonly keyEncryptionKeys: KeyEncryptionKeys;
  readonly retentionDays: number;
}

/** A setting that is missing or wrong; its message names it and never shows its value. */
export class SettingsFault extends Error {
  override readonly name = "SettingsFault";
  readonly setting: string;
  constructor(setting: string, problem: string) {
    super(`${setting} ${problem}`);
    this.setting = setting;
  }
}

/** The party that development tokens are made for, and the only one they are taken from. */
export const DEVELOPMENT_PARTY = "troupe-development";

/** An empty value is an unset one: shells and `.dev.vars` cannot tell them apart. */
const present = (value: string | undefined): string | undefined =>
  value === undefined || value.trim() === "" ? undefined : value.trim();

function urlOf(setting: string, value: string | undefined): string | undefined {
  const text = present(value);
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new SettingsFault(setting, "is not an http(s) URL");
  return text.replace(/\/+$/, "");
}

function identityOf(variables: Variables, development: boolean): Identity {
  const jwtKey = present(variables.CLERK_JWT_KEY)?.replaceAll("\\n", "\n");
  const secretKey = present(variables.CLERK_SECRET_KEY);
  if (jwtKey !== undefined || secretKey !== undefined) {
    if (jwtKey !== undefined && !jwtKey.includes("BEGIN PUBLIC KEY"))
      throw new SettingsFault("CLERK_JWT_KEY", "is not a public key in PEM");
    const parties =
      present(variables.CLERK_AUTHORIZED_PARTIES)
        ?.split(",")
        .map((party) => party.trim())
        .filter(Boolean) ?? [];
    // Clerk's verifier skips the check of `azp` when this list is empty (@clerk/backend 3.25), so an empty list stops us.
    if (parties.length === 0)
      throw new SettingsFault("CLERK_AUTHORIZED_PARTIES", "must list the origins that tokens are made for");
    return { kind: "clerk", jwtKey, secretKey, authorizedParties: parties };
  }
  const publicKey = present(variables.DEV_IDENTITY_PUBLIC_KEY)?.replaceAll("\\n", "\n");
  const privateKey = present(variables.DEV_IDENTITY_PRIVATE_KEY)?.replaceAll("\\n", "\n");
  if (development && publicKey !== undefined && privateKey !== undefined)
    return { kind: "development", publicKey, privateKey };
  return { kind: "none" };
}

/** `1:base64(32 bytes)[,2:…]`; the highest number wraps. */
export function parseKeyEncryptionKeys(value: string | undefined): KeyEncryptionKeys {
  const text = present(value);
  const name = "KEY_ENCRYPTION_KEYS";
  if (text === undefined) throw new SettingsFault(name, "is missing");
  const keys = new Map<number, Uint8Array>();
  for (const entry of text.split(",")) {
    const [, number, encoded] = /^\s*(\d{1,9}):([A-Za-z0-9+/]{43}=)\s*$/.exec(entry) ?? [];
    if (number === undefined || encoded === undefined)
      throw new SettingsFault(name, "is not a list of number:base64(32 bytes)");
    if (keys.has(Number(number))) throw new SettingsFault(name, `has number ${number} twice`);
    keys.set(
      Number(number),
      Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0)),
    );
  }
  return { newest: Math.max(...keys.keys()), keys };
}

function retentionOf(value: string | undefined): number {
  const days = Number(present(value) ?? RETENTION_DAYS);
  if (!Number.isInteger(days) || days < 1 || days > 36_500)
    throw new SettingsFault("RETENTION_DAYS", "is not a number of days from 1 to 36500");
  return days;
}

function modelsOf(variables: Variables): ModelSettings {
  const anthropicKey = present(variables.ANTHROPIC_API_KEY);
  const openaiKey = present(variables.OPENAI_API_KEY);
  const anthropicUrl = urlOf("ANTHROPIC_BASE_URL", variables.ANTHROPIC_BASE_URL);
  const openaiUrl = urlOf("OPENAI_BASE_URL", variables.OPENAI_BASE_URL);
  const pause = Number(present(variables.DEMO_WORD_PAUSE_MS) ?? 25);
  if (!Number.isInteger(pause) || pause < 0 || pause > 5_000)
    throw new SettingsFault("DEMO_WORD_PAUSE_MS", "is not a number of milliseconds from 0 to 5000");
  const { OUTBOUND } = variables;
  const fetch: typeof globalThis.fetch | undefined = OUTBOUND && ((input, init) => OUTBOUND.fetch(input, init));
  // A base URL alone is a local server that asks for no key, as Ollama and vLLM do.
  return {
    anthropic:
      anthropicKey || anthropicUrl ? { apiKey: anthropicKey ?? "none", baseUrl: anthropicUrl, fetch } : undefined,
    openai: openaiKey || openaiUrl ? { apiKey: openaiKey ?? "none", baseUrl: openaiUrl, fetch } : undefined,
    cloudflare: variables.AI,
    demo: { seed: 1, wordPauseMs: pause },
  };
}

/** A setting that is one of a few words; the first is meant when nothing is said. */
function choiceOf<A extends string>(setting: string, value: string | undefined, choices: readonly [A, ...A[]]): A {
  const text = present(value);
  if (text === undefined) return choices[0];
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw new SettingsFault(setting, `is none of ${choices.join(", ")}`);
  return chosen;
}

/** A setting that another one's value asks for. */
function needed<A>(setting: string, value: A | undefined, why: string): A {
  if (value === undefined) throw new SettingsFault(setting, `is missing, and ${why} needs it`);
  return value;
}

function embeddingsOf({ EMBEDDINGS, AI }: Variables, { openai }: ModelSettings): EmbeddingSettings {
  const provider = choiceOf("EMBEDDINGS", EMBEDDINGS, ["local", "openai", "cloudflare"]);
  const why = `EMBEDDINGS=${provider}`;
  if (provider === "openai") return { provider, openai: needed("OPENAI_API_KEY", openai, why) };
  return provider === "cloudflare" ? { provider, ai: needed("AI", AI, why) } : { provider };
}

/** Pinecone shows the address of an index without its scheme. */
const withScheme = (host: string | undefined): string | undefined =>
  host === undefined || /^https?:/.test(host) ? host : `https://${host}`;

function vectorIndexOf(variables: Variables): VectorIndexSettings {
  const index = choiceOf("VECTOR_INDEX", variables.VECTOR_INDEX, ["local", "vectorize", "pinecone", "weaviate"]);
  const why = `VECTOR_INDEX=${index}`;
  if (index === "vectorize") return { index, binding: needed("VECTORIZE", variables.VECTORIZE, why) };
  if (index === "pinecone") {
    const apiKey = needed("PINECONE_API_KEY", present(variables.PINECONE_API_KEY), why);
    const host = urlOf("PINECONE_INDEX_HOST", withScheme(present(variables.PINECONE_INDEX_HOST)));
    return { index, pinecone: { apiKey, host: needed("PINECONE_INDEX_HOST", host, why) } };
  }
  if (index === "local") return { index };
  const url = needed("WEAVIATE_URL", urlOf("WEAVIATE_URL", variables.WEAVIATE_URL), why);
  return { index, weaviate: { url, apiKey: present(variables.WEAVIATE_API_KEY) } };
}

const read = new WeakMap<object, Settings>();

/**
 * The settings of this program, read on first use.
 * @throws SettingsFault that names the first setting that is wrong.
 */
export function settingsOf(variables: Variables): Settings {
  const known = read.get(variables);
  if (known !== undefined) return known;
  const development = present(variables.APP_ENV) === "development";
  const models = modelsOf(variables);
  const settings: Settings = {
    development,
    identity: identityOf(variables, development),
    models,
    embeddings: embeddingsOf(variables, models),
    vectorIndex: vectorIndexOf(variables),
    keyEncryptionKeys: parseKeyEncryptionKeys(variables.KEY_ENCRYPTION_KEYS),
    retentionDays: retentionOf(variables.RETENTION_DAYS),
  };
  read.set(variables, settings);
  return settings;
}

/** Which providers answer themselves; for the others the demo stands in. */
export const providersLive = (models: ModelSettings) => ({
  anthropic: models.anthropic !== undefined,
  openai: models.openai !== undefined,
  cloudflare: models.cloudflare !== undefined,
});
