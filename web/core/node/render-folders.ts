/** Takes the place of sources that look into folders or render them: a page has no folders, and no programs. */

export const renderFolders = (): readonly never[] => []

export const expandApplicationSet = (): undefined => undefined

export const hiddenDefinitions = () => (): readonly never[] => []

export const judgeExternalSecret = <T>(_: unknown, _lookups: unknown, judge: () => T): T => judge()

export const judgePod = <T, L>(
  _: unknown,
  { lookUps }: { readonly lookUps: L },
  judge: (lookUps: L) => T,
): T => judge(lookUps)

export const readOverlayFolders = () => ({})

/** Flux reads only folders. */
export const planFlux = () => ({
  start: () => [],
  files: new Set(),
  parts: new Set(),
  follow: () => [],
  end: () => undefined,
})
