export const mebibyte = 2 ** 20

/** About so many characters, from pieces that differ. */
export function fill(length: number, piece: (index: number) => string): string {
  const pieces: string[] = []
  let written = 0
  for (let index = 0; written < length; index++) {
    const next = piece(index)
    pieces.push(next)
    written += next.length
  }
  return pieces.join('')
}

export const pod = (name: string) =>
  `{kind: Pod, metadata: {name: ${name}, annotations: {akv-injector.io/secrets: v/s}}, spec: {containers: []}}`
