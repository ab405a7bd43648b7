/** Loaded before a program that a test starts from its sources. See `startsFast`. */

import { useBundles } from './use-bundles.ts'

useBundles()
