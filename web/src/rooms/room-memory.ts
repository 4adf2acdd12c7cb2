/** What this browser remembers of rooms: the one visited last, and what was typed but not sent; kept for each person. */
import { personId } from "../service/identity.ts";

const lastRoom = `troupe.${personId}.room`;
const draftKey = (roomId: string) => `troupe.${personId}.draft.${roomId}`;

export const rememberedRoom = (): string | null => localStorage.getItem(lastRoom);
export const rememberRoom = (roomId: string): void => localStorage.setItem(lastRoom, roomId);

export const draftOf = (roomId: string): string => localStorage.getItem(draftKey(roomId)) ?? "";
export function keepDraft(roomId: string, text: string): void {
  if (text === "") localStorage.removeItem(draftKey(roomId));
  else localStorage.setItem(draftKey(roomId), text);
}
