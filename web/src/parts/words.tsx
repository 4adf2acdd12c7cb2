/** A message's text: an agent's as markdown once that has loaded, a person's as they typed it, with links and mentions marked; used in the timeline. */
import { lazy, memo, Suspense } from "react";

const Markdown = lazy(() => import("./markdown.tsx"));

const marked = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])|(?<=^|\s)(@[\p{L}\p{N}_-]+)/gu;

function pieces(text: string) {
  const found: Array<{ readonly at: number; readonly kind: "text" | "link" | "mention"; readonly text: string }> = [];
  let end = 0;
  for (const match of text.matchAll(marked)) {
    if (match.index > end) found.push({ at: end, kind: "text", text: text.slice(end, match.index) });
    found.push({ at: match.index, kind: match[1] === undefined ? "mention" : "link", text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ at: end, kind: "text", text: text.slice(end) });
  return found;
}

export const PlainWords = memo(function PlainWords({ text }: { readonly text: string }) {
  return (
    <p className="plain">
      {pieces(text).map((piece) => {
        if (piece.kind === "text") return piece.text;
        if (piece.kind === "mention") return <b key={piece.at}>{piece.text}</b>;
        return (
          <a key={piece.at} href={piece.text} target="_blank" rel="noopener nofollow ugc">
            {piece.text}
          </a>
        );
      })}
    </p>
  );
});

export function AgentWords({ text }: { readonly text: string }) {
  return (
    <Suspense fallback={<p className="plain">{text}</p>}>
      <Markdown text={text} />
    </Suspense>
  );
}
