import type { WatchMode } from '../../requests/administrator/watch-mode.ts'
import type { Feed, FeedOptions } from './feed.ts'
import type { Followed } from './member.ts'
import { SeparateFeed } from './separate-feed.ts'
import { SharedFeed } from './shared-feed.ts'

/** Follows the objects of one kind in the namespaces that are ours, with one watch or with several. */
export const createFeed = <T extends Followed>(
  watch: WatchMode,
  options: FeedOptions<T>,
): Feed<T> => (watch === 'cluster' ? new SharedFeed(options) : new SeparateFeed(options))
