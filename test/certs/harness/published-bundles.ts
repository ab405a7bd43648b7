/** How old the `caBundle` that an API server uses may be. */
const lagsMs = [0, 20_000, 50_000]

/** The `caBundle` of each entry over time, as API servers that lag use it. */
export function createPublishedBundles() {
  const published = new Map<string, { readonly atMs: number; readonly text: string }[]>()
  return {
    record(bundles: Readonly<Record<string, string>> = {}, now: number): void {
      for (const name of published.keys()) if (bundles[name] === undefined) published.delete(name)
      for (const [name, text] of Object.entries(bundles)) {
        const texts = published.get(name) ?? []
        if (texts.at(-1)?.text !== text && (text !== '' || texts.length > 0))
          texts.push({ atMs: now, text })
        published.set(name, texts)
      }
    },
    /** What the API servers may use now: of each entry one text for each lag. */
    used: (now: number) =>
      [...published].flatMap(([name, texts]) =>
        lagsMs.map((lagMs) => ({
          where: `${name}, lag ${lagMs}`,
          // An entry that never had a caBundle was never called with success: it may begin with a lag.
          text: (texts.findLast(({ atMs }) => atMs <= now - lagMs) ?? texts[0])?.text,
        })),
      ),
  }
}
