/** A room as the platform alone would have it: what one socket says goes to all, nothing is kept; the reference of parts/fanout.ts. */
import { DurableObject } from "cloudflare:workers";

export class BareRoom extends DurableObject<Record<never, never>> {
  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(_socket: WebSocket, message: string | ArrayBuffer): void {
    for (const socket of this.ctx.getWebSockets())
      if (socket.readyState === WebSocket.READY_STATE_OPEN) socket.send(message);
  }
}
