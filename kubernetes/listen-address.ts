import { printable } from '../text/printable.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `0.0.0.0:8080`, `[::]:8080`; undefined for whatever is no address. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const {
    1: bracketed,
    2: plain,
    3: port,
  } = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) return undefined
  return { host, port: Number(port) }
}

export const wrongAddress = (flag: string, text: string): string =>
  `${flag} "${printable(text)}": expected an address and a port, such as 0.0.0.0:8080 or [::]:8080`
