/** Opens a room's connection for as long as its page stands, and gives what it knows; used by the room page. */
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Message } from "#actors/room/frames.ts";
import { announce } from "../shell/announcer.tsx";
import { RoomConnection, type RoomSnapshot } from "./room-connection.ts";

const spoken = (message: Message): void => {
  const who = message.author_kind === "agent" ? `${message.author_name}, AI agent` : message.author_name || "Somebody";
  announce(`${who}: ${message.text ?? "erased"}${message.stopped ? " (stopped)" : ""}`);
};

export function useRoom(roomId: string): { readonly room: RoomConnection; readonly snapshot: RoomSnapshot } {
  const [room] = useState(() => new RoomConnection(roomId, { finished: spoken, news: announce }));
  useEffect(() => {
    void room.open();
    return () => room.close();
  }, [room]);
  return { room, snapshot: useSyncExternalStore(room.subscribe, room.snapshot) };
}
