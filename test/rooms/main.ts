// Prints what the rules for imports refuse. `npm run check` runs it.

import { findLeaks, readImports } from './find-leaks.ts'

const imports = readImports()
const leaks = findLeaks(imports)
for (const leak of leaks) console.log(leak)
console.log(`imports: ${imports.size} files, ${leaks.length} not allowed`)
if (leaks.length > 0) process.exitCode = 1
