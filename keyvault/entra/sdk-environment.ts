/**
 * Names of variables that the Azure SDKs read. Each can change how we sign in or what we print: another authority or
 * region, another identity, another proxy, a verbose log. A test compares this with what the installed packages read.
 */
const readBySdks = [
  /^(AZURE|MSAL|IDENTITY|DEFAULT_IDENTITY|IMDS|MSI)_/i,
  /^(REGION_NAME|SYSTEM_OIDCREQUESTURI|DEBUG)$/i,
  /_(PROXY|LOG_LEVEL)$/i,
]

const isReadBySdks = (name: string): boolean => readBySdks.some((pattern) => pattern.test(name))

/**
 * Removes the variables that the Azure SDKs would read from the process's environment. Call it before the SDKs are
 * loaded, because some read variables when they are imported.
 *
 * @returns a copy of the original environment, for our own use
 */
export function takeEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of Object.keys(env)) if (isReadBySdks(name)) delete process.env[name]
  return env
}
