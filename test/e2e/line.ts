/** Stands between a page and its room's socket, so that the line can be cut and what passes can be lost or answered otherwise; used by scenarios. */
import type { Page, WebSocketRoute } from "playwright-core";

export interface Line {
  up: boolean;
  socket: WebSocketRoute | undefined;
  /** True for what the page is not to get. */
  swallow: (text: string) => boolean;
  /** What the page gets at once in place of the room's answer; undefined lets its frame through. */
  answer: (text: string) => string | undefined;
}

export async function tap(page: Page): Promise<Line> {
  const line: Line = { up: true, socket: undefined, swallow: () => false, answer: () => undefined };
  await page.routeWebSocket(/\/parties\/room\//, (socket) => {
    if (!line.up) return void socket.close({ code: 1012 });
    line.socket = socket;
    const server = socket.connectToServer();
    server.onMessage((text) => {
      if (!line.swallow(String(text))) socket.send(text);
    });
    socket.onMessage((text) => {
      const answer = line.answer(String(text));
      if (answer === undefined) server.send(text);
      else socket.send(answer);
    });
  });
  return line;
}
