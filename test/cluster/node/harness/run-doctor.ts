import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Test } from 'tap'
import { bundle } from '../../../../image/bundle.ts'
import type { KubeObject } from '../../client/api.ts'
import { temporaryFolder } from '../../harness/temporary-folder.ts'
import { untilSaid } from './until-said.ts'

/** Bundles the command line, and returns the path of the program. */
export async function bundleProgram(t: Test): Promise<string> {
  const { path: folder, remove } = temporaryFolder()
  t.teardown(remove)
  await bundle(folder)
  return join(folder, 'main.js')
}

/** The standard output. The commands exit with 1 if something fails. */
export function runProgram(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (_, stdout) => resolve(stdout))
  })
}

/** The arguments of `doctor` for a pod or a workload. */
export const doctorOf = ({ kind, metadata }: KubeObject): readonly string[] => [
  'doctor',
  `${kind.toLowerCase()}/${metadata.name}`,
  `--namespace=${metadata.namespace}`,
]

/** Expects that the first line of `doctor`, for somebody with this kubeconfig, begins with these words. */
export async function untilVerdict(
  t: Test,
  object: KubeObject,
  {
    program,
    viewer,
    verdict,
  }: { readonly program: string; readonly viewer: string; readonly verdict: string | RegExp },
): Promise<void> {
  const args = [...doctorOf(object), `--kubeconfig=${viewer}`]
  // The words are at the beginning of the first line.
  const words = typeof verdict === 'string' ? `\n${verdict}` : verdict
  await untilSaid(t, async () => `\n${await runProgram(program, args)}`, words)
}
