import type { Token, Tokens } from 'marked'

/** The text of Markdown without its marks, for titles and for the search. */
export const plainText = (tokens: readonly Token[]): string =>
  tokens.map(textOf).join('').replace(/\s+/g, ' ').trim()

function textOf(token: Token): string {
  if (token.type === 'html') return ' '
  if (token.type === 'table') return rowsOf(token as Tokens.Table)
  if (token.type === 'list') return (token as Tokens.List).items.map(textOf).join('')
  const { tokens, text } = token as Tokens.Generic
  if (tokens !== undefined) return tokens.map(textOf).join('') + (isBlock(token) ? ' ' : '')
  return isBlock(token) || token.type === 'br' ? `${text ?? ''} ` : (text ?? '')
}

const rowsOf = ({ header, rows }: Tokens.Table): string =>
  [header, ...rows]
    .flat()
    .map(({ tokens }) => `${tokens.map(textOf).join('')} `)
    .join('')

const isBlock = ({ type }: Token): boolean =>
  ['paragraph', 'code', 'list_item', 'blockquote', 'heading', 'space'].includes(type)
