/** How often a property is tried with generated input. `npm run fuzz` asks for many more. */
export const numRuns = Number(process.env['FAST_CHECK_RUNS'] ?? 100)

/** Whether `npm run fuzz` runs the tests: what takes long runs there at its full size, or with its full count. */
export const isFuzzing = process.env['FAST_CHECK_RUNS'] !== undefined
