/** The page's one polite live region: says once, to those who listen instead of look, what has finished; any page may announce. */
import { useEffect, useState } from "react";

let speak: ((text: string) => void) | undefined;

export const announce = (text: string): void => speak?.(text);

const LONGEST = 600;

export function Announcer() {
  const [said, setSaid] = useState({ text: "", turn: 0 });
  useEffect(() => {
    speak = (text) =>
      setSaid((before) => ({
        text: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text,
        turn: before.turn + 1,
      }));
    return () => {
      speak = undefined;
    };
  }, []);
  // A new element each time: the same words twice in a row are news twice.
  return (
    <output className="visually-hidden" aria-live="polite" data-announcer>
      <span key={said.turn}>{said.text}</span>
    </output>
  );
}
