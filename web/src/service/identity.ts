/**
 * Who sits before the page: a person of the development identity, whose token this file fetches, keeps for the tab and
 * renews; asked by the HTTP client and by the room's socket.
 */
import { ProblemError, problemFrom, unreachable } from "./problem.ts";

/** The people one may be on one's own machine; two browsers can be two of them. */
export const people = [
  { id: "dana", name: "Dana", roles: ["admin"] },
  { id: "erik", name: "Erik", roles: ["participant"] },
  { id: "mira", name: "Mira", roles: ["participant", "auditor"] },
] as const;

const PERSON = "troupe.person";
const TOKEN = "troupe.token";

const known = (id: string | null): string | undefined => people.find((person) => person.id === id)?.id;

/** `?as=erik` chooses for this tab, and is taken out of the address so that a copied link does not choose for others. */
function chooseFromAddress(): string {
  const address = new URL(location.href);
  const asked = known(address.searchParams.get("as"));
  if (address.searchParams.has("as")) {
    address.searchParams.delete("as");
    history.replaceState(history.state, "", address);
  }
  if (asked !== undefined && asked !== sessionStorage.getItem(PERSON)) {
    sessionStorage.setItem(PERSON, asked);
    sessionStorage.removeItem(TOKEN);
  }
  return known(sessionStorage.getItem(PERSON)) ?? people[0].id;
}

export const personId = chooseFromAddress();

let token = sessionStorage.getItem(TOKEN);
let request: Promise<string> | undefined;

async function fetchToken(): Promise<string> {
  const roles = people.find((person) => person.id === personId)?.roles ?? [];
  const response = await fetch("/dev/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: personId, roles }),
  }).catch(() => undefined);
  if (response === undefined) throw new ProblemError(unreachable);
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === "object" && body !== null && "token" in body && typeof body.token === "string") {
    token = body.token;
    sessionStorage.setItem(TOKEN, token);
    return token;
  }
  // Only a program on its own machine hands out tokens: everywhere else the path is not there.
  if (response.status === 404 || response.status === 405 || response.ok)
    throw new ProblemError({ name: "auth-not-configured", title: "Sign-in is not configured here.", errors: [] });
  throw new ProblemError(problemFrom(body) ?? unreachable);
}

/** The token, fetched when there is none yet; callers at the same time share one request. */
export function currentToken(): Promise<string> {
  if (token !== null) return Promise.resolve(token);
  request ??= fetchToken().finally(() => {
    request = undefined;
  });
  return request;
}

/** The token as it is now: the socket asks in the middle of connecting and cannot wait. */
export const tokenNow = (): string => token ?? "";

/** After the program refused a token: forget it, unless another request has renewed it already. */
export function forgetToken(refused: string): void {
  if (token !== refused) return;
  token = null;
  sessionStorage.removeItem(TOKEN);
}

/** Become somebody else: everything on the page belongs to the person before, so it starts anew. */
export function switchPerson(id: string): void {
  sessionStorage.setItem(PERSON, id);
  sessionStorage.removeItem(TOKEN);
  location.reload();
}
