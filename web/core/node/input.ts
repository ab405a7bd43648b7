/** The name of the one file that the commands read: what the page's editor has. */
export const inputName = 'manifest.yaml'

let bytes = new Uint8Array()

export function setInput(text: string): void {
  bytes = new TextEncoder().encode(text)
}

/** Takes the place of `repository/input/text/read-descriptor.ts`. */
export const readDescriptor = (_descriptor: number, maxBytes: number): Uint8Array | undefined =>
  bytes.length > maxBytes ? undefined : bytes
