/** The Worker's variables under test: keys made anew for every run, a demo that does not pause, one scripted provider; used by vitest.config.mts. */
import { generateKeyPairSync, randomBytes } from "node:crypto";

/** Where the provider `openai` lives in tests: nowhere. `test/actors/scripted-model.ts` answers in its place. */
const SCRIPTED_PROVIDER = "http://models.test/v1";

/** What `miniflare.bindings` of the workerd project get on top of the migrations. */
export function workerVariables(): Readonly<Record<string, string>> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return {
    APP_ENV: "development",
    DEV_IDENTITY_PUBLIC_KEY: publicKey,
    DEV_IDENTITY_PRIVATE_KEY: privateKey,
    KEY_ENCRYPTION_KEYS: `1:${randomBytes(32).toString("base64")}`,
    DEMO_WORD_PAUSE_MS: "0",
    RETENTION_DAYS: "45",
    OPENAI_BASE_URL: SCRIPTED_PROVIDER,
  };
}
