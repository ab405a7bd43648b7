import { isName, subdomainName } from '../../lib/name-rules.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'

/** Accepts the name of an object of Kubernetes. */
export const parseSubdomain = (name: string): Parsed<string> =>
  isName(name, subdomainName) ? valid(name) : invalid(`expected ${subdomainName.sentence}`)
