import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { writeOwnCommand } from '../../../../support/write-own-command.ts'
import type { OpenNode } from '../../harness/open-node.ts'

export interface PageShell {
  /** The folder that the commands run in. */
  readonly folder: string
  /** Runs a command as somebody does who pastes it, and returns its standard output. */
  paste(command: string, env?: Readonly<Record<string, string>>): Promise<string>
}

/**
 * Runs commands of a page in a folder that looks like a checkout. `az` prints its arguments.
 *
 * @param namespace - replaces `shop`, the namespace of the page
 */
export function openPageShell(t: Test, { environment }: OpenNode, namespace: string): PageShell {
  const folder = t.testdir({ bin: {} })
  const bin = join(folder, 'bin')
  symlinkSync(environment.kubectl, join(bin, 'kubectl'))
  writeFileSync(join(bin, 'az'), '#!/bin/sh\necho "az $*"\n')
  chmodSync(join(bin, 'az'), 0o755)
  writeOwnCommand(bin)
  const { HELM } = process.env
  if (HELM) symlinkSync(resolve(HELM), join(bin, 'helm'))
  const checkout = join(folder, 'checkout')
  mkdirSync(checkout)
  for (const name of ['package.json', 'node_modules', 'cli', 'manifests'])
    symlinkSync(join(root, name), join(checkout, name))
  return {
    folder: checkout,
    async paste(command, env = {}) {
      const text = command.replaceAll(/(?<![a-z])shop(?![a-z])/g, namespace)
      const { stdout } = await promisify(execFile)('sh', ['-c', text], {
        cwd: checkout,
        env: { ...process.env, PATH: `${bin}:${process.env['PATH']}`, ...env },
      }).catch((error: Error & { readonly stdout?: string }) => {
        throw new Error(`${error.message}\n${error.stdout}`)
      })
      return stdout
    },
  }
}

const root = join(import.meta.dirname, '../../../../..')
