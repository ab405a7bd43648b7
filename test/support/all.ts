import { runTogether } from './together/run-together.ts'

await runTogether(import.meta.dirname)
