/**
 * Replaces what a URL may have in front of an `@`, which may be a password or a token. A URL with mistakes may have
 * several. The user of Git's short form, `git@HOST:PATH`, is no secret.
 */
export const hideUser = (url: string): string =>
  url.replace(/^(?!git@[^@]*$)([a-z][a-z0-9+.:-]*:\/\/)?.*@/is, '$1***@')
