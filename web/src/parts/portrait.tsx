/** The small picture of a person (a disc) or an agent (a mask), told apart by shape as well as by colour; beside every name. */

/** The same of six quiet hues for the same name, so that a face is known again. */
function hueOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 997;
  return sum % 6;
}

const mask = "M5 8c7.300 2.900 14.700 2.900 22 0v10.200c0 7-4.700 10.800-11 12.300C9.700 29 5 25.200 5 18.200z";

export function Portrait(props: { readonly id: string; readonly name: string; readonly kind: "user" | "agent" }) {
  const initial = [...props.name.trim()][0]?.toUpperCase() ?? "?";
  return (
    <svg className={`portrait hue-${hueOf(props.id)}`} viewBox="0 0 32 34" aria-hidden="true" focusable="false">
      {props.kind === "agent" ? <path d={mask} /> : <circle cx="16" cy="17" r="13" />}
      <text x="16" y={props.kind === "agent" ? 22.5 : 22} textAnchor="middle">
        {initial}
      </text>
    </svg>
  );
}

/** Says that the one named before it is a machine. */
export function AiBadge() {
  return (
    <span className="ai-badge" role="img" aria-label="AI agent" title="AI agent">
      AI
    </span>
  );
}
