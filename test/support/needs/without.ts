import { spawnSync } from 'node:child_process'
import { isInCi } from './in-ci.ts'

/** The variables as they were at first. Tests change the PATH. */
const env = { ...process.env }

/** The path of a program that its variable names, such as HELM, or its name, to be found on the PATH. */
export const programPath = (name: string): string => env[name.toUpperCase()] || name

const missing = (what: string) => `this test needs ${what} on the PATH`
const missingOrNamed = (name: string, more = '') =>
  `this test needs ${name} on the PATH, or its path in ${name.toUpperCase()}${more}`

/** What Chromium needs in containers, where /dev/shm is small and there is no GPU. */
export const chromiumFlags = ['--disable-gpu', '--disable-dev-shm-usage'] as const

/** What a machine may lack (`.ci/run` looks for the same), with commands of which one succeeds if it is there. */
export const needs = {
  helm: { probes: [[programPath('helm'), 'version']], reason: missingOrNamed('helm') },
  kustomize: {
    probes: [[programPath('kustomize'), 'version']],
    reason: missingOrNamed('kustomize'),
  },
  promtool: {
    probes: [[programPath('promtool'), '--version']],
    reason: missingOrNamed('promtool', ' (Debian package prometheus)'),
  },
  kubectl: {
    probes: [[programPath('kubectl'), 'version', '--client']],
    reason: missingOrNamed('kubectl'),
  },
  'kustomize-or-kubectl': {
    probes: [
      ['kustomize', 'version'],
      ['kubectl', 'version', '--client'],
    ],
    reason: missing('kustomize or kubectl'),
  },
  keytool: {
    probes: [['keytool', '-help']],
    reason: missing('keytool (of a Java runtime)'),
  },
  go: { probes: [['go', 'version']], reason: missing('go') },
  az: { probes: [[programPath('az'), 'version']], reason: missingOrNamed('az') },
  'pre-commit': { probes: [['pre-commit', '--version']], reason: missing('pre-commit') },
  // Its version alone doesn't show that it can run.
  chromium: {
    probes: [
      [
        ...[programPath('chromium'), '--headless', '--no-sandbox', ...chromiumFlags],
        ...['--dump-dom', 'about:blank'],
      ],
    ],
    reason: missingOrNamed('chromium'),
  },
  bash: { probes: [['bash', '-c', 'exit 0']], reason: missing('bash') },
  fish: { probes: [['fish', '-c', 'exit 0']], reason: missing('fish') },
  zsh: { probes: [['zsh', '-c', 'exit 0']], reason: missing('zsh') },
  mount: {
    probes: [['unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']],
    reason: 'this test needs Linux and the right to mount a tmpfs, which root usually has',
  },
} as const

/** The variable that names what tests in CI may go without, such as `fish,zsh`. */
const variable = 'AKV_TEST_WITHOUT'

/**
 * For tap's `skip`: false if the machine has what a test needs, else the reason to skip the test.
 *
 * @throws Error as {@link skipped} does
 */
export function without(name: keyof typeof needs): false | string {
  const { probes, reason } = needs[name]
  const isThere = probes.some(
    ([program, ...args]) => spawnSync(program, args, { env }).status === 0,
  )
  return isThere ? false : skipped(name, reason)
}

/**
 * Returns the reason for skipping a test that needs something which is missing.
 *
 * @throws Error in CI, unless `AKV_TEST_WITHOUT` names what is missing
 */
export function skipped(
  name: string,
  reason: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const named = (env[variable] ?? '').split(',')
  if (!isInCi(env) || named.includes(name)) return reason
  throw new Error(
    `${reason}. With CI=true that is a failure, unless you name it: ${variable}=${name}`,
  )
}
