/** How often a property is tried with generated input. `npm run fuzz` asks for many more. */
export const numRuns = Number(process.env['FAST_CHECK_RUNS'] ?? 200)
