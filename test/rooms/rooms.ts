/** What the files of a room may import, besides each other and what Node.js has. */
export interface Room {
  /** Rooms of which any file may be imported. */
  readonly rooms: readonly string[]
  /** Single files, and folders that end with `/`, of other rooms. */
  readonly parts?: readonly string[]
  /** Packages. */
  readonly packages?: readonly string[]
}

const names = ['keyvault/reference.ts']
const contract = ['contract', 'decode-config', 'destination', 'target-path', 'needed-values'].map(
  (name) => `delivery/${name}.ts`,
)
/** What a command needs to say what the webhook and the agent would do. */
const decisions = ['lib', 'keyvault', 'delivery', 'requests', 'webhook/core']

/**
 * The rooms of ARCHITECTURE.md, "Folders", from the ground up. What isn't listed is refused, so that a new arrow between rooms is
 * a decision that somebody writes down here.
 */
export const rooms: Readonly<Record<string, Room>> = {
  lib: {
    rooms: [],
    parts: ['package.json'],
    packages: ['leven', 'prom-client'],
  },
  keyvault: {
    rooms: ['lib'],
    packages: [
      '@azure/identity',
      '@azure/keyvault-certificates',
      '@azure/keyvault-keys',
      '@azure/keyvault-secrets',
      'node-forge',
    ],
  },
  kubernetes: { rooms: ['lib'], packages: ['@kubernetes/client-node'] },
  delivery: { rooms: ['lib', 'keyvault'], packages: ['p-limit'] },
  requests: {
    rooms: ['lib'],
    parts: [
      ...names,
      ...contract,
      'manifests/chart/files/',
      'delivery/go-template/parse/parse.ts',
      'delivery/go-template/needed-keys.ts',
    ],
    packages: ['re2js', 'yaml'],
  },
  'init-agent': { rooms: ['lib', 'keyvault', 'delivery'] },
  'webhook/core': { rooms: ['lib', 'requests'], parts: [...names, ...contract] },
  webhook: {
    rooms: ['lib', 'requests', 'webhook/core'],
    parts: [...names, ...contract],
    packages: ['fastify', 'prom-client'],
  },
  certs: {
    rooms: ['lib', 'kubernetes'],
    packages: ['@kubernetes/client-node', '@peculiar/x509', 'reflect-metadata'],
  },
  'sync/plan': { rooms: ['lib', 'delivery', 'requests'], parts: [...names, 'keyvault/formats/'] },
  sync: {
    rooms: ['sync/plan', 'lib', 'keyvault', 'kubernetes', 'delivery', 'requests'],
    packages: ['@kubernetes/client-node', 'prom-client'],
  },
  emulator: {
    rooms: ['lib', 'certs'],
    packages: [
      '@peculiar/x509',
      'fastify',
      'jose',
      'node-forge',
      'reflect-metadata',
      'yaml',
      'zod',
    ],
  },
  command: { rooms: decisions, packages: ['fast-json-patch'] },
  repository: {
    rooms: [...decisions, 'command'],
    parts: ['package.json'],
    packages: ['diff', 'fast-json-patch', 'yaml'],
  },
  operate: {
    rooms: [...decisions, 'kubernetes', 'command'],
    parts: ['manifests/chart/files/'],
    packages: ['p-limit'],
  },
  prove: {
    rooms: ['lib', 'keyvault', 'emulator', 'command'],
    parts: [
      'webhook/core/model/our-names.ts',
      'requests/rollouts/rollout-names.ts',
      'repository/rbac/role.ts',
      'repository/identity/verify/match-actions.ts',
    ],
  },
  laptop: {
    rooms: [...decisions, 'init-agent', 'webhook', 'certs', 'emulator', 'command'],
    parts: ['repository/input/'],
    packages: ['@azure/identity', 'fast-json-patch'],
  },
  cli: {
    rooms: [
      ...['lib', 'delivery', 'requests', 'command', 'repository', 'operate', 'prove', 'laptop'],
      ...['init-agent', 'webhook', 'certs', 'sync', 'emulator'],
    ],
    packages: ['commander'],
  },
  image: { rooms: ['lib'], parts: ['package.json'], packages: ['esbuild'] },
  web: {
    rooms: ['lib', 'command', 'repository', 'image'],
    parts: ['package.json'],
    packages: [
      '@codemirror/commands',
      '@codemirror/lang-yaml',
      '@codemirror/language',
      '@codemirror/state',
      '@codemirror/view',
      '@lezer/highlight',
      '@noble/hashes',
      'esbuild',
      'marked',
      'minisearch',
      'pathe',
    ],
  },
  release: {
    rooms: ['lib', 'image'],
    parts: ['package.json', 'web/build/'],
    packages: ['yaml'],
  },
}
