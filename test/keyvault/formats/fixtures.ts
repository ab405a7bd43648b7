import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Parsed } from '../../../lib/problems/parsed.ts'

const folder = join(import.meta.dirname, '../../fixtures/content')

/** A file that OpenSSL made: see test/fixtures/content/README.md. */
export const fixture = (name: string): Buffer => readFileSync(join(folder, name))

export const fixtureText = (name: string): string => fixture(name).toString()

export const certificateDer = (name: string): Buffer =>
  new X509Certificate(fixture(`${name}.crt`)).raw

export const keyDer = (name: string): Buffer =>
  createPrivateKey(fixture(`${name}.key`)).export({ format: 'der', type: 'pkcs8' })

/**
 * What the `openssl` command prints. Files are given by the name that they have in the arguments.
 *
 * @throws Error with what openssl says, when it refuses
 */
export function openssl(
  args: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): string {
  return run({ command: 'openssl', args, files })
}

/** What a shell script prints that calls `openssl`, in a folder of its own. */
export const shell = (script: string): string =>
  run({ command: 'sh', args: ['-euc', script], files: {} })

function run({
  command,
  args,
  files,
}: {
  readonly command: string
  readonly args: readonly string[]
  readonly files: Readonly<Record<string, string | Uint8Array>>
}): string {
  const cwd = mkdtempSync(join(tmpdir(), 'akv-content-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content)
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' })
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** The PEM blocks in a text that has more around them, as openssl prints it. */
export const pemBlocks = (text: string): string[] =>
  text.match(/-----BEGIN [\s\S]*?-----END [^-]+-----\n/g) ?? []

/** The value of what was expected to have no problem. */
export function parsedValue<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'invalid') throw new Error(parsed.problem)
  return parsed.value
}
