import packageJson from '../package.json' with { type: 'json' }

/** The version of this program. */
export const { version } = packageJson

/** A version as the value of a label, which can't contain the `+` of build metadata. Helm writes `_` for it, too. */
export const labelValueOf = (version: string): string => version.replaceAll('+', '_')

export const versionLabel: string = labelValueOf(version)
