import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from './api.ts'
import { supportsEnv } from './env-support.ts'

/** Returns the objects of an example, unchanged. */
export const example = (name: string): KubeObject[] =>
  objectsIn(readFileSync(join(examples, `${name}.yaml`), 'utf8'))

/** Returns the objects of an example, without the annotation `env` if pods may not use it. */
export function exampleWithSupportedEnv(name: string): KubeObject[] {
  const text = readFileSync(join(examples, `${name}.yaml`), 'utf8')
  return objectsIn(supportsEnv ? text : text.replace(/^ *akv-injector\.io\/env: .*\n/gm, ''))
}

const objectsIn = (text: string): KubeObject[] =>
  parseAllDocuments(text).map((document) => document.toJS())

const examples = join(import.meta.dirname, '../../../manifests/examples')
