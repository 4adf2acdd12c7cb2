/** The page at the front door: which requests are for it, and what of it they get; used by the Worker. */

/** What the Worker answers, as `run_worker_first` of wrangler.toml says it to Cloudflare; all else is the page's. */
export const OUR_PATHS = [
  ...["/api", "/api/*", "/parties/*", "/v1/*", "/mcp", "/dev/*", "/webhooks/*"],
  ...["/break-glass", "/health", "/metrics"],
] as const;

/** True for a request that a browser makes for the page: a file of it, or an address that only the page knows. */
export function isForPage(request: Request): boolean {
  const { pathname } = new URL(request.url);
  return !OUR_PATHS.some((path) => (path.endsWith("*") ? pathname.startsWith(path.slice(0, -1)) : pathname === path));
}

/**
 * A file of the page by its name, and the page itself at every address that is no file's. A part that is not there is
 * another build's: the page in its place would be taken for a script, and kept for the year that parts are kept.
 */
export async function pageFor(request: Request, assets: Fetcher): Promise<Response> {
  const file = await assets.fetch(request);
  if (file.status !== 404) return file;
  const address = new URL(request.url);
  if (address.pathname.startsWith("/assets/"))
    return new Response("Not found\n", { status: 404, headers: { "cache-control": "no-store" } });
  return assets.fetch(new Request(new URL("/", address), request));
}
