/** Takes the place of `repository/input/render/render-folders.ts`: a page has no folders, and no programs to render them. */
export const renderFolders = (): readonly never[] => []
