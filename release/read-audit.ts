/** What `npm audit --json` says. */
type Audit =
  | { readonly kind: 'clean'; readonly packages: number }
  /** A line for each package with a known vulnerability of at least moderate severity. */
  | { readonly kind: 'vulnerable'; readonly lines: readonly string[] }
  /** The registry has no audit, as many mirrors. */
  | { readonly kind: 'unanswered'; readonly reason: string }

/** Reads the output of `npm audit --json`. */
export function readAudit(output: string): Audit {
  const parsed = parse(output)
  const { vulnerabilities, metadata } = parsed
  if (vulnerabilities === undefined || metadata === undefined) {
    const reason = parsed.message ?? parsed.error?.summary ?? 'npm printed no report'
    return { kind: 'unanswered', reason }
  }
  const lines = Object.values(vulnerabilities)
    .filter(({ severity }) => !['info', 'low'].includes(severity))
    .map(({ name, severity, range, fixAvailable }) => {
      const fix = fixAvailable ? 'npm audit fix can renew it' : 'there is no fix yet'
      return `${name} ${range}: ${severity}; ${fix}`
    })
  return lines.length > 0
    ? { kind: 'vulnerable', lines }
    : { kind: 'clean', packages: metadata.dependencies.total }
}

interface Report {
  readonly vulnerabilities?: Readonly<
    Record<
      string,
      {
        readonly name: string
        readonly severity: string
        readonly range: string
        readonly fixAvailable: unknown
      }
    >
  >
  readonly metadata?: { readonly dependencies: { readonly total: number } }
  readonly message?: string
  readonly error?: { readonly summary?: string }
}

function parse(output: string): Report {
  try {
    return JSON.parse(output)
  } catch {
    return {}
  }
}
