import { printable } from '../printable.ts'

/** Where a server listens. Port 0 takes any free port. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/**
 * How many connections the kernel keeps until the process accepts them (listen(2); it takes less if net.core.somaxconn is
 * less, which is 4096 by default). Beyond that it drops a caller's first packet, and the caller repeats it after a second:
 * the whole time that a kubelet waits for a probe. Node's default is 511.
 */
export const acceptQueue = 4096

/**
 * Parses `0.0.0.0:8443`, `[::]:8443` or `localhost:0`, and returns undefined for anything else. `localhost` means
 * 127.0.0.1, because servers would otherwise listen at ::1 on some machines.
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text.length > maxLength) return undefined
  const [, ipv6, name, digits] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  if (host === undefined || port > 65_535) return undefined
  return { host: host === 'localhost' ? '127.0.0.1' : host, port }
}

/** Says what is expected instead of a text that isn't a listen address. */
export const listenAddressForm = (port: number): string =>
  `expected an address and a port, such as 0.0.0.0:${port} or [::]:${port}`

/** The sentence for a flag such as `--health-listen` whose value isn't a listen address. */
export const wrongAddress = (flag: string, value: string): string =>
  `${flag} "${printable(value)}": ${listenAddressForm(8080)}`

/** A DNS name of 253 characters, a colon and a port. */
const maxLength = 259
