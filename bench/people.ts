/** People at the doors of a running Troupe: they sign in with the development identity and call the public API; used by chats.ts and rooms.ts. */
import { call } from "./requests.ts";

export interface Person {
  readonly token: string;
  api<Answer>(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<Answer>;
}

export async function signIn(url: string, user: string): Promise<Person> {
  const { token } = await call<{ readonly token: string }>("POST", `${url}/dev/token`, { user, roles: [] });
  const headers = { authorization: `Bearer ${token}` };
  return { token, api: (method, path, body) => call(method, `${url}/api${path}`, body, headers) };
}
