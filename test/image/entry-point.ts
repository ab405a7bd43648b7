import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const containerfile = join(import.meta.dirname, '../../Containerfile')

/**
 * How the image starts the program, with this Node in the place of the image's.
 *
 * @param app - the folder with what the image has in `/app`
 */
export function entryPoint(app: string): {
  readonly node: string
  readonly args: readonly string[]
} {
  const [, listed = '[]'] = /^ENTRYPOINT (.+)$/m.exec(readFileSync(containerfile, 'utf8')) ?? []
  const [node, ...args]: readonly string[] = JSON.parse(listed)
  if (node !== '/usr/local/bin/node') throw new Error(`the image starts ${node}`)
  return { node: process.execPath, args: args.map((arg) => arg.replace('/app/', `${app}/`)) }
}
