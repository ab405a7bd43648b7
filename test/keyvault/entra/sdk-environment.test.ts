import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { takeEnvironment } from '../../../keyvault/entra/sdk-environment.ts'

const modules = join(import.meta.dirname, '../../../node_modules')

/** Where the packages that a fetch loads keep their code for Node. */
const packages = [
  ...readdirSync(join(modules, '@azure'))
    .filter((name) => name !== 'msal-browser')
    .map((name) => `@azure/${name}`),
  ...readdirSync(join(modules, '@azure-rest')).map((name) => `@azure-rest/${name}`),
  '@typespec/ts-http-runtime',
]

/** Only on Windows. */
const windowsOnly = ['SYSTEMROOT', 'SystemRoot', 'ProgramData', 'ProgramFiles']

/** Expressions that stand for names which are found elsewhere: as constants, or where they are passed on. */
const indirect = ['name', 'name.toLowerCase()', 'envVar', 'envVariable']

const sources = packages
  .flatMap((name) => {
    const folder = join(modules, name, 'dist')
    const build = readdirSync(folder).includes('esm') ? join(folder, 'esm') : folder
    return readdirSync(build, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.m?js$/.test(file))
      .map((file) => readFileSync(join(build, file), 'utf8'))
  })
  .join('\n')

const matches = (pattern: RegExp) => [
  ...new Set([...sources.matchAll(pattern)].map(([, found = '']) => found)),
]

/** `X = "NAME"` or `X: "NAME"`, as the packages write their constants. */
const constant = (name: string) =>
  new RegExp(`\\b${name}\\s*[:=]\\s*["']([A-Za-z_]+)["']`).exec(sources)?.[1]

t.test('the SDKs find no variable that they read in their environment', async (t) => {
  const literal = [
    ...matches(/process\.env\.([A-Za-z_]\w*)/g),
    ...matches(/process\.env\[["'](\w+)["']\]/g),
    ...matches(/getEnvironmentVariable\(["'](\w+)["']\)/g),
    ...matches(/logLevelEnvVarName:\s*["'](\w+)["']/g),
    ...matches(/["'](\w+_PROXY)["']/g),
  ]
  const expressions = matches(/process\.env\[([^"'\]][^\]]*)\]/g).map((text) =>
    text.replace(/\s/g, ''),
  )
  const unknown = expressions.filter((text) => !indirect.includes(text))
  const resolved = unknown.map((text) => constant(text.split('.').at(-1) ?? '') ?? text)
  const names = [...new Set([...literal, ...resolved])].sort()
  t.ok(names.includes('MSAL_FORCE_REGION') && names.includes('AZURE_AUTHORITY_HOST'))
  t.ok(names.includes('HTTPS_PROXY') && names.includes('IDENTITY_ENDPOINT'))
  t.intercept(process, 'env', { value: Object.fromEntries(names.map((name) => [name, 'x'])) })
  takeEnvironment()
  t.strictSame(
    Object.keys(process.env).filter((name) => !windowsOnly.includes(name)),
    [],
    'decide about a new variable in keyvault/entra/sdk-environment.ts',
  )
})

t.test('the environment is taken: a copy for us, and the rest for the SDKs', async (t) => {
  const hidden = { MSAL_FORCE_REGION: 'x', AZURE_CLIENT_ID: 'y', https_proxy: 'z', DEBUG: '*' }
  t.intercept(process, 'env', { value: { ...hidden, PATH: '/bin' } })
  t.strictSame(takeEnvironment(), { ...hidden, PATH: '/bin' })
  t.strictSame(process.env, { PATH: '/bin' })
})
