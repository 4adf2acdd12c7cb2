/** An agent's words as formatted text: no raw HTML, nothing fetched from other hosts; loaded only when the first agent speaks. */
import { type ComponentProps, createContext, memo, use } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const plugins = [remarkGfm];
const InsideLink = createContext(false);

function SafeLink({ href, children }: ComponentProps<"a">) {
  return (
    <a href={href} target="_blank" rel="noopener nofollow ugc">
      <InsideLink value={true}>{children}</InsideLink>
    </a>
  );
}

/** Fetching a picture would tell its host who reads, and when; so a picture is a link that the reader may follow. */
function PictureLink({ src, alt }: ComponentProps<"img">) {
  const text = `Picture: ${alt || (typeof src === "string" ? src : "untitled")}`;
  return use(InsideLink) || typeof src !== "string" ? text : <SafeLink href={src}>{text}</SafeLink>;
}

/** Inside a conversation a heading is never above the page's own. */
const heading = (Level: "h3" | "h4" | "h5") => (props: ComponentProps<"h3">) => <Level>{props.children}</Level>;

const components: Components = {
  a: SafeLink,
  img: PictureLink,
  h1: heading("h3"),
  h2: heading("h4"),
  h3: heading("h5"),
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-frame" tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
};

function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="markdown">
      <ReactMarkdown remarkPlugins={plugins} components={components}>
        {text}
      </ReactMarkdown>
    </div>
  );
}

export default memo(Markdown);
