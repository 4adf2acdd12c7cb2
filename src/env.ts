/** The settings, read and checked once; the Worker, the actors' layers and the start script all come here for them. */
import type { KeyEncryptionKeys } from "#actors/vault/vault.ts";
import { type Kind, makeId } from "#events/kit/ids.ts";
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
  readonly AI?: ModelSettings["cloudflare"];
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
  readonly keyEncryptionKeys: KeyEncryptionKeys;
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

function modelsOf(variables: Variables): ModelSettings {
  const anthropicKey = present(variables.ANTHROPIC_API_KEY);
  const openaiKey = present(variables.OPENAI_API_KEY);
  const anthropicUrl = urlOf("ANTHROPIC_BASE_URL", variables.ANTHROPIC_BASE_URL);
  const openaiUrl = urlOf("OPENAI_BASE_URL", variables.OPENAI_BASE_URL);
  const pause = Number(present(variables.DEMO_WORD_PAUSE_MS) ?? 25);
  if (!Number.isInteger(pause) || pause < 0 || pause > 5_000)
    throw new SettingsFault("DEMO_WORD_PAUSE_MS", "is not a number of milliseconds from 0 to 5000");
  // A base URL alone is a local server that asks for no key, as Ollama and vLLM do.
  return {
    anthropic: anthropicKey || anthropicUrl ? { apiKey: anthropicKey ?? "none", baseUrl: anthropicUrl } : undefined,
    openai: openaiKey || openaiUrl ? { apiKey: openaiKey ?? "none", baseUrl: openaiUrl } : undefined,
    cloudflare: variables.AI,
    demo: { seed: 1, wordPauseMs: pause },
  };
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
  const settings: Settings = {
    development,
    identity: identityOf(variables, development),
    models: modelsOf(variables),
    keyEncryptionKeys: parseKeyEncryptionKeys(variables.KEY_ENCRYPTION_KEYS),
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
