export type HeldKind = keyof typeof whats

/** Something in a text that `check` would look at. */
interface Held {
  readonly kind: HeldKind
  /** What it is, with an article. */
  readonly what: string
  /** Its offset in the text. */
  readonly offset: number
}

/**
 * Finds the first object or field that concerns akv-injector in a text that isn't read as manifests. Custom resource
 * definitions and commented lines don't count.
 *
 * @param except - what isn't looked for
 */
export function findHeld(
  text: string,
  except: ReadonlySet<HeldKind> = new Set(),
): Held | undefined {
  const pattern = new RegExp(marks, 'gm')
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const offset = match.index
    const kind = kindOf(match)
    if (!except.has(kind) && !isCommented(text, offset)) return { kind, what: whats[kind], offset }
    const lineEnd = text.indexOf('\n', offset)
    if (lineEnd === -1) return undefined
    pattern.lastIndex = lineEnd
  }
  return undefined
}

const value = /["']?[ \t]*:[ \t]*["']?/.source
const version = `apiVersion${value}`
/** In this order, as everybody writes them. The version of a template may be anything. */
const templated = `${version}[^\\n]{0,200}\\n[ \\t]{0,100}["']?kind${value}`

const marks = [
  `(?<![\\w.])${version}(?<group>external-secrets\\.io|secrets-store\\.csi\\.x-k8s\\.io)/`,
  `(?<![\\w.])${templated}(?<kind>SecretProviderClass|ExternalSecret)\\b(?![^\\n]*\\n[ \\t]*listKind)`,
  `(?<![\\w.-])(?<annotation>akv-injector\\.io/)[\\w.-]{1,63}["']?[ \\t]*:`,
  `(?<![\\w.])driver${value}(?<driver>secrets-store\\.csi\\.k8s\\.io)`,
].join('|')

function kindOf({ groups }: RegExpExecArray): HeldKind {
  const { group, kind, annotation } = groups ?? {}
  if (annotation !== undefined) return 'annotation'
  if (group === 'secrets-store.csi.x-k8s.io' || kind === 'SecretProviderClass') return 'class'
  return group !== undefined || kind !== undefined ? 'operator' : 'volume'
}

const whats = {
  class: 'a SecretProviderClass',
  operator: 'an object of the External Secrets Operator',
  annotation: 'an annotation or a label of akv-injector',
  volume: 'a volume of the Secrets Store CSI Driver',
}

/** Whether the line of an offset is a comment. */
function isCommented(text: string, offset: number): boolean {
  for (let at = text.lastIndexOf('\n', offset) + 1; at < offset; at++) {
    const character = text[at]
    if (character === '#') return true
    if (character !== ' ' && character !== '\t') return false
  }
  return false
}
