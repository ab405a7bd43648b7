/**
 * Hides what may be a password or a token in a URL: everything in front of an `@`, and the parameters of a query, except for
 * Git's revision. Git's short form, `git@HOST:PATH`, is shown, because this user's name isn't a secret.
 */
export const hideCredentials = (url: string): string =>
  url
    // A URL with mistakes may have several.
    .replace(/^(?!git@[^@]*$)([a-z][a-z0-9+.:-]*:\/\/)?.*@/is, '$1***@')
    .replaceAll(/([?&])(?!(?:ref|version)=)[^&]*/g, '$1***')
