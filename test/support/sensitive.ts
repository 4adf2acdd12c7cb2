/** What must not be said, for the specifications of the filter: all of it made up or from manuals, none of it anybody's. */

/** Put together, so that no file of the repository holds anything that looks like a secret. */
export const made = (...parts: ReadonlyArray<string>): string => parts.join("");

export const anthropic = made("sk-", "ant-", "api03-", "Zm9vYmFyYmF6cXV4", "-AA");
export const jwt = made("eyJ", "hbGciOiJIUzI1NiJ9", ".eyJ", "zdWIiOiJkYW5hIn0", ".c2lnbmF0dXJl");
export const pem = [
  made("-----BEGIN RSA ", "PRIVATE KEY-----"),
  "MIIEowIBAAKCAQEAx4UbaDzY5xjW6hc9jwN0mX33XpTDVW55iMZbAXyB4m4zvhnK",
  "Wm4JOZ1kMZUhhnM6YkcFUVYxN4gCJmDoZbRYEI8iF3LVPTWzNUVGTCJkmKfXBNLF",
  "p2Mzb9k=",
  made("-----END RSA ", "PRIVATE KEY-----"),
].join("\n");

/** Secrets, each behind the rule that knows it. */
export const keys = [
  ["api-key", anthropic],
  ["api-key", made("sk-", "proj-", "a1b2c3d4e5f6g7h8i9j0")],
  ["api-key", made("sk-", "4f3c2b1a0987654321fedcba")],
  ["api-key", made("AKI", "AIOSFODNN7EXAMPLE")],
  ["api-key", made("AIz", "aSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBW")],
  ["api-key", made("ghp", "_16C7e42F292c6912E7710c838347Ae178B4a")],
  ["api-key", made("xox", "b-1234567890-abcdefABCDEF")],
  ["api-key", made("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc")],
  ["jwt", jwt],
  ["private-key", pem],
  ["private-key", pem.replaceAll("\n", "\\n")],
  ["private-key", pem.slice(0, 150)],
] as const;

export const card = "4111 1111 1111 1111";
export const iban = "DE89 3704 0044 0532 0130 00";
export const phone = "+49 170 1234567";
export const email = "dana@example.org";
