/** A placeholder in a text. */
export interface FoundPlaceholder {
  readonly start: number
  /** As its author wrote it: `${VAULT:=dev}`. */
  readonly text: string
  /** What a value is given for: `VAULT`. */
  readonly name: string
  /** What it stands for if nobody gives a value, as for Flux and envsubst. */
  readonly fallback?: string
  /** A value isn't enough: the text asks a shell to change it, as `${VAULT^^}` does. */
  readonly isExpression?: true
}

/**
 * The forms that something fills in, and texts that a person replaces: `YOUR_VAULT`, `REPLACE_WITH_ID`, `CHANGEME`. No vault, object
 * of a vault, or object of Kubernetes has a name with an underscore and capital letters. Only `CHANGEME`, `REPLACEME`, `PLACEHOLDER`,
 * `REPLACE-WITH-ID`, and IDs of the letter x or of zeros have none, and nobody calls anything that. `{{the vault}}` is what people write:
 * a template's expressions have dots, quotes or keywords. The bounds keep the search linear, and ordinary text out: `<a@b>` and `(?<name>…)` aren't placeholders, and
 * neither are `$${X}` and `$$(X)`, which Flux and Kubernetes read as text. Messages have a placeholder as it is written, so it has only
 * printable characters.
 */
const forms = [
  /(?<!\$)\$\{(?<variable>[A-Za-z_]\w{0,63})(?:(?<change>:?[=-])(?<fallback>[^{}\p{C}\p{Zl}\p{Zp}]{0,100})|(?<expression>[^\w{}\s\p{C}][^{}\p{C}\p{Zl}\p{Zp}]{0,60}))?\}/u,
  /(?<!\$)\$\((?<macro>[A-Za-z_][\w.-]{0,63})\)/u,
  /(?<![\w$\\])\$(?<bare>[A-Z][A-Z0-9_]{0,63})(?!\w)/u,
  /(?<!\(\?P?)<(?<words>[A-Za-z][\w. -]{0,63})>/u,
  /(?<!\w)__(?!(?:proto|init|main)__)(?<between>[A-Za-z](?:[A-Za-z0-9.-]|_(?!_)){0,63})__(?!\w)/u,
  /#\{(?<token>[A-Za-z_][\w.: -]{0,63})\}#?/u,
  /\{\{ ?(?!(?:end|else|now)\b)(?<curly>[A-Za-z][\w -]{0,63}?) ?\}\}/u,
  /(?<![\w$])(?<unmarked>(?:YOUR|REPLACE_WITH|INSERT)_[A-Z0-9_]{1,60}|(?:CHANGE|REPLACE)_?(?:ME|THIS)(?:_[A-Z0-9_]{1,50})?|PLACEHOLDER(?:_[A-Z0-9_]{1,50})?|[xX0]{8}(?:-[xX0]{4}){3}-[xX0]{12})(?!\w)/u,
  /(?<![\w$-])(?<hyphened>REPLACE-WITH(?:-[A-Z0-9]{1,20}){1,6})(?![\w-])/u,
]
const anyForm = new RegExp(forms.map(({ source }) => source).join('|'), 'gu')

/** Whether a text may have placeholders. */
export const mayHavePlaceholders = (text: string): boolean =>
  /\$[{(A-Z]|<[A-Za-z]|__[A-Za-z]|#\{|\{\{|(?:YOUR|REPLACE_WITH|INSERT)_|REPLACE-WITH-|(?:CHANGE|REPLACE)_?(?:ME|THIS)|PLACEHOLDER|[xX0]{8}-/.test(
    text,
  )

/** Finds the placeholders of Flux, envsubst, pipelines and people in a text: `${X}`, `$X`, `$(X)`, `<X>`, `__X__`, `#{X}#`, `{{X}}` and `YOUR_X`. */
export function findPlaceholders(text: string): readonly FoundPlaceholder[] {
  if (!mayHavePlaceholders(text)) return []
  return [...text.matchAll(anyForm)].map(({ 0: found, index: start, groups = {} }) => {
    const { fallback, expression, change: _, ...names } = groups
    return {
      start,
      text: found,
      name: Object.values(names).find((name) => name !== undefined) ?? '',
      ...(fallback !== undefined && { fallback }),
      ...(expression !== undefined && { isExpression: true }),
    }
  })
}
