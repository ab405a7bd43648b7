import {
  readSettings,
  type Settings,
} from '../../../requests/administrator/settings/read-settings.ts'

/** Settings with everything on any free port of this machine. */
export function testSettings(tlsDir: string): Settings {
  const read = readSettings({
    env: {
      AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1',
      AKV_INJECTOR_LISTEN: '127.0.0.1:0',
      AKV_INJECTOR_HEALTH_LISTEN: '127.0.0.1:0',
      AKV_INJECTOR_TLS_DIR: tlsDir,
    },
    readFile: () => '',
  })
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems))
  return read.value
}
