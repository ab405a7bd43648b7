// An emulator in a process of its own, whose URL has the name localhost at any loopback address. Arguments: data, address.

import { startEmulator } from '../../../emulator/emulator.ts'
import { readEmulatorData } from '../../../laptop/emulator/emulator.ts'

const [data = '', host = ''] = process.argv.slice(2)
const { url, controlUrl, caPem } = await startEmulator({
  data: readEmulatorData(data),
  listen: { host, port: 0 },
  dnsNames: ['localhost'],
})
process.send?.({ url, controlUrl, ca: caPem })
