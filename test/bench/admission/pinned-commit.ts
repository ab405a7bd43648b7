/**
 * The commit whose bundle `npm run bench -- admission` measures beside today's. Move it only in a commit that says why its
 * figures may be given up, or to keep an improvement.
 */
export const pinnedCommit = '74dd67b9'
