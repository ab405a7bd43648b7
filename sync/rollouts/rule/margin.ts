/** How far apart the clocks of a vault, of the API server and of nodes may be without an effect. */
export const marginMs = 60_000
