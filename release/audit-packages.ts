// `npm run audit`: fails if a package of the lock file has a known vulnerability. If the registry doesn't answer such questions,
// it says so, and fails only with --required.
import { spawnSync } from 'node:child_process'
import { readAudit } from './read-audit.ts'

const { stdout } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8', timeout: 120_000 })
const audit = readAudit(stdout ?? '')
switch (audit.kind) {
  case 'clean':
    console.log(`${audit.packages} packages, none with a known vulnerability`)
    break
  case 'vulnerable':
    console.error(audit.lines.join('\n'))
    process.exitCode = 1
    break
  case 'unanswered':
    console.error(
      `NOT AUDITED: the registry does not say which packages are vulnerable (${audit.reason})`,
    )
    if (process.argv.includes('--required')) process.exitCode = 1
    break
  default:
    audit satisfies never
}
