// Imported into a webhook's process before the webhook itself: reads the credentials for the API server from the folder that
// the environment names, because only a kubelet writes the real one.

import { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const kubelet = '/var/run/secrets/kubernetes.io/serviceaccount/'
const { TEST_CREDENTIALS: folder = '' } = process.env
const { readFile } = promises

promises.readFile = ((path: string, ...others: []) =>
  readFile(
    String(path).startsWith(kubelet) ? `${folder}/${path.slice(kubelet.length)}` : path,
    ...others,
  )) as typeof readFile
syncBuiltinESMExports()
