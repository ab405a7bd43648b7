/** Takes the place of sources that look into folders or render them: a page has no folders, and no programs. */

export const renderFolders = (): readonly never[] => []

export const expandApplicationSet = (): undefined => undefined

export const hiddenDefinitions = () => (): undefined => undefined

export const readOverlayFolders = () => ({})

/** Flux reads only folders. */
export const planFlux = () => ({
  start: () => [],
  files: new Set(),
  parts: new Set(),
  follow: () => [],
  end: () => undefined,
})
